//! The pcapng format: blocks in sections, each section with its own byte order and interfaces (draft-ietf-opsawg-pcapng).
//!
//! ```text
//! block   0 type  4 total length  8 body ...  length-4 total length      padded to a multiple of 4
//! ```

use super::error::{FilePart, FormatError, LocatedCause, ReadErrorCause};
use super::frame::{Interface, Metadata, NOT_A_PACKET, Record};
use super::name_block;
use super::options::{ByteOrder, IntegerReader, OptionReader, padded, read_u32s, text};
use super::section_log::SectionLog;
use super::time::{InterfaceClock, Time};
use super::window::Window;
use super::{MAX_RECORD_LEN, MAX_SKIPPED_BLOCK_LEN};

/// Type of a Section Header Block. It is the same in both byte orders; the byte-order magic after it is not.
const SECTION_HEADER: u32 = 0x0a0d_0d0a;
const INTERFACE: u32 = 1;
/// Type of the Packet Block, obsolete since 2004 and still found in old files.
const PACKET: u32 = 2;
const SIMPLE_PACKET: u32 = 3;
const NAME_RESOLUTION: u32 = 4;
const STATISTICS: u32 = 5;
const ENHANCED_PACKET: u32 = 6;
const JOURNAL: u32 = 9;
const SECRETS: u32 = 10;
const CUSTOM: u32 = 0x0bad;
const CUSTOM_NOT_COPIED: u32 = 0x4000_0bad;

const BYTE_ORDER: u32 = 0x1a2b_3c4d;

/// Maximum number of interfaces per section, which limits memory to about 20 MB.
const MAX_INTERFACES: usize = 65_536;
/// Maximum bytes of names and descriptions of a section's interfaces; later ones are dropped.
const MAX_INTERFACE_TEXT: usize = 4 * 1024 * 1024;

/// Codes of the options that are read from an Interface Description Block.
mod option {
    pub(super) const NAME: u16 = 2;
    pub(super) const DESCRIPTION: u16 = 3;
    pub(super) const RESOLUTION: u16 = 9;
    pub(super) const FILTER: u16 = 11;
    pub(super) const OS: u16 = 12;
    pub(super) const FCS: u16 = 13;
    pub(super) const OFFSET: u16 = 14;
}

/// A pcapng file at the current block of the current section.
#[derive(Default)]
pub(super) struct PcapNg {
    pub(super) order: ByteOrder,
    /// Number of the section, 1 for the first.
    pub(super) section: u32,
    pub(super) interfaces: Vec<Interface>,
    interface_text_len: usize,
    /// Offset of the last frame.
    pub(super) last_frame_offset: u64,
    /// Descriptions of the sections, if they are kept.
    pub(super) log: Option<Box<SectionLog>>,
}

/// The offset of a block in the file, and its stated length.
struct BlockHeader {
    offset: u64,
    /// Length as stated; the buffered block is padded.
    length: u32,
}

impl PcapNg {
    /// Returns whether a file that begins with these bytes is pcapng.
    pub(super) fn matches_magic(magic: [u8; 4]) -> bool {
        u32::from_le_bytes(magic) == SECTION_HEADER
    }

    /// Reads the first section's header, so that damage there is reported when the file is opened.
    pub(super) fn open(window: &mut Window, log: Option<Box<SectionLog>>) -> Result<PcapNg, Box<LocatedCause>> {
        let mut file = PcapNg { log, ..PcapNg::default() };
        file.section_header(window)?;
        Ok(file)
    }

