//! The list of connections.

use super::roster::{self, Sheet};
use super::table;
use crate::browse::Index;
use crate::capture::{Closed, Opened, Stream};
use crate::report::{quantity, records};
use crate::tui::model::Model;
use crate::tui::roster::{Column, Order, column, key_of_end, key_of_number, key_of_text};
use crate::tui::theme::Theme;
use dissectors::session::Side;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use std::cmp::Ordering;

/// The columns.
pub(crate) static COLUMNS: [Column; 14] = [
    column("#", [5, 5, 6], true, 0, "the number of the connection"),
    column("TIME", [table::TIME; 3], true, 7, "when its first frame came"),
    column("CLIENT", [16, 21, 47], false, 0, "who opened it"),
    column("SERVER", [16, 21, 47], false, 0, "who was called"),
    column("OPENED", [12, 12, 12], false, 6, "how it began"),
    column("CLOSED", [15, 15, 15], false, 0, "how it ended"),
    column("CLIENT STATE", [12, 12, 12], false, 8, "the client's state after the last frame"),
    column("SERVER STATE", [12, 12, 12], false, 8, "the server's state after the last frame"),
    column("FRAMES", [6, 6, 8], true, 0, "how many frames it has"),
    column("BYTES →", [7, 7, 8], true, 1, "what the client sent"),
    column("← BYTES", [7, 7, 8], true, 1, "what the server sent"),
    column("RETR", [4, 4, 6], true, 3, "frames with data that was sent before"),
    column("RTT", [7, 7, 8], true, 5, "how long the handshake took there and back"),
    column("DURATION", [8, 8, 8], true, 2, "from the first frame to the last"),
];

const TIME: usize = 1;

/// The words of a cell but the time's.
fn words(stream: &Stream, column: usize) -> String {
    let mut out = String::new();
    match column {
        0 => return stream.number.to_string(),
        2 => records::endpoint(&mut out, stream.client),
        3 => records::endpoint(&mut out, stream.server),
        4 => return stream.opened.word().into(),
        5 => return stream.closed.word().into(),
        6 => return stream.states[0].word().into(),
        7 => return stream.states[1].word().into(),
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

/// The words of a row, for searching and copying.
pub(crate) fn text(index: &Index, number: u32) -> String {
    let Some(stream) = index.streams.get(number as usize) else { return String::new() };
    let columns = (0..COLUMNS.len()).filter(|&column| column != TIME);
    columns.map(|column| words(stream, column)).filter(|word| !word.is_empty()).collect::<Vec<_>>().join("  ")
}

/// The connections of a capture, to be sorted.
pub(crate) struct Rows<'a>(pub(crate) &'a Index);

impl Order for Rows<'_> {
    fn key(&self, number: u32, column: usize) -> u64 {
        let Some(stream) = self.0.streams.get(number as usize) else { return 0 };
        let number = |number: u64| Some(number.min(i64::MAX as u64) as i64);
        key_of_number(match column {
            0 => number(stream.number.into()),
            TIME => Some(stream.first.time),
            2 => return key_of_end(&stream.client),
            3 => return key_of_end(&stream.server),
            4 => return key_of_text(stream.opened.word()),
            5 => return key_of_text(stream.closed.word()),
            6 => return key_of_text(stream.states[0].word()),
            7 => return key_of_text(stream.states[1].word()),
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
        // Of the others the key says all.
        if !matches!(column, 2..=7) {
            return Ordering::Equal;
        }
        let (Some(left), Some(right)) = (streams.get(left as usize), streams.get(right as usize)) else {
            return Ordering::Equal;
        };
        match column {
            2 => left.client.cmp(&right.client),
            3 => left.server.cmp(&right.server),
            4 => left.opened.word().cmp(right.opened.word()),
            5 => left.closed.word().cmp(right.closed.word()),
            6 => left.states[0].word().cmp(right.states[0].word()),
            7 => left.states[1].word().cmp(right.states[1].word()),
            _ => Ordering::Equal,
        }
    }
}

fn style(theme: &Theme, stream: &Stream, column: usize) -> Style {
    match column {
        0 | TIME | 12 => theme.dim,
        2 => theme.client,
        3 => theme.server,
        4 => match stream.opened {
            Opened::ThreeWay | Opened::Simultaneous => theme.text,
            Opened::Refused => theme.bad,
            Opened::HalfOpen | Opened::Unanswered => theme.warn,
            Opened::MidStream => theme.dim,
        },
        5 => match stream.closed {
            Closed::Fin(_) => theme.text,
            Closed::Reset(_) => theme.bad,
            Closed::HalfClosed(_) => theme.warn,
            Closed::Open => theme.good,
        },
        11 if stream.total(|side| side.retransmissions) > 0 => theme.warn,
        11 => theme.dim,
        _ => theme.text,
    }
}

impl Sheet for Rows<'_> {
    type Row = Stream;

    fn row(&self, number: u32) -> Option<&Stream> {
        self.0.streams.get(number as usize)
    }

    fn begun(&self, stream: &Stream) -> Option<i64> {
        Some(stream.first.time)
    }

    fn words(&self, stream: &Stream, column: usize) -> String {
        words(stream, column)
    }

    fn style(theme: &Theme, stream: &Stream, column: usize) -> Style {
        style(theme, stream, column)
    }
}

/// Draws the list.
pub(crate) fn draw(model: &Model, area: Rect, buffer: &mut Buffer) {
    let list = (&model.streams, &model.stream_numbers());
    roster::draw(
        model,
        list,
        &Rows(&model.index),
        ["no TCP connection yet", "no TCP connection in this capture"],
        area,
        buffer,
    );
}
