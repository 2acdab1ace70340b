//! The list of TCP streams.

use crate::capture::{CloseKind, OpenKind, Stream};
use crate::tui::model::Model;
use crate::tui::model::streams::{StreamRows, TIME, cell_text};
use crate::tui::view::sorted_list;
use crate::tui::view::sorted_list::TableModel;
use crate::tui::widgets::theme::Theme;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

fn style(theme: &Theme, stream: &Stream, column: usize) -> Style {
    match column {
        0 | TIME | 12 => theme.dim,
        2 => theme.client,
        3 => theme.server,
        4 => match stream.opened {
            OpenKind::ThreeWay | OpenKind::Simultaneous => theme.text,
            OpenKind::Refused => theme.bad,
            OpenKind::HalfOpen | OpenKind::Unanswered => theme.warn,
            OpenKind::MidStream | OpenKind::Continued => theme.dim,
        },
        5 => match stream.closed {
            CloseKind::Fin(_) => theme.text,
            CloseKind::Reset(_) => theme.bad,
            CloseKind::HalfClosed(_) => theme.warn,
            CloseKind::Open => theme.good,
            CloseKind::Dropped => theme.dim,
        },
        11 if stream.total(|side| side.retransmissions) > 0 => theme.warn,
        11 => theme.dim,
        _ => theme.text,
    }
}

impl TableModel for StreamRows<'_> {
    type Item = Stream;

    fn item(&self, number: u32) -> Option<&Stream> {
        self.0.streams.get(number as usize)
    }

    fn start_time(&self, stream: &Stream) -> Option<i64> {
        Some(stream.first.time)
    }

    fn cell_text(&self, stream: &Stream, column: usize) -> String {
        cell_text(self.0, stream, column)
    }

    fn cell_style(theme: &Theme, stream: &Stream, column: usize) -> Style {
        style(theme, stream, column)
    }
}

/// Draws the list of streams.
pub(crate) fn draw(model: &Model, area: Rect, buffer: &mut Buffer) {
    let list = (&model.streams, &model.stream_numbers());
    sorted_list::draw(
        model,
        list,
        &StreamRows(&model.index),
        ["No TCP connections yet", "No TCP connections in this capture"],
        area,
        buffer,
    );
}
