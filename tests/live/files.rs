//! Files written during a live capture: complete at every moment, rotated, and ended properly.

use crate::lab::{CABLE, Lab, SERVER, files, packets, reported, sorted, text, wireshark};
use crate::replay::Load;
use crate::running::{Running, until};
use pcap_parser::pcapng::Block;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;

const LOAD: Load = Load { first: 1, packets: 4000, bytes: 500, per_second: 8000 };

/// Returns the numbers of the packets in a file, as tshark reads them.
fn numbers(path: &Path) -> Vec<u32> {
    let fields = ["-n", "-o", "tcp.relative_sequence_numbers:FALSE", "-T", "fields", "-e", "tcp.seq", "-r"];
    let numbers = wireshark("tshark", &fields, path);
    numbers.lines().map(|line| line.parse().expect("a number")).collect()
}

/// Returns the numbers of several files in sequence.
fn in_files(files: &[PathBuf]) -> Vec<u32> {
    files.iter().flat_map(|path| numbers(path)).collect()
}

#[test]
fn a_written_file_has_every_call() {
    let Some(lab) = Lab::new("a file with every call", &["nginx", "curl", "tshark", "capinfos"]) else { return };
    let _nginx = lab.nginx(&[80]);
    for name in ["a.pcapng", "a.pcap"] {
        let overhear = lab.overhear(&["calls", "-i", CABLE, "-T", "ndjson", "-w", &lab.file(name)]);
        let made = lab.curl(&["--parallel", &format!("http://{SERVER}/?[1-200]")]);
        overhear.prints(200);
        // The file has all packets before the capture ends.
        let fields = ["-n", "-Y", "http.request", "-T", "fields", "-e", "tcp.srcport", "-e", "http.request.uri", "-r"];
        let requests = wireshark("tshark", &fields, &lab.path(name));
        let mut found: Vec<&str> = requests.lines().collect();
        found.sort_unstable();
        let mut wanted: Vec<String> = made.iter().map(|(port, _, uri, _)| format!("{port}\t{uri}")).collect();
        wanted.sort_unstable();
        assert_eq!(found, wanted);
        let (out, err, code) = overhear.interrupt();
        assert!(sorted(reported(&out)) == sorted(made) && code == 0, "{err}");
        let count = packets(&lab.path(name));
        let bytes = fs::metadata(lab.path(name)).expect("a file").len();
        let summary = format!("overhear: {count} frames written to {} ({bytes} bytes)\n", lab.file(name));
        assert!(err.starts_with(&format!("overhear: veth0: {count} frames in ")) && err.ends_with(&summary), "{err}");
    }
}

#[test]
fn rotated_files_have_every_packet() {
    let Some(lab) = Lab::new("files that follow each other", &["tshark", "capinfos"]) else { return };
    let all: Vec<u32> = (1..=LOAD.packets).collect();
    // A block of pcapng is 32 bytes more than its packet, a record of pcap 16; and 2 MB / 400 kB is 5.
    for (begin, ending, rotate) in
        [("p", ".pcapng", "packets:1000"), ("s", ".pcap", "filesize:400"), ("n", "", "filesize:400")]
    {
        let name = format!("{begin}{ending}");
        let arguments = ["print", "-i", CABLE, "-w", &lab.file(&name), "-b", rotate, "-a", "packets:4000"];
        let overhear = lab.overhear(&arguments);
        lab.sends(LOAD);
        let (_, err, code) = overhear.end();
        let made = files(lab.path("").as_path(), &format!("{begin}_"));
        let counts: Vec<usize> = made.iter().map(|path| packets(path)).collect();
        assert_eq!((in_files(&made) == all, code), (true, 0), "{rotate}: {counts:?} {err}");
        assert!(err.contains(&format!("4000 frames written to {} files (", made.len())), "{err}");
        match rotate {
            "packets:1000" => assert_eq!(counts, [1000; 4]),
            _ => {
                let size = |path: &PathBuf| fs::metadata(path).expect("a file").len();
                let (last, full) = made.split_last().expect("a file");
                assert!(
                    full.len() >= 4 && full.iter().all(|path| (400_000..400_700).contains(&size(path))),
                    "{counts:?}"
                );
                assert!(size(last) < 400_700);
            }
        }
    }
}

/// The statistics at the end of a file: received, dropped, delivered (draft-ietf-opsawg-pcapng 4.6).
fn statistics(path: &Path) -> [Option<u64>; 3] {
    let bytes = fs::read(path).expect("a file");
    let (_, file) = pcap_parser::parse_pcapng(&bytes).expect("pcapng");
    let last = file.sections.last().and_then(|section| section.blocks.last());
    let statistics = match last {
        Some(Block::InterfaceStatistics(statistics)) => Some(statistics),
        _ => None,
    };
    let statistics = statistics.expect("statistics at the end");
    [statistics.isb_ifrecv(), statistics.isb_ifdrop(), statistics.isb_usrdeliv()]
        .map(|count| count.and_then(Result::ok))
}

