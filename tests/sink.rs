//! Written capture files are read back by overhear and by other programs; rotation matches that of dumpcap; and
//! a file is complete however the writing ends.
#![cfg(feature = "live")]

mod child;
mod oracle;

use std::fs;
use std::path::{Path, PathBuf};

use overhear::sink::{
    AutostopOption, CapturedPacket, Device, DeviceCounts, Error, Format, RotateOption, Rotation, Sink, StopConditions,
    Summary, Target, WriteStatus,
};
use overhear::source::{Capture, Time};
use pcap_parser::{Block, PcapBlockOwned, PcapError};

fn device(name: &str) -> Device {
    Device { name: name.into(), description: None, link: 1, snaplen: 262_144, filter: None, nanos: true }
}

fn rotation(options: &[&str]) -> Rotation {
    options.iter().map(|text| text.parse::<RotateOption>().expect("an option")).collect()
}

fn stop(options: &[&str]) -> StopConditions {
    options.iter().map(|text| text.parse::<AutostopOption>().expect("an option")).collect()
}

/// A packet of a test: nanoseconds, device, length on the wire, bytes.
type Plain = (i64, u32, u32, Vec<u8>);

const BEGIN: i64 = 1_700_000_000_123_456_789;

/// Returns packets of growing length, a microsecond and a nanosecond apart, of the two devices in turn.
fn packets(count: usize) -> Vec<Plain> {
    let packet = |nth: usize| {
        let bytes: Vec<u8> = (0..nth % 1500).map(|at| (at * 7 + nth) as u8).collect();
        (BEGIN + nth as i64 * 1001, nth as u32 % 2, bytes.len() as u32 + nth as u32 % 3, bytes)
    };
    (0..count).map(packet).collect()
}

fn write(sink: &mut Sink, (time, device, length, bytes): &Plain) -> Result<WriteStatus, Error> {
    sink.write(&CapturedPacket { time: Time(*time), device: *device, length: *length, bytes })
}

/// Writes packets until the sink is complete.
fn written(path: &Path, devices: &[Device], options: (&[&str], &[&str]), packets: &[Plain]) -> Summary {
    let (rotate, autostop) = (rotation(options.0), stop(options.1));
    let target = Target::File(path.into());
    let mut sink = Sink::create(target, Format::for_path(path), devices.to_vec(), rotate, autostop).expect("a sink");
    for packet in packets {
        if write(&mut sink, packet).expect("written") == WriteStatus::Complete {
            break;
        }
    }
    let counts = DeviceCounts { received: 1000, dropped: 20, interface_dropped: 3 };
    sink.finish(&vec![counts; devices.len()]).expect("written")
}

/// Returns the files of a folder, in the order of their names.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(folder).expect("a folder").flatten().map(|entry| entry.path()).collect();
    files.sort();
    files
}

/// Returns the packets that our reader finds, and its error.
fn read(path: &Path) -> (Vec<Plain>, Option<String>) {
    let mut packets = Vec::new();
    let mut capture = match Capture::open([path.to_owned()]) {
        Ok(capture) => capture,
        Err(error) => return (packets, Some(error.to_string())),
    };
    loop {
        match capture.next() {
            Ok(Some(frame)) => {
                let device = frame.interface.map_or(0, |interface| interface.id);
                packets.push((frame.time.0, device, frame.length, frame.bytes.to_vec()));
            }
            Ok(None) => return (packets, None),
            Err(error) => return (packets, Some(error.to_string())),
        }
    }
}

