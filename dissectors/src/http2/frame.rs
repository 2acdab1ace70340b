//! Frame headers (RFC 9113 4.1), and whether bytes may be one.
//!
//! ```text
//!   0          3      4       5                9
//!   | length   | type | flags | stream         | payload, `length` bytes
//! ```

/// Connection preface of a client (RFC 9113 3.4).
pub(super) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// Length of a frame header.
pub(super) const FRAME_HEADER: usize = 9;
/// Maximum length of a frame that is buffered as a whole. Peers permit 16 KiB unless they say otherwise, and few permit
/// more than a MiB.
pub(super) const MAX_PAYLOAD: usize = 1 << 20;
/// Length of a frame that every peer permits (RFC 9113 6.5.2).
const USUAL_PAYLOAD: usize = 1 << 14;
/// What shows that bytes are frames.
#[derive(Clone, Copy)]
pub(super) struct Evidence {
    /// Number of consecutive frames. Those of a fixed length count twice.
    pub frames: usize,
    /// The highest number that a stream may have.
    pub max_stream: u32,
    /// Whether any whole header block is enough, and not only one that begins with a pseudo-header of the static table.
    pub takes_any_block: bool,
}

/// Flag of the last frame of a stream.
pub(super) const END_STREAM: u8 = 0x01;
/// Flag of a response to PING or SETTINGS.
pub(super) const ACK: u8 = 0x01;
/// Flag of the end of a header block.
pub(super) const END_HEADERS: u8 = 0x04;
/// Flag of a padded frame.
pub(super) const PADDED: u8 = 0x08;
/// Flag of a frame with a priority.
pub(super) const PRIORITY: u8 = 0x20;

/// Type of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FrameType {
    Data,
    Headers,
    Priority,
    RstStream,
    Settings,
    PushPromise,
    Ping,
    GoAway,
    WindowUpdate,
    Continuation,
    AltSvc,
    Origin,
    PriorityUpdate,
    Unknown(u8),
}

impl FrameType {
    fn of(number: u8) -> FrameType {
        match number {
            0 => FrameType::Data,
            1 => FrameType::Headers,
            2 => FrameType::Priority,
            3 => FrameType::RstStream,
            4 => FrameType::Settings,
            5 => FrameType::PushPromise,
            6 => FrameType::Ping,
            7 => FrameType::GoAway,
            8 => FrameType::WindowUpdate,
            9 => FrameType::Continuation,
            10 => FrameType::AltSvc,
            12 => FrameType::Origin,
            16 => FrameType::PriorityUpdate,
            other => FrameType::Unknown(other),
        }
    }

    /// Flags that the type defines.
    pub(super) fn flags(self) -> u8 {
        match self {
            FrameType::Data => END_STREAM | PADDED,
            FrameType::Headers => END_STREAM | END_HEADERS | PADDED | PRIORITY,
            FrameType::PushPromise => END_HEADERS | PADDED,
            FrameType::Continuation => END_HEADERS,
            FrameType::Settings | FrameType::Ping => ACK,
            _ => 0,
        }
    }
}

/// A frame header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FrameHeader {
    /// Length of the payload.
    pub length: usize,
    /// Type.
    pub kind: FrameType,
    /// Number of the type.
    pub number: u8,
    /// Flags.
    pub flags: u8,
    /// Number of the stream, without the reserved bit.
    pub stream: u32,
    /// Whether the reserved bit is set.
    pub is_reserved: bool,
}

impl FrameHeader {
    /// Reads the header at the beginning of the bytes, if all of it is there.
    pub(super) fn read(bytes: &[u8]) -> Option<FrameHeader> {
        let &[a, b, c, number, flags, e, f, g, h] = bytes.first_chunk::<FRAME_HEADER>()?;
        let stream = u32::from_be_bytes([e, f, g, h]);
        Some(FrameHeader {
            length: u32::from_be_bytes([0, a, b, c]) as usize,
            kind: FrameType::of(number),
            number,
            flags,
            stream: stream & 0x7fff_ffff,
            is_reserved: stream >> 31 != 0,
        })
    }

    /// Length of the frame with its header.
    pub(super) fn total(&self) -> usize {
        FRAME_HEADER + self.length
    }

    /// Whether a flag is set that the type defines.
    pub(super) fn has(&self, flag: u8) -> bool {
        self.flags & self.kind.flags() & flag != 0
    }

    /// Whether length and stream are as the type requires (RFC 9113 6).
    pub(super) fn is_sound(&self) -> bool {
        let of_stream = self.stream != 0;
        match self.kind {
            FrameType::Data => of_stream && (!self.has(PADDED) || self.length > 0),
            FrameType::Headers => {
                let least = usize::from(self.has(PADDED)) + if self.has(PRIORITY) { 5 } else { 0 };
                of_stream && self.length >= least
            }
            FrameType::Priority => of_stream && self.length == 5,
            FrameType::RstStream => of_stream && self.length == 4,
            FrameType::Settings => !of_stream && self.length.is_multiple_of(6) && (!self.has(ACK) || self.length == 0),
            FrameType::PushPromise => of_stream && self.length >= 4 + usize::from(self.has(PADDED)),
            FrameType::Ping => !of_stream && self.length == 8,
            FrameType::GoAway => !of_stream && self.length >= 8,
            FrameType::WindowUpdate => self.length == 4,
            FrameType::Continuation => of_stream,
            FrameType::AltSvc => self.length >= 2,
            FrameType::Origin => !of_stream,
            FrameType::PriorityUpdate => !of_stream && self.length >= 4,
            FrameType::Unknown(_) => true,
        }
    }

