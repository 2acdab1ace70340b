//! Encoding of capture files: header, packets and statistics.
//!
//! ```text
//! pcap    file header 24, then packets: 16 and the bytes
//! pcapng  section header, an interface description per device, packets, at the end statistics per device
//! ```
//!
//! Both are written little-endian (draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng).

use std::path::Path;

use crate::source::Time;

use super::{CapturedPacket, Device, DeviceCounts};

/// A format of written files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// pcap: packets of one link type, without metadata.
    Pcap,
    /// pcapng: packets with their interface, and interface statistics.
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

/// Bytes of a pcap record before the packet.
const RECORD: usize = 16;
/// Bytes of an Enhanced Packet Block before and after the packet.
const PACKET: (usize, usize) = (28, 4);

/// Option codes (draft-ietf-opsawg-pcapng 4.1, 4.2, 4.6).
pub(super) mod option {
    pub(in crate::sink) const COMMENT: u16 = 1;
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
    /// Returns the format for a file name: pcap if it ends in `.pcap`, `.cap` or `.dmp`, else pcapng.
    pub fn for_path(path: &Path) -> Format {
        let extension = path.extension().unwrap_or_default();
        let is_pcap = ["pcap", "cap", "dmp"].iter().any(|known| extension.eq_ignore_ascii_case(known));
        if is_pcap { Format::Pcap } else { Format::PcapNg }
    }

    /// Returns what a file name promises and a written file does not have: compression.
    pub fn compression_note(self, path: &Path) -> Option<String> {
        let extension = path.extension()?.to_str()?;
        let is_known = ["gz", "zst", "lz4"].iter().any(|known| extension.eq_ignore_ascii_case(known));
        let format = if self == Format::Pcap { "pcap" } else { "pcapng" };
        is_known.then(|| format!("the file is uncompressed {format}, although its name ends in .{extension}"))
    }

    /// Encodes the start of a file: its header and, in pcapng, its interfaces.
    pub(super) fn header(self, devices: &[Device]) -> Vec<u8> {
        let mut out = Vec::new();
        match self {
            Format::Pcap => {
                let magic = if self.counts_nanos(devices, 0) { NANOSECONDS } else { MICROSECONDS };
                let snaplen = devices.iter().map(|device| device.snaplen).max().unwrap_or_default();
                let link = devices.first().map_or(0, |device| u32::from(device.link));
                push_u32s(&mut out, &[magic, 4 << 16 | 2, 0, 0, snaplen, link]);
            }
            Format::PcapNg => {
                let system = system_name();
                push_section_header(&mut out, Some(&system), &[]);
                devices.iter().for_each(|device| push_interface(&mut out, device, &system));
            }
        }
        out
    }

    /// Appends a packet. `packet.device` is the index of one of the devices.
    #[inline]
    pub(super) fn push_packet(self, out: &mut Vec<u8>, devices: &[Device], packet: &CapturedPacket<'_>) {
        let captured = packet.bytes.len() as u32;
        let nanos = self.counts_nanos(devices, packet.device);
        match self {
            Format::Pcap => {
                let fraction = if nanos { packet.time.nanos() } else { packet.time.nanos() / 1000 };
                // The unsigned 32-bit seconds range from 1970 to 2106.
                let seconds = packet.time.secs().clamp(0, i64::from(u32::MAX)) as u32;
                push_u32s(out, &[seconds, fraction, captured, packet.length]);
                out.extend_from_slice(packet.bytes);
            }
            Format::PcapNg => {
                let (upper, lower) = timestamp_halves(packet.time, nanos);
                let padding = padding(packet.bytes.len());
                let length = (PACKET.0 + packet.bytes.len() + padding + PACKET.1) as u32;
                push_u32s(out, &[ENHANCED_PACKET, length, packet.device, upper, lower, captured, packet.length]);
                out.extend_from_slice(packet.bytes);
                out.extend_from_slice(&[0; 3][..padding]);
                push_u32s(out, &[length]);
            }
        }
    }

    /// Appends the statistics of a device; pcap has none.
    pub(super) fn statistics(self, out: &mut Vec<u8>, devices: &[Device], statistics: &InterfaceStatistics) {
        if self == Format::Pcap {
            return;
        }
        let nanos = self.counts_nanos(devices, statistics.device);
        let time = |time| {
            let (upper, lower) = timestamp_halves(time, nanos);
            [upper.to_le_bytes(), lower.to_le_bytes()].concat()
        };
        push_block(out, STATISTICS, |out| {
            let (upper, lower) = timestamp_halves(statistics.end, nanos);
            push_u32s(out, &[statistics.device, upper, lower]);
            push_option(out, option::START, &time(statistics.start));
            push_option(out, option::END, &time(statistics.end));
            if let Some(counts) = statistics.counts {
                // As in dumpcap, and as Wireshark shows it: includes packets dropped for lack of kernel buffer space.
                let dropped = counts.dropped.saturating_add(counts.interface_dropped);
                // The counts may be older than the last packets.
                let received = counts.received.max(statistics.delivered.saturating_add(counts.dropped));
                push_option(out, option::RECEIVED, &received.to_le_bytes());
                push_option(out, option::DROPPED, &dropped.to_le_bytes());
            }
            push_option(out, option::DELIVERED, &statistics.delivered.to_le_bytes());
            push_option(out, 0, &[]);
        });
    }

