//! What a capture hands out: frames, the interfaces they came from, and what stands beside them in the file.

use std::net::IpAddr;

use super::options::Options;
use super::shelf::Shelf;
use super::time::{Clock, Time};

/// The link type of a frame that is a block of the file and no packet: a pcapng custom block or a systemd journal
/// entry. Wireshark shows them as frames, so that they are counted here too. No LINKTYPE_ has this number.
pub const NOT_A_PACKET: u16 = u16::MAX;

/// One captured frame, borrowed from the reader's buffer until the next is read.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// 1 for the first frame of the capture; it goes on from file to file.
    pub number: u32,
    /// When it was captured; `Time(0)` if the file does not say (see `timed`).
    pub time: Time,
    /// Whether the file says when: a Simple Packet Block and a custom block have no time.
    pub timed: bool,
    /// Bytes on the wire (`frame.len`), as the file states it: a file may state fewer than it holds. At most `i32::MAX`,
    /// as Wireshark shows it.
    pub length: u32,
    /// The bytes as captured (`frame.cap_len` is how many).
    pub bytes: &'a [u8],
    /// LINKTYPE_ of the interface it came from, or [`NOT_A_PACKET`].
    pub link: u16,
    /// Bytes of frame check sequence at the end of the frame on the wire, where the file says it.
    pub fcs: Option<u8>,
    /// The pcapng section it stands in, 1 for the first of a file (`frame.section_number`); 0 in pcap, which has none.
    pub section: u32,
    /// Where it was captured; `None` in pcap and for [`NOT_A_PACKET`].
    pub interface: Option<&'a Interface>,
    /// What the file says about it: comments, flags, drops.
    pub options: Options<'a>,
}

/// Where frames of a pcapng section were captured: an Interface Description Block.
#[derive(Clone, Debug)]
pub struct Interface {
    /// Its number in its section, 0 for the first (`frame.interface_id`).
    pub id: u32,
    /// As the system calls it, like `eth0`.
    pub name: Option<String>,
    /// In words.
    pub description: Option<String>,
    /// The capture filter in words, as libpcap takes it.
    pub filter: Option<String>,
    /// The operating system it belongs to.
    pub os: Option<String>,
    /// LINKTYPE_ of its frames.
    pub link: u16,
    /// Most bytes kept of a frame; 0 if there is no limit.
    pub snaplen: u32,
    /// if_tsresol as written: a negative power of 10, or of 2 with the high bit set. 6 (microseconds) if not written.
    pub resolution: u8,
    /// if_tsoffset: seconds to add to every time of this interface; [`Frame::time`] has them already.
    pub offset: i64,
    /// Bytes of frame check sequence at the end of its frames, where the file says it.
    pub fcs: Option<u8>,
    pub(super) clock: Clock,
}

impl Interface {
    /// An interface of this machine, nameless so far; `resolution` is as in [`Interface::resolution`].
    pub fn live(id: u32, link: u16, snaplen: u32, resolution: u8) -> Interface {
        let (name, description, filter, os, fcs, offset) = (None, None, None, None, None, 0);
        let clock = Clock::new(resolution, offset);
        Interface { id, name, description, filter, os, link, snaplen, resolution, offset, fcs, clock }
    }
}

/// Keys that decrypt what was captured: a pcapng Decryption Secrets Block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Secret {
    /// What they are: `0x544c534b` a TLS key log, `0x57474b4c` a WireGuard one; draft-ietf-opsawg-pcapng 4.7 has the list.
    pub kind: u32,
    /// The keys, in the form of their kind.
    pub bytes: Vec<u8>,
}

/// A name that the file gives to an address: an entry of a pcapng Name Resolution Block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// The address that has the name.
    pub address: IpAddr,
    /// The name; an address with several has an entry for each.
    pub name: String,
}

/// What stands in pcapng files beside frames and is kept while they are read.
#[derive(Debug, Default)]
pub(super) struct Beside {
    pub(super) secrets: Vec<Secret>,
    pub(super) names: Vec<Name>,
    /// Bytes of all secrets.
    secret_bytes: usize,
    /// Bytes of all names.
    name_bytes: usize,
    /// Where it is noted beside which frames they stand.
    shelf: Option<Shelf>,
}

impl Beside {
    /// Bytes of secrets that are kept of one capture: a key log of some 9,000 TLS 1.3 sessions.
    const SECRETS: usize = 8 * 1024 * 1024;
    /// Bytes of names that are kept of one capture, each counted with what holds it.
    const NAMES: usize = 4 * 1024 * 1024;

    /// Nothing so far. What comes is noted on the shelf, if there is one.
    pub(super) fn noted_on(shelf: Option<Shelf>) -> Beside {
        Beside { shelf, ..Beside::default() }
    }

    /// Keeps a secret, or passes it over when no more are kept.
    pub(super) fn secret(&mut self, section: u32, kind: u32, bytes: &[u8]) {
        let total = self.secret_bytes + bytes.len() + size_of::<Secret>();
        if total <= Self::SECRETS {
            self.secret_bytes = total;
            let secret = Secret { kind, bytes: bytes.to_vec() };
            self.shelf.iter().for_each(|shelf| shelf.note_beside(section, |aside| aside.secrets.push(secret.clone())));
            self.secrets.push(secret);
        }
    }

    /// Keeps a name, or passes it over when no more are kept.
    pub(super) fn name(&mut self, section: u32, address: IpAddr, name: &[u8]) {
        let total = self.name_bytes + name.len() + size_of::<Name>();
        if total <= Self::NAMES {
            self.name_bytes = total;
            let name = Name { address, name: String::from_utf8_lossy(name).into_owned() };
            self.shelf.iter().for_each(|shelf| shelf.note_beside(section, |aside| aside.names.push(name.clone())));
            self.names.push(name);
        }
    }
}

/// One frame as places in the reader's buffer, so that reading and lending are two steps.
#[derive(Clone, Copy)]
pub(super) struct Record {
    pub(super) time: Time,
    pub(super) timed: bool,
    pub(super) length: u32,
    /// Where its bytes begin in the buffer, and how many there are.
    pub(super) at: usize,
    pub(super) captured: usize,
    pub(super) link: u16,
    pub(super) fcs: Option<u8>,
    pub(super) interface: Option<u32>,
    /// Bytes of options, which begin at the next multiple of four after the frame's bytes.
    pub(super) options: usize,
    /// Frames lost before this one, which an obsolete Packet Block states in its header.
    pub(super) drops: Option<u16>,
}
