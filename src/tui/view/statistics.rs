//! Statistics: the line of pages, and the tables.

use super::{empty, fill, graph, put, row, spread, table};
use crate::browse::Host;
use crate::report::{quantity, value};
use crate::tui::layout;
use crate::tui::model::Model;
use crate::tui::roster::{Column, Order, key_of_number, key_of_text};
use crate::tui::spread::Spread;
use crate::tui::statistics::Page;
use crate::tui::tally::{Entry, Tally};
use crate::tui::text::{count, width};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::symbols::bar;
use std::cmp::Ordering;
use std::ops::Range;

const fn name(title: &'static str, width: [u16; 2], about: &'static str) -> Column {
    let [least, most] = width;
    Column { title, about, width: [least, least, most], right: false, rank: 0 }
}

const fn figure(title: &'static str, width: [u16; 2], rank: u8, about: &'static str) -> Column {
    let [least, most] = width;
    Column { title, about, width: [least, least, most], right: true, rank }
}

/// The columns of the tables.
pub(crate) static PROTOCOLS: [Column; 8] = [
    name("PROTOCOL", [20, 30], "protocols, each in what it lies in"),
    figure("FRAMES", [9, 13], 0, "frames that have it"),
    figure("%", [5, 6], 0, "part of the frames"),
    name("SHARE", [6, 40], "part of the frames, drawn"),
    figure("BYTES", [8, 9], 0, "bytes on the wire"),
    figure("% BYTES", [7, 8], 2, "part of the bytes"),
    figure("ENDS", [6, 12], 1, "frames in which nothing lies within it"),
    figure("AVERAGE", [8, 9], 3, "bytes of a frame"),
];
pub(crate) static HOSTS: [Column; 7] = [
    name("ADDRESS", [15, 39], "of the network layer; of the link layer where there is none"),
    figure("FRAMES", [9, 12], 0, "frames sent and received"),
    figure("BYTES", [8, 9], 0, "bytes on the wire, sent and received"),
    figure("SENT", [9, 12], 3, "frames sent"),
    figure("BYTES →", [8, 9], 1, "bytes sent"),
    figure("RECEIVED", [9, 12], 3, "frames received"),
    figure("← BYTES", [8, 9], 1, "bytes received"),
];
pub(crate) static PAIRS: [Column; 10] = [
    name("A", [15, 39], "the lesser address"),
    name("B", [15, 39], "the greater address"),
    figure("FRAMES", [8, 12], 0, "frames both ways"),
    figure("BYTES", [8, 9], 0, "bytes on the wire, both ways"),
    figure("A → B", [8, 12], 3, "frames that A sent"),
    figure("BYTES →", [8, 9], 1, "bytes that A sent"),
    figure("A ← B", [8, 12], 3, "frames that B sent"),
    figure("← BYTES", [8, 9], 1, "bytes that B sent"),
    figure("BEGIN", [11, 14], 4, "when the first frame came, since that of the capture"),
    figure("DURATION", [8, 9], 5, "from the first frame to the last"),
];
pub(crate) static TIMES: [Column; 7] = [
    name("", [16, 60], "by what the calls are grouped"),
    figure("CALLS", [8, 10], 0, "how many calls"),
    figure("NO ANSWER", [9, 9], 2, "calls without an answer"),
    figure("P50", [8, 9], 0, "half of the answers took no longer"),
    figure("P95", [8, 9], 0, "95 of 100 answers took no longer"),
    figure("P99", [8, 9], 0, "99 of 100 answers took no longer"),
    figure("MAX", [8, 9], 1, "the longest"),
];

/// By which column each is sorted first: how many.
pub(crate) const FIRST_SORT: [usize; 4] = [1, 1, 2, 1];

/// Columns left of the graph, for what its height means.
pub(crate) const AXIS: u16 = 9;

/// As many intervals as the graph shows at once.
pub(crate) fn columns(width: u16) -> usize {
    width.saturating_sub(AXIS + 1).into()
}

/// Lines above what is scrolled.
pub(crate) fn title(model: &Model) -> u16 {
    match model.statistics.page {
        Page::Times => 3 + spread::bars(model, layout::screen(model).body.height).len() as u16,
        _ => 2,
    }
}

/// What a table is sorted by.
pub(crate) struct Rows<'s> {
    pub(crate) page: Page,
    pub(crate) pairs: &'s [[Host; 2]],
    pub(crate) hosts: &'s [Host],
    pub(crate) tally: &'s Tally,
    pub(crate) spread: &'s Spread,
}

