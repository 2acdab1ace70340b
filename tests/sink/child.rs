//! What a file is when its writer is killed, or when there is no room.
#![cfg(unix)]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use overhear::sink::{Format, Rotation, Sink, StopConditions, Target, WriteStatus};

use super::{device, packets, read, write};

/// The name of the test that is the child, and of the variable that makes it one: what to do, and the file.
const CHILD: &str = "sink::child::writes_as_it_is_told";
const TASK: &str = "OVERHEAR_TEST_SINK";

/// The child: a test that does nothing unless it is told to.
#[test]
fn writes_as_it_is_told() {
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
        // Some packets are settled; more are written and wait.
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
        // Until there is no room; then once more.
        _ => {
            let error = packets.iter().cycle().find_map(|packet| write(&mut sink, packet).err()).expect("an end");
            eprintln!("error {error}");
            assert_eq!(write(&mut sink, &packets[0]).expect("told once"), WriteStatus::Complete);
            assert_eq!(sink.flush_and_rotate().expect("told once"), WriteStatus::Complete);
            let summary = sink.finish(&[]).expect("told once");
            eprintln!("summary {} {}", summary.packets, summary.bytes);
        }
    }
}

/// This test as a child, in a shell that has set what is to be set.
fn child(setting: &str, task: &str, path: &Path) -> Command {
    let program = std::env::current_exe().expect("this test");
    let mut command = Command::new("sh");
    command.args(["-c", &format!("{setting} exec \"$0\" --exact {CHILD} --nocapture --quiet")]).arg(program);
    command.env(TASK, format!("{task} {}", path.display())).stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

/// Kills the child, as `kill -9` does, after it has said so many times that it is at work.
fn killed(task: &str, path: &Path, times: usize) {
    let mut child = child("", task, path).spawn().expect("a child");
    let said = BufReader::new(child.stderr.take().expect("its words")).lines();
    assert_eq!(said.map_while(Result::ok).filter(|line| line.ends_with("now")).take(times).count(), times);
    child.kill().expect("killed");
    child.wait().expect("ended");
}

#[test]
fn what_was_settled_is_whole_after_a_kill() {
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["a.pcap", "a.pcapng"] {
        let path = folder.path().join(name);
        killed("wait", &path, 1);
        let (found, error) = read(&path);
        assert_eq!((found.len(), error), (700, None), "{name}");
    }
}

#[test]
fn what_was_written_is_read_after_a_kill_within_a_write() {
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
        // A kill within the write itself may cut the last block, and nothing before it.
        match error {
            None => whole += 1,
            Some(error) => assert!(error.contains(": truncated "), "{error}"),
        }
    }
    eprintln!("{whole} of {rounds} files end with a whole block");
    assert!(whole > 0);
}

/// The child has no room: it says so once, and the file is whole.
fn stands_when_full(setting: &str, path: &Path, words: &str) {
    let output = child(setting, "fill", path).output().expect("a child");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    let error = said.lines().find_map(|line| line.split_once("error ")).expect("an error").1;
    let wanted = format!("{}: write failed: {words}; the file ends after the last complete packet", path.display());
    assert_eq!(error, wanted);
    let (found, error) = read(path);
    assert_eq!(error, None, "the file is whole");
    assert!(found.len() > 10, "{} packets are not much", found.len());
    let bytes = std::fs::metadata(path).expect("a file").len();
    assert!(said.contains(&format!("summary {} {bytes}", found.len())), "{said}");
}

#[test]
fn a_file_that_may_not_grow_ends_after_a_whole_packet() {
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["a.pcap", "a.pcapng"] {
        stands_when_full("trap '' XFSZ; ulimit -f 901;", &folder.path().join(name), "file too large");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_on_a_full_disk_ends_after_a_whole_packet() {
    // A namespace of its own, so that the small disk goes with the child that made it.
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
        eprintln!("SKIPPED: a full disk: mounting one takes root");
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
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    assert!(
        said.contains("write failed: no space left on device; the file ends after the last complete packet"),
        "{said}"
    );
    let (found, error) = read(&kept);
    assert_eq!(error, None, "the file is whole");
    let bytes = std::fs::metadata(&kept).expect("a file").len();
    assert!(said.contains(&format!("summary {} {bytes}", found.len())) && found.len() > 10, "{said}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_is_full_from_the_first_is_told_at_once() {
    let target = Target::File("/dev/full".into());
    let made = Sink::create(target, Format::PcapNg, vec![device("a")], Rotation::default(), StopConditions::default());
    let error = made.err().expect("an error").to_string();
    assert_eq!(error, "/dev/full: cannot create the file: no space left on device");
}
