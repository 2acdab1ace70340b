//! The output of a capture: frames, their interfaces, and the metadata stored with them in the file.

use std::net::IpAddr;
use std::sync::Arc;

use super::options::FrameOptions;
use super::record_store::RecordStore;
use super::time::{InterfaceClock, Time};

/// Link type of a frame that is a file block and not a packet: a pcapng custom block or a systemd journal entry.
/// Wireshark shows them as frames, so they are counted here too. No LINKTYPE_ has this number.
pub const NOT_A_PACKET: u16 = u16::MAX;

/// A captured frame, borrowed from the reader's buffer until the next frame is read.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// Number of the frame, 1 for the first of the capture; the numbering continues across files.
    pub number: u32,
    /// Capture time; `Time(0)` if the file has none (see `has_time`).
    pub time: Time,
    /// Whether the file has a capture time. A Simple Packet Block and a custom block have none.
    pub has_time: bool,
    /// Bytes on the wire (`frame.len`) as stated in the file, which may be less than the captured bytes. At most
    /// `i32::MAX`, as in Wireshark.
    pub length: u32,
    /// Captured bytes (`frame.cap_len` is their number).
    pub bytes: &'a [u8],
    /// LINKTYPE_ of the frame's interface, or [`NOT_A_PACKET`].
    pub link: u16,
    /// Bytes of frame check sequence at the end of the frame on the wire, if the file states it.
    pub fcs: Option<u8>,
    /// Index of its file among those of the capture, 0 for the first; 0 for a frame that is read again by its position.
    pub file: u32,
    /// Number of the pcapng section, 1 for the first of a file (`frame.section_number`); 0 in pcap, which has none.
    pub section: u32,
    /// Interface that captured the frame; `None` in pcap and for [`NOT_A_PACKET`].
    pub interface: Option<&'a Interface>,
    /// Options of the frame: comments, flags, drop counts.
    pub options: FrameOptions<'a>,
}

/// What is needed of a frame to find out whether it is read, borrowed from the reader's buffer.
#[derive(Clone, Copy, Debug)]
pub struct FrameHead<'a> {
    /// As in [`Frame`].
    pub number: u32,
    /// As in [`Frame`].
    pub time: Time,
    /// As in [`Frame`].
    pub has_time: bool,
    /// As in [`Frame`].
    pub link: u16,
    /// As in [`Frame`].
    pub fcs: Option<u8>,
    /// Captured bytes.
    pub bytes: &'a [u8],
}

impl<'a> From<&Frame<'a>> for FrameHead<'a> {
    fn from(frame: &Frame<'a>) -> FrameHead<'a> {
        let Frame { number, time, has_time, link, fcs, bytes, .. } = *frame;
        FrameHead { number, time, has_time, link, fcs, bytes }
    }
}

/// A copy of what a capture file states of a frame, but for its bytes and its interface.
#[derive(Clone, Debug)]
pub struct FrameCopy {
    frame: Frame<'static>,
    options: Vec<u8>,
}

impl FrameCopy {
    /// Copies what is stated of a frame.
    #[must_use]
    pub fn new(frame: &Frame<'_>) -> FrameCopy {
        let Frame { number, time, has_time, length, link, fcs, file, section, .. } = *frame;
        let (bytes, interface) = (&[][..], None);
        let options = frame.options.with_bytes(&[]);
        let copy = Frame { number, time, has_time, length, bytes, link, fcs, file, section, interface, options };
        FrameCopy { frame: copy, options: frame.options.bytes().to_vec() }
    }

    /// Returns the frame.
    #[must_use]
    pub fn frame(&self) -> Frame<'_> {
        Frame { options: self.frame.options.with_bytes(&self.options), ..self.frame }
    }
}

/// A capture interface of a pcapng section: an Interface Description Block.
#[derive(Clone, Debug)]
pub struct Interface {
    /// Number in the section, 0 for the first (`frame.interface_id`).
    pub id: u32,
    /// System name, like `eth0`.
    pub name: Option<String>,
    /// Description as text.
    pub description: Option<String>,
    /// Capture filter in libpcap syntax.
    pub filter: Option<String>,
    /// Operating system of the capturing machine.
    pub os: Option<String>,
    /// LINKTYPE_ of the interface's frames.
    pub link: u16,
    /// Snapshot length: maximum captured bytes of a frame; 0 if there is no limit.
    pub snaplen: u32,
    /// if_tsresol as stored: a negative power of 10, or of 2 if the high bit is set. 6 (microseconds) if not stored.
    pub resolution: u8,
    /// if_tsoffset: seconds to add to every time of this interface; [`Frame::time`] already includes them.
    pub offset: i64,
    /// Bytes of frame check sequence at the end of the interface's frames, if the file states it.
    pub fcs: Option<u8>,
    pub(super) clock: InterfaceClock,
}

