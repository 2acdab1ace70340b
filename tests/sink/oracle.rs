//! Wireshark's programs read the written files, and rotation matches that of dumpcap.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};

use overhear::source::Capture;

use super::{Plain, device, files, packets, read, written};

/// Whether a program is installed. If not, prints so.
fn there(program: &str, for_what: &str) -> bool {
    let there = Command::new(program).arg("-v").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
    if !there {
        eprintln!("SKIPPED: {for_what}: {program} is absent");
    }
    there
}

fn output(program: &str, arguments: &[&str], path: &Path) -> String {
    let output = Command::new(program).args(arguments).arg(path).output().expect("it runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {arguments:?} {}: {errors}", path.display());
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn tshark_reads_what_was_written() {
    if !there("tshark", "reading written files") {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let packets = packets(300);
    for name in ["a.pcap", "a.pcapng"] {
        let path = folder.path().join(name);
        written(&path, &[device("eth0"), device("wlan0")], (&[], &[]), &packets);
        let fields = ["frame.time_epoch", "frame.len", "frame.cap_len", "frame.interface_name"];
        let mut arguments = vec!["-n", "-T", "fields"];
        fields.iter().for_each(|field| arguments.extend(["-e", field]));
        arguments.push("-r");
        let line = |(time, device, length, bytes): &Plain| {
            let interface = match name {
                "a.pcap" => "",
                _ => ["eth0", "wlan0"][*device as usize],
            };
            let (seconds, nanos) = (time / 1_000_000_000, time % 1_000_000_000);
            format!("{seconds}.{nanos:09}\t{length}\t{}\t{interface}", bytes.len())
        };
        let wanted: Vec<String> = packets.iter().map(line).collect();
        let output = output("tshark", &arguments, &path);
        assert_eq!(output.lines().collect::<Vec<_>>(), wanted, "{name}");
    }
}

#[test]
fn capinfos_prints_the_written_counters() {
    if !there("capinfos", "packet counters") {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.pcapng");
    let mut device = device("eth0");
    (device.description, device.filter) = (Some("The cable".into()), Some("tcp port 80".into()));
    let packets: Vec<Plain> =
        packets(20).into_iter().map(|(time, _, length, bytes)| (time, 0, length, bytes)).collect();
    written(&path, &[device], (&[], &[]), &packets);
    let output = output("capinfos", &[], &path);
    let lines: BTreeMap<_, _> = output.lines().filter_map(|line| line.split_once(['=', ':'])).collect();
    let line = |name: &str| lines.iter().find(|(key, _)| key.trim() == name).map_or("", |(_, value)| value.trim());
    #[rustfmt::skip]
    let wanted = [
        ("File type",                     "Wireshark/... - pcapng"),
        ("File timestamp precision",      "nanoseconds (9)"),
        ("Number of packets",             "20"),
        ("Capture application",           concat!("overhear ", env!("CARGO_PKG_VERSION"))),
        ("Name",                          "eth0"),
        ("Description",                   "The cable"),
        ("Capture length",                "262144"),
        ("Time precision",                "nanoseconds (9)"),
        ("Filter string",                 "tcp port 80"),
        ("Number of stat entries",        "1"),
        ("Capture oper-sys",              line("Operating system")),
    ];
    for (name, value) in wanted {
        assert_eq!(line(name), value, "{name}\n{output}");
    }
    assert!(!line("Operating system").is_empty() && !line("Capture hardware").is_empty(), "{output}");
}

/// Returns the files that dumpcap writes of a capture from a pipe, and the number of packets of each.
fn dumpcap(capture: &Path, name: &str, arguments: &[&str]) -> Vec<(String, usize)> {
    let folder = tempfile::tempdir().expect("a folder");
    let mut command = Command::new("dumpcap");
    command.args(["-q", "-i", "-"]).args(arguments).arg("-w").arg(folder.path().join(name));
    if name.ends_with(".pcap") {
        command.arg("-P");
    }
    command.stdin(File::open(capture).expect("a capture")).stderr(Stdio::piped());
    let output = command.output().expect("dumpcap");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    shape(folder.path())
}

/// Returns the name of each file without its time, and its number of packets.
fn shape(folder: &Path) -> Vec<(String, usize)> {
    let name = |path: &Path| {
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        match name.rsplit_once('_') {
            // The time is 14 digits.
            Some((number, time)) => {
                assert!(time.len() >= 14 && time.bytes().take(14).all(|byte| byte.is_ascii_digit()), "{name}");
                format!("{number}{}", &time[14..])
            }
            None => name,
        }
    };
    files(folder).iter().map(|path| (name(path), read(path).0.len())).collect()
}

#[test]
fn files_follow_each_other_as_dumpcaps_do() {
    if !there("dumpcap", "files that follow each other") {
        return;
    }
    let capture = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/http/download.pcap");
    let packets: Vec<Plain> = read(&capture).0;
    let link = Capture::open([capture.clone()]).expect("a capture").next().expect("a frame").expect("one").link;
    let mut device = device("-");
    (device.link, device.nanos) = (link, false);
    // Sizes are compared in pcap, whose file headers are equal; a pcapng header names the program.
    #[rustfmt::skip]
    let rows: &[(&str, &[&str], &[&str])] = &[
        ("a.pcap",      &[],                                   &[]),
        ("a.pcap",      &["filesize:100"],                     &[]),
        ("a.pcap",      &["filesize:10"],                      &[]),
        ("a.pcap",      &["filesize:10"],                      &["files:3"]),
        ("a.pcap",      &["filesize:10", "files:4"],           &[]),
        ("a.pcap",      &["filesize:10", "files:1"],           &[]),
        ("a.pcap",      &["filesize:10", "files:2"],           &["files:5"]),
        ("a.pcap",      &["filesize:10", "packets:9"],         &[]),
        ("a.pcap",      &[],                                   &["filesize:50"]),
        ("a.pcap",      &[],                                   &["filesize:10", "files:2"]),
        ("a.pcap",      &["packets:30"],                       &["filesize:10"]),
        ("a.pcap",      &["interval:1000000000"],               &["filesize:40"]),
        ("a.pcap",      &["duration:60", "filesize:40"],       &[]),
        ("a.pcapng",    &["packets:100"],                      &[]),
        ("a.pcapng",    &["packets:50"],                       &[]),
        ("a.pcapng",    &["packets:1", "files:7"],             &[]),
        ("a.pcapng",    &["packets:30"],                       &["packets:60"]),
        ("a.pcapng",    &["packets:30"],                       &["packets:70"]),
        ("a.pcapng",    &["packets:30"],                       &["files:2", "packets:60"]),
        ("a",           &["packets:40", "packets:60"],         &[]),
        ("a.b.pcapng.x", &["packets:60"],                      &[]),
        ("a.pcapng",    &[],                                   &["packets:60"]),
        ("a.pcapng",    &[],                                   &["packets:1000", "duration:60"]),
    ];
    for (name, rotate, stop) in rows {
        let mut arguments = Vec::new();
        rotate.iter().for_each(|option| arguments.extend(["-b", option]));
        stop.iter().for_each(|option| arguments.extend(["-a", option]));
        let folder = tempfile::tempdir().expect("a folder");
        written(&folder.path().join(name), std::slice::from_ref(&device), (rotate, stop), &packets);
        assert_eq!(shape(folder.path()), dumpcap(&capture, name, &arguments), "{name} {arguments:?}");
    }
}
