//! Tests of file rotation by the clock.

use std::path::Path;

use super::*;

fn device() -> Device {
    Device { name: "eth0".into(), description: None, link: 1, snaplen: 262_144, filter: None, nanos: true }
}

/// A sink in a temporary directory, started half a second after a full hour, and that time.
fn sink(rotate: &[&str], stop: &[&str]) -> (tempfile::TempDir, Sink, ClockTime) {
    let directory = tempfile::tempdir().expect("a directory");
    let rotation = rotate.iter().map(|text| text.parse::<RotateOption>().expect("an option")).collect();
    let stop = stop.iter().map(|text| text.parse::<AutostopOption>().expect("an option")).collect();
    let now = ClockTime { monotonic: Instant::now(), wall: Time(1_700_002_800_500_000_000) };
    let target = Target::File(directory.path().join("out.pcapng"));
    let sink = Sink::create_at(now, target, Format::PcapNg, vec![device()], RotationPlan::new(rotation, stop));
    (directory, sink.expect("a sink"), now)
}

fn after(start: ClockTime, millis: u64) -> ClockTime {
    let wall = Time(start.wall.0 + millis as i64 * 1_000_000);
    ClockTime { monotonic: start.monotonic + Duration::from_millis(millis), wall }
}

/// Returns the numbers of the files in a directory.
fn file_numbers(directory: &Path) -> Vec<u64> {
    let names = fs::read_dir(directory).expect("a directory").flatten().map(|entry| entry.file_name());
    let number = |name: std::ffi::OsString| name.to_string_lossy().split('_').nth(1)?.parse().ok();
    let mut numbers: Vec<u64> = names.filter_map(number).collect();
    numbers.sort_unstable();
    numbers
}

#[test]
fn a_file_ends_at_its_duration_with_or_without_packets() {
    let (directory, mut sink, start) = sink(&["duration:1.5", "files:2"], &["duration:4"]);
    for (millis, status, files) in [
        (1000, WriteStatus::Continue, vec![1]),
        (1499, WriteStatus::Continue, vec![1]),
        (1500, WriteStatus::Continue, vec![1, 2]),
        // The duration of a file is measured from its own start.
        (2999, WriteStatus::Continue, vec![1, 2]),
        (3100, WriteStatus::Continue, vec![2, 3]),
        (3999, WriteStatus::Continue, vec![2, 3]),
        (4000, WriteStatus::Complete, vec![2, 3]),
        (9000, WriteStatus::Complete, vec![2, 3]),
    ] {
        assert_eq!(sink.flush_and_rotate_at(after(start, millis)).expect("no error"), status, "after {millis} ms");
        assert_eq!(file_numbers(directory.path()), files, "after {millis} ms");
    }
    let summary = sink.finish(&[DeviceCounts::default()]).expect("no error");
    assert_eq!((summary.files, summary.removed, summary.packets), (3, 1, 0));
}

#[test]
fn an_interval_ends_when_the_clock_reaches_a_multiple() {
    let (directory, mut sink, start) = sink(&["interval:60"], &["files:3"]);
    for (seconds, status, files) in [
        (59, WriteStatus::Continue, vec![1]),
        (60, WriteStatus::Continue, vec![1, 2]),
        (119, WriteStatus::Continue, vec![1, 2]),
        // Missed minutes create no files.
        (300, WriteStatus::Continue, vec![1, 2, 3]),
        (359, WriteStatus::Continue, vec![1, 2, 3]),
        (360, WriteStatus::Complete, vec![1, 2, 3]),
    ] {
        // The capture started half a second after the minute.
        assert_eq!(
            sink.flush_and_rotate_at(after(start, seconds * 1000 - 500)).expect("no error"),
            status,
            "at {seconds} s"
        );
        assert_eq!(file_numbers(directory.path()), files, "at {seconds} s");
    }
}

#[test]
fn a_ring_file_removed_by_another_process_is_not_an_error() {
    let (directory, mut sink, start) = sink(&["duration:1", "files:1"], &[]);
    let first = sink.summary.last.clone().expect("a file");
    fs::remove_file(first).expect("removed");
    assert_eq!(sink.flush_and_rotate_at(after(start, 1000)).expect("no error"), WriteStatus::Continue);
    assert_eq!(file_numbers(directory.path()), [2]);
}

#[test]
fn a_ring_file_that_cannot_be_removed_is_an_error() {
    let (directory, mut sink, start) = sink(&["duration:1", "files:1"], &[]);
    let first = sink.summary.last.clone().expect("a file");
    fs::remove_file(&first).expect("removed");
    fs::create_dir(&first).expect("a directory with the same name");
    let error = sink.flush_and_rotate_at(after(start, 1000)).expect_err("an error").to_string();
    assert!(error.contains("out_00001_") && error.contains("cannot remove the oldest file of the ring"), "{error}");
    assert_eq!(sink.flush_and_rotate_at(after(start, 2000)).expect("an error reported once"), WriteStatus::Complete);
    assert_eq!(sink.finish(&[]).expect("an error reported once").files, 1);
    assert_eq!(file_numbers(directory.path()), [1]);
}
