//! The pcapng format: blocks in sections, each section with its own byte order and interfaces (draft-ietf-opsawg-pcapng).
//!
//! ```text
//! block   0 type  4 length, all of it  8 body ...  length-4 length again      padded to a multiple of 4
//! ```

use std::net::IpAddr;

use super::error::{Cause, Fault, Flaw, Part};
use super::frame::{Beside, Interface, NOT_A_PACKET, Record};
use super::options::{Integers, Order, Walk, padded, text, words};
use super::time::{Clock, Time};
use super::window::Window;
use super::{LIMIT, SKIP_LIMIT};

/// Reads the same in both byte orders, so that a section's order can be told from what follows.
const SECTION_HEADER: u32 = 0x0a0d_0d0a;
const INTERFACE: u32 = 1;
/// Obsolete since 2004, still in old files.
const PACKET: u32 = 2;
const SIMPLE_PACKET: u32 = 3;
const NAME_RESOLUTION: u32 = 4;
const ENHANCED_PACKET: u32 = 6;
const JOURNAL: u32 = 9;
const SECRETS: u32 = 10;
const CUSTOM: u32 = 0x0bad;
const CUSTOM_NOT_COPIED: u32 = 0x4000_0bad;

const BYTE_ORDER: u32 = 0x1a2b_3c4d;

/// Interfaces kept of a section, so that a file of nothing else stays within some 20 MB.
const INTERFACES: usize = 65_536;
/// Bytes of names and descriptions kept of a section's interfaces; later ones have none.
const INTERFACE_TEXT: usize = 4 * 1024 * 1024;

/// The first numbers of options in an Interface Description Block that are read.
mod option {
    pub(super) const NAME: u16 = 2;
    pub(super) const DESCRIPTION: u16 = 3;
    pub(super) const RESOLUTION: u16 = 9;
    pub(super) const FILTER: u16 = 11;
    pub(super) const OS: u16 = 12;
    pub(super) const FCS: u16 = 13;
    pub(super) const OFFSET: u16 = 14;
}

/// A pcapng file, at some block of some section.
#[derive(Default)]
pub(super) struct PcapNg {
    pub(super) order: Order,
    /// 1 in the first section.
    pub(super) section: u32,
    pub(super) interfaces: Vec<Interface>,
    interface_text: usize,
    /// Where the last frame stands.
    pub(super) frame: u64,
}

/// A block that is held whole: where it begins in the file, and what it says of itself.
struct Block {
    offset: u64,
    /// As stated; what is held is padded.
    length: u32,
}

impl PcapNg {
    /// Whether a file that begins with these bytes is pcapng.
    pub(super) fn begins(magic: [u8; 4]) -> bool {
        u32::from_le_bytes(magic) == SECTION_HEADER
    }

    /// Reads the first section's header, so that a file that is damaged there is told from one that is not.
    pub(super) fn open(window: &mut Window) -> Result<PcapNg, Box<Fault>> {
        let mut file = PcapNg::default();
        file.section_header(window)?;
        Ok(file)
    }

    /// Takes blocks up to the next frame; `None` at the end.
    #[inline]
    pub(super) fn advance(&mut self, window: &mut Window, beside: &mut Beside) -> Result<Option<Record>, Box<Fault>> {
        loop {
            let offset = window.offset();
            if window.held() < 8 && !header_follows(window)? {
                return Ok(None);
            }
            let [kind, length] = words(window.bytes(), self.order);
            let block = Block { offset, length };
            self.frame = offset;
            match kind {
                ENHANCED_PACKET => return self.enhanced_packet(window, block).map(Some),
                SIMPLE_PACKET | PACKET | CUSTOM | CUSTOM_NOT_COPIED | JOURNAL => {
                    return self.other_frame(window, kind, block);
                }
                SECTION_HEADER => self.section_header(window)?,
                INTERFACE => self.interface(window, block)?,
                NAME_RESOLUTION => self.names(window, block, beside)?,
                SECRETS => self.secrets(window, block, beside)?,
                _ => self.pass(window, block)?,
            }
        }
    }

    /// Some section of a file, to read frames of it wherever they stand.
    pub(super) fn within(section: u32, order: Order, interfaces: Vec<Interface>) -> PcapNg {
        PcapNg { order, section, interfaces, ..PcapNg::default() }
    }

