//! Settings (RFC 9113 6.5): of SETTINGS frames, and of the header of a request for an upgrade (RFC 7540 3.2.1).

use super::fields::*;
use super::frame::ACK;
use super::names;
use super::{Frame, Http2};
use crate::base64;
use crate::session::{Context, Handover, Side};
use crate::tree::{Slice, Tree, Value};
use crate::web::streams::window_of;
use crate::web::window::Window;

/// Name of the header with settings.
pub(super) const HEADER: &str = "http2-settings";
/// Length of a setting: its number and its value.
const SETTING: usize = 6;
/// Number of the setting for the initial window of streams.
const INITIAL_WINDOW: u16 = 4;

/// Returns the settings in a payload: number and value of each.
fn settings(payload: &[u8]) -> impl Iterator<Item = (u16, u32)> {
    payload
        .as_chunks::<SETTING>()
        .0
        .iter()
        .map(|&[a, b, c, d, e, f]| (u16::from_be_bytes([a, b]), u32::from_be_bytes([c, d, e, f])))
}

/// Returns the last value of the initial window in a payload.
fn initial_window(payload: &[u8]) -> Option<i64> {
    settings(payload).filter(|&(id, _)| id == INITIAL_WINDOW).last().map(|(_, value)| value.into())
}

impl Http2 {
    /// Makes the exchange of an upgrade the one of stream 1, with the settings of its request: they limit what the server
    /// sends.
    pub(super) fn adopt(&mut self, handover: &mut Handover) {
        let payload = handover.fact(HEADER).and_then(|text| base64::decode(text.trim_ascii()));
        let pending = handover.pending.take();
        let client = pending.as_ref().and_then(|exchange| exchange.requester).unwrap_or(Side::Client);
        if let Some(size) = payload.and_then(|payload| initial_window(&payload)) {
            self.side(client.other()).initial_window = Some(size);
        }
        let windows = self.new_windows();
        self.streams.adopt(pending, windows);
    }

    /// Returns what the client and the server can send on a new stream.
    pub(super) fn new_windows(&mut self) -> [Window; 2] {
        [Side::Client, Side::Server].map(|side| Window::new(self.side(side).initial_window))
    }

    /// Reads a SETTINGS frame (RFC 9113 6.5).
    pub(super) fn settings(&mut self, frame: &Frame<'_>, cx: &mut Context<'_>) {
        if frame.header.has(ACK) {
            return;
        }
        if frame.is_recorded {
            for (nth, setting) in settings(frame.payload).enumerate() {
                describe(setting, frame.span(nth * SETTING, SETTING), cx.tree);
            }
        }
        if let Some(size) = initial_window(frame.payload) {
            self.set_initial_window(frame.side.other(), size, cx);
        }
    }

    /// Changes the initial window of a side, and the windows of its streams by the difference (RFC 9113 6.9.2).
    fn set_initial_window(&mut self, side: Side, size: i64, cx: &mut Context<'_>) {
        let Some(before) = self.side(side).initial_window.replace(size) else { return };
        for (_, stream) in self.streams.iter_mut() {
            if let Some(windows) = &mut stream.windows {
                window_of(windows, side).extend(size - before, cx.at);
            }
        }
    }
}

/// Records the settings of a header.
pub(super) fn describe_header(value: &[u8], span: Slice, tree: &mut Tree) {
    if !tree.wanted().any_between(&SETTINGS, &SETTINGS_UNKNOWN) {
        return;
    }
    let Some(payload) = base64::decode(value) else { return };
    let start = tree.add_derived_buffer("Base64uri decoded", &payload, Some(span));
    for (nth, setting) in settings(&payload).enumerate() {
        describe(setting, Slice::new(start.saturating_add((nth * SETTING) as u32), SETTING as u32), tree);
    }
}

/// Records a setting.
fn describe((id, value): (u16, u32), span: Slice, tree: &mut Tree) {
    let part = |at: u32, len| Slice::new(span.start.saturating_add(at), len);
    let node = tree.open(&SETTINGS, span, Value::Present);
    if tree.wanted().labels {
        let name = SETTINGS_ID.value_name(id.into()).unwrap_or("Unknown");
        tree.label(node, format_args!("Settings - {name} : {value}"));
    }
    tree.put(&SETTINGS_ID, part(0, 2), Value::Uint(id.into()));
    tree.put(names::setting_field(id), part(2, 4), Value::Uint(value.into()));
    tree.close();
}
