//! What is put into a capture file: the bytes of its header, its packets and its statistics.
//!
//! ```text
//! pcap    file header 24, then packets: 16 and the bytes
//! pcapng  section header, an interface description a device, then packets; at the end statistics a device
//! ```
//!
//! Both are written little-endian (draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng).

use std::path::Path;

use crate::source::Time;

use super::{Counts, Device, Packet};

/// The formats that are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Packets and nothing else, all of one link type.
    Pcap,
    /// Packets with the interface they came from, and what was counted there.
    PcapNg,
}

const MICROSECONDS: u32 = 0xa1b2_c3d4;
const NANOSECONDS: u32 = 0xa1b2_3c4d;

const SECTION_HEADER: u32 = 0x0a0d_0d0a;
const BYTE_ORDER: u32 = 0x1a2b_3c4d;
pub(super) const INTERFACE: u32 = 1;
pub(super) const NAMES: u32 = 4;
const STATISTICS: u32 = 5;
pub(super) const ENHANCED_PACKET: u32 = 6;
pub(super) const SECRETS: u32 = 10;

/// Bytes of a pcap record before the packet's own.
const RECORD: usize = 16;
/// Bytes of an Enhanced Packet Block before the packet's own, and after them.
const PACKET: (usize, usize) = (28, 4);

/// Codes of options (draft-ietf-opsawg-pcapng 4.1, 4.2, 4.6).
pub(super) mod option {
    pub(in crate::sink) const HARDWARE: u16 = 2;
    pub(in crate::sink) const SYSTEM: u16 = 3;
    pub(in crate::sink) const APPLICATION: u16 = 4;
    pub(in crate::sink) const NAME: u16 = 2;
    pub(in crate::sink) const DESCRIPTION: u16 = 3;
    pub(in crate::sink) const RESOLUTION: u16 = 9;
    pub(in crate::sink) const FILTER: u16 = 11;
    pub(in crate::sink) const INTERFACE_SYSTEM: u16 = 12;
    pub(in crate::sink) const START: u16 = 2;
    pub(in crate::sink) const END: u16 = 3;
    pub(in crate::sink) const RECEIVED: u16 = 4;
    pub(in crate::sink) const DROPPED: u16 = 5;
    pub(in crate::sink) const DELIVERED: u16 = 8;
}

impl Format {
    /// The format that a file's name asks for: pcap if it ends in `.pcap`, `.cap` or `.dmp`, else pcapng.
    pub fn of(path: &Path) -> Format {
        let ending = path.extension().unwrap_or_default();
        let pcap = ["pcap", "cap", "dmp"].iter().any(|known| ending.eq_ignore_ascii_case(known));
        if pcap { Format::Pcap } else { Format::PcapNg }
    }

    /// What a file begins with.
    pub(super) fn header(self, devices: &[Device]) -> Vec<u8> {
        let mut out = Vec::new();
        match self {
            Format::Pcap => {
                let magic = if self.counts_nanos(devices, 0) { NANOSECONDS } else { MICROSECONDS };
                let snaplen = devices.iter().map(|device| device.snaplen).max().unwrap_or_default();
                let link = devices.first().map_or(0, |device| u32::from(device.link));
                words(&mut out, &[magic, 4 << 16 | 2, 0, 0, snaplen, link]);
            }
            Format::PcapNg => {
                let system = system();
                section(&mut out, &system);
                devices.iter().for_each(|device| interface(&mut out, device, &system));
            }
        }
        out
    }

    /// Puts a packet behind the others. `packet.device` is one of the devices.
    #[inline]
    pub(super) fn packet(self, out: &mut Vec<u8>, devices: &[Device], packet: &Packet<'_>) {
        let captured = packet.bytes.len() as u32;
        let nanos = self.counts_nanos(devices, packet.device);
        match self {
            Format::Pcap => {
                let fraction = if nanos { packet.time.nanos() } else { packet.time.nanos() / 1000 };
                // Seconds end in 2106, and begin in 1970.
                let seconds = packet.time.secs().clamp(0, i64::from(u32::MAX)) as u32;
                words(out, &[seconds, fraction, captured, packet.length]);
                out.extend_from_slice(packet.bytes);
            }
            Format::PcapNg => {
                let (upper, lower) = halves(packet.time, nanos);
                let padding = padding(packet.bytes.len());
                let length = (PACKET.0 + packet.bytes.len() + padding + PACKET.1) as u32;
                words(out, &[ENHANCED_PACKET, length, packet.device, upper, lower, captured, packet.length]);
                out.extend_from_slice(packet.bytes);
                out.extend_from_slice(&[0; 3][..padding]);
                words(out, &[length]);
            }
        }
    }

    /// Puts what was counted on a device behind the packets; pcap has no place for it.
    pub(super) fn statistics(self, out: &mut Vec<u8>, devices: &[Device], told: &Statistics) {
        if self == Format::Pcap {
            return;
        }
        let nanos = self.counts_nanos(devices, told.device);
        let time = |time| {
            let (upper, lower) = halves(time, nanos);
            [upper.to_le_bytes(), lower.to_le_bytes()].concat()
        };
        block(out, STATISTICS, |out| {
            let (upper, lower) = halves(told.end, nanos);
            words(out, &[told.device, upper, lower]);
            put(out, option::START, &time(told.start));
            put(out, option::END, &time(told.end));
            if let Some(counts) = told.counts {
                // As dumpcap has it, and Wireshark's window tells it: what the kernel had no room for counts here.
                let dropped = counts.dropped.saturating_add(counts.interface_dropped);
                // It may have been counted before the last packets came.
                let received = counts.received.max(told.delivered.saturating_add(counts.dropped));
                put(out, option::RECEIVED, &received.to_le_bytes());
                put(out, option::DROPPED, &dropped.to_le_bytes());
            }
            put(out, option::DELIVERED, &told.delivered.to_le_bytes());
            put(out, 0, &[]);
        });
    }

