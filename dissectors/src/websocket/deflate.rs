//! Compression of messages (RFC 7692): what was negotiated, and the window of each side.

use super::frame::{CONTINUATION, FrameHeader, RSV1};
use crate::session::Handover;
use alloc::boxed::Box;
use alloc::vec::Vec;
use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::inflate_flags::{TINFL_FLAG_HAS_MORE_INPUT, TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF};
use miniz_oxide::inflate::core::{DecompressorOxide, decompress};

/// Maximum size of a window: the largest distance of deflate.
const MAX_WINDOW: usize = 1 << 15;
/// Bytes of output for which there is room at first.
const INITIAL_ROOM: usize = 1024;
/// What a sender removes from the end of what it compresses (RFC 7692 7.2.1): an empty block.
pub(super) const TAIL: [u8; 4] = [0, 0, 0xff, 0xff];

/// What was negotiated about extensions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Extension {
    /// The handshake was not captured, or not all of its headers are known.
    #[default]
    Unknown,
    /// None.
    None,
    /// Others than compression, which may define any of the reserved bits.
    Other,
    /// permessage-deflate, with the parameters of the client's and of the server's messages.
    Deflate([DeflateParameters; 2]),
    /// x-webkit-deflate-frame, as of earlier versions of Safari: each frame is compressed by itself. With the parameters of both
    /// sides, of which the response states those of the client.
    DeflateFrame([DeflateParameters; 2]),
}

/// Parameters of the messages of one side (RFC 7692 7.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct DeflateParameters {
    /// Whether a message may refer to earlier ones.
    pub(super) has_takeover: bool,
    /// Maximum size of the window, in bytes.
    pub(super) window: usize,
}

impl Default for DeflateParameters {
    fn default() -> DeflateParameters {
        DeflateParameters { has_takeover: true, window: MAX_WINDOW }
    }
}

impl Extension {
    /// Reads what a handshake has negotiated. Its lines of Sec-WebSocket-Extensions are one list (RFC 6455 9.1).
    pub(super) fn negotiated(handover: &Handover) -> Extension {
        let lines: Vec<&[u8]> = handover.all_facts("sec-websocket-extensions").collect();
        match Extension::parse(&lines.join(&b","[..])) {
            Extension::None | Extension::Other if handover.lacks_facts => Extension::Unknown,
            extension => extension,
        }
    }

    /// Reads the value of Sec-WebSocket-Extensions of a response.
    pub(super) fn parse(value: &[u8]) -> Extension {
        let extensions = value.split(|&byte| byte == b',');
        let mut own = extensions.filter_map(|extension| {
            let mut words = extension.split(|&byte| byte == b';').map(<[u8]>::trim_ascii);
            let name = words.next()?;
            let is_frame = name.eq_ignore_ascii_case(b"x-webkit-deflate-frame");
            (is_frame || name.eq_ignore_ascii_case(b"permessage-deflate")).then_some((is_frame, words))
        });
        let Some((is_frame, parameters)) = own.next() else {
            let is_empty = value.iter().all(|byte| matches!(byte, b',' | b' ' | b'\t'));
            return if is_empty { Extension::None } else { Extension::Other };
        };
        let mut all = [DeflateParameters::default(); 2];
        for parameter in parameters {
            let [client, server] = &mut all;
            let equals = parameter.iter().position(|&byte| byte == b'=').unwrap_or(parameter.len());
            let (name, value) = parameter.split_at_checked(equals).unwrap_or_default();
            let bits = || {
                let digits = value.get(1..)?.trim_ascii().trim_ascii_start();
                let digits = digits.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")).unwrap_or(digits);
                // zlib has no windows of 8 bits, and takes 9 instead.
                core::str::from_utf8(digits).ok()?.parse::<u32>().ok().filter(|bits| (8..=15).contains(bits))
            };
            let window =
                |side: &mut DeflateParameters| side.window = bits().map_or(MAX_WINDOW, |bits| 1 << bits.max(9));
            match name.trim_ascii().to_ascii_lowercase().as_slice() {
                b"no_context_takeover" if is_frame => client.has_takeover = false,
                b"max_window_bits" if is_frame => window(client),
                b"client_no_context_takeover" => client.has_takeover = false,
                b"server_no_context_takeover" => server.has_takeover = false,
                b"client_max_window_bits" => window(client),
                b"server_max_window_bits" => window(server),
                _ => {}
            }
        }
        if is_frame { Extension::DeflateFrame(all) } else { Extension::Deflate(all) }
    }

    /// Whether each frame is compressed by itself.
    pub(super) fn is_by_frame(&self) -> bool {
        matches!(self, Extension::DeflateFrame(_))
    }