    /// Takes the block that stands here if it is a frame.
    pub(super) fn frame_here(&self, window: &mut Window) -> Result<Option<Record>, Box<Fault>> {
        let offset = window.offset();
        if window.held() < 8 && !header_follows(window)? {
            return Ok(None);
        }
        let [kind, length] = words(window.bytes(), self.order);
        let block = Block { offset, length };
        match kind {
            ENHANCED_PACKET => self.enhanced_packet(window, block).map(Some),
            _ => self.other_frame(window, kind, block),
        }
    }

    /// Takes a block of the rarer kinds that are frames.
    fn other_frame(&self, window: &mut Window, kind: u32, block: Block) -> Result<Option<Record>, Box<Fault>> {
        match kind {
            SIMPLE_PACKET => self.simple_packet(window, block),
            PACKET => self.packet(window, block),
            CUSTOM | CUSTOM_NOT_COPIED => self.custom(window, block),
            JOURNAL => self.journal(window, block),
            _ => return Ok(None),
        }
        .map(Some)
    }

    /// Holds a block whole and sees that its two lengths agree.
    #[inline]
    fn hold(&self, window: &mut Window, block: &Block, name: &'static str, least: u32) -> Result<(), Box<Fault>> {
        let &Block { offset, length } = block;
        if length < least {
            return Err(Fault::flaw(offset, Flaw::BlockTooShort { block: name, length, least }));
        }
        if length > LIMIT {
            return Err(Fault::flaw(offset, Flaw::BlockTooLong { length, limit: LIMIT }));
        }
        let whole = padded(length as usize);
        if window.held() < whole {
            block_follows(window, whole)?;
        }
        let last = window.bytes().get(whole - 4..).and_then(<[u8]>::first_chunk).copied().unwrap_or_default();
        let last = self.order.u32(last);
        if last != length {
            return Err(Fault::flaw(offset, Flaw::LengthsDiffer { first: length, last }));
        }
        Ok(())
    }

