//! Capture files of every format, complete, truncated, damaged and compressed.

pub(crate) mod bytes;
mod oracle;

use std::io::{self, Cursor, Read, Write};
use std::path::PathBuf;

use bytes::*;
use overhear::source::{Capture, Error, Frame, FrameHead, NOT_A_PACKET, OpenOptions, SharedFiles};
use proptest::prelude::*;

/// Result of reading a capture: a line for each frame, and the errors.
type Found = (Vec<String>, Vec<String>);

/// Returns one frame as a line: number, time, captured/original length, link, then what the format adds.
fn line(frame: &Frame<'_>) -> String {
    let mut line = match frame.has_time {
        true => format!("{} {}.{:09}", frame.number, frame.time.secs(), frame.time.nanos()),
        false => format!("{} -", frame.number),
    };
    line += &format!(" {}/{}", frame.bytes.len(), frame.length);
    line += &match frame.link {
        NOT_A_PACKET => " block".to_string(),
        link => format!(" link {link}"),
    };
    if let Some(fcs) = frame.fcs {
        line += &format!(" fcs {fcs}");
    }
    if frame.section > 0 {
        line += &format!(" section {}", frame.section);
    }
    if let Some(interface) = frame.interface {
        line += &format!(" interface {}", interface.id);
        if let Some(name) = &interface.name {
            line += &format!(" {name:?}");
        }
    }
    for comment in frame.options.comments() {
        line += &format!(" comment {comment:?}");
    }
    let options = [
        ("flags", frame.options.flags().map(u64::from)),
        ("drops", frame.options.drop_count()),
        ("id", frame.options.packet_id()),
        ("queue", frame.options.queue().map(u64::from)),
    ];
    for (name, value) in options {
        if let Some(value) = value {
            line += &format!(" {name} {value}");
        }
    }
    line
}

/// Reads to the end, past errors.
fn rest(capture: &mut Capture) -> Found {
    let (mut frames, mut errors) = (Vec::new(), Vec::new());
    loop {
        match capture.next() {
            Ok(Some(frame)) => frames.push(line(&frame)),
            Ok(None) => return (frames, errors),
            Err(error) => errors.push(error.to_string()),
        }
    }
}

fn all(opened: Result<Capture, Error>) -> Found {
    match opened {
        Ok(mut capture) => rest(&mut capture),
        Err(error) => (Vec::new(), vec![error.to_string()]),
    }
}

/// Reads bytes as a capture named `x`.
fn read(bytes: impl Into<Vec<u8>>) -> Found {
    all(Capture::from_reader("x", Cursor::new(bytes.into())))
}

/// What a capture has of a frame that may be skipped.
type Head = (u32, i64, bool, u16, Option<u8>, Vec<u8>);

fn head(frame: &FrameHead<'_>) -> Head {
    (frame.number, frame.time.0, frame.has_time, frame.link, frame.fcs, frame.bytes.to_vec())
}

/// Reads bytes as a capture. Skips the frames whose numbers `skips` names, as far as they can be skipped. Returns all frames, the number of
/// those that were skipped, and the errors.
fn skipping(bytes: &[u8], skips: impl Fn(u32) -> bool) -> (Vec<Head>, usize, Vec<String>) {
    let mut capture = match Capture::from_reader("x", Cursor::new(bytes.to_vec())) {
        Ok(capture) => capture,
        Err(error) => return (Vec::new(), 0, vec![error.to_string()]),
    };
    let (mut frames, mut skipped, mut errors) = (Vec::new(), 0, Vec::new());
    loop {
        let next = capture.next_unless(|frame| {
            let is_skipped = skips(frame.number);
            if is_skipped {
                skipped += 1;
                frames.push(head(frame));
            }
            is_skipped
        });
        match next {
            Ok(Some(frame)) => frames.push(head(&FrameHead::from(&frame))),
            Ok(None) => return (frames, skipped, errors),
            Err(error) => errors.push(error.to_string()),
        }
    }
}

/// A reader that returns one byte at a time.
struct Drip(Cursor<Vec<u8>>);

impl Read for Drip {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let room = buffer.len().min(1);
        self.0.read(&mut buffer[..room])
    }
}

/// Returns a directory for the files of one test.
fn directory(files: &[(&str, &[u8])]) -> (tempfile::TempDir, Vec<PathBuf>) {
    let directory = tempfile::tempdir().expect("a directory for the test");
    let paths = files.iter().map(|(name, bytes)| {
        let path = directory.path().join(name);
        std::fs::write(&path, bytes).expect("a file for the test");
        path
    });
    let paths = paths.collect();
    (directory, paths)
}

const FRAME: [u8; 10] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];

/// 2023-11-14T22:13:20Z.
const T: u32 = 1_700_000_000;
const MICROS: u64 = 1_700_000_000_123_456;