#[test]
fn every_file_ends_with_its_packet_counters() {
    let Some(lab) = Lab::new("statistics in files", &[]) else { return };
    let file = lab.file("a.pcapng");
    let overhear = lab.overhear(&["print", "-i", CABLE, "-w", &file, "-b", "packets:1000"]);
    // Packets arrive all the time, so files end under load.
    lab.sends(LOAD);
    overhear.prints(4000);
    let (_, err, code) = overhear.interrupt();
    let made = files(lab.path("").as_path(), "a_");
    assert_eq!((made.len(), code), (5, 0), "{err}");
    for (path, written) in made.iter().zip([1000, 2000, 3000, 4000, 4000]) {
        let [received, dropped, delivered] = statistics(path);
        assert_eq!((dropped, delivered), (Some(0), Some(written)), "{}", path.display());
        // Packets in transit are counted as received and are in no file yet.
        assert!(received.is_some_and(|received| (written..=4000).contains(&received)), "{written}: {received:?}");
    }
}

#[test]
fn a_ring_buffer_keeps_the_last_files() {
    let Some(lab) = Lab::new("a ring of files", &["tshark", "capinfos"]) else { return };
    let file = lab.file("a.pcapng");
    let arguments = ["-b", "packets:500", "-b", "files:3", "-a", "packets:4000"];
    let overhear = lab.overhear(&[&["print", "-i", CABLE, "-w", &file], &arguments[..]].concat());
    lab.sends(LOAD);
    let (_, err, code) = overhear.end();
    let made = files(lab.path("").as_path(), "a_");
    assert_eq!((in_files(&made) == (2501..=4000).collect::<Vec<_>>(), made.len(), code), (true, 3, 0), "{err}");
    assert!(made[0].to_string_lossy().contains("a_00006_") && err.contains("; 5 removed\n"), "{made:?} {err}");
}

#[test]
fn autostop_conditions_end_the_capture() {
    let Some(lab) = Lab::new("autostop", &["tshark", "capinfos"]) else { return };
    for (name, autostop) in [("p", &["-a", "packets:100"][..]), ("s", &["-a", "filesize:100"]), ("c", &["-c", "100"])] {
        let arguments = ["print", "-i", CABLE, "-w", &lab.file(&format!("{name}.pcapng"))];
        let overhear = lab.overhear(&[&arguments, autostop].concat());
        let _load = lab.send(LOAD);
        let (out, err, code) = overhear.end();
        let found = numbers(&lab.path(&format!("{name}.pcapng")));
        // 100 kB are 188 blocks of 532 bytes; the last one exceeds them.
        let wanted = if name == "s" { 188 } else { 100 };
        assert_eq!(code, 0, "{err}");
        assert!(found.len().abs_diff(wanted) <= usize::from(name == "s"), "{}: {err}", found.len());
        assert!(found == (1..=found.len() as u32).collect::<Vec<_>>());
        assert_eq!(out.lines().count(), found.len(), "every written packet is printed");
    }
    // By time alone, without packets.
    let overhear = lab.overhear(&["print", "-i", CABLE, "-w", &lab.file("d.pcapng"), "-a", "duration:1"]);
    let (out, err, code) = overhear.end();
    assert_eq!((&*out, packets(&lab.path("d.pcapng")), code), ("", 0, 0), "{err}");
    // Two files, then the capture ends.
    let arguments = ["-b", "packets:50", "-a", "files:2"];
    let overhear = lab.overhear(&[&["print", "-i", CABLE, "-w", &lab.file("f.pcapng")], &arguments[..]].concat());
    let _load = lab.send(LOAD);
    assert_eq!(overhear.end().2, 0);
    let made = files(lab.path("").as_path(), "f_");
    assert_eq!((made.len(), in_files(&made)), (2, (1..=100).collect()));
}

#[test]
fn files_rotate_by_time_without_packet_loss() {
    let Some(lab) = Lab::new("rotation by time", &["capinfos"]) else { return };
    let file = lab.file("a.pcapng");
    let overhear = lab.overhear(&["print", "-i", CABLE, "-w", &file, "-b", "duration:1", "-a", "files:2"]);
    lab.sends(Load { packets: 100, ..LOAD });
    let (out, err, code) = overhear.end();
    let made = files(lab.path("").as_path(), "a_");
    let counts: Vec<usize> = made.iter().map(|path| packets(path)).collect();
    assert_eq!((counts.len(), counts.iter().sum::<usize>(), out.lines().count(), code), (2, 100, 100, 0), "{err}");
}

