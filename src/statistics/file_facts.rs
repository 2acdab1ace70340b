//! Facts about one capture file, collected in one pass without dissecting its frames.

use crate::redact::Redactor;
use crate::source::{Capture, CurrentFile, Error, Frame, Interface, NOT_A_PACKET, ReadErrorCause, SectionLog, Time};
use std::collections::BTreeMap;
use std::net::IpAddr;

/// Maximum number of interfaces whose frames are counted each.
const MAX_COUNTED: usize = 65_536;

/// Facts about a capture file.
#[derive(Debug, Default)]
pub struct FileFacts {
    /// Name of the file.
    pub name: String,
    /// Format: `pcap` or `pcapng`.
    pub format: &'static str,
    /// Compression, if there is one.
    pub compression: Option<String>,
    /// Bytes of the file as stored.
    pub stored_bytes: u64,
    /// Link type of a pcap file.
    pub link: Option<u16>,
    /// Snapshot length of a pcap file; 0 if there is no limit.
    pub snaplen: Option<u32>,
    /// Resolution of the times of a pcap file: a negative power of 10.
    pub resolution: Option<u8>,
    /// Numbers of the frames.
    pub frames: FrameTotals,
    /// Sections of a pcapng file.
    pub log: Option<SectionLog>,
    /// Number of names of IPv4 and of IPv6 addresses.
    pub names: [usize; 2],
    /// Number of blocks with secrets.
    pub secrets: usize,
    /// Error that ended reading.
    pub error: Option<Error>,
}

impl FileFacts {
    /// Replaces the secrets in the texts of sections and interfaces.
    pub fn redact(&mut self, redactor: &Redactor) {
        for section in self.log.iter_mut().flat_map(|log| &mut log.sections) {
            let own = [&mut section.hardware, &mut section.system, &mut section.application];
            own.into_iter().flatten().chain(&mut section.comments).for_each(|text| redactor.line(text));
            for described in &mut section.interfaces {
                let interface = &mut described.interface;
                let own = [&mut interface.name, &mut interface.description, &mut interface.filter, &mut interface.os];
                own.into_iter().flatten().chain(&mut described.comments).for_each(|text| redactor.line(text));
            }
        }
    }
}

/// Numbers of the frames of a file.
#[derive(Clone, Debug, Default)]
pub struct FrameTotals {
    /// Number of frames that are packets.
    pub packets: u64,
    /// Number of frames that are other blocks of the file.
    pub other_blocks: u64,
    /// Bytes of the packets on the wire.
    pub wire_bytes: u64,
    /// Captured bytes of the packets.
    pub captured_bytes: u64,
    /// Captured bytes of the packets that were truncated.
    pub truncated: Option<SizeRange>,
    /// Earliest and latest time.
    pub times: Option<(Time, Time)>,
    /// First frame whose time is before that of its predecessor.
    pub first_out_of_order: Option<u32>,
    /// Number of packets without a time.
    pub without_time: u64,
    /// Number of comments on packets.
    pub comments: u64,
    /// Number of packets that the capture dropped between those that it has.
    pub drops: u64,
    /// Number of packets of each link type.
    pub links: BTreeMap<u16, u64>,
    /// Number of packets of each section and interface.
    pub interfaces: BTreeMap<(u32, u32), u64>,
    last_time: Option<Time>,
}

/// Lowest and highest size of some packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SizeRange {
    /// Lowest number of bytes.
    pub min: u32,
    /// Highest number of bytes.
    pub max: u32,
}

impl FrameTotals {
    /// Adds a frame.
    pub fn add(&mut self, frame: &Frame<'_>) {
        if frame.link == NOT_A_PACKET {
            self.other_blocks += 1;
            return;
        }
        let captured = u32::try_from(frame.bytes.len()).unwrap_or(u32::MAX);
        self.packets += 1;
        self.wire_bytes += u64::from(frame.length);
        self.captured_bytes += u64::from(captured);
        if captured < frame.length {
            let range = self.truncated.get_or_insert(SizeRange { min: captured, max: captured });
            *range = SizeRange { min: range.min.min(captured), max: range.max.max(captured) };
        }
        if frame.has_time {
            self.add_time(frame);
        } else {
            self.without_time += 1;
        }
        self.comments += frame.options.comments().count() as u64;
        self.drops = self.drops.saturating_add(frame.options.drop_count().unwrap_or(0));
        *self.links.entry(frame.link).or_default() += 1;
        if let Some(interface) = frame.interface {
            let key = (frame.section, interface.id);
            if self.interfaces.len() < MAX_COUNTED || self.interfaces.contains_key(&key) {
                *self.interfaces.entry(key).or_default() += 1;
            }
        }
    }

