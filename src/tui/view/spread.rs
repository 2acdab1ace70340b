//! How long answers took: percentiles and a histogram.

use super::statistics::duration;
use super::{pieces, row};
use crate::tui::model::Model;
use crate::tui::spread::Measure;
use crate::tui::text::{count, counted, width};
use ratatui::buffer::Buffer;
use ratatui::layout::{Direction, Rect};
use ratatui::widgets::{Bar, BarChart, Widget};

/// The bars of the histogram, as many as a body of this height has room for.
pub(crate) fn bars(model: &Model, height: u16) -> Vec<([i64; 2], u64)> {
    let most = (height / 2).saturating_sub(2).clamp(1, 15);
    model.statistics.spread.all.histogram(most.into())
}

/// Draws the line of percentiles and the histogram.
pub(crate) fn draw(model: &Model, area: Rect, buffer: &mut Buffer) {
    let (theme, statistics) = (&model.theme, &model.statistics);
    let times = &statistics.spread.all;
    let what = match statistics.measure {
        Measure::Whole => " TOTAL",
        Measure::Wait => " WAIT",
    };
    let mut parts =
        vec![(what.to_owned(), theme.head_on), (format!("  {}", counted(times.calls(), "call")), theme.text)];
    for (percent, name) in [(50, "p50"), (95, "p95"), (99, "p99"), (100, "max")] {
        if let Some(time) = times.percentile(percent) {
            parts.push((format!("  {name} "), theme.dim));
            parts.push((duration(time), theme.text));
        }
    }
    if times.unanswered > 0 {
        parts.push((format!("  {} without an answer", count(times.unanswered)), theme.warn));
    }
    pieces(buffer, row(area, 0), parts.iter().map(|(text, style)| (text.as_str(), *style)));
    let bars = bars(model, area.height + 1);
    let digits = bars.iter().map(|(_, calls)| width(&count(*calls))).max().unwrap_or(0);
    let bound = |nanos: i64| if nanos == i64::MAX { "∞".into() } else { duration(nanos) };
    let bar = |&([low, high], calls): &([i64; 2], u64)| {
        let label = format!("{:>7} – {:<7}", bound(low), bound(high));
        Bar::with_label(label, calls)
            .text_value(format!("{:>digits$} ", count(calls)))
            .style(theme.name)
            .value_style(theme.name)
    };
    let chart = BarChart::horizontal(bars.iter().map(bar).collect::<Vec<_>>()).bar_gap(0);
    let height = (bars.len() as u16).min(area.height.saturating_sub(1));
    let area = Rect { x: area.x + 1, y: area.y + 1, width: area.width.saturating_sub(2), height };
    chart.direction(Direction::Horizontal).label_style(theme.dim).render(area, buffer);
}
