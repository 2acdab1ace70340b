//! The graph of frames or bytes over time.

use crate::report::value;
use crate::statistics::TrafficCount;
use crate::tui::model::Model;
use crate::tui::panes::statistics::{AXIS_WIDTH, graph_columns};
use crate::tui::view::draw_empty;
use crate::tui::widgets::draw::{put, put_right, put_spans, row};
use crate::tui::widgets::text::{duration, format_count, format_quantity, size};
use crate::tui::widgets::theme::Theme;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::symbols::{bar, shade};
use ratatui::widgets::{Sparkline, Widget};

/// Draws the graph: the interval under the cursor, the bars, and the time axis below them.
pub(crate) fn draw(model: &Model, area: Rect, buffer: &mut Buffer) {
    let (theme, statistics) = (&model.theme, &model.statistics);
    let graph = &statistics.graph;
    let all = &graph.all.counts;
    if all.is_empty() {
        let reason = super::empty_reason(model, "No frames yet", "No frames in this capture");
        return draw_empty(model, area, buffer, if statistics.is_counting { "counting" } else { reason });
    }
    let matched = if model.applied_filter.is_some() { &graph.filtered.counts } else { all };
    draw_caption(model, row(area, 0), buffer);
    let height = area.height.saturating_sub(3);
    let bars =
        Rect { x: area.x + AXIS_WIDTH.min(area.width), y: area.y + 1, width: graph_columns(area.width) as u16, height };
    let each = graph.width(bars.width.into());
    let seen = statistics.interval_list.visible(all.len(), usize::from(bars.width) / each);
    let figure = |count: &TrafficCount| if statistics.draws_bytes { count.bytes } else { count.frames };
    let values = |counts: &[TrafficCount]| -> Vec<u64> {
        seen.clone().flat_map(|bin| std::iter::repeat_n(counts.get(bin).map_or(0, figure), each)).collect()
    };
    let most = values(all).into_iter().max().unwrap_or(0).max(1);
    if model.applied_filter.is_some() {
        // Shading marks frames that do not match on terminals without colors.
        let set = bar::Set { full: shade::LIGHT, ..bar::NINE_LEVELS };
        draw_bars(bars, buffer, &values(all), most, set, theme.dim);
    }
    draw_bars(bars, buffer, &values(matched), most, bar::NINE_LEVELS, theme.name);
    let format = |figure: u64| if statistics.draws_bytes { size(figure) } else { format_count(figure) };
    // No label at half height if the value is not a whole number.
    let half = (most.is_multiple_of(2) || most >= 100).then_some((height / 2, most / 2));
    for (line, figure) in [Some((0, most)), half, Some((height.saturating_sub(1), 0))].into_iter().flatten() {
        if figure > 0 || line > 0 {
            let label = Rect { width: AXIS_WIDTH.saturating_sub(1).min(area.width), ..row(area, line + 1) };
            put_right(buffer, label, &format(figure), theme.dim);
        }
    }
    let axis = Rect { x: bars.x, width: bars.width, ..row(area, height + 1) };
    draw_axis(model, axis, Rect { x: bars.x, width: bars.width, ..row(area, height + 2) }, buffer, theme);
}

/// Draws bars over the existing content; cells without a bar keep their content.
fn draw_bars(area: Rect, buffer: &mut Buffer, data: &[u64], most: u64, set: bar::Set<'static>, style: Style) {
    let mut overlay = Buffer::empty(area);
    Sparkline::default().data(data.iter().copied()).max(most).bar_set(set).style(style).render(area, &mut overlay);
    for position in area.positions() {
        if let (Some(from), Some(to)) = (overlay.cell(position), buffer.cell_mut(position))
            && from.symbol() != " "
        {
            *to = from.clone();
        }
    }
}

/// Returns the start of an interval, in nanoseconds since the first frame of the capture.
fn interval_start(model: &Model, bin: usize) -> i64 {
    let graph = &model.statistics.graph;
    let first = model.index.frames.first().map_or(0, |summary| summary.time);
    graph.all.start.saturating_sub(first).saturating_add(graph.interval().saturating_mul(bin as i64))
}

/// Formats nanoseconds as seconds, without trailing zeros.
fn seconds_text(nanos: i64) -> String {
    let mut out = String::new();
    value::seconds(&mut out, nanos, value::Decimals::Six);
    let cut = out.trim_end_matches('0').trim_end_matches('.').len();
    out.truncate(cut);
    out.push_str(" s");
    out
}

/// Draws the counts of the interval under the cursor, and the length of an interval.
fn draw_caption(model: &Model, line: Rect, buffer: &mut Buffer) {
    let (theme, statistics) = (&model.theme, &model.statistics);
    let graph = &statistics.graph;
    let at = statistics.interval_list.cursor;
    let format = |count: TrafficCount| format!("{}, {}", format_quantity(count.frames, "frame"), size(count.bytes));
    let all = graph.all.counts.get(at).copied().unwrap_or_default();
    let mut text = match model.applied_filter {
        Some(_) => {
            format!("{} of {}", format(graph.filtered.counts.get(at).copied().unwrap_or_default()), format(all))
        }
        None => format(all),
    };
    if graph.all.before_start > 0 {
        text.push_str(&format!("; {} without a time", format_count(graph.all.before_start)));
    }
    let unit = if statistics.draws_bytes { "bytes" } else { "frames" };
    let fits = if graph.is_fitted() { "" } else { "; 0 shows all" };
    let right = format!("{unit} in {} (< >){fits} ", duration(graph.interval()));
    let used = put_right(buffer, line, &right, theme.head);
    let line = Rect { width: line.width - used, ..line };
    put_spans(
        buffer,
        line,
        [(&*format!(" {}: ", seconds_text(interval_start(model, at))), theme.head_on), (&*text, theme.text)],
    );
}

/// Draws the axis with the cursor and, below it, the times at both ends.
fn draw_axis(model: &Model, axis: Rect, times: Rect, buffer: &mut Buffer, theme: &Theme) {
    let statistics = &model.statistics;
    put(buffer, axis, &"─".repeat(axis.width.into()), theme.head);
    let bin = &statistics.interval_list;
    let each = statistics.graph.width(axis.width.into());
    let x = axis.x.saturating_add((bin.cursor.saturating_sub(bin.top) * each) as u16);
    if x < axis.right() {
        put(buffer, Rect { x, width: 1, ..axis }, "▲", theme.key);
    }
    let end = bin.top + usize::from(axis.width) / each;
    let time = |bin: usize| seconds_text(interval_start(model, bin));
    put(buffer, times, &time(bin.top), theme.dim);
    put_right(buffer, times, &time(end), theme.dim);
}
