//! The list of calls.

use super::roster::{self, Sheet};
use super::{put, table};
use crate::browse::Index;
use crate::capture::Call;
use crate::report::{quantity, records};
use crate::tui::model::Model;
use crate::tui::roster::{Column, Order, column, key_of_end, key_of_number, key_of_text};
use crate::tui::theme::Theme;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use std::cmp::Ordering;

/// The columns.
pub(crate) static COLUMNS: [Column; 13] = [
    column("TIME", [table::TIME; 3], true, 1, "when the request began"),
    column("STREAM", [6, 6, 6], true, 5, "the number of the connection"),
    column("CLIENT", [17, 17, 24], false, 7, "who asked"),
    column("SERVER", [17, 17, 24], false, 6, "who was asked"),
    column("METHOD", [7, 7, 7], false, 0, "what was asked to be done"),
    column("HOST AND TARGET", [18, 44, 400], false, 0, "of whom, and what"),
    column("STATUS", [6, 6, 6], true, 0, "the answer's code"),
    column("TYPE", [16, 16, 24], false, 4, "the answer's media type"),
    column("SIZE", [7, 7, 8], true, 2, "bytes of the answer's body"),
    column("CONNECT", [7, 7, 8], true, 9, "how long the handshake took"),
    column("WAIT", [7, 7, 8], true, 8, "from the request's end to the answer's begin"),
    column("TOTAL", [7, 7, 8], true, 0, "from the request's begin to the answer's end"),
    column("PHASES", [10, 10, 20], false, 0, "connecting ░, waiting ▒, downloading █"),
];

const TIME: usize = 0;
const METHOD: usize = 4;
const STATUS: usize = 6;
const PHASES: usize = 12;

/// When it began, in nanoseconds since 1970.
fn begun(call: &Call) -> Option<i64> {
    call.exchange.request.or(call.exchange.response).map(|transfer| transfer.first.time)
}

/// The host and what was asked of it, as a person reads it.
fn target(call: &Call) -> String {
    let exchange = &call.exchange;
    // A target in absolute form, and that of CONNECT, names the host itself.
    let names_host = exchange.uri.contains("://") || exchange.method == "CONNECT";
    if names_host { exchange.uri.to_string() } else { format!("{}{}", exchange.host, exchange.uri) }
}

/// The URL that was asked for.
pub(crate) fn url(call: &Call) -> String {
    let exchange = &call.exchange;
    if exchange.uri.contains("://") || exchange.method == "CONNECT" {
        return exchange.uri.to_string();
    }
    if !exchange.host.is_empty() {
        return format!("http://{}{}", exchange.host, exchange.uri);
    }
    let mut server = String::new();
    records::endpoint(&mut server, call.server);
    format!("http://{server}{}", exchange.uri)
}

/// The words of a cell but the time's.
fn words(call: &Call, column: usize) -> String {
    let exchange = &call.exchange;
    let mut out = String::new();
    match column {
        1 => return exchange.stream.to_string(),
        2 => records::endpoint(&mut out, call.client),
        3 => records::endpoint(&mut out, call.server),
        METHOD if exchange.request.is_none() => return "no request".into(),
        METHOD => return exchange.method.to_string(),
        5 => return target(call),
        STATUS => match (exchange.status, exchange.response) {
            (Some(status), _) => return status.to_string(),
            (None, None) => return "none".into(),
            _ => {}
        },
        7 => {
            let media = exchange.content_type.split(';').next().unwrap_or_default().trim();
            let cut = exchange.response.is_some_and(|response| !response.complete);
            return format!("{media}{}", if cut { " (cut)" } else { "" });
        }
        8 => exchange.response.into_iter().for_each(|response| quantity::size(&mut out, response.body)),
        9 => call.connect.into_iter().for_each(|nanos| quantity::duration(&mut out, nanos)),
        10 => exchange.time_to_first_byte().into_iter().for_each(|nanos| quantity::duration(&mut out, nanos)),
        11 => exchange.total().into_iter().for_each(|nanos| quantity::duration(&mut out, nanos)),
        _ => {}
    }
    out
}

/// The words of a row, for searching and copying.
pub(crate) fn text(index: &Index, number: u32) -> String {
    let Some(call) = index.calls.get(number as usize) else { return String::new() };
    (1..PHASES).map(|column| words(call, column)).filter(|word| !word.is_empty()).collect::<Vec<_>>().join("  ")
}

/// The calls of a capture, to be sorted.
pub(crate) struct Rows<'a>(pub(crate) &'a Index);