    /// The body of a held block.
    #[inline]
    fn body<'w>(&self, window: &'w Window, block: &Block) -> Integers<'w> {
        let body = window.bytes().get(8..padded(block.length as usize) - 4).unwrap_or_default();
        Integers { rest: body, order: self.order }
    }

    /// Section Header Block.
    ///
    /// ```text
    /// 8 byte-order magic  12 major  14 minor  16 section length  24 options
    /// ```
    ///
    /// The section's length, known or -1, is not needed to read it.
    fn section_header(&mut self, window: &mut Window) -> Result<(), Box<Fault>> {
        let offset = window.offset();
        let io = |error| Fault::new(offset, Cause::Io(error));
        if !window.hold(12).map_err(io)? {
            return Err(Fault::cut(offset, Part::Block, window.held() as u64, 28));
        }
        let mut fields = Integers { rest: window.bytes(), order: Order::Little };
        fields.bytes(8);
        let magic = fields.u32();
        self.order = match magic {
            BYTE_ORDER => Order::Little,
            _ if magic.swap_bytes() == BYTE_ORDER => Order::Big,
            _ => return Err(Fault::flaw(offset, Flaw::ByteOrder(magic))),
        };
        let mut fields = Integers { rest: window.bytes(), order: self.order };
        fields.bytes(4);
        let block = Block { offset, length: fields.u32() };
        self.hold(window, &block, "a section header", 28)?;
        let mut body = self.body(window, &block);
        body.bytes(4);
        let (major, minor) = (body.u16(), body.u16());
        // 1.2 is written by some tools and is the same as 1.0.
        if major != 1 || !matches!(minor, 0 | 2) {
            return Err(Fault::new(offset, Cause::Version { format: "pcapng", major, minor }));
        }
        body.bytes(8);
        check_options(body, offset)?;
        self.section = self.section.saturating_add(1);
        self.interfaces.clear();
        self.interface_text = 0;
        window.take(padded(block.length as usize));
        Ok(())
    }

    /// Interface Description Block.
    ///
    /// ```text
    /// 8 link type  10 reserved  12 snaplen  16 options
    /// ```
    fn interface(&mut self, window: &mut Window, block: Block) -> Result<(), Box<Fault>> {
        self.hold(window, &block, "an interface description", 20)?;
        let mut body = self.body(window, &block);
        let link = body.u16();
        body.u16();
        let snaplen = body.u32();
        if self.interfaces.len() >= INTERFACES {
            return Err(Fault::flaw(block.offset, Flaw::TooManyInterfaces(INTERFACES as u32)));
        }
        let mut interface = Interface {
            id: self.interfaces.len() as u32,
            name: None,
            description: None,
            filter: None,
            os: None,
            link,
            snaplen,
            resolution: 6,
            offset: 0,
            fcs: None,
            clock: Clock::new(6, 0),
        };
        let order = self.order;
        let (mut resolution, mut offset) = (None, None);
        let mut options = Walk::new(body.rest, order);
        // Of an option that stands there twice the first holds; one whose value has the wrong size is not there.
        while let Some((code, value)) = options.next().map_err(|flaw| Fault::flaw(block.offset, flaw))? {
            let words = match code {
                option::NAME => &mut interface.name,
                option::DESCRIPTION => &mut interface.description,
                option::OS => &mut interface.os,
                option::FILTER => &mut interface.filter,
                option::RESOLUTION => {
                    resolution = resolution.or(<[u8; 1]>::try_from(value).ok());
                    continue;
                }
                option::OFFSET => {
                    offset = offset.or(<[u8; 8]>::try_from(value).ok());
                    continue;
                }
                option::FCS => {
                    interface.fcs = interface.fcs.or(<[u8; 1]>::try_from(value).ok().map(|[length]| length));
                    continue;
                }
                _ => continue,
            };
            // if_filter begins with its kind: 0 is words as libpcap takes them, 1 is byte code.
            let value = match (code, value.split_first()) {
                (option::FILTER, Some((0, rest))) => rest,
                (option::FILTER, _) => continue,
                _ => value,
            };
            if words.is_none() && self.interface_text + value.len() <= INTERFACE_TEXT {
                self.interface_text += value.len();
                *words = Some(text(value).into_owned());
            }
        }
        if let Some([resolution]) = resolution {
            interface.resolution = resolution;
        }
        if let Some(offset) = offset {
            interface.offset = order.u64(offset) as i64;
        }
        interface.clock = Clock::new(interface.resolution, interface.offset);
        self.interfaces.push(interface);
        window.take(padded(block.length as usize));
        Ok(())
    }

    /// Enhanced Packet Block.
    ///
    /// ```text
    /// 8 interface  12 time, upper half  16 lower half  20 captured length  24 original length  28 bytes, options
    /// ```
    #[inline]
    fn enhanced_packet(&self, window: &mut Window, block: Block) -> Result<Record, Box<Fault>> {
        self.hold(window, &block, "an enhanced packet", 32)?;
        let [_, _, id, upper, lower, captured, length] = words(window.bytes(), self.order);
        let time = u64::from(upper) << 32 | u64::from(lower);
        let timed = |interface: &Interface| interface.clock.time(time);
        self.record(window, block, Packet { id, captured, length, header: 28, drops: None }, timed)
    }

    /// Packet Block, obsolete.
    ///
    /// ```text
    /// 8 interface  10 drops  12 time, upper half  16 lower half  20 captured length  24 original length  28 bytes, options
    /// ```
    fn packet(&self, window: &mut Window, block: Block) -> Result<Record, Box<Fault>> {
        self.hold(window, &block, "a packet", 32)?;
        let mut body = self.body(window, &block);
        let (id, drops) = (u32::from(body.u16()), body.u16());
        let time = u64::from(body.u32()) << 32 | u64::from(body.u32());
        let (captured, length) = (body.u32(), body.u32());
        // 0xffff says that nobody counted.
        let drops = (drops != u16::MAX).then_some(drops);
        let timed = |interface: &Interface| interface.clock.time(time);
        self.record(window, block, Packet { id, captured, length, header: 28, drops }, timed)
    }

    /// Makes the record of a packet block that is held.
    #[inline]
    fn record(
        &self,
        window: &mut Window,
        block: Block,
        packet: Packet,
        time: impl Fn(&Interface) -> Time,
    ) -> Result<Record, Box<Fault>> {
        let Packet { id, captured, length, header, drops } = packet;
        let Some(interface) = self.interfaces.get(id as usize) else {
            let described = self.interfaces.len() as u32;
            return Err(Fault::flaw(block.offset, Flaw::NoInterface { id, described }));
        };
        let whole = padded(block.length as usize);
        let room = whole - header - 4;
        let kept = padded(captured as usize);
        if kept > room {
            return Err(Fault::flaw(block.offset, Flaw::PacketPastBlock { captured, room: room as u32 }));
        }
        let options = room - kept;
        if options > 0 {
            let mut rest = Integers { rest: window.bytes(), order: self.order };
            rest.bytes(header + kept);
            let rest = Integers { rest: rest.bytes(options), order: self.order };
            check_options(rest, block.offset)?;
        }
        Ok(Record {
            time: time(interface),
            timed: true,
            length: length.min(i32::MAX as u32),
            at: window.take(whole) + header,
            captured: captured as usize,
            link: interface.link,
            fcs: interface.fcs,
            interface: Some(id),
            options,
            drops,
        })
    }

    /// Simple Packet Block: of interface 0, without a time; its captured length is the interface's snaplen at most.
    ///
    /// ```text
    /// 8 original length  12 bytes
    /// ```
    fn simple_packet(&self, window: &mut Window, block: Block) -> Result<Record, Box<Fault>> {
        self.hold(window, &block, "a simple packet", 16)?;
        let length = self.body(window, &block).u32();
        let captured = match self.interfaces.first().map_or(0, |interface| interface.snaplen) {
            0 => length,
            snaplen => length.min(snaplen),
        };
        let packet = Packet { id: 0, captured, length, header: 12, drops: None };
        let mut record = self.record(window, block, packet, |_| Time(0))?;
        // What may follow the bytes is no option: this block has none.
        (record.timed, record.options) = (false, 0);
        Ok(record)
    }

    /// Custom Block: a frame whose bytes are what follows the number of the enterprise.
    fn custom(&self, window: &mut Window, block: Block) -> Result<Record, Box<Fault>> {
        self.hold(window, &block, "a custom block", 16)?;
        Ok(self.block_as_frame(window, block, 12))
    }

    /// systemd Journal Export Block: a frame whose bytes are the entry.
    fn journal(&self, window: &mut Window, block: Block) -> Result<Record, Box<Fault>> {
        self.hold(window, &block, "a journal entry", 12)?;
        let entry = self.body(window, &block).rest;
        let padding = entry.iter().rev().take(3).take_while(|&&byte| byte == 0).count();
        let time = journal_time(entry);
        let mut record = self.block_as_frame(window, block, 8);
        record.captured -= padding;
        record.length -= padding as u32;
        if let Some(time) = time {
            (record.time, record.timed) = (time, true);
        }
        Ok(record)
    }

    fn block_as_frame(&self, window: &mut Window, block: Block, header: usize) -> Record {
        let whole = padded(block.length as usize);
        let captured = whole - header - 4;
        Record {
            time: Time(0),
            timed: false,
            length: captured as u32,
            at: window.take(whole) + header,
            captured,
            link: NOT_A_PACKET,
            fcs: None,
            interface: None,
            options: 0,
            drops: None,
        }
    }

    /// Name Resolution Block: entries, each padded, up to one of kind 0; then options.
    ///
    /// ```text
    /// 0 kind  2 length  4 address, names that end in a NUL each
    /// ```
    fn names(&self, window: &mut Window, block: Block, beside: &mut Beside) -> Result<(), Box<Fault>> {
        self.hold(window, &block, "a name resolution block", 12)?;
        let mut body = self.body(window, &block);
        while body.rest.len() >= 4 {
            let (kind, length) = (body.u16(), body.u16());
            if kind == 0 {
                break;
            }
            let left = body.rest.len();
            let value = body.bytes(usize::from(length));
            if value.len() < usize::from(length) {
                let flaw = Flaw::EntryPastBlock { length: u32::from(length), left: left as u32 };
                return Err(Fault::flaw(block.offset, flaw));
            }
            body.bytes(padded(value.len()) - value.len());
            let (address, names) = match kind {
                1 => match value.split_first_chunk::<4>() {
                    Some((address, names)) => (IpAddr::from(*address), names),
                    None => continue,
                },
                2 => match value.split_first_chunk::<16>() {
                    Some((address, names)) => (IpAddr::from(*address), names),
                    None => continue,
                },
                _ => continue,
            };
            for name in names.split(|&byte| byte == 0).filter(|name| !name.is_empty()) {
                beside.name(self.section, address, name);
            }
        }
        window.take(padded(block.length as usize));
        Ok(())
    }

    /// Decryption Secrets Block.
    ///
    /// ```text
    /// 8 kind  12 length  16 secrets, options
    /// ```
    fn secrets(&self, window: &mut Window, block: Block, beside: &mut Beside) -> Result<(), Box<Fault>> {
        if block.length > LIMIT {
            // More than is kept of a whole capture.
            return self.pass(window, block);
        }
        self.hold(window, &block, "a decryption secrets block", 20)?;
        let mut body = self.body(window, &block);
        let (kind, length) = (body.u32(), body.u32());
        let left = body.rest.len() as u32;
        if length > left {
            return Err(Fault::flaw(block.offset, Flaw::EntryPastBlock { length, left }));
        }
        beside.secret(self.section, kind, body.bytes(length as usize));
        window.take(padded(block.length as usize));
        Ok(())
    }

    /// Passes over a block that nothing is wanted of.
    fn pass(&self, window: &mut Window, block: Block) -> Result<(), Box<Fault>> {
        let Block { offset, length } = block;
        if length < 12 {
            return Err(Fault::flaw(offset, Flaw::BlockTooShort { block: "a block", length, least: 12 }));
        }
        if length > SKIP_LIMIT {
            return Err(Fault::flaw(offset, Flaw::BlockTooLong { length, limit: SKIP_LIMIT }));
        }
        let whole = padded(length as usize) as u64;
        let io = |error| Fault::new(offset, Cause::Io(error));
        let passed = window.skip(whole - 4).map_err(io)?;
        if passed < whole - 4 || !window.hold(4).map_err(io)? {
            return Err(Fault::cut(offset, Part::Block, passed + window.held() as u64, whole));
        }
        let last = Integers { rest: window.bytes(), order: self.order }.u32();
        if last != length {
            return Err(Fault::flaw(offset, Flaw::LengthsDiffer { first: length, last }));
        }
        window.take(4);
        Ok(())
    }
}