/// Returns a small file of each format.
fn samples() -> Vec<(&'static str, Vec<u8>)> {
    let mut samples = Vec::new();
    for (name, order, magic) in
        [("pcap", Little, MICRO), ("big-endian pcap", Big, MICRO), ("nanosecond pcap", Little, NANO)]
    {
        let mut file = pcap(order, magic);
        for length in [10, 0, 7] {
            file.extend(record(order, [T, length, length, 60], &FRAME[..length as usize]));
        }
        samples.push((name, file));
    }
    let modified = join([
        pcap(Little, MODIFIED),
        modified_record(Little, [T, 1, 10, 10], &FRAME),
        modified_record(Little, [T, 2, 10, 10], &FRAME),
    ]);
    samples.push(("modified pcap", modified));
    for (name, order) in [("pcapng", Little), ("big-endian pcapng", Big)] {
        let comment = [option(order, 1, b"why"), end()].concat();
        let file = join([
            section(order),
            interface(order, 1, 0, &[option(order, 2, b"eth0"), end()].concat()),
            enhanced(order, 0, MICROS, [10, 60], &FRAME, &comment),
            block(order, 5, &order.words(&[0, 0, 0])),
            block(order, 0x7777, &FRAME),
            simple(order, 9, &FRAME[..9]),
            obsolete(order, 0, 2, MICROS, &FRAME, &[]),
            block(order, 0xbad, &order.words(&[32473, 1])),
            section(order),
            interface(order, 101, 0, &[]),
            enhanced(order, 0, MICROS, [3, 3], &FRAME[..3], &[]),
        ]);
        samples.push((name, file));
    }
    samples
}

#[test]
fn a_file_is_read_to_the_length_that_it_had() {
    let file = std::fs::read("fixtures/http/keep-alive.pcap").expect("a fixture");
    let (_directory, paths) = directory(&[("a.pcap", &file)]);
    let shared = SharedFiles::of(&paths);
    let grown = [&file[..], &file[24..]].concat();
    std::fs::write(&paths[0], grown).expect("the file");
    let count = |options| {
        let mut capture = Capture::open_with(paths.clone(), options).expect("a capture");
        std::iter::from_fn(|| capture.next().expect("no error").map(drop)).count()
    };
    let frames = count(OpenOptions { shared, ..OpenOptions::default() });
    assert_eq!(count(OpenOptions::default()), 2 * frames);
}

#[test]
fn pcap_is_read_in_every_variant() {
    let two = |order, magic| {
        let first = record(order, [T, 123_456, 10, 60], &FRAME);
        join([pcap(order, magic), first, record(order, [T + 1, 0, 0, 10], &[])])
    };
    let micro = ["1 1700000000.123456000 10/60 link 1", "2 1700000001.000000000 0/10 link 1"];
    let nano = ["1 1700000000.000123456 10/60 link 1", "2 1700000001.000000000 0/10 link 1"];
    let modified = |order| {
        join([
            pcap(order, MODIFIED),
            modified_record(order, [T, 123_456, 10, 60], &FRAME),
            modified_record(order, [T + 1, 0, 0, 10], &[]),
        ])
    };
    let versioned = |major, minor, lengths: [u32; 2]| {
        let header = pcap_version(Little, MICRO, (major, minor), 65535, 1);
        [header, record(Little, [T, 1, lengths[0], lengths[1]], &FRAME)].concat()
    };
    let linked = |link| [pcap_version(Little, MICRO, (2, 4), 0, link), record(Little, [T, 1, 10, 10], &FRAME)].concat();
    let one = |fields| [pcap(Little, MICRO), record(Little, fields, &FRAME)].concat();
    let nano_one = |fields| [pcap(Little, NANO), record(Little, fields, &FRAME)].concat();
    #[rustfmt::skip]
    let rows: Vec<(&str, Vec<u8>, &[&str])> = vec![
        ("microseconds", two(Little, MICRO), &micro),
        ("microseconds, big-endian", two(Big, MICRO), &micro),
        ("nanoseconds", two(Little, NANO), &nano),
        ("nanoseconds, big-endian", two(Big, NANO), &nano),
        ("modified", modified(Little), &micro),
        ("modified, big-endian", modified(Big), &micro),
        ("a header and no packet", pcap(Little, MICRO), &[]),
        ("version 2.2 has the original length first", versioned(2, 2, [60, 10]), &["1 1700000000.000001000 10/60 link 1"]),
        ("version 543.0 too", versioned(543, 0, [60, 10]), &["1 1700000000.000001000 10/60 link 1"]),
        ("version 2.3, written one way", versioned(2, 3, [10, 60]), &["1 1700000000.000001000 10/60 link 1"]),
        ("version 2.3, written the other", versioned(2, 3, [60, 10]), &["1 1700000000.000001000 10/60 link 1"]),
        ("a later version", versioned(3, 0, [10, 60]), &["1 1700000000.000001000 10/60 link 1"]),
        ("FCS of two words", linked(1 | 1 << 26 | 2 << 28), &["1 1700000000.000001000 10/10 link 1 fcs 4"]),
        ("FCS of no length", linked(1 | 1 << 26), &["1 1700000000.000001000 10/10 link 1 fcs 0"]),
        ("a length without the FCS bit has no meaning", linked(1 | 2 << 28), &["1 1700000000.000001000 10/10 link 1"]),
        ("NetBSD's class of link types", linked(0x0224_0000 | 113), &["1 1700000000.000001000 10/10 link 113"]),
        // The rest is as tshark shows it.
        ("captured more than the original", one([T, 1, 10, 4]), &["1 1700000000.000001000 10/4 link 1"]),
        ("an original length of 2^32-1", one([T, 1, 10, u32::MAX]), &["1 1700000000.000001000 10/2147483647 link 1"]),
        ("seconds beyond 2038", one([u32::MAX, 1, 10, 10]), &["1 4294967295.000001000 10/10 link 1"]),
        ("a million microseconds", one([T, 1_000_000, 10, 10]), &["1 1700000001.000000000 10/10 link 1"]),
        ("2^32-1 microseconds", one([T, u32::MAX, 10, 10]), &["1 1699999999.999999000 10/10 link 1"]),
        ("2^31 microseconds", one([T, 1 << 31, 10, 10]), &["1 1700000000.000000000 10/10 link 1"]),
        ("2^32-1 nanoseconds", nano_one([T, u32::MAX, 10, 10]), &["1 1699999999.999999999 10/10 link 1"]),
    ];
    for (name, bytes, expected) in rows {
        assert_eq!(read(bytes), (expected.iter().map(ToString::to_string).collect(), vec![]), "{name}");
    }
    let snapped = [pcap_version(Little, MICRO, (2, 4), 4, 1), record(Little, [T, 1, 10, 60], &FRAME)].concat();
    assert_eq!(read(snapped).0, ["1 1700000000.000001000 10/60 link 1"], "a frame longer than snaplen is complete");
}