/// Returns the packets that pcap-parser finds.
fn parsed(path: &Path) -> Vec<Plain> {
    let file = fs::File::open(path).expect("a file");
    let mut reader = pcap_parser::create_reader(1 << 20, file).expect("a capture");
    let (mut packets, mut nanos, mut pcap_nanos) = (Vec::new(), Vec::new(), false);
    loop {
        match reader.next() {
            Ok((size, block)) => {
                match block {
                    PcapBlockOwned::LegacyHeader(header) => pcap_nanos = header.is_nanosecond_precision(),
                    PcapBlockOwned::Legacy(packet) => {
                        let unit = if pcap_nanos { 1 } else { 1000 };
                        let time = i64::from(packet.ts_sec) * 1_000_000_000 + i64::from(packet.ts_usec) * unit;
                        packets.push((time, 0, packet.origlen, packet.data.to_vec()));
                    }
                    PcapBlockOwned::NG(Block::InterfaceDescription(interface)) => nanos.push(interface.if_tsresol == 9),
                    PcapBlockOwned::NG(Block::EnhancedPacket(packet)) => {
                        let unit = if nanos[packet.if_id as usize] { 1 } else { 1000 };
                        let time = (i64::from(packet.ts_high) << 32 | i64::from(packet.ts_low)) * unit;
                        let bytes = packet.data[..packet.caplen as usize].to_vec();
                        packets.push((time, packet.if_id, packet.origlen, bytes));
                    }
                    PcapBlockOwned::NG(_) => {}
                }
                reader.consume(size);
            }
            Err(PcapError::Eof) => return packets,
            Err(error) => {
                assert!(matches!(error, PcapError::Incomplete(_)), "pcap-parser: {error}");
                reader.refill().expect("more");
            }
        }
    }
}

/// Returns packets as a file of this format with these devices stores them.
fn as_stored(packets: &[Plain], format: Format, devices: &[Device]) -> Vec<Plain> {
    let stored = |(time, device, length, bytes): &Plain| {
        let nanos = match format {
            Format::Pcap => devices.iter().any(|device| device.nanos),
            Format::PcapNg => devices[*device as usize].nanos,
        };
        let time = if nanos { *time } else { time / 1000 * 1000 };
        (time, if format == Format::Pcap { 0 } else { *device }, *length, bytes.clone())
    };
    packets.iter().map(stored).collect()
}

#[test]
fn written_packets_are_read_back() {
    let folder = tempfile::tempdir().expect("a folder");
    // More than the buffer holds.
    let packets = packets(2000);
    for nanos in [[true, true], [false, false], [true, false]] {
        let [mut one, mut other] = ["eth0", "wlan0"].map(device);
        (one.nanos, other.nanos) = (nanos[0], nanos[1]);
        let devices = [one, other];
        for name in ["a.pcap", "a.CAP", "a.dmp", "a.pcapng", "a"] {
            let path = folder.path().join(name);
            let summary = written(&path, &devices, (&[], &[]), &packets);
            let stored = as_stored(&packets, Format::for_path(&path), &devices);
            assert!(read(&path) == (stored.clone(), None), "{name} {nanos:?} differs from the written packets");
            assert!(parsed(&path) == stored, "{name} {nanos:?} is something else to pcap-parser");
            let bytes = fs::metadata(&path).expect("a file").len();
            let wanted = Summary { last: Some(path), files: 1, removed: 0, packets: 2000, bytes };
            assert_eq!(summary, wanted, "{name} {nanos:?}");
        }
    }
}

#[test]
fn a_file_names_the_interfaces_it_was_captured_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.pcapng");
    let (mut one, mut other) = (device("eth0"), device("tun0"));
    (one.description, one.filter) = (Some("Das Kabel".into()), Some("tcp port 80".into()));
    (other.link, other.snaplen, other.nanos) = (101, 96, false);
    written(&path, &[one, other], (&[], &[]), &packets(2));
    let mut capture = Capture::open([path.clone()]).expect("a capture");
    let mut interfaces = Vec::new();
    while let Some(frame) = capture.next().expect("a frame") {
        let found = frame.interface.expect("an interface").clone();
        assert!(found.os.is_some_and(|os| !os.is_empty()));
        interfaces.push((found.name, found.description, found.filter, found.link, found.snaplen, found.resolution));
    }
    let text = |text: &str| Some(text.to_owned());
    let wanted =
        [(text("eth0"), text("Das Kabel"), text("tcp port 80"), 1, 262_144, 9), (text("tun0"), None, None, 101, 96, 6)];
    assert_eq!(interfaces, wanted);
}

#[test]
fn a_time_outside_of_the_formats_range_is_clamped() {
    let folder = tempfile::tempdir().expect("a folder");
    let moments: Vec<Plain> = [-1, 0, i64::MAX].into_iter().map(|time| (time, 0, 1, vec![7])).collect();
    let path = folder.path().join("a.pcapng");
    written(&path, &[device("eth0")], (&[], &[]), &moments);
    assert_eq!(read(&path).0.iter().map(|packet| packet.0).collect::<Vec<_>>(), [0, 0, i64::MAX]);
    let path = folder.path().join("a.pcap");
    written(&path, &[device("eth0")], (&[], &[]), &moments[1..]);
    // 2106-02-07T06:28:15 is the last second of 32 bits.
    assert_eq!(read(&path).0.iter().map(|packet| packet.0 / 1_000_000_000).collect::<Vec<_>>(), [0, 4_294_967_295]);
}

