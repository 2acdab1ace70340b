//! The statistics view: the line of pages, and the tables.

use crate::tui::model::Model;
use crate::tui::model::statistics::StatisticsPage;
use crate::tui::model::statistics::table::cell_text;
use crate::tui::panes::statistics::{header_height, page_spans};
use crate::tui::view::{draw_empty, graph, latency, table};
use crate::tui::widgets::columns::fit_columns;
use crate::tui::widgets::draw::{fill, put, row};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// Draws the selected page.
pub(crate) fn draw(model: &Model, area: Rect, buffer: &mut Buffer) {
    let (theme, statistics) = (&model.theme, &model.statistics);
    for (page, span) in page_spans() {
        let x = span.start.min(area.width);
        let line = Rect { x: area.x + x, width: (span.end - span.start).min(area.width - x), ..row(area, 0) };
        put(buffer, line, page.title(), if page == statistics.page { theme.tab_on } else { theme.tab });
    }
    let below = |lines: u16| {
        let lines = lines.min(area.height);
        Rect { y: area.y + lines, height: area.height - lines, ..area }
    };
    match statistics.page {
        StatisticsPage::Graph => graph::draw(model, below(1), buffer),
        StatisticsPage::ResponseTimes => {
            latency::draw(model, below(1), buffer);
            draw_table(model, below(header_height(model) - 1), buffer, statistics.grouping.label());
        }
        _ => draw_table(model, below(1), buffer, ""),
    }
}

/// Draws the table of the page. `first` is the title of the first column if that has none.
fn draw_table(model: &Model, area: Rect, buffer: &mut Buffer, first: &str) {
    let (theme, statistics) = (&model.theme, &model.statistics);
    let Some(sorted) = statistics.table() else { return };
    let spans = fit_columns(sorted.columns, sorted.hidden, model.time_width(), area.x, area.width);
    let title = |column: usize| {
        let title = sorted.columns.get(column).map_or("", |column| column.title);
        super::sorted_title(sorted.sort, column, if title.is_empty() { first } else { title })
    };
    table::draw_head(sorted.columns, &spans, row(area, 0), buffer, title, theme.head);
    let rows = statistics.rows();
    if rows.len() == 0 {
        let none = if statistics.page == StatisticsPage::ResponseTimes { "No calls" } else { "No frames" };
        let reason = super::empty_reason(model, none, none);
        return draw_empty(model, area, buffer, if statistics.is_counting { "counting" } else { reason });
    }
    let height = usize::from(area.height.saturating_sub(1));
    for (nth, index) in sorted.list.visible(rows.len(), height).enumerate() {
        let line = row(area, nth as u16 + 1);
        let Some(number) = rows.get(index) else { continue };
        let on = index == sorted.list.cursor;
        if on {
            fill(buffer, line, theme.cursor);
        }
        for &at in &spans {
            let Some(column) = sorted.columns.get(at.column) else { continue };
            let style = match (on, statistics.page, at.column) {
                (true, ..) => theme.cursor,
                (_, StatisticsPage::Protocols, 0) => theme.protocol(statistics.hierarchy.label(number)),
                (_, StatisticsPage::Protocols, 3) => theme.name,
                (_, _, 0) => theme.name,
                (_, StatisticsPage::Pairs, 1) => theme.server,
                _ => theme.text,
            };
            table::draw_cell(
                buffer,
                line,
                at,
                &cell_text(model, number, at.column, at.width),
                column.right_aligned,
                style,
            );
        }
    }
}