#[test]
fn a_time_out_of_range_is_noted() {
    let at = |counter| enhanced(Little, 0, counter, [10, 60], &FRAME, &[]);
    // The counter counts seconds from the year 1000 on; a year has 31,556,952.
    let options = join([option(Little, 9, &[0]), option(Little, 14, &(-30_610_224_000_i64).to_le_bytes()), end()]);
    let years = [0, 700, 1260, 1270].map(|years| at(years * 31_556_952));
    let file = join([section(Little), interface(Little, 147, 0, &options), years.concat()]);
    let fields =
        ["frame.time_out_of_range", "_ws.expert.message"].map(|name| dissectors::field(name).expect("a field"));
    let rows = crate::common::field_values(&file, &fields);
    let row = |text: &str| vec![if text.is_empty() { "" } else { "1" }.to_owned(), text.to_owned()];
    let (early, late) = ("capture time before 1677-09-21 00:12:43", "capture time after 2262-04-11 23:47:16");
    assert_eq!(rows, [row(early), row(""), row(""), row(late)]);
}

#[test]
fn pcapng_is_read_in_every_form() {
    let described = |options: &[u8]| {
        let mut options = options.to_vec();
        options.extend(end());
        join([section(Little), interface(Little, 1, 0, &options), enhanced(Little, 0, MICROS, [10, 60], &FRAME, &[])])
    };
    let packet_options =
        |options: Vec<u8>| join([described(&[]), enhanced(Little, 0, MICROS, [10, 60], &FRAME, &options)]);
    let opt = |code, value: &[u8]| option(Little, code, value);
    let first = "1 1700000000.123456000 10/60 link 1 section 1 interface 0";
    let second = "2 1700000000.123456000 10/60 link 1 section 1 interface 0";
    let sections = join([
        section(Little),
        interface(Little, 1, 0, &opt(2, b"a")),
        interface(Little, 113, 0, &opt(2, b"b")),
        enhanced(Little, 1, MICROS, [10, 60], &FRAME, &[]),
        section_version(Big, 1, 0, 64, &[]),
        interface(Big, 101, 0, &option(Big, 2, b"c")),
        enhanced(Big, 0, MICROS, [10, 60], &FRAME, &option(Big, 1, b"d")),
        section(Little),
    ]);
    let simple_packets = |snaplen| {
        join([
            section(Little),
            interface(Little, 1, snaplen, &[]),
            simple(Little, 10, &FRAME),
            simple(Little, 60, &FRAME),
        ])
    };
    let journal = b"__REALTIME_TIMESTAMP=1700000000123456\nMESSAGE=hello\n";
    #[rustfmt::skip]
    let rows: Vec<(&str, Vec<u8>, Vec<String>)> = vec![
        ("a section and nothing else", section(Big), vec![]),
        ("version 1.2", section_version(Little, 1, 2, -1, &[]), vec![]),
        ("an interface without options", described(&[]), vec![first.into()]),
        ("its name", described(&opt(2, b"eth0")), vec![format!("{first} \"eth0\"")]),
        ("its name up to a NUL", described(&opt(2, b"a\0b")), vec![format!("{first} \"a\"")]),
        ("the first of two names", described(&join([opt(2, b"a"), opt(2, b"b")])), vec![format!("{first} \"a\"")]),
        ("a name after the end of options", described(&join([end(), opt(2, b"a")])), vec![first.into()]),
        ("FCS of four bytes", described(&opt(13, &[4])), vec!["1 1700000000.123456000 10/60 link 1 fcs 4 section 1 interface 0".into()]),
        ("nanoseconds", described(&opt(9, &[9])), vec!["1 1700000.000123456 10/60 link 1 section 1 interface 0".into()]),
        ("the first of two resolutions", described(&join([opt(9, &[9]), opt(9, &[3])])), vec!["1 1700000.000123456 10/60 link 1 section 1 interface 0".into()]),
        ("2^-20 seconds", described(&opt(9, &[0x94])), vec!["1 1621246338.008361816 10/60 link 1 section 1 interface 0".into()]),
        ("a resolution of two bytes is none", described(&opt(9, &[9, 9])), vec![first.into()]),
        ("an offset", described(&opt(14, &(-1i64).to_le_bytes())), vec!["1 1699999999.123456000 10/60 link 1 section 1 interface 0".into()]),
        ("an offset of two bytes is none", described(&opt(14, &[9, 9])), vec![first.into()]),
        ("comments", packet_options(join([opt(1, b"one"), opt(1, b""), opt(1, b"t\xffo\0."), end()])),
            vec![first.into(), format!("{second} comment \"one\" comment \"\" comment \"t\u{fffd}o\"")]),
        ("options that just end", packet_options(opt(1, b"one")), vec![first.into(), format!("{second} comment \"one\"")]),
        ("options that end with a length", packet_options(join([opt(1, b"one"), opt(0, b"four"), opt(1, b"two")])),
            vec![first.into(), format!("{second} comment \"one\"")]),
        ("numbers", packet_options(join([opt(2, &0x1a5u32.to_le_bytes()), opt(4, &77u64.to_le_bytes()), opt(5, &88u64.to_le_bytes()), opt(6, &99u32.to_le_bytes())])),
            vec![first.into(), format!("{second} flags 421 drops 77 id 88 queue 99")]),
        ("integers of an invalid size are ignored", packet_options(join([opt(2, &[1, 2, 3]), opt(4, &[1; 4]), opt(5, &[]), opt(6, &[0; 8])])),
            vec![first.into(), second.into()]),
        ("an obsolete packet", join([described(&[]), obsolete(Little, 0, 3, MICROS, &FRAME, &opt(1, b"old")), obsolete(Little, 0, 0xffff, MICROS, &FRAME, &[])]),
            vec![first.into(), "2 1700000000.123456000 10/10 link 1 section 1 interface 0 comment \"old\" drops 3".into(),
                 "3 1700000000.123456000 10/10 link 1 section 1 interface 0".into()]),
        ("simple packets up to snaplen", simple_packets(10), vec!["1 - 10/10 link 1 section 1 interface 0".into(), "2 - 10/60 link 1 section 1 interface 0".into()]),
        ("sections of both orders", sections, vec![
            "1 1700000000.123456000 10/60 link 113 section 1 interface 1 \"b\"".into(),
            "2 1700000000.123456000 10/60 link 101 section 2 interface 0 \"c\" comment \"d\"".into()]),
        ("captured more than the original", join([described(&[]), enhanced(Little, 0, MICROS, [10, 4], &FRAME, &[])]),
            vec![first.into(), "2 1700000000.123456000 10/4 link 1 section 1 interface 0".into()]),
        ("a length that is not a multiple of four is padded", join([described(&[]), block_with_lengths(Little, 0x7777, b"abc", 15, 15), enhanced(Little, 0, MICROS, [10, 60], &FRAME, &[])]),
            vec![first.into(), second.into()]),
        ("custom blocks are frames", join([section(Little), block(Little, 0xbad, b"\x01\0\0\0abcd"), block(Little, 0x4000_0bad, b"\x01\0\0\0")]),
            vec!["1 - 4/4 block section 1".into(), "2 - 0/0 block section 1".into()]),
        ("journal entries are frames", join([section(Little), block(Little, 9, journal)]),
            vec!["1 1700000000.123456000 52/52 block section 1".into()]),
        ("an unknown block longer than the limit", join([described(&[]), block(Little, 0x7777, &vec![7; 17 << 20]), enhanced(Little, 0, MICROS, [10, 60], &FRAME, &[])]),
            vec![first.into(), second.into()]),
    ];
    for (name, bytes, expected) in rows {
        assert_eq!(read(bytes), (expected, vec![]), "{name}");
    }
}