impl Order for Rows<'_> {
    fn key(&self, number: u32, column: usize) -> u64 {
        let at = number as usize;
        let figure = |entry: Entry, first: usize| {
            let figure = column.checked_sub(first).and_then(|place| figures(&entry).get(place).copied());
            figure.unwrap_or_default()
        };
        match (self.page, column) {
            (Page::Hosts, _) => figure(self.tally.hosts.entry(number), 1),
            (Page::Pairs, 8) => key_of_number(Some(self.tally.pairs.entry(number).first)),
            (Page::Pairs, 9) => key_of_number(Some(self.tally.pairs.entry(number).duration())),
            (Page::Pairs, _) => figure(self.tally.pairs.entry(number), 2),
            (Page::Times, column) => self.spread.groups.get(at).map_or(0, |(name, times)| match column {
                0 => key_of_text(name),
                1 => times.calls(),
                2 => times.unanswered,
                column => key_of_number(times.percentile(percent(column))),
            }),
            (Page::Protocols | Page::Graph, _) => 0,
        }
    }

    fn compare(&self, left: u32, right: u32, column: usize) -> Ordering {
        let [left, right] = [left as usize, right as usize];
        match (self.page, column) {
            (Page::Hosts, 0) => self.hosts.get(left).cmp(&self.hosts.get(right)),
            (Page::Pairs, 0) => self.pairs.get(left).cmp(&self.pairs.get(right)),
            (Page::Pairs, 1) => {
                let second = |at: usize| self.pairs.get(at).map(|[_, second]| second);
                second(left).cmp(&second(right))
            }
            (Page::Times, 0) => {
                let name = |at: usize| self.spread.groups.get(at).map(|(name, _)| name);
                name(left).cmp(&name(right))
            }
            _ => Ordering::Equal,
        }
    }
}

/// The percentile of a column of times.
fn percent(column: usize) -> usize {
    [50, 95, 99, 100].get(column - 3).copied().unwrap_or(100)
}

/// Frames and bytes in all, then one way, then the other.
fn figures(entry: &Entry) -> [u64; 6] {
    let [all, one, other] = [entry.total(), entry.ways[0], entry.ways[1]];
    [all.frames, all.bytes, one.frames, one.bytes, other.frames, other.bytes]
}

/// A part in percent, with one decimal.
fn share(part: u64, all: u64) -> String {
    let all = u128::from(all.max(1));
    let mille = (u128::from(part) * 2000 + all) / (all * 2);
    format!("{}.{}", mille / 10, mille % 10)
}

/// A part as a bar.
pub(crate) fn bar(part: u64, all: u64, room: u16) -> String {
    let eighths = (u128::from(part) * u128::from(room) * 8).div_ceil(u128::from(all.max(1))) as usize;
    let rest = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"].get(eighths % 8).copied().unwrap_or_default();
    format!("{}{}", bar::FULL.repeat(eighths / 8), rest)
}

/// Frames in even places, bytes in odd ones.
fn figure_words(figures: [u64; 6], place: usize) -> String {
    let figure = figures.get(place).copied().unwrap_or_default();
    if place.is_multiple_of(2) { count(figure) } else { size(figure) }
}

pub(crate) fn size(bytes: u64) -> String {
    let mut out = String::new();
    quantity::size(&mut out, bytes);
    out
}

pub(crate) fn duration(nanos: i64) -> String {
    let mut out = String::new();
    quantity::duration(&mut out, nanos);
    out
}

/// The words of a cell of the page's table.
fn words(model: &Model, number: u32, column: usize, room: u16) -> String {
    let statistics = &model.statistics;
    let tally = statistics.tally(model.sifted.is_some());
    let all = tally.total;
    match statistics.page {
        Page::Protocols => {
            let hierarchy = &statistics.hierarchy;
            let figure = hierarchy.figure(number, column);
            match column {
                // As deep as tunnels go: the name is always seen.
                0 => " ".repeat(hierarchy.depth(number).min(room / 2).into()) + hierarchy.label(number),
                2 => share(figure, all.frames),
                3 => bar(figure, all.frames, room),
                4 => size(figure),
                5 => share(figure, all.bytes),
                _ => count(figure),
            }
        }
        Page::Hosts => match column.checked_sub(1) {
            None => statistics.hosts.hosts.get(number as usize).map_or(String::new(), Host::to_string),
            Some(place) => figure_words(figures(&tally.hosts.entry(number)), place),
        },
        Page::Pairs => {
            let entry = tally.pairs.entry(number);
            let pair = model.index.pairs.get(number as usize);
            match column {
                0 | 1 => pair.and_then(|pair| pair.get(column)).map_or(String::new(), Host::to_string),
                8 => {
                    let mut out = String::new();
                    let start = model.time(1).unwrap_or(0);
                    value::seconds(&mut out, entry.first.saturating_sub(start), value::Decimals::Six);
                    out
                }
                9 => duration(entry.duration()),
                column => figure_words(figures(&entry), column - 2),
            }
        }
        Page::Times => {
            let Some((name, times)) = statistics.spread.groups.get(number as usize) else { return String::new() };
            match column {
                0 if name.is_empty() => "unknown".into(),
                0 => name.clone(),
                1 => count(times.calls()),
                2 => count(times.unanswered),
                column => times.percentile(percent(column)).map_or(String::new(), duration),
            }
        }
        Page::Graph => String::new(),
    }
}