impl Order for Rows<'_> {
    fn key(&self, number: u32, column: usize) -> u64 {
        let Some(call) = self.0.calls.get(number as usize) else { return 0 };
        let exchange = &call.exchange;
        key_of_number(match column {
            TIME => begun(call),
            1 => Some(exchange.stream.into()),
            STATUS => exchange.status.map(i64::from),
            8 => exchange.response.map(|response| response.body.min(i64::MAX as u64) as i64),
            9 => call.connect,
            10 => exchange.time_to_first_byte(),
            11 | PHASES => exchange.total(),
            2 => return key_of_end(&call.client),
            3 => return key_of_end(&call.server),
            METHOD => return key_of_text(&exchange.method),
            5 => return key_of_text(&exchange.host),
            7 => return key_of_text(&exchange.content_type),
            _ => None,
        })
    }

    fn compare(&self, left: u32, right: u32, column: usize) -> Ordering {
        let calls = &self.0.calls;
        // Of the others the key says all.
        if !matches!(column, 2 | 3 | METHOD | 5 | 7) {
            return Ordering::Equal;
        }
        let (Some(left), Some(right)) = (calls.get(left as usize), calls.get(right as usize)) else {
            return Ordering::Equal;
        };
        let (one, other) = (&left.exchange, &right.exchange);
        match column {
            2 => left.client.cmp(&right.client),
            3 => left.server.cmp(&right.server),
            METHOD => one.method.cmp(&other.method),
            5 => one.host.cmp(&other.host).then_with(|| one.uri.cmp(&other.uri)),
            7 => one.content_type.cmp(&other.content_type),
            _ => Ordering::Equal,
        }
    }
}

/// How many columns of a bar each phase takes: connecting, waiting, downloading. What took any time has one.
pub(crate) fn phases(call: &Call, room: u16) -> [u16; 3] {
    let exchange = &call.exchange;
    let wait = exchange.time_to_first_byte();
    let times = [call.connect, wait, exchange.download()].map(|nanos| nanos.unwrap_or(0).max(0) as u128);
    let sum: u128 = times.iter().sum();
    if sum == 0 || room == 0 {
        return [0; 3];
    }
    let mut parts = times.map(|nanos| (nanos * u128::from(room) / sum) as u16);
    for (part, nanos) in parts.iter_mut().zip(times) {
        if nanos > 0 && *part == 0 {
            *part = 1;
        }
    }
    // The longest gives and takes what the others leave.
    let longest = (0..3).max_by_key(|&phase| times[phase]).unwrap_or(0);
    let others: u16 = (0..3).filter(|&phase| phase != longest).map(|phase| parts[phase]).sum();
    parts[longest] = room.saturating_sub(others);
    parts
}

/// Draws the bar of phases.
pub(crate) fn bar(call: &Call, area: Rect, theme: &Theme, buffer: &mut Buffer) {
    let styles = [("░", theme.connect), ("▒", theme.wait), ("█", theme.download)];
    let mut x = area.x;
    for (width, (block, style)) in phases(call, area.width).into_iter().zip(styles) {
        let width = width.min(area.right().saturating_sub(x));
        put(buffer, Rect { x, width, ..area }, &block.repeat(width.into()), style);
        x += width;
    }
}

fn style(theme: &Theme, call: &Call, column: usize) -> Style {
    match column {
        METHOD if call.exchange.request.is_some() => theme.name,
        METHOD => theme.warn,
        STATUS => call.exchange.status.map_or(theme.bad, |status| theme.status(status)),
        TIME | 1 | 9 | 10 => theme.dim,
        _ => theme.text,
    }
}

impl Sheet for Rows<'_> {
    type Row = Call;

    fn row(&self, number: u32) -> Option<&Call> {
        self.0.calls.get(number as usize)
    }

    fn begun(&self, call: &Call) -> Option<i64> {
        begun(call)
    }

    fn words(&self, call: &Call, column: usize) -> String {
        words(call, column)
    }

    fn style(theme: &Theme, call: &Call, column: usize) -> Style {
        style(theme, call, column)
    }

    fn draw(call: &Call, column: usize, cell: Rect, theme: &Theme, buffer: &mut Buffer) -> bool {
        if column == PHASES {
            bar(call, cell, theme, buffer);
        }
        column == PHASES
    }
}

/// Draws the list.
pub(crate) fn draw(model: &Model, area: Rect, buffer: &mut Buffer) {
    let list = (&model.calls, &model.call_numbers());
    roster::draw(model, list, &Rows(&model.index), ["no call yet", "no call in this capture"], area, buffer);
}