/// What a packet block says of its packet.
struct Packet {
    /// Of the interface.
    id: u32,
    captured: u32,
    length: u32,
    /// Bytes of the block before the packet's.
    header: usize,
    drops: Option<u16>,
}

fn check_options(rest: Integers<'_>, offset: u64) -> Result<(), Box<Fault>> {
    Walk::new(rest.rest, rest.order).check().map_err(|flaw| Fault::flaw(offset, flaw))
}

/// When a journal entry was written, which it says in microseconds since 1970.
fn journal_time(entry: &[u8]) -> Option<Time> {
    const LABEL: &[u8] = b"__REALTIME_TIMESTAMP=";
    let at = memchr::memmem::find(entry, LABEL)? + LABEL.len();
    let digits = entry.get(at..)?.split(|byte| !byte.is_ascii_digit()).next()?;
    let micros: u64 = str::from_utf8(digits).ok()?.parse().ok()?;
    Some(Time::saturating(i128::from(micros) * 1000))
}

/// Reads until a block's type and length are held; false if the file ends before.
#[cold]
fn header_follows(window: &mut Window) -> Result<bool, Box<Fault>> {
    let offset = window.offset();
    if window.hold(8).map_err(|error| Fault::new(offset, Cause::Io(error)))? {
        return Ok(true);
    }
    match window.held() as u64 {
        0 => Ok(false),
        have => Err(Fault::cut(offset, Part::BlockHeader, have, 8)),
    }
}

/// Reads until a whole block is held.
#[cold]
fn block_follows(window: &mut Window, whole: usize) -> Result<(), Box<Fault>> {
    let offset = window.offset();
    if window.hold(whole).map_err(|error| Fault::new(offset, Cause::Io(error)))? {
        return Ok(());
    }
    Err(Fault::cut(offset, Part::Block, window.held() as u64, whole as u64))
}
