//! Encoding of frames read from captures: pcapng with their metadata, or pcap.

use super::error::WriteErrorCause;
use super::format::{
    ENHANCED_PACKET, Format, INTERFACE, NAMES, SECRETS, option, padding, push_block, push_option, push_section_header,
    push_u32s,
};
use super::needed_secrets::NeededSecrets;
use super::{CapturedPacket, Device};
use crate::source::{Frame, Interface, NOT_A_PACKET, Secret, SectionMetadata};
use std::collections::HashMap;
use std::net::IpAddr;

/// Codes of copied options (draft-ietf-opsawg-pcapng 4.2, 4.3).
const FLAGS: u16 = 2;
const DROPS: u16 = 4;
const PACKET_ID: u16 = 5;
const QUEUE: u16 = 6;
const FCS: u16 = 13;
const OFFSET: u16 = 14;

/// Offset of the clock of an interface with frames before 1970, in seconds: counters are unsigned, so they count from a time
/// before all times that are read.
const OFFSET_BEFORE_1970: i64 = -9_223_372_037;

/// Encodes frames as a capture file. pcapng has their interfaces, times in nanoseconds, comments, flags and drop counts;
/// pcap has one link type and times in nanoseconds.
pub struct FrameEncoder {
    format: Format,
    interfaces: HashMap<FrameInterface, u32>,
    last: Option<(FrameInterface, u32)>,
    /// Device of a pcap file, known with its first frame.
    device: Option<Device>,
    count: u64,
    /// The secrets of the frames that are written; none are written without.
    needed: Option<NeededSecrets>,
    /// Whether the captures have secrets that are not written.
    omits_secrets: bool,
    /// Comments on the section.
    comments: Vec<String>,
}

/// The interface that captured a frame.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct FrameInterface {
    /// Section, and number of the interface in it; `None` in pcap.
    interface: Option<(u32, u32)>,
    /// Name, description, capture filter and operating system.
    texts: [Option<String>; 4],
    link: u16,
    snaplen: u32,
    fcs: Option<u8>,
    /// Whether its frames were captured before 1970. The frames after are those of another interface.
    is_before_1970: bool,
}

/// Appends a Decryption Secrets Block.
fn push_secret(out: &mut Vec<u8>, secret: &Secret) {
    push_block(out, SECRETS, |out| {
        push_u32s(out, &[secret.kind, secret.bytes.len() as u32]);
        out.extend_from_slice(&secret.bytes);
        out.extend_from_slice(&[0; 3][..padding(secret.bytes.len())]);
    });
}

impl FrameEncoder {
    /// Returns an encoder of this format.
    #[must_use]
    pub fn new(format: Format) -> FrameEncoder {
        FrameEncoder {
            format,
            interfaces: HashMap::new(),
            last: None,
            device: None,
            count: 0,
            needed: None,
            omits_secrets: false,
            comments: Vec::new(),
        }
    }

    /// Writes the secrets that the frames need, before them.
    #[must_use]
    pub fn with_secrets(self, needed: Option<NeededSecrets>) -> FrameEncoder {
        FrameEncoder { needed, ..self }
    }

    /// Writes comments on the section; pcap has none.
    #[must_use]
    pub fn with_comments(self, comments: Vec<String>) -> FrameEncoder {
        FrameEncoder { comments, ..self }
    }

    /// Returns whether the captures have secrets that are not written.
    #[must_use]
    pub fn omits_secrets(&self) -> bool {
        self.omits_secrets
    }

    /// Returns the number of encoded frames.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Appends the start of the file. That of a pcap file has the link type, so it precedes the first frame.
    pub fn push_start(&self, out: &mut Vec<u8>) {
        if self.format == Format::PcapNg {
            push_section_header(out, None, &self.comments);
        }
    }

    /// Appends the end of the file: the header of a pcap file without frames, for Ethernet.
    pub fn push_end(&mut self, out: &mut Vec<u8>) {
        if self.format == Format::Pcap && self.device.is_none() {
            out.extend(self.format.header(&[pcap_device(1, 0)]));
        }
    }

    /// Appends the names of a section, and adds its secrets to those that may be needed; pcap has none. They precede the frames
    /// because a sequential reader needs them first.
    pub fn push_metadata(&mut self, out: &mut Vec<u8>, metadata: &SectionMetadata) {
        if self.format == Format::Pcap {
            return;
        }
        match &mut self.needed {
            Some(needed) => needed.add_blocks(&metadata.secrets).for_each(|secret| push_secret(out, secret)),
            None => self.omits_secrets |= !metadata.secrets.is_empty(),
        }
        if !metadata.names.is_empty() {
            push_block(out, NAMES, |out| {
                for name in &metadata.names {
                    // Each entry: type, length, address, name and a NUL.
                    let (kind, address) = match name.address {
                        IpAddr::V4(address) => (1, address.octets().to_vec()),
                        IpAddr::V6(address) => (2, address.octets().to_vec()),
                    };
                    push_option(out, kind, &[&address, name.name.as_bytes(), &[0]].concat());
                }
                push_option(out, 0, &[]);
            });
        }
    }