    /// Whether a usual sender would send it: a sound frame of a known type, with no undefined flag.
    pub(super) fn is_usual(&self) -> bool {
        let is_known = !matches!(self.kind, FrameType::Unknown(_));
        // Data without bytes ends a stream.
        let is_used = self.kind != FrameType::Data || self.length > 0 || self.has(END_STREAM);
        is_known
            && is_used
            && !self.is_reserved
            && self.flags & !self.kind.flags() == 0
            && self.length <= USUAL_PAYLOAD
            && self.is_sound()
    }

    /// Whether its length says much: few other bytes look like this.
    fn is_distinctive(&self) -> bool {
        match self.kind {
            FrameType::Priority | FrameType::RstStream | FrameType::Ping | FrameType::WindowUpdate => true,
            FrameType::GoAway | FrameType::Settings => self.length > 0 || self.flags == ACK,
            _ => false,
        }
    }
}

/// Whether bytes may be the beginning of a usual frame header: those that are missing are as they should be.
fn may_begin(bytes: &[u8]) -> bool {
    let is_connection =
        |number: u8| matches!(FrameType::of(number), FrameType::Settings | FrameType::Ping | FrameType::GoAway);
    let number = bytes.get(3).copied();
    let mut whole = [0, 0, 4, 8, 0, 0, 0, 0, 0];
    if let Some(number) = number.filter(|&number| !is_connection(number)) {
        // A stream, and the end of one that has no data.
        whole = [0, 0, 0, number, END_STREAM & FrameType::of(number).flags(), 0, 0, 0, 1];
    }
    whole.iter_mut().zip(bytes).for_each(|(byte, sent)| *byte = *sent);
    match bytes {
        [] => true,
        &[first] => first == 0,
        // The length is not known.
        &[first, second] | &[first, second, _] => first == 0 && usize::from(second) << 8 <= USUAL_PAYLOAD,
        _ => FrameHeader::read(&whole).is_some_and(|header| header.is_usual()),
    }
}

/// What bytes are, read as frames from the first one on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FrameSearch {
    /// They are frames.
    Frames,
    /// They may be frames, as far as they go. With so many bytes, they are to be searched again.
    Perhaps(usize),
    /// They are none.
    None,
}

/// Whether bytes begin with a frame, as a sender in the middle of a connection sends them.
pub(super) fn search(bytes: &[u8], evidence: Evidence) -> FrameSearch {
    let (mut rest, mut frames, mut distinctive) = (bytes, 0, 0);
    loop {
        let Some(header) = FrameHeader::read(rest) else {
            return if may_begin(rest) { FrameSearch::Perhaps(bytes.len() + 1) } else { FrameSearch::None };
        };
        if !header.is_usual() || header.stream > evidence.max_stream {
            return FrameSearch::None;
        }
        let payload = rest.get(FRAME_HEADER..).unwrap_or_default();
        match is_payload(&header, payload.get(..header.length).unwrap_or(payload), evidence) {
            Some(true) => return FrameSearch::Frames,
            Some(false) => return FrameSearch::None,
            None => {}
        }
        frames += 1;
        if payload.len() < header.length {
            let end = bytes.len() - payload.len() + header.length;
            return FrameSearch::Perhaps(if header.is_distinctive() { bytes.len() + 1 } else { end });
        }
        distinctive += usize::from(header.is_distinctive());
        if frames + distinctive >= evidence.frames {
            return FrameSearch::Frames;
        }
        rest = rest.get(header.total()..).unwrap_or_default();
    }
}

/// Whether a payload, as far as it is there, is that of a frame; none if that is not decided. A header block that begins with
/// a pseudo-header of a static entry is decisive.
fn is_payload(header: &FrameHeader, payload: &[u8], evidence: Evidence) -> Option<bool> {
    let perhaps = |may_be: bool| if may_be { None } else { Some(false) };
    let word = |at: usize| payload.get(at..).and_then(|rest| rest.first_chunk()).map(|word| u32::from_be_bytes(*word));
    match header.kind {
        FrameType::Headers => {
            let before = usize::from(header.has(PADDED)) + if header.has(PRIORITY) { 5 } else { 0 };
            let block = payload.get(before..).unwrap_or_default();
            let begins_message = matches!(block, [0x82..=0x8e | 0x41..=0x4e | 1..=14, ..]);
            let ends = header.has(END_HEADERS) && payload.len() == header.length;
            ((begins_message || evidence.takes_any_block && !block.is_empty()) && ends).then_some(true)
        }
        FrameType::RstStream => perhaps(word(0).is_none_or(|error| error <= 13)),
        FrameType::WindowUpdate => perhaps(word(0).is_none_or(|increment| increment != 0 && increment >> 31 == 0)),
        FrameType::GoAway => perhaps(word(4).is_none_or(|error| error <= 13)),
        FrameType::Settings => {
            let mut settings = payload.chunks_exact(6);
            // RFC 9113 11.2, and RFC 7540 11.3: those from 0xf000 on are for experiments. gRPC sends one.
            perhaps(settings.all(|setting| matches!(setting, [0, 1..=6 | 8 | 9, ..] | [0xf0..=0xff, ..])))
        }
        _ => None,
    }
}