#[test]
fn frames_that_are_skipped_are_those_that_would_be_read() {
    let several = |order| {
        let frame = |length: u32| enhanced(order, 0, MICROS, [length, 60], &FRAME[..length as usize], &[]);
        join([section(order), interface(order, 1, 0, &[]), frame(10), frame(0), frame(7)])
    };
    let mut samples = samples();
    samples.extend([("frames of pcapng", several(Little)), ("big-endian frames of pcapng", several(Big))]);
    for (name, bytes) in samples {
        let (frames, _, errors) = skipping(&bytes, |_| false);
        let steps = [1, 2, 3].map(|step| skipping(&bytes, |number| step == 1 || number % step != 0));
        assert!(steps.iter().all(|(found, _, met)| (found, met) == (&frames, &errors)), "{name}");
        let skipped = steps.map(|(_, skipped, _)| skipped);
        match name {
            "modified pcap" => assert_eq!(skipped, [0; 3]),
            // Descriptions of interfaces are read first.
            _ if name.ends_with("frames of pcapng") => assert_eq!(skipped, [2, 1, 1], "{name}"),
            _ if name.ends_with("pcap") => assert_eq!(skipped, [3, 2, 2], "{name}"),
            _ => {}
        }
    }
}

#[test]
fn interface_descriptions_are_read() {
    let opt = |code, value: &[u8]| option(Big, code, value);
    let options =
        join([opt(3, b"a cable"), opt(11, b"\0tcp port 80"), opt(12, b"Linux"), opt(9, &[0x94]), opt(14, &[0; 8])]);
    let file = join([
        section(Big),
        interface(Big, 113, 96, &options),
        interface(Big, 1, 0, &opt(11, b"\x01byte code")),
        enhanced(Big, 0, 1 << 20, [10, 10], &FRAME, &[]),
    ]);
    let mut capture = Capture::from_reader("x", Cursor::new(file)).expect("a capture");
    let frame = capture.next().expect("a frame").expect("a frame");
    let found = frame.interface.expect("an interface");
    let words = [&found.name, &found.description, &found.filter, &found.os].map(|words| words.as_deref());
    assert_eq!(words, [None, Some("a cable"), Some("tcp port 80"), Some("Linux")]);
    assert_eq!((found.id, found.link, found.snaplen, found.resolution, found.offset), (0, 113, 96, 0x94, 0));
    assert_eq!((frame.time.secs(), frame.bytes), (1, &FRAME[..]));
    assert_eq!(capture.interfaces().len(), 2);
    assert_eq!(capture.interfaces()[1].filter, None);
    let about = capture.current_file().expect("a file");
    assert_eq!((about.format, about.link, about.snaplen, about.compression), ("pcapng", Some(113), Some(96), None));
}