    /// Appends a frame. A frame that is a file block and not a packet is skipped.
    ///
    /// # Errors
    ///
    /// The format is pcap, and the frame's link type is not that of the first frame, or pcap cannot state its time.
    pub fn push_frame(&mut self, out: &mut Vec<u8>, frame: &Frame<'_>) -> Result<(), WriteErrorCause> {
        if frame.link == NOT_A_PACKET {
            return Ok(());
        }
        match self.format {
            Format::Pcap => self.push_pcap(out, frame)?,
            Format::PcapNg => self.push_pcapng(out, frame),
        }
        self.count += 1;
        Ok(())
    }

    fn push_pcap(&mut self, out: &mut Vec<u8>, frame: &Frame<'_>) -> Result<(), WriteErrorCause> {
        let device = match &self.device {
            Some(device) => device,
            None => {
                let device = pcap_device(frame.link, frame.interface.map_or(0, |interface| interface.snaplen));
                out.extend(self.format.header(std::slice::from_ref(&device)));
                self.device.insert(device)
            }
        };
        if device.link != frame.link {
            return Err(WriteErrorCause::LinkTypes(device.link, frame.link));
        }
        if u32::try_from(frame.time.secs()).is_err() {
            return Err(WriteErrorCause::TimeRange);
        }
        let packet = CapturedPacket { time: frame.time, device: 0, length: frame.length, bytes: frame.bytes };
        self.format.push_packet(out, std::slice::from_ref(device), &packet);
        Ok(())
    }

    fn push_pcapng(&mut self, out: &mut Vec<u8>, frame: &Frame<'_>) {
        if let Some(secret) = self.needed.as_mut().and_then(|needed| needed.take(frame.bytes)) {
            push_secret(out, &secret);
        }
        let interface = self.interface(out, frame);
        let offset = if frame.time.0 < 0 { OFFSET_BEFORE_1970 } else { 0 };
        // The difference is at most 2^63.
        let time = (i128::from(frame.time.0) - i128::from(offset) * 1_000_000_000) as u64;
        let captured = frame.bytes.len() as u32;
        push_block(out, ENHANCED_PACKET, |out| {
            push_u32s(out, &[interface, (time >> 32) as u32, time as u32, captured, frame.length]);
            out.extend_from_slice(frame.bytes);
            out.extend_from_slice(&[0; 3][..padding(frame.bytes.len())]);
            let before = out.len();
            for comment in frame.options.comments() {
                push_option(out, option::COMMENT, comment.as_bytes());
            }
            if let Some(flags) = frame.options.flags() {
                push_option(out, FLAGS, &flags.to_le_bytes());
            }
            if let Some(drops) = frame.options.drop_count() {
                push_option(out, DROPS, &drops.to_le_bytes());
            }
            if let Some(id) = frame.options.packet_id() {
                push_option(out, PACKET_ID, &id.to_le_bytes());
            }
            if let Some(queue) = frame.options.queue() {
                push_option(out, QUEUE, &queue.to_le_bytes());
            }
            if out.len() > before {
                push_option(out, 0, &[]);
            }
        });
    }

    /// Returns the number of a frame's interface; describes a new interface.
    fn interface(&mut self, out: &mut Vec<u8>, frame: &Frame<'_>) -> u32 {
        let origin = FrameInterface::of(frame);
        if let Some((last, number)) = self.last.as_ref().filter(|(last, _)| *last == origin) {
            debug_assert_eq!(last.link, frame.link);
            return *number;
        }
        let next = self.interfaces.len() as u32;
        let number = *self.interfaces.entry(origin.clone()).or_insert(next);
        if number == next {
            origin.describe(out);
        }
        self.last = Some((origin, number));
        number
    }
}

/// Returns the device of a pcap file with this link type.
fn pcap_device(link: u16, snaplen: u32) -> Device {
    Device { name: String::new(), description: None, link, snaplen, filter: None, nanos: true }
}

impl FrameInterface {
    fn of(frame: &Frame<'_>) -> FrameInterface {
        let text = |field: fn(&Interface) -> &Option<String>| frame.interface.and_then(|own| field(own).clone());
        FrameInterface {
            interface: frame.interface.map(|interface| (frame.section, interface.id)),
            texts: [text(|own| &own.name), text(|own| &own.description), text(|own| &own.filter), text(|own| &own.os)],
            link: frame.link,
            snaplen: frame.interface.map_or(0, |interface| interface.snaplen),
            fcs: frame.fcs,
            is_before_1970: frame.time.0 < 0,
        }
    }

    /// Appends an Interface Description Block.
    fn describe(&self, out: &mut Vec<u8>) {
        push_block(out, INTERFACE, |out| {
            push_u32s(out, &[u32::from(self.link), self.snaplen]);
            let [name, description, filter, system] = &self.texts;
            let filter = filter.as_ref().map(|filter| format!("\0{filter}"));
            let texts = [
                (option::NAME, name),
                (option::DESCRIPTION, description),
                (option::FILTER, &filter),
                (option::INTERFACE_SYSTEM, system),
            ];
            for (code, text) in texts {
                text.iter().for_each(|text| push_option(out, code, text.as_bytes()));
            }
            push_option(out, option::RESOLUTION, &[9]);
            if let Some(fcs) = self.fcs {
                push_option(out, FCS, &[fcs]);
            }
            if self.is_before_1970 {
                push_option(out, OFFSET, &OFFSET_BEFORE_1970.to_le_bytes());
            }
            push_option(out, 0, &[]);
        });
    }
}