    /// Reads blocks up to the next frame; `None` at the end.
    #[inline]
    pub(super) fn next_record(
        &mut self,
        window: &mut Window,
        metadata: &mut Metadata,
    ) -> Result<Option<Record>, Box<LocatedCause>> {
        loop {
            let offset = window.offset();
            if window.buffered() < 8 && !buffer_header(window)? {
                return Ok(None);
            }
            let [kind, length] = read_u32s(window.bytes(), self.order);
            let block = BlockHeader { offset, length };
            self.last_frame_offset = offset;
            match kind {
                ENHANCED_PACKET => return self.enhanced_packet(window, block).map(Some),
                SIMPLE_PACKET | PACKET | CUSTOM | CUSTOM_NOT_COPIED | JOURNAL => {
                    return self.other_frame(window, kind, block);
                }
                SECTION_HEADER => self.section_header(window)?,
                INTERFACE => self.interface(window, block)?,
                NAME_RESOLUTION => self.names(window, block, metadata)?,
                SECRETS => self.secrets(window, block, metadata)?,
                STATISTICS if self.log.is_some() => self.statistics(window, block)?,
                _ => self.skip_block(window, block)?,
            }
        }
    }

    /// Creates a parser within a section, for random access to its frames.
    pub(super) fn in_section(section: u32, order: ByteOrder, interfaces: Vec<Interface>) -> PcapNg {
        PcapNg { order, section, interfaces, ..PcapNg::default() }
    }

    /// Reads the block at the current offset if it is a frame.
    pub(super) fn read_frame(&self, window: &mut Window) -> Result<Option<Record>, Box<LocatedCause>> {
        let offset = window.offset();
        if window.buffered() < 8 && !buffer_header(window)? {
            return Ok(None);
        }
        let [kind, length] = read_u32s(window.bytes(), self.order);
        let block = BlockHeader { offset, length };
        match kind {
            ENHANCED_PACKET => self.enhanced_packet(window, block).map(Some),
            _ => self.other_frame(window, kind, block),
        }
    }

    /// Reads a block of the less common types that are frames.
    fn other_frame(
        &self,
        window: &mut Window,
        kind: u32,
        block: BlockHeader,
    ) -> Result<Option<Record>, Box<LocatedCause>> {
        match kind {
            SIMPLE_PACKET => self.simple_packet(window, block),
            PACKET => self.packet(window, block),
            CUSTOM | CUSTOM_NOT_COPIED => self.custom(window, block),
            JOURNAL => self.journal(window, block),
            _ => return Ok(None),
        }
        .map(Some)
    }

    /// Buffers a whole block and checks that its two lengths agree.
    #[inline]
    fn buffer_block(
        &self,
        window: &mut Window,
        block: &BlockHeader,
        name: &'static str,
        minimum: u32,
    ) -> Result<(), Box<LocatedCause>> {
        let &BlockHeader { offset, length } = block;
        if length < minimum {
            return Err(LocatedCause::malformed(offset, FormatError::BlockTooShort { block: name, length, minimum }));
        }
        if length > MAX_RECORD_LEN {
            return Err(LocatedCause::malformed(offset, FormatError::BlockTooLong { length, limit: MAX_RECORD_LEN }));
        }
        let whole = padded(length as usize);
        if window.buffered() < whole {
            buffer_rest(window, whole)?;
        }
        let last = window.bytes().get(whole - 4..).and_then(<[u8]>::first_chunk).copied().unwrap_or_default();
        let last = self.order.u32(last);
        if last != length {
            return Err(LocatedCause::malformed(offset, FormatError::LengthsDiffer { first: length, last }));
        }
        Ok(())
    }

