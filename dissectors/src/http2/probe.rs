//! Detection of HTTP/2: by the connection preface, or by frames in the middle of a connection.

use super::frame::{self, ACK, Evidence, FrameHeader, FrameSearch, FrameType, PREFACE};
use crate::session::{Hint, Probe, Side};

/// Bytes of the preface that no other protocol begins with. RFC 9113 11.2 reserves the method for HTTP/2.
const DECISIVE: usize = b"PRI * HTTP/2".len();

/// Streams are numbered in order, so no connection has more than some 100 million.
const EVIDENCE: Evidence = Evidence { frames: 3, max_stream: 1 << 28, takes_any_block: false };

/// Probes the first bytes of a side.
pub(super) fn probe(hint: &Hint<'_>) -> Probe {
    let bytes = hint.bytes;
    if let Some(start) = bytes.get(..DECISIVE) {
        if PREFACE.starts_with(start) {
            return if PREFACE.starts_with(bytes.get(..PREFACE.len()).unwrap_or(bytes)) {
                Probe::Yes
            } else {
                Probe::No
            };
        }
    } else if PREFACE.starts_with(bytes) {
        return Probe::Perhaps;
    }
    match frame::search(bytes, EVIDENCE) {
        _ if hint.side == Side::Server && is_server_preface(bytes) => Probe::Yes,
        FrameSearch::Frames => Probe::Likely,
        FrameSearch::Perhaps(_) => Probe::Perhaps,
        FrameSearch::None => Probe::No,
    }
}

/// Whether the bytes begin with the first frame of a server: SETTINGS (RFC 9113 3.4). Without a setting they are nearly all
/// zeros, as bytes of other protocols are.
pub(super) fn is_server_preface(bytes: &[u8]) -> bool {
    let Some(header) = FrameHeader::read(bytes) else { return false };
    header.kind == FrameType::Settings
        && header.flags & ACK == 0
        && header.length > 0
        && header.is_usual()
        && frame::search(bytes, EVIDENCE) != FrameSearch::None
        && bytes.len() >= header.total()
}
