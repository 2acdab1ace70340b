//! The list of calls.

use crate::capture::Call;
use crate::tui::model::Model;
use crate::tui::model::calls::{CallRows, METHOD, PHASES, STATUS, TIME};
use crate::tui::view::sorted_list;
use crate::tui::view::sorted_list::TableModel;
use crate::tui::widgets::draw::put;
use crate::tui::widgets::theme::Theme;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// Returns the width of each phase in a bar of `room` columns: connect, wait, download. A phase of any duration gets at
/// least one column.
pub(crate) fn phase_widths(call: &Call, room: u16) -> [u16; 3] {
    let exchange = &call.exchange;
    let wait = exchange.time_to_first_byte();
    let times = [call.connect, wait, exchange.download()].map(|nanos| nanos.unwrap_or(0).max(0) as u128);
    let sum: u128 = times.iter().sum();
    if sum == 0 || room == 0 {
        return [0; 3];
    }
    let mut widths = times.map(|nanos| (nanos * u128::from(room) / sum) as u16);
    for (width, nanos) in widths.iter_mut().zip(times) {
        if nanos > 0 && *width == 0 {
            *width = 1;
        }
    }
    // The longest phase gets the columns that the others leave.
    let longest = (0..3).max_by_key(|&phase| times[phase]).unwrap_or(0);
    let others: u16 = (0..3).filter(|&phase| phase != longest).map(|phase| widths[phase]).sum();
    widths[longest] = room.saturating_sub(others);
    widths
}

/// Draws the bar of the phases of a call.
pub(crate) fn draw_phase_bar(call: &Call, area: Rect, theme: &Theme, buffer: &mut Buffer) {
    let styles = [("░", theme.connect), ("▒", theme.wait), ("█", theme.download)];
    let mut x = area.x;
    for (width, (block, style)) in phase_widths(call, area.width).into_iter().zip(styles) {
        let width = width.min(area.right().saturating_sub(x));
        put(buffer, Rect { x, width, ..area }, &block.repeat(width.into()), style);
        x += width;
    }
}

fn style(theme: &Theme, call: &Call, column: usize) -> Style {
    match column {
        METHOD if call.exchange.request.is_some() => theme.name,
        METHOD => theme.warn,
        STATUS => theme.status(&call.exchange),
        TIME | 1 | 9 | 10 => theme.dim,
        _ => theme.text,
    }
}

impl TableModel for CallRows<'_> {
    type Item = Call;

    fn item(&self, number: u32) -> Option<&Call> {
        self.index.calls.get(number as usize)
    }

    fn start_time(&self, call: &Call) -> Option<i64> {
        call.exchange.start()
    }

    fn cell_text(&self, call: &Call, column: usize) -> String {
        CallRows::cell_text(self, call, column)
    }

    fn cell_style(theme: &Theme, call: &Call, column: usize) -> Style {
        style(theme, call, column)
    }

    fn draw_cell(call: &Call, column: usize, cell: Rect, theme: &Theme, buffer: &mut Buffer) -> bool {
        if column == PHASES {
            draw_phase_bar(call, cell, theme, buffer);
        }
        column == PHASES
    }
}

/// Draws the list of calls.
pub(crate) fn draw(model: &Model, area: Rect, buffer: &mut Buffer) {
    let list = (&model.calls, &model.call_numbers());
    let rows = CallRows::new(&model.index, &model.call_groups).sorted_by(model.calls.sort);
    sorted_list::draw(model, list, &rows, ["No calls yet", "No calls in this capture"], area, buffer);
}
