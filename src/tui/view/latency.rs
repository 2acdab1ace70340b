//! Response times of calls: percentiles and a histogram.

use crate::tui::model::Model;
use crate::tui::model::statistics::latency::LatencyMeasure;
use crate::tui::panes::statistics::histogram_bars;
use crate::tui::widgets::draw::{put_spans, row};
use crate::tui::widgets::text::{duration, format_count, format_quantity, width};
use ratatui::buffer::Buffer;
use ratatui::layout::{Direction, Rect};
use ratatui::widgets::{Bar, BarChart, Widget};

/// Draws the line of percentiles and the histogram.
pub(crate) fn draw(model: &Model, area: Rect, buffer: &mut Buffer) {
    let (theme, statistics) = (&model.theme, &model.statistics);
    let times = &statistics.latency.all;
    let measure = match statistics.measure {
        LatencyMeasure::Whole => " TOTAL",
        LatencyMeasure::Wait => " WAIT",
    };
    let mut parts = vec![
        (measure.to_owned(), theme.head_on),
        (format!("  {}", format_quantity(times.calls(), "call")), theme.text),
    ];
    for (percent, name) in [(50, "p50"), (95, "p95"), (99, "p99"), (100, "max")] {
        if let Some(time) = times.percentile(percent) {
            parts.push((format!("  {name} "), theme.dim));
            parts.push((duration(time), theme.text));
        }
    }
    if times.unanswered > 0 {
        parts.push((format!("  {} without a response", format_count(times.unanswered)), theme.warn));
    }
    put_spans(buffer, row(area, 0), parts.iter().map(|(text, style)| (text.as_str(), *style)));
    let bars = histogram_bars(model, area.height + 1);
    let digits = bars.iter().map(|(_, calls)| width(&format_count(*calls))).max().unwrap_or(0);
    let bound = |nanos: i64| if nanos == i64::MAX { "∞".into() } else { duration(nanos) };
    let bar = |&([low, high], calls): &([i64; 2], u64)| {
        let label = format!("{:>7} – {:<7}", bound(low), bound(high));
        Bar::with_label(label, calls)
            .text_value(format!("{:>digits$} ", format_count(calls)))
            .style(theme.name)
            .value_style(theme.name)
    };
    let chart = BarChart::horizontal(bars.iter().map(bar).collect::<Vec<_>>()).bar_gap(0);
    let height = (bars.len() as u16).min(area.height.saturating_sub(1));
    let area = Rect { x: area.x + 1, y: area.y + 1, width: area.width.saturating_sub(2), height };
    chart.direction(Direction::Horizontal).label_style(theme.dim).render(area, buffer);
}
