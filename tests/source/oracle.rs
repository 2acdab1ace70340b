//! Real captures, compared with pcap-parser, an independent reader.

use std::path::{Path, PathBuf};

use overhear::source::{Capture, NOT_A_PACKET};
use pcap_parser::{Block, PcapBlockOwned, PcapError, create_reader};

/// Common result for a frame: nanoseconds if pcap-parser has them, original length, bytes.
type Seen = (Option<i64>, u32, Vec<u8>);

/// Returns the frames that pcap-parser finds, and whether it reached the end without an error.
fn theirs(path: &Path) -> (Vec<Seen>, bool) {
    let mut frames = Vec::new();
    let Ok(file) = std::fs::File::open(path) else {
        return (frames, false);
    };
    let Ok(mut reader) = create_reader(1 << 20, file) else {
        return (frames, false);
    };
    let mut unit = 1000;
    // For each interface, the nanoseconds per unit if they are a whole number and there is no offset.
    let mut units: Vec<Option<i64>> = Vec::new();
    let mut snaplen = 0;
    loop {
        let (consumed, block) = match reader.next() {
            Ok(found) => found,
            Err(PcapError::Eof) => return (frames, true),
            Err(PcapError::Incomplete(_)) => match reader.refill() {
                Ok(()) => continue,
                Err(_) => return (frames, false),
            },
            Err(_) => return (frames, false),
        };
        match block {
            PcapBlockOwned::LegacyHeader(header) => unit = if header.is_nanosecond_precision() { 1 } else { 1000 },
            PcapBlockOwned::Legacy(packet) => {
                let time = i64::from(packet.ts_sec) * 1_000_000_000 + i64::from(packet.ts_usec) * unit;
                // A fraction of a second or more is ambiguous.
                let valid = i64::from(packet.ts_usec) * unit < 1_000_000_000;
                frames.push((valid.then_some(time), packet.origlen, packet.data[..packet.caplen as usize].to_vec()));
            }
            PcapBlockOwned::NG(Block::SectionHeader(_)) => units.clear(),
            PcapBlockOwned::NG(Block::InterfaceDescription(interface)) => {
                snaplen = if units.is_empty() { interface.snaplen } else { snaplen };
                units.push(match (interface.if_tsresol, interface.if_tsoffset) {
                    (power @ 0..=9, 0) => Some(10i64.pow(9 - u32::from(power))),
                    _ => None,
                });
            }
            PcapBlockOwned::NG(Block::EnhancedPacket(packet)) => {
                let counter = i64::from(packet.ts_high) << 32 | i64::from(packet.ts_low);
                let unit = units.get(packet.if_id as usize).copied().flatten();
                frames.push((
                    unit.map(|unit| counter * unit),
                    packet.origlen,
                    packet.data[..packet.caplen as usize].to_vec(),
                ));
            }
            PcapBlockOwned::NG(Block::SimplePacket(packet)) => {
                let captured = if snaplen == 0 { packet.origlen } else { packet.origlen.min(snaplen) };
                frames.push((None, packet.origlen, packet.data[..captured as usize].to_vec()));
            }
            PcapBlockOwned::NG(_) => {}
        }
        reader.consume(consumed);
    }
}

/// Returns our frames, without blocks that are not packets, and the errors.
fn ours(path: &Path) -> (Vec<Seen>, Vec<String>) {
    let (mut frames, mut errors) = (Vec::new(), Vec::new());
    let mut capture = match Capture::open([path.to_path_buf()]) {
        Ok(capture) => capture,
        Err(error) => return (frames, vec![error.to_string()]),
    };
    loop {
        match capture.next() {
            Ok(Some(frame)) if frame.link == NOT_A_PACKET => {}
            Ok(Some(frame)) => {
                frames.push((frame.has_time.then_some(frame.time.0), frame.length, frame.bytes.to_vec()))
            }
            Ok(None) => return (frames, errors),
            Err(error) => errors.push(error.to_string()),
        }
    }
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files(&path, found);
        } else if !path.extension().is_some_and(|ext| ["md", "tsv", "txt"].iter().any(|other| ext == *other)) {
            found.push(path);
        }
    }
}

/// Real captures: CORPUS_DIR, or a folder next to the project; and the fixtures.
pub(crate) fn captures() -> Vec<PathBuf> {
    let corpus = std::env::var_os("CORPUS_DIR").map_or_else(|| "../shared/captures".into(), PathBuf::from);
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let corpus = if corpus.is_relative() { root.join(corpus) } else { corpus };
    let mut found = Vec::new();
    files(&corpus, &mut found);
    if found.is_empty() {
        eprintln!("SKIPPED: captures of other projects: {} is absent (CORPUS_DIR)", corpus.display());
    }
    let mut own = Vec::new();
    files(&root.join("fixtures"), &mut own);
    own.retain(|path| path.to_string_lossy().contains(".pcap"));
    assert!(own.len() > 80, "{} fixtures", own.len());
    found.extend(own);
    found.sort();
    found
}

#[test]
fn every_real_capture_is_read_as_pcap_parser_reads_it() {
    for path in captures() {
        let name = path.display();
        let ((theirs, whole), (ours, errors)) = (theirs(&path), ours(&path));
        if whole && errors.is_empty() {
            assert_eq!(ours.len(), theirs.len(), "{name}");
        }
        assert!(errors.len() <= 1, "{name}: {errors:?}");
        for (at, (ours, theirs)) in ours.iter().zip(&theirs).enumerate() {
            // Our original length is that of Wireshark, which counts to 2^31-1.
            let (our_result, their_result) =
                ((theirs.0.and(ours.0), ours.1), (theirs.0, theirs.1.min(i32::MAX as u32)));
            assert_eq!(our_result, their_result, "{name}, packet {}", at + 1);
            assert!(ours.2 == theirs.2, "{name}, packet {}: the bytes differ", at + 1);
        }
    }
}

#[test]
fn every_real_capture_except_malformed_ones_is_complete() {
    for path in captures() {
        let (frames, errors) = ours(&path);
        let is_damaged = |part: std::path::Component<'_>| {
            ["malformed", "cut-short.pcap", "empty.pcap"].iter().any(|name| part.as_os_str() == *name)
        };
        if !path.components().any(is_damaged) {
            assert_eq!(errors, [""; 0], "{}", path.display());
            assert!(!frames.is_empty(), "{}", path.display());
        }
    }
}