/// A row in words, for searching and copying.
pub(crate) fn text(model: &Model, place: usize) -> String {
    let statistics = &model.statistics;
    let (Some(number), Some(table)) = (statistics.rows().at(place), statistics.table()) else { return String::new() };
    let words = (0..table.columns.len()).map(|column| words(model, number, column, 0));
    words.filter(|word| !word.trim().is_empty()).collect::<Vec<_>>().join("  ")
}

/// The pages, and from where to where each stands.
pub(crate) fn pages() -> impl Iterator<Item = (Page, Range<u16>)> {
    let mut x = 1;
    Page::ALL.into_iter().map(move |page| {
        let place = x..x + width(page.title()) as u16;
        x = place.end + 2;
        (page, place)
    })
}

/// Draws the page.
pub(crate) fn draw(model: &Model, area: Rect, buffer: &mut Buffer) {
    let (theme, statistics) = (&model.theme, &model.statistics);
    for (page, place) in pages() {
        let x = place.start.min(area.width);
        let line = Rect { x: area.x + x, width: (place.end - place.start).min(area.width - x), ..row(area, 0) };
        put(buffer, line, page.title(), if page == statistics.page { theme.tab_on } else { theme.tab });
    }
    let below = |lines: u16| {
        let lines = lines.min(area.height);
        Rect { y: area.y + lines, height: area.height - lines, ..area }
    };
    match statistics.page {
        Page::Graph => graph::draw(model, below(1), buffer),
        Page::Times => {
            spread::draw(model, below(1), buffer);
            draw_table(model, below(title(model) - 1), buffer, statistics.by.word());
        }
        _ => draw_table(model, below(1), buffer, ""),
    }
}

/// Draws the table of the page; `first` is the title of its first column if that has none.
fn draw_table(model: &Model, area: Rect, buffer: &mut Buffer, first: &str) {
    let (theme, statistics) = (&model.theme, &model.statistics);
    let Some(roster) = statistics.table() else { return };
    let places = table::places(roster.columns, roster.hidden, model.time_width(), area.x, area.width);
    let title = |column: usize| {
        let title = roster.columns.get(column).map_or("", |column| column.title);
        super::sorted_title(roster.sort, column, if title.is_empty() { first } else { title })
    };
    table::head(roster.columns, &places, row(area, 0), buffer, title, theme.head);
    let rows = statistics.rows();
    if rows.len() == 0 {
        let none = if statistics.page == Page::Times { "no call" } else { "no frame" };
        let why = super::why_empty(model, none, none);
        return empty(model, area, buffer, if statistics.counting { "counting" } else { why });
    }
    let height = usize::from(area.height.saturating_sub(1));
    for (nth, place) in roster.list.seen(rows.len(), height).enumerate() {
        let line = row(area, nth as u16 + 1);
        let Some(number) = rows.at(place) else { continue };
        let on = place == roster.list.at;
        if on {
            fill(buffer, line, theme.cursor);
        }
        for &at in &places {
            let Some(column) = roster.columns.get(at.column) else { continue };
            let style = match (on, statistics.page, at.column) {
                (true, ..) => theme.cursor,
                (_, Page::Protocols, 0) => theme.protocol(statistics.hierarchy.label(number)),
                (_, Page::Protocols, 3) => theme.name,
                (_, _, 0) => theme.name,
                (_, Page::Pairs, 1) => theme.server,
                _ => theme.text,
            };
            table::cell(buffer, line, at, &words(model, number, at.column, at.width), column.right, style);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_told_in_percent_and_drawn_in_eighths() {
        assert_eq!([share(1, 3), share(2, 3), share(5, 5), share(0, 0)], ["33.3", "66.7", "100.0", "0.0"]);
        assert_eq!(
            [bar(1, 2, 4), bar(1, 3, 1), bar(1, 1_000_000, 10), bar(u64::MAX, u64::MAX, 3)],
            ["██", "▍", "▏", "███"]
        );
    }
}
