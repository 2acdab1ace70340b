//! Columns of the view's list on the screen.

use crate::tui::model::{Model, View};
use crate::tui::panes::{frames, layout};
use crate::tui::widgets::columns::{ColumnSpan, GAP, fit_columns};

/// Returns the column of the current view's list at screen column `x`.
pub(crate) fn column_at(model: &Model, x: u16) -> Option<usize> {
    let body = layout::screen_areas(model).body;
    let sorted = match model.view {
        View::Calls => &model.calls,
        View::Streams => &model.streams,
        View::Connections => &model.connections,
        View::Notes => &model.notes.sorted_list,
        View::Statistics => model.statistics.table()?,
        View::Frames => return column_of(frames::column_spans(model, layout::frame_panes(model).list), x),
        _ => return None,
    };
    column_of(fit_columns(sorted.columns, sorted.hidden, model.time_width(), body.x, body.width), x)
}

fn column_of(spans: Vec<ColumnSpan>, x: u16) -> Option<usize> {
    spans.into_iter().find(|span| (span.x..span.x + span.width + GAP).contains(&x)).map(|span| span.column)
}