#[test]
fn secrets_and_names_are_kept() {
    let secret = |bytes: &[u8]| [&Little.words(&[0x544c534b, bytes.len() as u32])[..], bytes].concat();
    let mut names = Vec::new();
    names.extend(option(Little, 1, b"\x7f\0\0\x01localhost\0me\0"));
    names.extend(option(Little, 9, b"something new"));
    names.extend(option(Little, 1, b"\x01"));
    names.extend(option(Little, 2, &[&[0; 15][..], b"\x01six\0"].concat()));
    names.extend(end());
    names.extend(option(Little, 2, b"ns_dnsname"));
    let file = join([
        section(Little),
        block(Little, 10, &secret(b"CLIENT_RANDOM a b\n")),
        block(Little, 4, &names),
        block(Little, 10, &secret(&vec![b'x'; 9 << 20])),
        block(Little, 10, &secret(b"last")),
    ]);
    let mut capture = Capture::from_reader("x", Cursor::new(file)).expect("a capture");
    assert_eq!(rest(&mut capture), (vec![], vec![]));
    let secrets: Vec<_> = capture.secrets().iter().map(|secret| (secret.kind, &secret.bytes[..])).collect();
    assert_eq!(secrets, [(0x544c534b, &b"CLIENT_RANDOM a b\n"[..]), (0x544c534b, b"last")]);
    let names: Vec<_> = capture.names().iter().map(|name| format!("{} {}", name.address, name.name)).collect();
    assert_eq!(names, ["127.0.0.1 localhost", "127.0.0.1 me", "::1 six"]);
}

#[test]
fn damage_is_reported_in_one_line_after_the_frames_before_it() {
    let begun = |then: Vec<u8>| {
        let start = [pcap(Little, MICRO), record(Little, [T, 1, 10, 10], &FRAME)].concat();
        [start, then].concat()
    };
    // A section of 28 bytes, an interface of 20, a packet of 44: the next block is at byte 92.
    let begun_ng = |then: Vec<u8>| {
        let start = [section(Little), interface(Little, 1, 0, &[])].concat();
        [start, enhanced(Little, 0, MICROS, [10, 10], &FRAME, &[]), then].concat()
    };
    let long_option = [&Little.u16(1)[..], &Little.u16(1000), b"abcd"].concat();
    #[rustfmt::skip]
    let rows: Vec<(Vec<u8>, usize, &str)> = vec![
        (vec![], 0, "x: expected a capture (pcap or pcapng), found an empty file"),
        (b"\xd4\xc3\xb2".to_vec(), 0, "x: expected a capture (pcap or pcapng), found unknown data (first bytes: d4 c3 b2)"),
        (b"GET / HTTP/1.1\r\n".to_vec(), 0, "x: expected a capture (pcap or pcapng), found text (first bytes: 47 45 54 20 2f 20 48 54)"),
        (b"PK\x03\x04\x14\0\0\0\x08\0".to_vec(), 0, "x: expected a capture (pcap or pcapng), found a zip archive (first bytes: 50 4b 03 04 14 00 00 00)"),
        (pcap(Little, MICRO)[..23].to_vec(), 0, "x: at byte 0: truncated pcap file header: expected 24 bytes, found 23"),
        (pcap_version(Big, MICRO, (1, 4), 0, 1), 0, "x: expected pcap version 2.4, found 1.4"),
        (begun(vec![0; 7]), 1, "x: at byte 50: truncated record header: expected 16 bytes, found 7"),
        (begun(record(Little, [T, 1, 70, 70], &FRAME)), 1, "x: at byte 50: truncated record: expected 86 bytes, found 26"),
        (begun(record(Little, [T, 1, 16_777_217, 70], &FRAME)), 1, "x: at byte 50: captured length 16777217 exceeds the limit of 16777216 bytes"),
        (begun(record(Little, [T, 1, u32::MAX, 70], &FRAME)), 1, "x: at byte 50: captured length 4294967295 exceeds the limit of 16777216 bytes"),
        (section(Little)[..9].to_vec(), 0, "x: at byte 0: truncated block: expected 28 bytes, found 9"),
        (section(Big)[..27].to_vec(), 0, "x: at byte 0: truncated block: expected 28 bytes, found 27"),
        (section_version(Little, 2, 0, -1, &[]), 0, "x: expected pcapng version 1.0, found 2.0"),
        (section_version(Little, 1, 0, -1, &long_option), 0, "x: at byte 0: length 1000 of option 1 exceeds the 4 bytes left in the block"),
        (block(Little, 0x0a0d0d0a, &Little.words(&[0x1a2b3c4d, 1])), 0, "x: at byte 0: section header too short: expected at least 28 bytes, found 20"),
        (block(Little, 0x0a0d0d0a, &[1; 16]), 0, "x: at byte 0: expected byte-order magic 0x1a2b3c4d in either byte order, found 0x01010101"),
        (begun_ng(section_version(Big, 1, 9, -1, &[])), 1, "x: at byte 92: expected pcapng version 1.0, found 1.9"),
        (begun_ng(vec![6, 0, 0, 0, 1]), 1, "x: at byte 92: truncated block header: expected 8 bytes, found 5"),
        (begun_ng(enhanced(Little, 0, 1, [10, 10], &FRAME, &[])[..43].to_vec()), 1, "x: at byte 92: truncated block: expected 44 bytes, found 43"),
        (begun_ng(block(Little, 0x7777, &[0; 40])[..30].to_vec()), 1, "x: at byte 92: truncated block: expected 52 bytes, found 30"),
        (begun_ng(block_with_lengths(Little, 6, &[0; 20], 0, 0)), 1, "x: at byte 92: enhanced packet block too short: expected at least 32 bytes, found 0"),
        (begun_ng(block_with_lengths(Little, 0x7777, &[], 0, 0)), 1, "x: at byte 92: block too short: expected at least 12 bytes, found 0"),
        (begun_ng(block_with_lengths(Little, 0x7777, &[], 8, 8)), 1, "x: at byte 92: block too short: expected at least 12 bytes, found 8"),
        (begun_ng(block_with_lengths(Little, 0x7777, &[0; 4], 16, 20)), 1, "x: at byte 92: block lengths differ: 16 at the start, 20 at the end"),
        (begun_ng(block_with_lengths(Little, 3, &[0; 4], 16, 0)), 1, "x: at byte 92: block lengths differ: 16 at the start, 0 at the end"),
        (begun_ng(block_with_lengths(Little, 6, &[0; 20], u32::MAX, 0)), 1, "x: at byte 92: block length 4294967295 exceeds the limit of 16777216 bytes"),
        (begun_ng(block_with_lengths(Little, 0x7777, &[], 0xffff_fff0, 0)), 1, "x: at byte 92: block length 4294967280 exceeds the limit of 134217728 bytes"),
        (begun_ng(enhanced(Little, 1, 1, [10, 10], &FRAME, &[])), 1, "x: at byte 92: unknown interface 1 (interfaces described in the section: 1)"),
        (begun_ng(enhanced(Little, u32::MAX, 1, [10, 10], &FRAME, &[])), 1, "x: at byte 92: unknown interface 4294967295 (interfaces described in the section: 1)"),
        (begun_ng(enhanced(Little, 0, 1, [13, 13], &FRAME, &[])), 1, "x: at byte 92: captured length 13 exceeds the 12 bytes available in the block"),
        (begun_ng(enhanced(Little, 0, 1, [u32::MAX, 13], &FRAME, &[])), 1, "x: at byte 92: captured length 4294967295 exceeds the 12 bytes available in the block"),
        (begun_ng(simple(Little, 1000, &FRAME)), 1, "x: at byte 92: captured length 1000 exceeds the 12 bytes available in the block"),
        (begun_ng(enhanced(Little, 0, 1, [10, 10], &FRAME, &long_option)), 1, "x: at byte 92: length 1000 of option 1 exceeds the 4 bytes left in the block"),
        (begun_ng(interface(Little, 1, 0, &long_option)), 1, "x: at byte 92: length 1000 of option 1 exceeds the 4 bytes left in the block"),
        (begun_ng(block(Little, 1, &[0; 4])), 1, "x: at byte 92: interface description too short: expected at least 20 bytes, found 16"),
        (begun_ng(block(Little, 4, &long_option)), 1, "x: at byte 92: entry length 1000 exceeds the 4 bytes left in the block"),
        (begun_ng(block(Little, 10, &Little.words(&[0x544c534b, 1000, 1]))), 1, "x: at byte 92: entry length 1000 exceeds the 4 bytes left in the block"),
        (begun_ng([section(Little), enhanced(Little, 0, 1, [10, 10], &FRAME, &[])].concat()), 1, "x: at byte 120: unknown interface 0 (interfaces described in the section: 0)"),
        ([section(Little), simple(Little, 4, &FRAME[..4])].concat(), 0, "x: at byte 28: unknown interface 0 (interfaces described in the section: 0)"),
        ([section(Little), interface(Little, 1, 0, &[]).repeat(65_537)].concat(), 0, "x: at byte 1310748: more than 65536 interfaces in one section"),
    ];
    for (bytes, frames, expected) in rows {
        let (found, errors) = read(bytes);
        assert_eq!((found.len(), errors), (frames, vec![expected.to_string()]));
    }
}