    /// Whether messages may be compressed, if that is known.
    pub(super) fn is_deflate(&self) -> Option<bool> {
        match self {
            Extension::Unknown => None,
            Extension::None | Extension::Other => Some(false),
            Extension::Deflate(_) | Extension::DeflateFrame(_) => Some(true),
        }
    }

    /// Whether a frame has reserved bits that no extension defines (RFC 6455 5.2). permessage-deflate defines the first one
    /// of frames that begin a message (RFC 7692 6).
    pub(super) fn forbids_reserved_bits(&self, header: &FrameHeader) -> bool {
        match self {
            Extension::Unknown | Extension::Other => false,
            Extension::None => header.rsv != 0,
            Extension::Deflate(_) if header.opcode == CONTINUATION => header.rsv != 0,
            Extension::Deflate(_) | Extension::DeflateFrame(_) if header.is_control() => header.rsv != 0,
            Extension::Deflate(_) | Extension::DeflateFrame(_) => header.rsv & !RSV1 != 0,
        }
    }

    /// Parameters of a side's messages, if they may be compressed: the client's are the first.
    pub(super) fn parameters(&self, is_client: bool) -> Option<DeflateParameters> {
        match self {
            Extension::Unknown => Some(DeflateParameters::default()),
            Extension::None | Extension::Other => None,
            Extension::Deflate([client, server]) | Extension::DeflateFrame([client, server]) => {
                Some(if is_client { *client } else { *server })
            }
        }
    }
}

/// Reason why a message could not be decompressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum InflateError {
    /// The data does not match the format.
    Malformed,
    /// The data refers to earlier messages that are not known.
    UnknownWindow,
    /// The output exceeds a limit.
    TooLarge,
}

/// The last output of a side, as far as it is known.
#[derive(Clone, Debug, Default)]
pub(super) struct Window {
    bytes: Vec<u8>,
    /// Output before these bytes is not known, and messages may refer to it.
    is_partial: bool,
}

impl Window {
    /// The window of a side whose first messages were not captured.
    pub(super) fn partial() -> Window {
        Window { bytes: Vec::new(), is_partial: true }
    }

    /// Forgets the output: that of a message is not known.
    pub(super) fn lose(&mut self) {
        *self = Window::partial();
    }

    /// Bytes buffered.
    pub(super) fn buffered(&self) -> usize {
        self.bytes.capacity()
    }

    /// Decompresses a message to at most `max` bytes, and keeps its end for the next one. After an error, the window is lost.
    pub(super) fn inflate(
        &mut self,
        message: &[u8],
        parameters: DeflateParameters,
        max: usize,
        decoded: &mut usize,
    ) -> Result<Vec<u8>, InflateError> {
        if !parameters.has_takeover {
            *self = Window::default();
        }
        let mut buffer = core::mem::take(&mut self.bytes);
        let known = buffer.len();
        match inflate(message, &mut buffer, max, decoded) {
            Ok(()) => {
                let output = buffer.get(known..).unwrap_or_default().to_vec();
                if parameters.has_takeover {
                    self.is_partial &= buffer.len() < parameters.window;
                    // Not with each message, which would move a window for each.
                    if buffer.len() > 2 * parameters.window {
                        buffer.drain(..buffer.len() - parameters.window);
                        buffer.shrink_to(2 * parameters.window);
                    }
                    self.bytes = buffer;
                }
                Ok(output)
            }
            Err(InflateError::Malformed) if self.is_partial => {
                self.lose();
                Err(InflateError::UnknownWindow)
            }
            Err(error) => {
                self.lose();
                Err(error)
            }
        }
    }
}

/// Appends the output of a message, of at most `max` bytes, to the output of earlier ones, which it may refer to.
fn inflate(message: &[u8], buffer: &mut Vec<u8>, max: usize, decoded: &mut usize) -> Result<(), InflateError> {
    let known = buffer.len();
    let limit = known + crate::coding::output_limit(message, max);
    let mut input = Vec::with_capacity(message.len() + TAIL.len());
    input.extend_from_slice(message);
    input.extend_from_slice(&TAIL);
    let flags = TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF | TINFL_FLAG_HAS_MORE_INPUT;
    let mut state = Box::new(DecompressorOxide::new());
    let (mut read, mut written) = (0, known);
    buffer.resize((known + INITIAL_ROOM.max(4 * message.len())).min(limit), 0);
    loop {
        let rest = input.get(read..).unwrap_or_default();
        let (status, used, made) = decompress(&mut state, rest, buffer, written, flags);
        (read, written) = (read + used, written + made);
        *decoded += made;
        match status {
            // A block that is marked as the last one ends a stream, and another one may follow (RFC 7692 7.2.3.5).
            TINFLStatus::Done if read < message.len() && used > 0 => state.init(),
            TINFLStatus::Done | TINFLStatus::NeedsMoreInput => break,
            TINFLStatus::HasMoreOutput if written >= limit => return Err(InflateError::TooLarge),
            TINFLStatus::HasMoreOutput => buffer.resize((2 * buffer.len()).min(limit), 0),
            _ => return Err(InflateError::Malformed),
        }
    }
    buffer.truncate(written);
    if written - known > max { Err(InflateError::TooLarge) } else { Ok(()) }
}