    /// Returns the body of a buffered block.
    #[inline]
    fn body<'w>(&self, window: &'w Window, block: &BlockHeader) -> IntegerReader<'w> {
        let body = window.bytes().get(8..padded(block.length as usize) - 4).unwrap_or_default();
        IntegerReader { rest: body, order: self.order }
    }

    /// Reads a Section Header Block.
    ///
    /// ```text
    /// 8 byte-order magic  12 major  14 minor  16 section length  24 options
    /// ```
    ///
    /// The section length, known or -1, is ignored.
    fn section_header(&mut self, window: &mut Window) -> Result<(), Box<LocatedCause>> {
        let offset = window.offset();
        let io = |error| LocatedCause::new(offset, ReadErrorCause::Io(error));
        if !window.ensure_buffered(12).map_err(io)? {
            return Err(LocatedCause::truncated(offset, FilePart::Block, window.buffered() as u64, 28));
        }
        let mut fields = IntegerReader { rest: window.bytes(), order: ByteOrder::Little };
        fields.bytes(8);
        let magic = fields.u32();
        self.order = match magic {
            BYTE_ORDER => ByteOrder::Little,
            _ if magic.swap_bytes() == BYTE_ORDER => ByteOrder::Big,
            _ => return Err(LocatedCause::malformed(offset, FormatError::ByteOrder(magic))),
        };
        let mut fields = IntegerReader { rest: window.bytes(), order: self.order };
        fields.bytes(4);
        let block = BlockHeader { offset, length: fields.u32() };
        self.buffer_block(window, &block, "section header", 28)?;
        let mut body = self.body(window, &block);
        body.bytes(4);
        let (major, minor) = (body.u16(), body.u16());
        // Some tools write 1.2, which is the same as 1.0.
        if major != 1 || !matches!(minor, 0 | 2) {
            return Err(LocatedCause::new(offset, ReadErrorCause::Version { format: "pcapng", major, minor }));
        }
        body.bytes(8);
        check_options(body, offset)?;
        self.section = self.section.saturating_add(1);
        if let Some(log) = &mut self.log {
            log.add_section(self.section, body);
        }
        self.interfaces.clear();
        self.interface_text_len = 0;
        window.consume(padded(block.length as usize));
        Ok(())
    }

    /// Reads an Interface Description Block.
    ///
    /// ```text
    /// 8 link type  10 reserved  12 snaplen  16 options
    /// ```
    fn interface(&mut self, window: &mut Window, block: BlockHeader) -> Result<(), Box<LocatedCause>> {
        self.buffer_block(window, &block, "interface description", 20)?;
        let mut body = self.body(window, &block);
        let link = body.u16();
        body.u16();
        let snaplen = body.u32();
        if self.interfaces.len() >= MAX_INTERFACES {
            return Err(LocatedCause::malformed(block.offset, FormatError::TooManyInterfaces(MAX_INTERFACES as u32)));
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
            clock: InterfaceClock::new(6, 0),
        };
        let order = self.order;
        let (mut resolution, mut offset) = (None, None);
        let mut options = OptionReader::new(body.rest, order);
        // The first of repeated options applies. An option whose value has the wrong size is ignored.
        while let Some((code, value)) = options.next().map_err(|error| LocatedCause::malformed(block.offset, error))? {
            let target = match code {
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
            // if_filter begins with its type: 0 is libpcap filter syntax, 1 is BPF bytecode.
            let value = match (code, value.split_first()) {
                (option::FILTER, Some((0, rest))) => rest,
                (option::FILTER, _) => continue,
                _ => value,
            };
            if target.is_none() && self.interface_text_len + value.len() <= MAX_INTERFACE_TEXT {
                self.interface_text_len += value.len();
                *target = Some(text(value).into_owned());
            }
        }
        if let Some([resolution]) = resolution {
            interface.resolution = resolution;
        }
        if let Some(offset) = offset {
            interface.offset = order.u64(offset) as i64;
        }
        interface.clock = InterfaceClock::new(interface.resolution, interface.offset);
        if let Some(log) = &mut self.log {
            log.add_interface(&interface, body);
        }
        self.interfaces.push(interface);
        window.consume(padded(block.length as usize));
        Ok(())
    }

    /// Reads an Enhanced Packet Block.
    ///
    /// ```text
    /// 8 interface  12 time, upper half  16 lower half  20 captured length  24 original length  28 bytes, options
    /// ```
    #[inline]
    fn enhanced_packet(&self, window: &mut Window, block: BlockHeader) -> Result<Record, Box<LocatedCause>> {
        self.buffer_block(window, &block, "enhanced packet block", 32)?;
        let [_, _, id, upper, lower, captured, length] = read_u32s(window.bytes(), self.order);
        let counter = u64::from(upper) << 32 | u64::from(lower);
        let time = |interface: &Interface| interface.clock.time(counter);
        self.record(window, block, PacketHeader { id, captured, length, header_len: 28, drops: None }, time)
    }

    /// Returns the frame at the begin of bytes, if it is in a whole Enhanced Packet Block without options, and the length of that.
    #[inline]
    pub(super) fn usual_record(&self, bytes: &[u8]) -> Option<(Record, usize)> {
        let (header, rest) = bytes.split_at_checked(28)?;
        let [kind, block, id, upper, lower, captured, length] = read_u32s(header, self.order);
        let (block, captured) = (block as usize, captured as usize);
        let trailer = *rest.get(padded(captured)..)?.first_chunk()?;
        let is_whole = block.checked_sub(32) == Some(padded(captured)) && block <= MAX_RECORD_LEN as usize;
        if kind != ENHANCED_PACKET || !is_whole || self.order.u32(trailer) as usize != block {
            return None;
        }
        let interface = self.interfaces.get(id as usize)?;
        let record = Record {
            time: interface.clock.time(u64::from(upper) << 32 | u64::from(lower)),
            has_time: true,
            length: length.min(i32::MAX as u32),
            start: 28,
            captured,
            link: interface.link,
            fcs: interface.fcs,
            interface: Some(id),
            options: 0,
            drops: None,
        };
        Some((record, block))
    }

    /// Reads an obsolete Packet Block.
    ///
    /// ```text
    /// 8 interface  10 drops  12 time, upper half  16 lower half  20 captured length  24 original length  28 bytes, options
    /// ```
    fn packet(&self, window: &mut Window, block: BlockHeader) -> Result<Record, Box<LocatedCause>> {
        self.buffer_block(window, &block, "packet block", 32)?;
        let mut body = self.body(window, &block);
        let (id, drops) = (u32::from(body.u16()), body.u16());
        let counter = u64::from(body.u32()) << 32 | u64::from(body.u32());
        let (captured, length) = (body.u32(), body.u32());
        // 0xffff means that the number of drops is not available.
        let drops = (drops != u16::MAX).then_some(drops);
        let time = |interface: &Interface| interface.clock.time(counter);
        self.record(window, block, PacketHeader { id, captured, length, header_len: 28, drops }, time)
    }

    /// Creates the record of a buffered packet block.
    #[inline]
    fn record(
        &self,
        window: &mut Window,
        block: BlockHeader,
        packet: PacketHeader,
        time: impl Fn(&Interface) -> Time,
    ) -> Result<Record, Box<LocatedCause>> {
        let PacketHeader { id, captured, length, header_len: header, drops } = packet;
        let Some(interface) = self.interfaces.get(id as usize) else {
            let described = self.interfaces.len() as u32;
            return Err(LocatedCause::malformed(block.offset, FormatError::UnknownInterface { id, described }));
        };
        let whole = padded(block.length as usize);
        let room = whole - header - 4;
        let padded_length = padded(captured as usize);
        if padded_length > room {
            return Err(LocatedCause::malformed(
                block.offset,
                FormatError::PacketExceedsBlock { captured, available: room as u32 },
            ));
        }
        let options = room - padded_length;
        if options > 0 {
            let mut rest = IntegerReader { rest: window.bytes(), order: self.order };
            rest.bytes(header + padded_length);
            let rest = IntegerReader { rest: rest.bytes(options), order: self.order };
            check_options(rest, block.offset)?;
        }
        Ok(Record {
            time: time(interface),
            has_time: true,
            length: length.min(i32::MAX as u32),
            start: window.consume(whole) + header,
            captured: captured as usize,
            link: interface.link,
            fcs: interface.fcs,
            interface: Some(id),
            options,
            drops,
        })
    }

    /// Reads a Simple Packet Block. It belongs to interface 0, has no timestamp, and its captured length is at most the
    /// interface's snaplen.
    ///
    /// ```text
    /// 8 original length  12 bytes
    /// ```
    fn simple_packet(&self, window: &mut Window, block: BlockHeader) -> Result<Record, Box<LocatedCause>> {
        self.buffer_block(window, &block, "simple packet block", 16)?;
        let length = self.body(window, &block).u32();
        let captured = match self.interfaces.first().map_or(0, |interface| interface.snaplen) {
            0 => length,
            snaplen => length.min(snaplen),
        };
        let packet = PacketHeader { id: 0, captured, length, header_len: 12, drops: None };
        let mut record = self.record(window, block, packet, |_| Time(0))?;
        // Bytes after the packet are not options: this block has none.
        (record.has_time, record.options) = (false, 0);
        Ok(record)
    }

    /// Reads a Custom Block as a frame that consists of the bytes after the Private Enterprise Number.
    fn custom(&self, window: &mut Window, block: BlockHeader) -> Result<Record, Box<LocatedCause>> {
        self.buffer_block(window, &block, "custom block", 16)?;
        Ok(self.block_as_frame(window, block, 12))
    }

    /// Reads a systemd Journal Export Block as a frame that consists of the entry.
    fn journal(&self, window: &mut Window, block: BlockHeader) -> Result<Record, Box<LocatedCause>> {
        self.buffer_block(window, &block, "journal export block", 12)?;
        let entry = self.body(window, &block).rest;
        let padding = entry.iter().rev().take(3).take_while(|&&byte| byte == 0).count();
        let time = journal_time(entry);
        let mut record = self.block_as_frame(window, block, 8);
        record.captured -= padding;
        record.length -= padding as u32;
        if let Some(time) = time {
            (record.time, record.has_time) = (time, true);
        }
        Ok(record)
    }

    /// Consumes a buffered block and returns all bytes after its header as a frame.
    fn block_as_frame(&self, window: &mut Window, block: BlockHeader, header: usize) -> Record {
        let whole = padded(block.length as usize);
        let captured = whole - header - 4;
        Record {
            time: Time(0),
            has_time: false,
            length: captured as u32,
            start: window.consume(whole) + header,
            captured,
            link: NOT_A_PACKET,
            fcs: None,
            interface: None,
            options: 0,
            drops: None,
        }
    }

    /// Reads a Name Resolution Block.
    fn names(&self, window: &mut Window, block: BlockHeader, metadata: &mut Metadata) -> Result<(), Box<LocatedCause>> {
        self.buffer_block(window, &block, "name resolution block", 12)?;
        name_block::read(self.body(window, &block), self.section, metadata)
            .map_err(|error| LocatedCause::malformed(block.offset, error))?;
        window.consume(padded(block.length as usize));
        Ok(())
    }

    /// Reads a Decryption Secrets Block.
    ///
    /// ```text
    /// 8 type  12 length  16 secrets, options
    /// ```
    fn secrets(
        &self,
        window: &mut Window,
        block: BlockHeader,
        metadata: &mut Metadata,
    ) -> Result<(), Box<LocatedCause>> {
        if block.length > MAX_RECORD_LEN {
            // Exceeds the limit of secrets for a whole capture.
            return self.skip_block(window, block);
        }
        self.buffer_block(window, &block, "decryption secrets block", 20)?;
        let mut body = self.body(window, &block);
        let (kind, length) = (body.u32(), body.u32());
        let left = body.rest.len() as u32;
        if length > left {
            return Err(LocatedCause::malformed(block.offset, FormatError::EntryExceedsBlock { length, left }));
        }
        metadata.add_secret(self.section, kind, body.bytes(length as usize));
        window.consume(padded(block.length as usize));
        Ok(())
    }

    /// Counts an Interface Statistics Block, and skips it.
    fn statistics(&mut self, window: &mut Window, block: BlockHeader) -> Result<(), Box<LocatedCause>> {
        let io = |error| LocatedCause::new(block.offset, ReadErrorCause::Io(error));
        if window.ensure_buffered(12).map_err(io)? {
            let [_, _, interface] = read_u32s(window.bytes(), self.order);
            self.log.iter_mut().for_each(|log| log.add_statistics(interface));
        }
        self.skip_block(window, block)
    }

    /// Skips a block that is not needed.
    fn skip_block(&self, window: &mut Window, block: BlockHeader) -> Result<(), Box<LocatedCause>> {
        let BlockHeader { offset, length } = block;
        if length < 12 {
            return Err(LocatedCause::malformed(
                offset,
                FormatError::BlockTooShort { block: "block", length, minimum: 12 },
            ));
        }
        if length > MAX_SKIPPED_BLOCK_LEN {
            return Err(LocatedCause::malformed(
                offset,
                FormatError::BlockTooLong { length, limit: MAX_SKIPPED_BLOCK_LEN },
            ));
        }
        let whole = padded(length as usize) as u64;
        let io = |error| LocatedCause::new(offset, ReadErrorCause::Io(error));
        let skipped = window.skip(whole - 4).map_err(io)?;
        if skipped < whole - 4 || !window.ensure_buffered(4).map_err(io)? {
            return Err(LocatedCause::truncated(offset, FilePart::Block, skipped + window.buffered() as u64, whole));
        }
        let last = IntegerReader { rest: window.bytes(), order: self.order }.u32();
        if last != length {
            return Err(LocatedCause::malformed(offset, FormatError::LengthsDiffer { first: length, last }));
        }
        window.consume(4);
        Ok(())
    }
}