    fn add_time(&mut self, frame: &Frame<'_>) {
        if self.last_time.replace(frame.time).is_some_and(|last| frame.time < last) {
            self.first_out_of_order.get_or_insert(frame.number);
        }
        let (earliest, latest) = self.times.unwrap_or((frame.time, frame.time));
        self.times = Some((earliest.min(frame.time), latest.max(frame.time)));
    }

    /// Returns the nanoseconds from the earliest packet to the latest.
    #[must_use]
    pub fn duration(&self) -> Option<u64> {
        self.times.map(|(earliest, latest)| latest.0.abs_diff(earliest.0))
    }

    /// Returns whether the earliest and the latest time are at the limits of what can be represented: they may be beyond.
    #[must_use]
    pub fn clipped(&self) -> [bool; 2] {
        self.times.map_or([false; 2], |(earliest, latest)| [earliest.0 == i64::MIN, latest.0 == i64::MAX])
    }

    /// Returns this number for each second of the capture, if that has a duration.
    #[must_use]
    pub fn per_second(&self, number: u64) -> Option<f64> {
        self.duration().filter(|&nanos| nanos > 0).map(|nanos| number as f64 * 1e9 / nanos as f64)
    }

    /// Returns the mean number of bytes of a packet.
    #[must_use]
    pub fn mean_size(&self) -> Option<f64> {
        (self.packets > 0).then(|| self.wire_bytes as f64 / self.packets as f64)
    }
}

impl FileFacts {
    /// Reads a capture of one file to its end. `each` is called after every frame.
    pub fn read(mut capture: Capture, mut each: impl FnMut(&Capture)) -> FileFacts {
        let mut facts = FileFacts::default();
        capture.current_file().iter().for_each(|file| facts.add_file(file));
        loop {
            match capture.next() {
                Ok(Some(frame)) => facts.frames.add(&frame),
                Ok(None) => break,
                Err(error) => {
                    facts.error = Some(error);
                    break;
                }
            }
            each(&capture);
        }
        facts.stored_bytes = capture.progress().read;
        facts.log = capture.sections().cloned();
        for name in capture.names() {
            facts.names[usize::from(matches!(name.address, IpAddr::V6(_)))] += 1;
        }
        facts.secrets = capture.secrets().len();
        facts
    }

    fn add_file(&mut self, file: &CurrentFile<'_>) {
        self.name = file.name.to_owned();
        self.format = file.format;
        self.compression = file.compression.map(|compression| compression.to_string());
        if file.format == "pcap" {
            (self.link, self.snaplen, self.resolution) = (file.link, file.snaplen, file.resolution);
        }
    }

    /// Returns whether the file ends within a record.
    #[must_use]
    pub fn is_truncated(&self) -> bool {
        match self.error.as_ref().map(|error| &error.cause) {
            Some(ReadErrorCause::Truncated { .. }) => true,
            Some(ReadErrorCause::Compressed(_, error)) => error.kind() == std::io::ErrorKind::UnexpectedEof,
            _ => false,
        }
    }

    /// Returns the link types of the file and of its interfaces.
    #[must_use]
    pub fn link_types(&self) -> Vec<u16> {
        self.distinct(self.link, |interface| interface.link, |_| true)
    }

    /// Returns the snapshot lengths that the file states, without those that are no limit.
    #[must_use]
    pub fn snapshot_lengths(&self) -> Vec<u32> {
        self.distinct(self.snaplen, |interface| interface.snaplen, |&snaplen| snaplen > 0)
    }

    /// Returns the resolutions of the times of the file.
    #[must_use]
    pub fn resolutions(&self) -> Vec<u8> {
        self.distinct(self.resolution, |interface| interface.resolution, |_| true)
    }

    /// Returns the distinct values of a property of the file and of its interfaces.
    fn distinct<T: Ord>(&self, own: Option<T>, of: impl Fn(&Interface) -> T, is_wanted: impl Fn(&T) -> bool) -> Vec<T> {
        let sections = self.log.iter().flat_map(|log| &log.sections);
        let described = sections.flat_map(|section| &section.interfaces).map(|described| of(&described.interface));
        let mut values: Vec<T> = own.into_iter().chain(described).filter(is_wanted).collect();
        values.sort_unstable();
        values.dedup();
        values
    }
}
