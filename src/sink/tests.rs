//! Files that follow each other by the clock.

use std::path::Path;

use super::*;

fn device() -> Device {
    Device { name: "eth0".into(), description: None, link: 1, snaplen: 262_144, filter: None, nanos: true }
}

/// A sink in a folder of its own, begun half a second after a full hour, and that moment.
fn sink(rotate: &[&str], stop: &[&str]) -> (tempfile::TempDir, Sink, Now) {
    let folder = tempfile::tempdir().expect("a folder");
    let rotation = rotate.iter().map(|text| text.parse::<Rotate>().expect("an option")).collect();
    let stop = stop.iter().map(|text| text.parse::<Autostop>().expect("an option")).collect();
    let now = Now { steady: Instant::now(), wall: Time(1_700_002_800_500_000_000) };
    let target = Target::File(folder.path().join("out.pcapng"));
    let sink = Sink::create_at(now, target, Format::PcapNg, vec![device()], Plan::new(rotation, stop));
    (folder, sink.expect("a sink"), now)
}

fn after(begin: Now, millis: u64) -> Now {
    let wall = Time(begin.wall.0 + millis as i64 * 1_000_000);
    Now { steady: begin.steady + Duration::from_millis(millis), wall }
}

/// The numbers of the files in the folder.
fn numbers(folder: &Path) -> Vec<u64> {
    let names = fs::read_dir(folder).expect("a folder").flatten().map(|entry| entry.file_name());
    let number = |name: std::ffi::OsString| name.to_string_lossy().split('_').nth(1)?.parse().ok();
    let mut numbers: Vec<u64> = names.filter_map(number).collect();
    numbers.sort_unstable();
    numbers
}

#[test]
fn a_file_lasts_as_long_as_it_may_with_packets_or_without() {
    let (folder, mut sink, begin) = sink(&["duration:1.5", "files:2"], &["duration:4"]);
    for (millis, go, files) in [
        (1000, Go::On, vec![1]),
        (1499, Go::On, vec![1]),
        (1500, Go::On, vec![1, 2]),
        // The time of a file runs from its own beginning.
        (2999, Go::On, vec![1, 2]),
        (3100, Go::On, vec![2, 3]),
        (3999, Go::On, vec![2, 3]),
        (4000, Go::Enough, vec![2, 3]),
        (9000, Go::Enough, vec![2, 3]),
    ] {
        assert_eq!(sink.settle_at(after(begin, millis)).expect("written"), go, "after {millis} ms");
        assert_eq!(numbers(folder.path()), files, "after {millis} ms");
    }
    let summary = sink.finish(&[Counts::default()]).expect("written");
    assert_eq!((summary.files, summary.removed, summary.packets), (3, 1, 0));
}

#[test]
fn an_interval_ends_when_the_clock_says_a_multiple() {
    let (folder, mut sink, begin) = sink(&["interval:60"], &["files:3"]);
    for (seconds, go, files) in [
        (59, Go::On, vec![1]),
        (60, Go::On, vec![1, 2]),
        (119, Go::On, vec![1, 2]),
        // A minute that is missed is missed.
        (300, Go::On, vec![1, 2, 3]),
        (359, Go::On, vec![1, 2, 3]),
        (360, Go::Enough, vec![1, 2, 3]),
    ] {
        // The capture began half a second after the minute.
        assert_eq!(sink.settle_at(after(begin, seconds * 1000 - 500)).expect("written"), go, "at {seconds} s");
        assert_eq!(numbers(folder.path()), files, "at {seconds} s");
    }
}

#[test]
fn a_file_of_the_ring_that_somebody_took_away_is_no_error() {
    let (folder, mut sink, begin) = sink(&["duration:1", "files:1"], &[]);
    let first = sink.summary.last.clone().expect("a file");
    fs::remove_file(first).expect("removed");
    assert_eq!(sink.settle_at(after(begin, 1000)).expect("written"), Go::On);
    assert_eq!(numbers(folder.path()), [2]);
}

#[test]
fn a_file_of_the_ring_that_cannot_be_removed_is_one() {
    let (folder, mut sink, begin) = sink(&["duration:1", "files:1"], &[]);
    let first = sink.summary.last.clone().expect("a file");
    fs::remove_file(&first).expect("removed");
    fs::create_dir(&first).expect("a folder in its place");
    let error = sink.settle_at(after(begin, 1000)).expect_err("a folder is no file").to_string();
    assert!(error.contains("out_00001_") && error.contains("the oldest file of the ring cannot be removed"), "{error}");
    assert_eq!(sink.settle_at(after(begin, 2000)).expect("told once"), Go::Enough);
    assert_eq!(sink.finish(&[]).expect("told once").files, 1);
    assert_eq!(numbers(folder.path()), [1]);
}
