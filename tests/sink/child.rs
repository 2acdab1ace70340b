//! Files whose writer is killed, or whose disk is full.
#![cfg(unix)]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use overhear::sink::{Format, Rotation, Sink, StopConditions, Target, WriteStatus};

use super::{device, packets, read, write};

/// The name of the test that is the child, and of the environment variable that enables it: operation, and file.
const CHILD: &str = "sink::child::writer_child";
const TASK: &str = "OVERHEAR_TEST_SINK";

/// The child: a test that does nothing without its environment variable.
#[test]
fn writer_child() {
    let Ok(task) = std::env::var(TASK) else { return };
    let (task, path) = task.split_once(' ').expect("a task and a file");
    let devices = vec![device("eth0"), device("wlan0")];
    let target = if path == "-" { Target::Stdout } else { Target::File(path.into()) };
    let made = Sink::create(
        target,
        Format::for_path(Path::new(path)),
        devices,
        Rotation::default(),
        StopConditions::default(),
    );
    let mut sink = made.expect("a sink");
    let packets = packets(1500);
    match task {
        // Some packets are flushed; more are written and buffered.
        "wait" => {
            packets[..700]
                .iter()
                .for_each(|packet| assert_eq!(write(&mut sink, packet).expect("written"), WriteStatus::Continue));
            sink.flush_and_rotate().expect("written");
            packets[700..720]
                .iter()
                .for_each(|packet| assert_eq!(write(&mut sink, packet).expect("written"), WriteStatus::Continue));
            eprintln!("now");
            std::thread::sleep(std::time::Duration::from_secs(60));
        }
        // Until it is killed.
        "write" => loop {
            eprintln!("now");
            packets
                .iter()
                .for_each(|packet| assert_eq!(write(&mut sink, packet).expect("written"), WriteStatus::Continue));
        },
        // Until the disk is full; then once more.
        _ => {
            let error = packets.iter().cycle().find_map(|packet| write(&mut sink, packet).err()).expect("an end");
            eprintln!("error {error}");
            assert_eq!(write(&mut sink, &packets[0]).expect("a single error"), WriteStatus::Complete);
            assert_eq!(sink.flush_and_rotate().expect("a single error"), WriteStatus::Complete);
            let summary = sink.finish(&[]).expect("a single error");
            eprintln!("summary {} {}", summary.packets, summary.bytes);
        }
    }
}

/// Runs this test as a child, in a shell with these settings.
fn child(setting: &str, task: &str, path: &Path) -> Command {
    let program = std::env::current_exe().expect("this test");
    let mut command = Command::new("sh");
    command.args(["-c", &format!("{setting} exec \"$0\" --exact {CHILD} --nocapture --quiet")]).arg(program);
    command.env(TASK, format!("{task} {}", path.display())).stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

/// Kills the child, as `kill -9` does, after this many reports of progress.
fn killed(task: &str, path: &Path, times: usize) {
    let mut child = child("", task, path).spawn().expect("a child");
    let output = BufReader::new(child.stderr.take().expect("stderr")).lines();
    assert_eq!(output.map_while(Result::ok).filter(|line| line.ends_with("now")).take(times).count(), times);
    child.kill().expect("killed");
    child.wait().expect("ended");
}

#[test]
fn flushed_packets_are_complete_after_a_kill() {
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["a.pcap", "a.pcapng"] {
        let path = folder.path().join(name);
        killed("wait", &path, 1);
        let (found, error) = read(&path);
        assert_eq!((found.len(), error), (700, None), "{name}");
    }
}

#[test]
fn a_file_is_readable_after_a_kill_within_a_write() {
    let folder = tempfile::tempdir().expect("a folder");
    let wanted = packets(1500);
    let (mut whole, rounds) = (0, 20);
    for round in 0..rounds {
        let path = folder.path().join("a.pcapng");
        killed("write", &path, 1 + round);
        let (found, error) = read(&path);
        for (nth, packet) in found.iter().enumerate() {
            assert!(*packet == wanted[nth % 1500], "packet {nth} is another");
        }
        // A kill within the write itself may truncate the last block, and nothing before it.
        match error {
            None => whole += 1,
            Some(error) => assert!(error.contains(": truncated "), "{error}"),
        }
    }
    eprintln!("{whole} of {rounds} files end with a complete block");
    assert!(whole > 0);
}

/// Asserts that a child on a full disk reports it once, and that the file is complete.
fn assert_complete_when_full(setting: &str, path: &Path, words: &str) {
    let output = child(setting, "fill", path).output().expect("a child");
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{errors}");
    let error = errors.lines().find_map(|line| line.split_once("error ")).expect("an error").1;
    let wanted = format!("{}: write failed: {words}; the file ends after the last complete packet", path.display());
    assert_eq!(error, wanted);
    let (found, error) = read(path);
    assert_eq!(error, None, "the file is complete");
    assert!(found.len() > 10, "{} packets are not much", found.len());
    let bytes = std::fs::metadata(path).expect("a file").len();
    assert!(errors.contains(&format!("summary {} {bytes}", found.len())), "{errors}");
}

#[test]
fn a_file_at_its_size_limit_ends_after_a_complete_packet() {
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["a.pcap", "a.pcapng"] {
        assert_complete_when_full("trap '' XFSZ; ulimit -f 901;", &folder.path().join(name), "file too large");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_on_a_full_disk_ends_after_a_complete_packet() {
    // A namespace of its own, so that the small disk is removed with the child that created it.
    let folder = tempfile::tempdir().expect("a folder");
    let disk = folder.path().join("disk");
    std::fs::create_dir(&disk).expect("a folder");
    let mount = |run: &str| {
        let script = format!("mount -t tmpfs -o size=700k small {} && {run}", disk.display());
        let mut command = Command::new("unshare");
        command.args(["--mount", "sh", "-c", &script]);
        command
    };
    if !mount("true").output().is_ok_and(|output| output.status.success()) {
        eprintln!("SKIPPED: a full disk: mounting one requires root");
        return;
    }
    let path = disk.join("a.pcapng");
    let program = std::env::current_exe().expect("this test");
    let kept = folder.path().join("kept.pcapng");
    let run = format!(
        "{} --exact {CHILD} --nocapture --quiet && cp {} {}",
        program.display(),
        path.display(),
        kept.display()
    );
    let output = mount(&run).env(TASK, format!("fill {}", path.display())).output().expect("a child");
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{errors}");
    assert!(
        errors.contains("write failed: no space left on device; the file ends after the last complete packet"),
        "{errors}"
    );
    let (found, error) = read(&kept);
    assert_eq!(error, None, "the file is complete");
    let bytes = std::fs::metadata(&kept).expect("a file").len();
    assert!(errors.contains(&format!("summary {} {bytes}", found.len())) && found.len() > 10, "{errors}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_is_already_full_is_reported_at_once() {
    let target = Target::File("/dev/full".into());
    let made = Sink::create(target, Format::PcapNg, vec![device("a")], Rotation::default(), StopConditions::default());
    let error = made.err().expect("an error").to_string();
    assert_eq!(error, "/dev/full: cannot create the file: no space left on device");
}