    /// Returns the length of the complete packets (or other blocks) in these bytes, and their number.
    pub(super) fn complete_blocks(self, bytes: &[u8]) -> (usize, u64) {
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

    /// Returns whether times are nanoseconds. In pcap they are for all devices if they are for one.
    #[inline]
    fn counts_nanos(self, devices: &[Device], device: u32) -> bool {
        match self {
            Format::Pcap => devices.iter().any(|device| device.nanos),
            Format::PcapNg => devices.get(device as usize).is_some_and(|device| device.nanos),
        }
    }
}

/// The statistics of a device at the end of a file.
pub(super) struct InterfaceStatistics {
    pub(super) device: u32,
    /// Start of the capture.
    pub(super) start: Time,
    /// Time of the counts.
    pub(super) end: Time,
    /// Counts of the device, if known.
    pub(super) counts: Option<DeviceCounts>,
    /// Number of the device's packets written to all files.
    pub(super) delivered: u64,
}

/// Appends a Section Header Block of version 1.0 with an unspecified section length. Without the system that captures, it does not
/// name this machine.
pub(super) fn push_section_header(out: &mut Vec<u8>, system: Option<&str>, comments: &[String]) {
    push_block(out, SECTION_HEADER, |out| {
        push_u32s(out, &[BYTE_ORDER, 1, u32::MAX, u32::MAX]);
        comments.iter().for_each(|comment| push_option(out, option::COMMENT, comment.as_bytes()));
        if let Some(system) = system {
            push_option(out, option::HARDWARE, hardware_name().as_bytes());
            push_option(out, option::SYSTEM, system.as_bytes());
        }
        push_option(out, option::APPLICATION, concat!("overhear ", env!("CARGO_PKG_VERSION")).as_bytes());
        push_option(out, 0, &[]);
    });
}

/// Appends an Interface Description Block.
fn push_interface(out: &mut Vec<u8>, device: &Device, system: &str) {
    push_block(out, INTERFACE, |out| {
        push_u32s(out, &[u32::from(device.link), device.snaplen]);
        push_option(out, option::NAME, device.name.as_bytes());
        if let Some(description) = &device.description {
            push_option(out, option::DESCRIPTION, description.as_bytes());
        }
        push_option(out, option::RESOLUTION, &[if device.nanos { 9 } else { 6 }]);
        if let Some(filter) = &device.filter {
            // The first byte is the filter type: 0 is libpcap filter syntax.
            push_option(out, option::FILTER, &[&[0], filter.as_bytes()].concat());
        }
        push_option(out, option::INTERFACE_SYSTEM, system.as_bytes());
        push_option(out, 0, &[]);
    });
}

/// Appends a block. The length of its body is a multiple of four.
pub(super) fn push_block(out: &mut Vec<u8>, kind: u32, body: impl FnOnce(&mut Vec<u8>)) {
    let mut inner = Vec::new();
    body(&mut inner);
    let length = inner.len() as u32 + 12;
    push_u32s(out, &[kind, length]);
    out.extend_from_slice(&inner);
    push_u32s(out, &[length]);
}

/// Appends a padded option. A value that exceeds the maximum length of an option is omitted.
pub(super) fn push_option(out: &mut Vec<u8>, code: u16, value: &[u8]) {
    let Ok(length) = u16::try_from(value.len()) else { return };
    out.extend_from_slice(&code.to_le_bytes());
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(value);
    out.extend_from_slice(&[0; 3][..padding(value.len())]);
}

/// Appends 32-bit integers.
#[inline]
pub(super) fn push_u32s<const N: usize>(out: &mut Vec<u8>, words: &[u32; N]) {
    out.extend_from_slice(words.map(u32::to_le_bytes).as_flattened());
}

/// Returns the number of bytes that pad a length to a multiple of four.
#[inline]
pub(super) fn padding(length: usize) -> usize {
    length.wrapping_neg() & 3
}

/// Returns the upper and lower half of a counter of nanoseconds, or of microseconds, since 1970.
#[inline]
fn timestamp_halves(time: Time, nanos: bool) -> (u32, u32) {
    let time = u64::try_from(time.0).unwrap_or_default();
    let counter = if nanos { time } else { time / 1000 };
    ((counter >> 32) as u32, counter as u32)
}

/// Returns the system's name of the processor, or the target architecture of this build.
fn hardware_name() -> String {
    let read = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = read.lines().filter_map(|line| line.split_once(':')).find(|(name, _)| name.trim() == "model name");
    model.map_or(std::env::consts::ARCH, |(_, model)| model.trim()).to_owned()
}

/// Returns the operating system and its version.
#[cfg(unix)]
pub(super) fn system_name() -> String {
    match nix::sys::utsname::uname() {
        Ok(name) => format!("{} {}", name.sysname().to_string_lossy(), name.release().to_string_lossy()),
        Err(_) => std::env::consts::OS.to_owned(),
    }
}

/// Returns the operating system.
#[cfg(not(unix))]
pub(super) fn system_name() -> String {
    std::env::consts::OS.to_owned()
}