#[test]
fn any_prefix_of_a_file_gives_the_frames_before_the_cut_and_at_most_one_error() {
    for (name, bytes) in samples() {
        let (whole, errors) = read(&bytes[..]);
        assert_eq!(errors, [""; 0], "{name}");
        let mut clean = 0;
        for cut in 0..bytes.len() {
            let (frames, errors) = read(&bytes[..cut]);
            assert!(whole.starts_with(&frames), "{name} cut at {cut}: {frames:?}");
            assert!(errors.len() <= 1, "{name} cut at {cut}: {errors:?}");
            if errors.is_empty() {
                clean += 1;
            } else if cut > 12 {
                assert!(errors[0].contains(": truncated "), "{name} cut at {cut}: {errors:?}");
            }
        }
        // A cut is undetectable only between two records: after the header, and after each record but the last.
        let records = if name.contains("pcapng") { 10 } else { whole.len() };
        assert_eq!(clean, records, "{name}");
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("gzip")
}

fn zstd_frame(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 1).expect("zstd");
    encoder.include_checksum(true).and_then(|()| encoder.write_all(bytes)).expect("zstd");
    encoder.finish().expect("zstd")
}

fn lz4(bytes: &[u8]) -> Vec<u8> {
    let info = lz4_flex::frame::FrameInfo::new().block_size(lz4_flex::frame::BlockSize::Max64KB);
    let info = info.content_checksum(true).block_checksums(true);
    let mut encoder = lz4_flex::frame::FrameEncoder::with_frame_info(info, Vec::new());
    encoder.write_all(bytes).expect("lz4");
    encoder.finish().expect("lz4")
}

type Pack = fn(&[u8]) -> Vec<u8>;
const PACKINGS: [(&str, Pack); 3] = [("gzip", gzip), ("zstd", zstd_frame), ("lz4", lz4)];