/// The first bytes of the output of a message that refers to no earlier one, at most `limit`; `None` if it is malformed.
pub(super) fn first_output(message: &[u8], limit: usize) -> Option<Vec<u8>> {
    let mut output = alloc::vec![0; limit];
    let flags = TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF | TINFL_FLAG_HAS_MORE_INPUT;
    let (status, _, made) = decompress(&mut Box::new(DecompressorOxide::new()), message, &mut output, 0, flags);
    output.truncate(made);
    let is_valid = matches!(status, TINFLStatus::Done | TINFLStatus::NeedsMoreInput | TINFLStatus::HasMoreOutput);
    is_valid.then_some(output)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body_limit::MAX_CONTENT;

    const TAKEOVER: DeflateParameters = DeflateParameters { has_takeover: true, window: MAX_WINDOW };

    #[test]
    fn the_examples_of_rfc_7692_7_2_3_are_decompressed() {
        let mut window = Window::default();
        // 7.2.3.1 and 7.2.3.2: the same message twice, the second with a reference to the first.
        assert_eq!(
            window.inflate(&[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00], TAKEOVER, MAX_CONTENT, &mut 0),
            Ok(b"Hello".to_vec())
        );
        assert_eq!(
            window.inflate(&[0xf2, 0x00, 0x11, 0x00, 0x00], TAKEOVER, MAX_CONTENT, &mut 0),
            Ok(b"Hello".to_vec())
        );
        // 7.2.3.3: a block without compression. 7.2.3.4: a last block. 7.2.3.5: two blocks.
        let stored = [0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00];
        assert_eq!(window.inflate(&stored, TAKEOVER, MAX_CONTENT, &mut 0), Ok(b"Hello".to_vec()));
        let last = [0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00];
        assert_eq!(window.inflate(&last, TAKEOVER, MAX_CONTENT, &mut 0), Ok(b"Hello".to_vec()));
        let blocks = [0xf2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xff, 0xff, 0xca, 0xc9, 0xc9, 0x07, 0x00];
        assert_eq!(window.inflate(&blocks, TAKEOVER, MAX_CONTENT, &mut 0), Ok(b"Hello".to_vec()));
        assert_eq!(window.inflate(&[0], TAKEOVER, MAX_CONTENT, &mut 0), Ok(Vec::new()));
    }

    #[test]
    fn a_reference_to_unknown_output_is_no_text() {
        let mut window = Window::partial();
        let first = [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
        let reference = [0xf2, 0x00, 0x11, 0x00, 0x00];
        assert_eq!(window.inflate(&reference, TAKEOVER, MAX_CONTENT, &mut 0), Err(InflateError::UnknownWindow));
        // A message that refers to itself only, and then one that refers to it.
        assert_eq!(window.inflate(&first, TAKEOVER, MAX_CONTENT, &mut 0), Ok(b"Hello".to_vec()));
        assert_eq!(window.inflate(&reference, TAKEOVER, MAX_CONTENT, &mut 0), Ok(b"Hello".to_vec()));
        let fresh = DeflateParameters { has_takeover: false, ..TAKEOVER };
        assert_eq!(window.inflate(&reference, fresh, MAX_CONTENT, &mut 0), Err(InflateError::Malformed));
    }

    #[test]
    fn parameters_are_those_of_the_response() {
        let parse = |text: &str| Extension::parse(text.as_bytes());
        let side = |has_takeover, bits| DeflateParameters { has_takeover, window: 1_usize << bits };
        assert_eq!(parse(" ,"), Extension::None);
        assert_eq!(parse("x-other"), Extension::Other);
        assert_eq!(parse("permessage-deflate"), Extension::Deflate([side(true, 15), side(true, 15)]));
        let both = "x-a, permessage-deflate; server_no_context_takeover; client_max_window_bits=10;server_max_window_bits=\"12\"";
        assert_eq!(parse(both), Extension::Deflate([side(true, 10), side(false, 12)]));
        let frames = "x-webkit-deflate-frame; no_context_takeover; max_window_bits=9";
        assert_eq!(parse(frames), Extension::DeflateFrame([side(false, 9), side(true, 15)]));
    }
}