    /// How many of these bytes are whole packets (or other blocks), and how many of those there are.
    pub(super) fn whole(self, bytes: &[u8]) -> (usize, u64) {
        let (mut at, mut blocks) = (0, 0);
        loop {
            let word = |offset: usize| {
                let word = bytes.get(at + offset..).and_then(<[u8]>::first_chunk);
                word.map(|word| u32::from_le_bytes(*word) as usize)
            };
            let length = match self {
                Format::Pcap => word(8).map(|captured| RECORD + captured),
                Format::PcapNg => word(4),
            };
            match length {
                Some(length) if length > 0 && length <= bytes.len() - at => (at, blocks) = (at + length, blocks + 1),
                _ => return (at, blocks),
            }
        }
    }

    /// Whether times are nanoseconds: in pcap of all devices if of one.
    #[inline]
    fn counts_nanos(self, devices: &[Device], device: u32) -> bool {
        match self {
            Format::Pcap => devices.iter().any(|device| device.nanos),
            Format::PcapNg => devices.get(device as usize).is_some_and(|device| device.nanos),
        }
    }
}

/// What is told of a device at the end of a file.
pub(super) struct Statistics {
    pub(super) device: u32,
    /// When the capture began and when this was counted.
    pub(super) start: Time,
    pub(super) end: Time,
    /// As far as they are known.
    pub(super) counts: Option<Counts>,
    /// Packets of the device that were written, to all files.
    pub(super) delivered: u64,
}

/// Section Header Block: version 1.0, of no stated length.
pub(super) fn section(out: &mut Vec<u8>, system: &str) {
    block(out, SECTION_HEADER, |out| {
        words(out, &[BYTE_ORDER, 1, u32::MAX, u32::MAX]);
        put(out, option::HARDWARE, hardware().as_bytes());
        put(out, option::SYSTEM, system.as_bytes());
        put(out, option::APPLICATION, concat!("overhear ", env!("CARGO_PKG_VERSION")).as_bytes());
        put(out, 0, &[]);
    });
}

/// Interface Description Block.
fn interface(out: &mut Vec<u8>, device: &Device, system: &str) {
    block(out, INTERFACE, |out| {
        words(out, &[u32::from(device.link), device.snaplen]);
        put(out, option::NAME, device.name.as_bytes());
        if let Some(description) = &device.description {
            put(out, option::DESCRIPTION, description.as_bytes());
        }
        put(out, option::RESOLUTION, &[if device.nanos { 9 } else { 6 }]);
        if let Some(filter) = &device.filter {
            // Its first byte is its kind: words as libpcap takes them.
            put(out, option::FILTER, &[&[0], filter.as_bytes()].concat());
        }
        put(out, option::INTERFACE_SYSTEM, system.as_bytes());
        put(out, 0, &[]);
    });
}

/// A block around a body whose length is a multiple of four.
pub(super) fn block(out: &mut Vec<u8>, kind: u32, body: impl FnOnce(&mut Vec<u8>)) {
    let mut inner = Vec::new();
    body(&mut inner);
    let length = inner.len() as u32 + 12;
    words(out, &[kind, length]);
    out.extend_from_slice(&inner);
    words(out, &[length]);
}

/// An option, padded. A value longer than an option can be is left out.
pub(super) fn put(out: &mut Vec<u8>, code: u16, value: &[u8]) {
    let Ok(length) = u16::try_from(value.len()) else { return };
    out.extend_from_slice(&code.to_le_bytes());
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(value);
    out.extend_from_slice(&[0; 3][..padding(value.len())]);
}

#[inline]
pub(super) fn words<const N: usize>(out: &mut Vec<u8>, words: &[u32; N]) {
    out.extend_from_slice(words.map(u32::to_le_bytes).as_flattened());
}

/// The bytes missing to a multiple of four.
#[inline]
pub(super) fn padding(length: usize) -> usize {
    length.wrapping_neg() & 3
}

/// The two halves of a counter of nanoseconds, or of microseconds, since 1970.
#[inline]
fn halves(time: Time, nanos: bool) -> (u32, u32) {
    let time = u64::try_from(time.0).unwrap_or_default();
    let counter = if nanos { time } else { time / 1000 };
    ((counter >> 32) as u32, counter as u32)
}

/// The processor, as the system calls it; else the kind of processor this was built for.
fn hardware() -> String {
    let read = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = read.lines().filter_map(|line| line.split_once(':')).find(|(name, _)| name.trim() == "model name");
    model.map_or(std::env::consts::ARCH, |(_, model)| model.trim()).to_owned()
}

/// The operating system and its version.
#[cfg(unix)]
pub(super) fn system() -> String {
    match nix::sys::utsname::uname() {
        Ok(name) => format!("{} {}", name.sysname().to_string_lossy(), name.release().to_string_lossy()),
        Err(_) => std::env::consts::OS.to_owned(),
    }
}

/// The operating system.
#[cfg(not(unix))]
pub(super) fn system() -> String {
    std::env::consts::OS.to_owned()
}