/// A frame that zstd and lz4 readers skip.
const SKIPPABLE: &[u8] = b"\x5a\x2a\x4d\x18\x03\0\0\0abc";

#[test]
fn a_compressed_capture_has_the_frames_of_the_original() {
    for (name, bytes) in samples() {
        let whole = read(&bytes[..]);
        for (packing, pack) in PACKINGS {
            let (first, second) = bytes.split_at(bytes.len() / 2);
            let mut forms = vec![
                ("whole", pack(&bytes)),
                ("in two parts", join([pack(first), pack(second)])),
                ("with an empty part", join([pack(first), pack(b""), pack(second)])),
                ("in gzip", gzip(&pack(&bytes))),
            ];
            if packing != "gzip" {
                forms.push(("after a skippable frame", join([SKIPPABLE.to_vec(), pack(&bytes)])));
                forms.push(("around one", join([pack(first), SKIPPABLE.to_vec(), pack(second), SKIPPABLE.to_vec()])));
            }
            for (form, packed) in forms {
                let dripped = all(Capture::from_reader("x", Drip(Cursor::new(packed.clone()))));
                assert_eq!(read(packed), whole, "{name}, {packing} {form}");
                assert_eq!(dripped, whole, "{name}, {packing} {form}, byte by byte");
            }
        }
    }
}

#[test]
fn a_truncated_compressed_capture_gives_the_frames_before_the_cut_and_an_error() {
    let mut file = pcap(Little, MICRO);
    for i in 0..20_000u32 {
        // Incompressible bytes, so that every part of the compressed file has frames.
        let noise = i.wrapping_mul(2_654_435_761).to_le_bytes().repeat(2);
        file.extend(record(Little, [T, i, 8, 8], &noise));
    }
    let whole = read(&file[..]).0;
    for (packing, pack) in PACKINGS {
        let packed = pack(&file);
        for cut in [packed.len() / 2, packed.len() - 1] {
            let (frames, errors) = read(&packed[..cut]);
            assert!(whole.starts_with(&frames), "{packing} cut at {cut}");
            assert!(!frames.is_empty(), "{packing} cut at {cut}");
            assert_eq!(errors.len(), 1, "{packing} cut at {cut}");
            assert!(errors[0].ends_with(&format!("truncated {packing} data")), "{packing} {errors:?}");
        }
        let (frames, errors) = read(&packed[..12]);
        assert_eq!((frames.len(), errors), (0, vec![format!("x: at byte 0: truncated {packing} data")]));

        // Damage may give wrong frames before a checksum detects it; only its report can be required.
        let mut damaged = packed.clone();
        let middle = damaged.len() / 2;
        damaged[middle..middle + 64].fill(0xff);
        assert_eq!(read(damaged).1.len(), 1, "{packing}");

        let (frames, errors) = read(join([packed, b"and then something else".to_vec()]));
        assert_eq!(frames, whole, "{packing}");
        assert_eq!(errors.len(), 1, "{packing} {errors:?}");
        assert!(errors[0].contains(&format!("invalid {packing} data: ")), "{packing} {errors:?}");
    }
}

#[test]
fn several_files_are_one_capture_and_an_error_in_one_does_not_hide_the_next() {
    let one = |seconds| [pcap(Little, MICRO), record(Little, [seconds, 0, 10, 10], &FRAME)].concat();
    let cut = [&one(2)[..], &[0; 5]].concat();
    let (directory, mut paths) = directory(&[
        ("1.pcap", &one(1)),
        ("2.pcap", &cut),
        ("3.gz", &gzip(&one(3))),
        ("4.txt", b"text"),
        ("5.pcap", &one(5)),
    ]);
    paths.insert(3, directory.path().join("none.pcap"));
    paths.insert(5, directory.path().to_path_buf());
    let mut capture = Capture::open(paths.clone()).expect("the first file");
    let total =
        paths.iter().filter(|path| path.is_file()).map(|path| path.metadata().map_or(0, |about| about.len())).sum();
    let (frames, errors) = rest(&mut capture);
    assert_eq!(
        frames,
        [
            "1 1.000000000 10/10 link 1",
            "2 2.000000000 10/10 link 1",
            "3 3.000000000 10/10 link 1",
            "4 5.000000000 10/10 link 1"
        ]
    );
    let at = |name: &str| directory.path().join(name).display().to_string();
    #[rustfmt::skip]
    let expected = [
        format!("{}: at byte 50: truncated record header: expected 16 bytes, found 5", at("2.pcap")),
        format!("{}: no such file", at("none.pcap")),
        format!("{}: expected a capture (pcap or pcapng), found text (first bytes: 74 65 78 74)", at("4.txt")),
        format!("{}: expected a capture file, found a directory", directory.path().display()),
    ];
    assert_eq!(errors, expected);
    let progress = capture.progress();
    assert_eq!((progress.read, progress.total), (total, None), "a missing file has no known length");

    capture.rewind().expect("the first file again");
    assert_eq!(capture.current_file().map(|file| (file.index, file.name.to_string())), Some((0, at("1.pcap"))));
    assert_eq!(rest(&mut capture), (frames, errors));

    let whole = Capture::open([paths[0].clone(), paths[2].clone()]).expect("files");
    assert_eq!(
        whole.progress().total,
        Some(paths[0].metadata().map_or(0, |a| a.len()) + paths[2].metadata().map_or(0, |a| a.len()))
    );
    assert_eq!(all(Capture::open([])), (vec![], vec![]));
    assert_eq!(all(Capture::open([PathBuf::from("no/such\x1b[31m")])).1, ["no/such\\u{1b}[31m: no such file"]);
}

