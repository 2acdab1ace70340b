//! Rows of the list of TCP streams: columns, texts and sort order.

use crate::browse::Index;
use crate::capture::Stream;
use crate::report::quantity;
use crate::tui::model::rows::{endpoint_key, endpoint_text};
use crate::tui::widgets::columns::{ListColumn, TIME_WIDTH, column};
use crate::tui::widgets::row_order::{RowOrder, number_key, text_key};
use dissectors::session::Side;
use std::cmp::Ordering;

/// Columns of the list.
pub(crate) static COLUMNS: [ListColumn; 14] = [
    column("#", [5, 5, 6], true, 0, "stream number"),
    column("TIME", [TIME_WIDTH; 3], true, 7, "time of the first frame"),
    column("CLIENT", [21, 21, 47], false, 0, "client address"),
    column("SERVER", [21, 21, 47], false, 0, "server address"),
    column("OPENED", [12, 12, 12], false, 6, "how the connection was opened"),
    column("CLOSED", [15, 15, 15], false, 0, "how the connection was closed"),
    column("CLIENT STATE", [12, 12, 12], false, 8, "TCP state of the client after the last frame"),
    column("SERVER STATE", [12, 12, 12], false, 8, "TCP state of the server after the last frame"),
    column("FRAMES", [6, 6, 8], true, 0, "number of frames"),
    column("BYTES →", [7, 7, 8], true, 1, "bytes sent by the client"),
    column("← BYTES", [7, 7, 8], true, 1, "bytes sent by the server"),
    column("RETR", [4, 4, 6], true, 3, "retransmitted segments"),
    column("RTT", [7, 7, 8], true, 5, "round-trip time of the handshake"),
    column("DURATION", [8, 8, 8], true, 2, "from first to last frame"),
];

pub(crate) const TIME: usize = 1;

/// Returns the text of a cell, except in the time column.
pub(crate) fn cell_text(index: &Index, stream: &Stream, column: usize) -> String {
    let mut out = String::new();
    match column {
        0 => return stream.number.to_string(),
        2 => return endpoint_text(index, stream.client, stream.last.frame),
        3 => return endpoint_text(index, stream.server, stream.last.frame),
        4 => return stream.opened.label().into(),
        5 => return stream.closed.label().into(),
        6 => return stream.states[0].label().into(),
        7 => return stream.states[1].label().into(),
        8 => return stream.total(|side| side.frames).to_string(),
        9 => quantity::size(&mut out, stream.side(Side::Client).bytes),
        10 => quantity::size(&mut out, stream.side(Side::Server).bytes),
        11 => return stream.total(|side| side.retransmissions).to_string(),
        12 => stream.initial_rtt.into_iter().for_each(|nanos| quantity::duration(&mut out, nanos)),
        13 => quantity::duration(&mut out, stream.duration()),
        _ => {}
    }
    out
}

/// Returns the text of a row, for searching and copying.
pub(crate) fn text(index: &Index, number: u32) -> String {
    let Some(stream) = index.streams.get(number as usize) else { return String::new() };
    let columns = (0..COLUMNS.len()).filter(|&column| column != TIME);
    columns
        .map(|column| cell_text(index, stream, column))
        .filter(|text| !text.is_empty())
        .collect::<Vec<_>>()
        .join("  ")
}

/// Streams of a capture, as rows that can be sorted.
pub(crate) struct StreamRows<'a>(pub(crate) &'a Index);

impl RowOrder for StreamRows<'_> {
    fn key(&self, number: u32, column: usize) -> u64 {
        let Some(stream) = self.0.streams.get(number as usize) else { return 0 };
        let number = |number: u64| Some(number.min(i64::MAX as u64) as i64);
        number_key(match column {
            0 => number(stream.number.into()),
            TIME => Some(stream.first.time),
            2 => return endpoint_key(&stream.client),
            3 => return endpoint_key(&stream.server),
            4 => return text_key(stream.opened.label()),
            5 => return text_key(stream.closed.label()),
            6 => return text_key(stream.states[0].label()),
            7 => return text_key(stream.states[1].label()),
            8 => number(stream.total(|side| side.frames)),
            9 => number(stream.side(Side::Client).bytes),
            10 => number(stream.side(Side::Server).bytes),
            11 => number(stream.total(|side| side.retransmissions)),
            12 => stream.initial_rtt,
            13 => Some(stream.duration()),
            _ => None,
        })
    }

    fn compare(&self, left: u32, right: u32, column: usize) -> Ordering {
        let streams = &self.0.streams;
        // In the other columns, equal keys mean equal values.
        if !matches!(column, 2..=7) {
            return Ordering::Equal;
        }
        let (Some(left), Some(right)) = (streams.get(left as usize), streams.get(right as usize)) else {
            return Ordering::Equal;
        };
        match column {
            2 => left.client.cmp(&right.client),
            3 => left.server.cmp(&right.server),
            4 => left.opened.label().cmp(right.opened.label()),
            5 => left.closed.label().cmp(right.closed.label()),
            6 => left.states[0].label().cmp(right.states[0].label()),
            7 => left.states[1].label().cmp(right.states[1].label()),
            _ => Ordering::Equal,
        }
    }
}
