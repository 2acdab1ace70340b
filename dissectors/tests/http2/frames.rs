//! Frames built by tests, and the session that reads them.

use crate::http::host::{SessionHost, SessionInput, SessionOutput, c, s};
use overhear_dissectors::{Wants, http2};

pub(crate) const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
pub(crate) const RST_STREAM: u8 = 3;
pub(crate) const SETTINGS: u8 = 4;
pub(crate) const PUSH_PROMISE: u8 = 5;
pub(crate) const WINDOW_UPDATE: u8 = 8;
pub(crate) const CONTINUATION: u8 = 9;

pub(crate) const END_STREAM: u8 = 1;
pub(crate) const END_HEADERS: u8 = 4;
pub(crate) const END: u8 = END_STREAM | END_HEADERS;

pub(crate) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Returns a frame.
pub(crate) fn frame(kind: u8, flags: u8, stream: u32, payload: impl AsRef<[u8]>) -> Vec<u8> {
    let payload = payload.as_ref();
    let length = (payload.len() as u32).to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// Returns a header that is inserted into the table, without Huffman coding.
pub(crate) fn inserted(name: &str, value: &str) -> Vec<u8> {
    let string = |text: &str| [&[text.len() as u8], text.as_bytes()].concat();
    [vec![0x40], string(name), string(value)].concat()
}

/// Returns the block of a GET request with a path.
pub(crate) fn get(path: &str) -> Vec<u8> {
    [&[0x82, 0x86][..], &inserted(":path", path), &inserted(":authority", "h")].concat()
}

/// Returns the block of a response of text with status 200.
pub(crate) fn ok() -> Vec<u8> {
    [&[0x88][..], &inserted("content-type", "text/plain")].concat()
}

/// Returns the beginning of a connection.
pub(crate) fn prefaces() -> Vec<SessionInput> {
    vec![c([PREFACE, &frame(SETTINGS, 0, 0, [])].concat()), s(frame(SETTINGS, 0, 0, []))]
}

/// Runs a conversation that begins with the prefaces.
pub(crate) fn run(steps: &[SessionInput]) -> SessionOutput {
    run_cut(steps, &|_| false)
}

/// The same with segments that are cut after some bytes.
pub(crate) fn run_cut(steps: &[SessionInput], cuts: &dyn Fn(usize) -> bool) -> SessionOutput {
    let steps = [&prefaces(), steps].concat();
    run_bare(&steps, &Wants::everything(), cuts)
}

/// Runs a conversation as it is.
pub(crate) fn run_bare(steps: &[SessionInput], wants: &Wants, cuts: &dyn Fn(usize) -> bool) -> SessionOutput {
    SessionHost::of(&http2::PROTOCOL, wants).run_all(steps, cuts)
}