#[test]
fn a_pipe_is_read_twice_when_it_is_spooled() {
    for (name, bytes) in samples() {
        let whole = read(&bytes[..]);
        for pack in [|bytes: &[u8]| bytes.to_vec(), gzip as Pack] {
            let pipe = Drip(Cursor::new(pack(&bytes)));
            let mut capture = Capture::from_reader_spooled("x", pipe).expect("a capture");
            // The first pass stops in the middle; the rest is read in the second pass.
            capture.next().expect("a frame").expect("a frame");
            capture.rewind().expect("the copy");
            for round in 0..3 {
                assert_eq!(rest(&mut capture), whole, "{name}, round {round}");
                capture.rewind().expect("the copy");
            }
        }
    }
    let mut once = Capture::from_reader("standard input", Cursor::new(pcap(Little, MICRO))).expect("a capture");
    let error = once.rewind().expect_err("it is read");
    assert_eq!(error.to_string(), "standard input: can be read only once");
}

#[test]
fn a_capture_can_be_read_in_another_thread() {
    let (_, bytes) = samples().remove(0);
    let expected = read(&bytes[..]);
    let mut capture = Capture::from_reader("x", Cursor::new(bytes)).expect("a capture");
    let found = std::thread::spawn(move || rest(&mut capture)).join().expect("the other thread");
    assert_eq!(found, expected);
}

#[cfg(unix)]
#[test]
fn a_named_pipe_is_read_twice_when_it_is_spooled() {
    let directory = tempfile::tempdir().expect("a directory for the test");
    let path = directory.path().join("pipe");
    if !std::process::Command::new("mkfifo").arg(&path).status().is_ok_and(|status| status.success()) {
        eprintln!("skipped: there is no mkfifo");
        return;
    }
    let (_, bytes) = samples().remove(0);
    let expected = read(&bytes[..]);
    let writer = std::thread::spawn({
        let path = path.clone();
        move || std::fs::write(path, bytes)
    });
    let mut capture =
        Capture::open_with([path], OpenOptions { spool: true, ..OpenOptions::default() }).expect("a capture");
    assert_eq!(rest(&mut capture), expected);
    capture.rewind().expect("the copy");
    assert_eq!(rest(&mut capture), expected);
    writer.join().expect("the writer").expect("all written");
}

#[test]
fn a_record_of_any_size_up_to_the_limit_is_read() {
    let mut file = pcap(Little, MICRO);
    let mut expected = Vec::new();
    for (number, size) in [10, 300_000, 10, 262_144, 262_128, 16 << 20, 10].into_iter().enumerate() {
        file.extend(record(Little, [T, 0, size, size], &vec![7; size as usize]));
        expected.push(format!("{} 1700000000.000000000 {size}/{size} link 1", number + 1));
    }
    assert_eq!(read(file), (expected, vec![]));
}

/// A reader that fails after some bytes.
struct Broken(Cursor<Vec<u8>>);

impl Read for Broken {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0.read(buffer)? {
            0 => Err(io::Error::from_raw_os_error(5)),
            read => Ok(read),
        }
    }
}

#[test]
fn a_read_error_is_reported_after_the_frames_before_it() {
    let (_, bytes) = samples().remove(0);
    let whole = read(&bytes[..]).0;
    let (frames, errors) = all(Capture::from_reader("x", Broken(Cursor::new(bytes.clone()))));
    assert_eq!((frames, errors), (whole, vec![format!("x: at byte {}: input/output error", bytes.len())]));
    let (frames, errors) = all(Capture::from_reader("x", Broken(Cursor::new(vec![]))));
    assert_eq!((frames.len(), errors), (0, vec!["x: input/output error".to_string()]));
}

/// Reads arbitrary bytes, and asserts that the reader ends.
fn survives(bytes: Vec<u8>) {
    let length = bytes.len();
    let whole = bytes.clone();
    if let Ok(mut capture) = Capture::from_reader("x", Cursor::new(bytes)) {
        let mut errors = 0;
        // A frame has at least the bytes of its header, but a compressed byte may expand to some thousand bytes.
        for number in 1..=(length + 1) * 5000 {
            match capture.next() {
                Ok(Some(frame)) => {
                    assert_eq!(frame.number as usize + errors, number);
                    line(&frame);
                }
                Ok(None) => {
                    let [(frames, _, errors), (found, _, met)] =
                        [2, 1].map(|step| skipping(&whole, |number| step * number % 2 == 1));
                    return assert_eq!((found, met), (frames, errors));
                }
                Err(error) => {
                    assert!(!error.to_string().contains(char::is_control));
                    errors += 1;
                }
            }
            assert!(errors <= 1, "one file has one error");
        }
        unreachable!("the reader does not end");
    }
}

proptest! {
    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..400), start in 0..9usize) {
        let samples = samples();
        let begin: &[u8] = match start {
            0 => &[],
            1 => b"\x1f\x8b\x08\0",
            2 => b"\x28\xb5\x2f\xfd",
            3 => b"\x04\x22\x4d\x18",
            4 => &samples[0].1[..24],
            5 => &samples[1].1[..24],
            6 => &samples[3].1[..24],
            7 => &samples[4].1[..28],
            _ => &samples[5].1[..28],
        };
        survives([begin, &bytes].concat());
    }

    #[test]
    fn a_file_with_some_bytes_changed_never_panics(
        which in 0..6usize,
        packing in 0..4usize,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let (_, mut bytes) = samples().swap_remove(which);
        if let Some((_, pack)) = PACKINGS.get(packing) {
            bytes = pack(&bytes);
        }
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        survives(bytes);
    }
}
