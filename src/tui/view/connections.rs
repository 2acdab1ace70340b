//! The list of connections in datagrams, such as those of QUIC.

use crate::capture::Connection;
use crate::tui::model::Model;
use crate::tui::model::connections::{ConnectionRows, TIME, cell_text};
use crate::tui::view::sorted_list;
use crate::tui::view::sorted_list::TableModel;
use crate::tui::widgets::theme::Theme;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

fn style(theme: &Theme, connection: &Connection, column: usize) -> Style {
    let facts = &connection.facts;
    let lost = |count: Option<u64>| if count.is_some_and(|count| count > 0) { theme.warn } else { theme.dim };
    match column {
        0 | TIME | 4 | 7 | 8 | 10 | 11 => theme.dim,
        2 => theme.client,
        3 => theme.server,
        12 => lost(facts.lost[0]),
        13 => lost(facts.lost[1]),
        17 => match &facts.close {
            None if facts.is_close_hidden => theme.dim,
            None => theme.good,
            Some(close) if close.is_error => theme.bad,
            Some(_) => theme.text,
        },
        _ => theme.text,
    }
}

impl TableModel for ConnectionRows<'_> {
    type Item = Connection;

    fn item(&self, number: u32) -> Option<&Connection> {
        self.0.connections.get(number as usize)
    }

    fn start_time(&self, connection: &Connection) -> Option<i64> {
        Some(connection.facts.first.time)
    }

    fn cell_text(&self, connection: &Connection, column: usize) -> String {
        cell_text(self.0, connection, column)
    }

    fn cell_style(theme: &Theme, connection: &Connection, column: usize) -> Style {
        style(theme, connection, column)
    }
}

/// Draws the list of connections.
pub(crate) fn draw(model: &Model, area: Rect, buffer: &mut Buffer) {
    let list = (&model.connections, &model.connection_numbers());
    sorted_list::draw(
        model,
        list,
        &ConnectionRows(&model.index),
        ["No connections of QUIC have ended yet", "No connections of QUIC in this capture"],
        area,
        buffer,
    );
}