#[test]
fn a_file_can_be_read_after_its_writer_was_killed() {
    let Some(lab) = Lab::new("kill -9", &["tshark"]) else { return };
    let mut whole = 0;
    for round in 0..6u64 {
        let path = lab.path("a.pcapng");
        let overhear = lab.overhear(&["print", "-i", CABLE, "-w", &lab.file("a.pcapng"), "-o", "/dev/null"]);
        let load = lab.send(Load { packets: 400_000, bytes: 1000, per_second: 60_000, ..LOAD });
        let size = || fs::metadata(&path).map_or(0, |found| found.len());
        until("much is written", || size() > (round + 1) << 20);
        overhear.signal("KILL");
        assert_eq!(overhear.end().2, 137);
        drop(load);
        let fields = ["-n", "-o", "tcp.relative_sequence_numbers:FALSE", "-T", "fields", "-e", "tcp.seq", "-r"];
        let tshark = Command::new("tshark").args(fields).arg(&path).output().expect("tshark runs");
        let (out, err) = (text(&tshark.stdout), text(&tshark.stderr));
        // A kill within the write itself may truncate the last block.
        match tshark.status.success() {
            true => whole += 1,
            false => assert!(err.contains("cut short in the middle of a packet"), "{err}"),
        }
        let found: Vec<u32> = out.lines().map(|line| line.parse().expect("a number")).collect();
        assert!(
            found.is_sorted() && found.len() as u64 + 1 >= size() / 1036,
            "{} packets in {} bytes",
            found.len(),
            size()
        );
    }
    eprintln!("{whole} of 6 files end with a complete block");
}

#[test]
fn a_full_disk_ends_the_capture_with_a_complete_file() {
    let Some(lab) = Lab::new("a full disk", &["capinfos", "tshark"]) else { return };
    fs::create_dir(lab.path("disk")).expect("a folder");
    let script = format!(
        "mount -t tmpfs -o size=700k small disk && {} print -i {CABLE} -o /dev/null -w disk/a.pcapng; code=$?
         cp disk/a.pcapng kept.pcapng; exit $code",
        env!("CARGO_BIN_EXE_overhear")
    );
    let mounted = Running::new(lab.server("sh").args(["-c", "mount -t tmpfs -o size=700k small disk"])).end();
    if mounted.2 != 0 {
        eprintln!("SKIPPED: a full disk: mounting one is not allowed: {}", mounted.1);
        return;
    }
    let overhear = Running::new(lab.server("sh").args(["-c", &script]));
    until("it captures", || {
        let sockets = fs::read_to_string(format!("/proc/{}/net/packet", overhear.id())).unwrap_or_default();
        sockets.lines().count() > 1
    });
    lab.sends(LOAD);
    let (_, err, code) = overhear.end();
    let found = numbers(&lab.path("kept.pcapng"));
    assert_eq!((code, found == (found[0]..found[0] + found.len() as u32).collect::<Vec<_>>()), (2, true), "{err}");
    let wanted = "disk/a.pcapng: write failed: no space left on device; the file ends after the last complete packet";
    assert!(err.ends_with(&format!("overhear: {wanted}\n")) && found.len() > 1000, "{err}");
}

#[test]
fn a_capture_is_written_to_standard_output() {
    let Some(lab) = Lab::new("-w -", &["nginx", "curl", "capinfos", "tshark"]) else { return };
    let _nginx = lab.nginx(&[80]);
    let program = env!("CARGO_BIN_EXE_overhear");
    let (mut writer, mut out) = Running::unread(lab.server(program).args(["print", "-i", CABLE, "-w", "-"]));
    writer.wait_for_capture();
    lab.sends(LOAD);
    writer.signal("TERM");
    let mut bytes = Vec::new();
    out.read_to_end(&mut bytes).expect("it can be read");
    assert_eq!(writer.end().2, 0);
    fs::write(lab.path("out"), bytes).expect("a file");
    assert_eq!((numbers(&lab.path("out")), packets(&lab.path("out"))), ((1..=4000).collect(), 4000));

    let (mut writer, out) = Running::unread(lab.server(program).args(["calls", "-i", CABLE, "-w", "-"]));
    let reader = Running::new(lab.server(program).args(["calls", "-", "-T", "ndjson"]).stdin(out));
    writer.wait_for_capture();
    let made = lab.curl(&[&format!("http://{SERVER}/?[1-5]")]);
    reader.prints(5);
    let (_, err, code) = writer.interrupt();
    assert!(code == 0 && err.contains(" written to standard output ("), "{err}");
    let (out, err, code) = reader.end();
    assert_eq!((reported(&out), code), (made, 0), "{err}");
}