impl Interface {
    /// Creates an interface of this machine without a name; `resolution` is as in [`Interface::resolution`].
    pub fn live(id: u32, link: u16, snaplen: u32, resolution: u8) -> Interface {
        let (name, description, filter, os, fcs, offset) = (None, None, None, None, None, 0);
        let clock = InterfaceClock::new(resolution, offset);
        Interface { id, name, description, filter, os, link, snaplen, resolution, offset, fcs, clock }
    }
}

/// Keys that decrypt captured frames: a pcapng Decryption Secrets Block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Secret {
    /// Secrets type: `0x544c534b` is a TLS key log, `0x57474b4c` a WireGuard key log. All types are in
    /// draft-ietf-opsawg-pcapng 4.7.
    pub kind: u32,
    /// The keys, in the format of the secrets type.
    pub bytes: Vec<u8>,
}

/// A name of an address: an entry of a pcapng Name Resolution Block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressName {
    /// The named address.
    pub address: IpAddr,
    /// The name; an address with several names has an entry for each.
    pub name: String,
    /// Whether its block has another name of the address before it.
    pub is_alias: bool,
    /// The name server that its block has.
    pub server: Option<Arc<str>>,
}

/// Keys and names of pcapng files, collected while frames are read.
#[derive(Debug, Default)]
pub(super) struct Metadata {
    pub(super) secrets: Vec<Secret>,
    pub(super) names: Vec<AddressName>,
    /// Bytes of all secrets.
    secret_bytes: usize,
    /// Bytes of all names.
    name_bytes: usize,
    /// Store that records the sections of the keys and names.
    store: Option<RecordStore>,
}

impl Metadata {
    /// Maximum bytes of secrets per capture: a key log of about 9,000 TLS 1.3 sessions.
    const MAX_SECRET_BYTES: usize = 8 * 1024 * 1024;
    /// Maximum bytes of names per capture, including the memory of each entry.
    const MAX_NAME_BYTES: usize = 4 * 1024 * 1024;

    /// Creates empty metadata. Keys and names are also added to the record store, if there is one.
    pub(super) fn with_store(store: Option<RecordStore>) -> Metadata {
        Metadata { store, ..Metadata::default() }
    }

    /// Adds a secret, unless the limit is reached.
    pub(super) fn add_secret(&mut self, section: u32, kind: u32, bytes: &[u8]) {
        let total = self.secret_bytes + bytes.len() + size_of::<Secret>();
        if total <= Self::MAX_SECRET_BYTES {
            self.secret_bytes = total;
            let secret = Secret { kind, bytes: bytes.to_vec() };
            self.store.iter().for_each(|store| store.add_metadata(section, |own| own.secrets.push(secret.clone())));
            self.secrets.push(secret);
        }
    }

    /// Adds a name, unless the limit is reached. Returns whether it is added.
    pub(super) fn add_name(&mut self, section: u32, name: AddressName) -> bool {
        let total = self.name_bytes + name.name.len() + size_of::<AddressName>();
        if total > Self::MAX_NAME_BYTES {
            return false;
        }
        self.name_bytes = total;
        self.store.iter().for_each(|store| store.add_metadata(section, |own| own.names.push(name.clone())));
        self.names.push(name);
        true
    }
}

/// A frame as positions in the reader's buffer, so that reading and borrowing are two steps.
#[derive(Clone, Copy)]
pub(super) struct Record {
    pub(super) time: Time,
    pub(super) has_time: bool,
    pub(super) length: u32,
    /// Index in the buffer of the frame's first byte.
    pub(super) start: usize,
    /// Number of captured bytes.
    pub(super) captured: usize,
    pub(super) link: u16,
    pub(super) fcs: Option<u8>,
    pub(super) interface: Option<u32>,
    /// Bytes of options, which begin at the next multiple of four after the frame's bytes.
    pub(super) options: usize,
    /// Frames lost before this one, from the header of an obsolete Packet Block.
    pub(super) drops: Option<u16>,
}