/// The header of a packet block.
struct PacketHeader {
    /// Number of the interface.
    id: u32,
    captured: u32,
    length: u32,
    /// Bytes of the block before the packet.
    header_len: usize,
    drops: Option<u16>,
}

/// Checks that all options are complete.
fn check_options(rest: IntegerReader<'_>, offset: u64) -> Result<(), Box<LocatedCause>> {
    OptionReader::new(rest.rest, rest.order).check_complete().map_err(|error| LocatedCause::malformed(offset, error))
}

/// Returns the timestamp of a journal entry, stated in microseconds since 1970.
fn journal_time(entry: &[u8]) -> Option<Time> {
    const LABEL: &[u8] = b"__REALTIME_TIMESTAMP=";
    let at = memchr::memmem::find(entry, LABEL)? + LABEL.len();
    let digits = entry.get(at..)?.split(|byte| !byte.is_ascii_digit()).next()?;
    let micros: u64 = str::from_utf8(digits).ok()?.parse().ok()?;
    Some(Time::saturating(i128::from(micros) * 1000))
}

/// Reads until a block's type and length are buffered; returns false if the file ends before.
#[cold]
fn buffer_header(window: &mut Window) -> Result<bool, Box<LocatedCause>> {
    let offset = window.offset();
    if window.ensure_buffered(8).map_err(|error| LocatedCause::new(offset, ReadErrorCause::Io(error)))? {
        return Ok(true);
    }
    match window.buffered() as u64 {
        0 => Ok(false),
        found => Err(LocatedCause::truncated(offset, FilePart::BlockHeader, found, 8)),
    }
}

/// Reads until a whole block is buffered.
#[cold]
fn buffer_rest(window: &mut Window, whole: usize) -> Result<(), Box<LocatedCause>> {
    let offset = window.offset();
    if window.ensure_buffered(whole).map_err(|error| LocatedCause::new(offset, ReadErrorCause::Io(error)))? {
        return Ok(());
    }
    Err(LocatedCause::truncated(offset, FilePart::Block, window.buffered() as u64, whole as u64))
}