#[test]
fn flushed_packets_are_in_the_file_and_others_are_buffered() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.pcapng");
    let target = Target::File(path.clone());
    let mut sink = Sink::create(target, Format::PcapNg, vec![device("a"), device("b")], rotation(&[]), stop(&[]));
    let sink = sink.as_mut().expect("a sink");
    let packets = packets(9);
    assert_eq!(read(&path), (vec![], None), "the file is a capture from the first");
    packets[..6].iter().for_each(|packet| assert_eq!(write(sink, packet).expect("written"), WriteStatus::Continue));
    assert_eq!(sink.flush_and_rotate().expect("written"), WriteStatus::Continue);
    packets[6..].iter().for_each(|packet| assert_eq!(write(sink, packet).expect("written"), WriteStatus::Continue));
    assert_eq!(read(&path), (packets[..6].to_vec(), None));
}

#[test]
fn each_file_is_a_capture_of_its_own() {
    let folder = tempfile::tempdir().expect("a folder");
    let packets = packets(90);
    let devices = [device("eth0"), device("wlan0")];
    let summary = written(&folder.path().join("a.pcapng"), &devices, (&["packets:20"], &[]), &packets);
    let files = files(folder.path());
    let found: Vec<Plain> = files.iter().flat_map(|file| read(file).0).collect();
    assert!(found == packets, "the files together have all packets");
    let counts: Vec<usize> = files.iter().map(|file| read(file).0.len()).collect();
    assert_eq!(counts, [20, 20, 20, 20, 10]);
    let bytes = files.iter().map(|file| fs::metadata(file).expect("a file").len()).sum();
    assert_eq!(summary, Summary { last: files.last().cloned(), files: 5, removed: 0, packets: 90, bytes });
}

#[test]
fn an_unwritable_file_is_reported_before_the_capture_begins() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| Target::File(folder.path().join(name));
    let mut other = device("tun0");
    other.link = 101;
    let two = [device("eth0"), other];
    let several = "multiple files requested without a condition";
    #[rustfmt::skip]
    let rows: [(_, _, &[Device], &[&str], &[&str], _); 6] = [
        (path("no/a"), Format::PcapNg, &two,      &[],          &[], "no/a: no such directory"),
        (path(""),     Format::PcapNg, &two,      &[],          &[], "cannot create the file: is a directory"),
        (path("a"),    Format::Pcap,   &two,      &[],          &[], "pcap supports one link type per file, found 1 and 101"),
        (path("a"),    Format::PcapNg, &two[..1], &["files:5"], &[], several),
        (path("a"),    Format::PcapNg, &two[..1], &[],          &["files:5"], several),
        (Target::Stdout, Format::PcapNg, &two[..1], &["packets:5"], &[], "standard output: cannot write multiple files; give -w a file name"),
    ];
    for (target, format, devices, rotate, autostop, wanted) in rows {
        let made = Sink::create(target, format, devices.to_vec(), rotation(rotate), stop(autostop));
        let error = made.err().expect("an error").to_string();
        assert!(error.contains(wanted), "{error} is not {wanted}");
    }
    assert_eq!(files(folder.path()), [] as [PathBuf; 0], "no temporary file is left");
}

#[test]
fn an_existing_file_is_overwritten() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.pcap");
    fs::write(&path, [b'x'; 9999]).expect("a file");
    written(&path, &[device("eth0")], (&[], &[]), &[(0, 0, 3, vec![1, 2, 3])]);
    assert_eq!(fs::metadata(&path).expect("a file").len(), 24 + 16 + 3);
}

#[cfg(unix)]
#[test]
fn a_new_file_is_readable_by_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.pcap");
    written(&path, &[device("eth0")], (&[], &[]), &[]);
    assert_eq!(fs::metadata(&path).expect("a file").permissions().mode() & 0o777, 0o600);
}
