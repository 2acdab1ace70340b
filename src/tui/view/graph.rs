//! Frames or bytes over time.

use super::statistics::{AXIS, columns, duration, size};
use super::{empty, pieces, put, put_right, row};
use crate::report::value;
use crate::tui::model::Model;
use crate::tui::tally::Count;
use crate::tui::text::{count, counted};
use crate::tui::theme::Theme;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::symbols::{bar, shade};
use ratatui::widgets::{Sparkline, Widget};

/// Draws the graph: what is under the cursor, the bars, the times below them.
pub(crate) fn draw(model: &Model, area: Rect, buffer: &mut Buffer) {
    let (theme, statistics) = (&model.theme, &model.statistics);
    let graph = &statistics.graph;
    let all = &graph.all.counts;
    if all.is_empty() {
        let why = super::why_empty(model, "no frame yet", "no frame in this capture");
        return empty(model, area, buffer, if statistics.counting { "counting" } else { why });
    }
    let through = if model.sifted.is_some() { &graph.through.counts } else { all };
    draw_words(model, row(area, 0), buffer);
    let height = area.height.saturating_sub(3);
    let bars = Rect { x: area.x + AXIS.min(area.width), y: area.y + 1, width: columns(area.width) as u16, height };
    let each = graph.width(bars.width.into());
    let seen = statistics.bin.seen(all.len(), usize::from(bars.width) / each);
    let figure = |count: &Count| if statistics.draws_bytes { count.bytes } else { count.frames };
    let of = |counts: &[Count]| -> Vec<u64> {
        seen.clone().flat_map(|bin| std::iter::repeat_n(counts.get(bin).map_or(0, figure), each)).collect()
    };
    let most = of(all).into_iter().max().unwrap_or(0).max(1);
    if model.sifted.is_some() {
        // What the filter leaves out is told apart without colours too.
        let set = bar::Set { full: shade::LIGHT, ..bar::NINE_LEVELS };
        layer(bars, buffer, &of(all), most, set, theme.dim);
    }
    layer(bars, buffer, &of(through), most, bar::NINE_LEVELS, theme.name);
    let tell = |figure: u64| if statistics.draws_bytes { size(figure) } else { count(figure) };
    // A half that is no whole number is not told.
    let half = (most.is_multiple_of(2) || most >= 100).then_some((height / 2, most / 2));
    for (line, figure) in [Some((0, most)), half, Some((height.saturating_sub(1), 0))].into_iter().flatten() {
        if figure > 0 || line > 0 {
            let place = Rect { width: AXIS.saturating_sub(1).min(area.width), ..row(area, line + 1) };
            put_right(buffer, place, &tell(figure), theme.dim);
        }
    }
    let axis = Rect { x: bars.x, width: bars.width, ..row(area, height + 1) };
    draw_axis(model, axis, Rect { x: bars.x, width: bars.width, ..row(area, height + 2) }, buffer, theme);
}

/// Draws bars over what is there; where they are not, that stays.
fn layer(area: Rect, buffer: &mut Buffer, data: &[u64], most: u64, set: bar::Set<'static>, style: Style) {
    let mut over = Buffer::empty(area);
    Sparkline::default().data(data.iter().copied()).max(most).bar_set(set).style(style).render(area, &mut over);
    for position in area.positions() {
        if let (Some(from), Some(to)) = (over.cell(position), buffer.cell_mut(position))
            && from.symbol() != " "
        {
            *to = from.clone();
        }
    }
}

/// When an interval begins, in nanoseconds since the first frame of the capture.
fn begin(model: &Model, bin: usize) -> i64 {
    let graph = &model.statistics.graph;
    let first = model.index.frames.first().map_or(0, |fact| fact.time);
    graph.all.start.saturating_sub(first).saturating_add(graph.interval().saturating_mul(bin as i64))
}

/// Seconds since the first frame, with as many decimals as the interval asks for.
fn since(nanos: i64) -> String {
    let mut out = String::new();
    value::seconds(&mut out, nanos, value::Decimals::Six);
    let cut = out.trim_end_matches('0').trim_end_matches('.').len();
    out.truncate(cut);
    out.push_str(" s");
    out
}

/// What is under the cursor, and what a column is.
fn draw_words(model: &Model, line: Rect, buffer: &mut Buffer) {
    let (theme, statistics) = (&model.theme, &model.statistics);
    let graph = &statistics.graph;
    let at = statistics.bin.at;
    let tell = |count: Count| format!("{}, {}", counted(count.frames, "frame"), size(count.bytes));
    let all = graph.all.counts.get(at).copied().unwrap_or_default();
    let mut words = match model.sifted {
        Some(_) => format!("{} of {}", tell(graph.through.counts.get(at).copied().unwrap_or_default()), tell(all)),
        None => tell(all),
    };
    if graph.all.early > 0 {
        words.push_str(&format!("; {} without a time", count(graph.all.early)));
    }
    let what = if statistics.draws_bytes { "bytes" } else { "frames" };
    let fits = if graph.fits() { "" } else { "; 0 shows all" };
    let right = format!("{what} in {} (< >){fits} ", duration(graph.interval()));
    let taken = put_right(buffer, line, &right, theme.head);
    let line = Rect { width: line.width - taken, ..line };
    pieces(buffer, line, [(&*format!(" {}: ", since(begin(model, at))), theme.head_on), (&*words, theme.text)]);
}

/// The cursor and, below it, the times of the first and the last column.
fn draw_axis(model: &Model, axis: Rect, times: Rect, buffer: &mut Buffer, theme: &Theme) {
    let statistics = &model.statistics;
    put(buffer, axis, &"─".repeat(axis.width.into()), theme.head);
    let bin = &statistics.bin;
    let each = statistics.graph.width(axis.width.into());
    let x = axis.x.saturating_add((bin.at.saturating_sub(bin.top) * each) as u16);
    if x < axis.right() {
        put(buffer, Rect { x, width: 1, ..axis }, "▲", theme.key);
    }
    let end = bin.top + usize::from(axis.width) / each;
    let time = |bin: usize| since(begin(model, bin));
    put(buffer, times, &time(bin.top), theme.dim);
    put_right(buffer, times, &time(end), theme.dim);
}
