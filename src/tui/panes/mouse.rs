//! Mouse input: selecting, scrolling and dragging pane borders.

use crate::tui::model::call::CallPane;
use crate::tui::model::detail_panes::BYTES_PER_ROW;
use crate::tui::model::frames::FramePane;
use crate::tui::model::keys::Action;
use crate::tui::model::menu::MAX_VISIBLE_ITEMS;
use crate::tui::model::message::Effect;
use crate::tui::model::statistics::StatisticsPage;
use crate::tui::model::{Model, Tab, View};
use crate::tui::panes::actions::run_action;
use crate::tui::panes::{columns, detail_panes, help, layout, menu, statistics, top};
use crate::tui::widgets::scroll::ScrollState;
use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::{Position, Rect};

/// Rows per step of the wheel.
const WHEEL_ROWS: isize = 3;

/// Applies a mouse event.
pub(crate) fn apply_event(model: &mut Model, event: MouseEvent) -> Vec<Effect> {
    let at = Position { x: event.column, y: event.row };
    match event.kind {
        MouseEventKind::Down(MouseButton::Left) => {
            model.status = None;
            press(model, at)
        }
        MouseEventKind::Drag(MouseButton::Left) => {
            drag(model, at);
            Vec::new()
        }
        MouseEventKind::Up(_) => {
            model.dragged_border = None;
            Vec::new()
        }
        MouseEventKind::ScrollUp => {
            scroll(model, at, -WHEEL_ROWS);
            Vec::new()
        }
        MouseEventKind::ScrollDown => {
            scroll(model, at, WHEEL_ROWS);
            Vec::new()
        }
        _ => Vec::new(),
    }
}

fn press(model: &mut Model, at: Position) -> Vec<Effect> {
    let screen = layout::screen_areas(model);
    if let Some(menu) = &mut model.menu {
        let area = menu::area(menu, screen.body);
        let row = usize::from(at.y.saturating_sub(area.y + 1)) + menu.list.top;
        if !area.contains(at) {
            model.menu = None;
        } else if row < menu.items.len() && at.y > area.y {
            menu.list.set_cursor(row);
            return run_action(model, Action::Enter);
        }
        return Vec::new();
    }
    if model.help.is_some() || model.prompt.is_some() {
        model.help = None;
        model.prompt = None;
        return Vec::new();
    }
    if screen.tabs.contains(at) {
        let found = top::tabs(model).into_iter().find(|(_, _, span)| span.contains(&at.x));
        if let Some((tab, ..)) = found {
            model.show(Tab::view(tab));
        }
        return Vec::new();
    }
    if screen.filter.contains(at) {
        return run_action(model, Action::Filter);
    }
    match model.view {
        View::Frames => press_in_frames(model, at),
        View::Call(_) => match press_in_call(model, at) {
            Some(area) => press_in_list(model, without_title(area, 1), at),
            None => Vec::new(),
        },
        View::Calls | View::Streams | View::Connections | View::Notes
            if at.y + 1 == screen.body.y + layout::title_height(model, model.view) =>
        {
            if let Some(column) = columns::column_at(model, at.x) {
                menu::sort_by(model, column);
            }
            Vec::new()
        }
        view => {
            if view == View::Statistics && press_in_statistics(model, at) {
                return Vec::new();
            }
            let area = without_title(screen.body, layout::title_height(model, model.view));
            press_in_list(model, area, at)
        }
    }
}

/// Selects a page, a sort column or an interval of the statistics. Returns whether one was hit.
fn press_in_statistics(model: &mut Model, at: Position) -> bool {
    let body = layout::screen_areas(model).body;
    let statistics = &mut model.statistics;
    if at.y == body.y {
        if let Some((page, _)) = statistics::page_spans().find(|(_, span)| span.contains(&(at.x - body.x))) {
            statistics.page = page;
        }
        return true;
    }
    if statistics.page == StatisticsPage::Graph {
        let column = usize::from(at.x.saturating_sub(body.x + statistics::AXIS_WIDTH));
        let each = statistics.graph.width(statistics::graph_columns(body.width));
        statistics.interval_list.set_cursor(statistics.interval_list.top + column / each);
        return true;
    }
    let is_head = at.y + 1 == body.y + layout::title_height(model, View::Statistics);
    if is_head
        && let Some(column) = columns::column_at(model, at.x)
        && let Some(table) = model.statistics.table_mut()
    {
        table.sort_by(column);
    }
    is_head
}

/// Starts dragging a border of the call view, and focuses the pane; returns its area.
fn press_in_call(model: &mut Model, at: Position) -> Option<Rect> {
    let [phases, request, response] = layout::call_panes(model);
    let side_by_side = request.y == response.y;
    model.dragged_border = match at {
        _ if phases.height == 0 || response.height == 0 => None,
        // The titles of the lower panes are the borders.
        _ if at.y == request.y => Some(0),
        _ if side_by_side && at.y > request.y && at.x + 1 == response.x => Some(1),
        _ if !side_by_side && at.y == response.y => Some(1),
        _ => None,
    };
    focus_pane(model, at)
}

/// Focuses the pane of the call view at a position; returns its area.
fn focus_pane(model: &mut Model, at: Position) -> Option<Rect> {
    let panes = CallPane::ALL.into_iter().zip(layout::call_panes(model));
    let (pane, area) = panes.into_iter().find(|(_, area)| area.contains(at))?;
    if model.call_view.pane != pane {
        model.call_view.pane = pane;
        // The panes may have moved, so another line may be at this position.
        return None;
    }
    Some(area)
}

/// Returns an area without its title lines.
fn without_title(area: Rect, title: u16) -> Rect {
    let title = title.min(area.height);
    Rect { y: area.y + title, height: area.height - title, ..area }
}

/// Selects a row; opens it if it is already selected.
fn press_in_list(model: &mut Model, area: Rect, at: Position) -> Vec<Effect> {
    let len = model.row_numbers().len();
    if !area.contains(at) {
        return Vec::new();
    }
    let list = model.list_mut();
    let row = list.top + usize::from(at.y - area.y);
    if row >= len {
        return Vec::new();
    }
    if list.cursor == row {
        return run_action(model, Action::Enter);
    }
    list.set_cursor(row);
    model.remember_selection();
    Vec::new()
}

fn press_in_frames(model: &mut Model, at: Position) -> Vec<Effect> {
    let panes = layout::frame_panes(model);
    let shown = |area: Rect| area.height > 0 && area.width > 0;
    // The titles of the lower panes are the borders.
    if shown(panes.list) && shown(panes.tree) && at.y == panes.tree.y {
        model.dragged_border = Some(0);
    } else if shown(panes.tree) && shown(panes.bytes) {
        let inner =
            if panes.side_by_side { at.x + 1 == panes.bytes.x && at.y > panes.bytes.y } else { at.y == panes.bytes.y };
        if inner {
            model.dragged_border = Some(1);
        }
    }
    if model.dragged_border.is_some() {
        return Vec::new();
    }
    if panes.list.contains(at) {
        model.frames.pane = FramePane::List;
        if let Some(column) = columns::column_at(model, at.x).filter(|_| at.y == panes.list.y) {
            menu::sort_by(model, column);
        }
        return press_in_list_of_frames(model, without_title(panes.list, 1), at);
    }
    if panes.tree.contains(at) {
        model.frames.pane = FramePane::Tree;
        let area = without_title(panes.tree, 1);
        let row = model.frames.tree.list.top + usize::from(at.y.saturating_sub(area.y));
        if area.contains(at) && row < model.frames.tree.visible.len() {
            let is_selected = model.frames.tree.list.cursor == row;
            model.frames.select_visible_line(row);
            if is_selected && model.frames.selected_line_is_parent() {
                return run_action(model, Action::Enter);
            }
        }
        return Vec::new();
    }
    if panes.bytes.contains(at) {
        model.frames.pane = FramePane::Bytes;
        let area = without_title(panes.bytes, 1);
        let row = model.frames.bytes.top + usize::from(at.y.saturating_sub(area.y));
        if let Some(column) =
            detail_panes::column_at(&model.frames, at.x.saturating_sub(area.x)).filter(|_| area.contains(at))
        {
            model.frames.go_to_byte(row * BYTES_PER_ROW + column);
        }
    }
    Vec::new()
}

/// Selects a frame. Its tree is visible already, so nothing is opened.
fn press_in_list_of_frames(model: &mut Model, area: Rect, at: Position) -> Vec<Effect> {
    let row = model.frames.sorted_list.list.top + usize::from(at.y.saturating_sub(area.y));
    if area.contains(at) && row < model.row_numbers().len() {
        model.frames.sorted_list.list.set_cursor(row);
        model.remember_selection();
    }
    Vec::new()
}

/// Moves the border being dragged.
fn drag(model: &mut Model, at: Position) {
    let share = |at: u16, start: u16, len: u16| {
        (u32::from(at.saturating_sub(start)) * 1000 / u32::from(len.max(1))).clamp(50, 950) as u16
    };
    if let View::Call(_) = model.view {
        let (area, [_, request, response]) = (layout::call_area(model), layout::call_panes(model));
        let share = match model.dragged_border {
            Some(0) => share(at.y, area.y, area.height),
            Some(_) if request.y == response.y => share(at.x, area.x, area.width),
            Some(_) => share(at.y, request.y, request.height + response.height),
            None => return,
        };
        return model.call_view.shares[usize::from(model.dragged_border != Some(0))] = Some(share);
    }
    let (body, panes) = (layout::screen_areas(model).body, layout::frame_panes(model));
    match model.dragged_border {
        Some(0) => model.frames.shares[0] = share(at.y, body.y, body.height),
        Some(_) if panes.side_by_side => model.frames.shares[1] = share(at.x, body.x, body.width),
        Some(_) => model.frames.shares[1] = share(at.y, panes.tree.y, panes.tree.height + panes.bytes.height),
        None => {}
    }
}

fn scroll(model: &mut Model, at: Position, by: isize) {
    let body = usize::from(layout::screen_areas(model).body.height);
    if let Some(menu) = &mut model.menu {
        menu.list.scroll(by, menu.items.len(), MAX_VISIBLE_ITEMS);
        return;
    }
    let lines = help::lines(model).len();
    if let Some(help) = &mut model.help {
        help.scroll(by, lines, body.saturating_sub(1));
        return;
    }
    if model.prompt.is_some() {
        return;
    }
    let panes = layout::frame_panes(model);
    if model.view == View::Frames && panes.tree.contains(at) {
        let height = usize::from(panes.tree.height.saturating_sub(1));
        let mut list = model.frames.tree.list;
        list.scroll(by, model.frames.tree.visible.len(), height);
        model.frames.tree.list = ScrollState { follows_end: false, ..list };
        return;
    }
    if model.view == View::Frames && panes.bytes.contains(at) {
        let rows = model.frames.buffer().len().div_ceil(BYTES_PER_ROW);
        let height = usize::from(panes.bytes.height.saturating_sub(1));
        let bytes = &mut model.frames.bytes;
        bytes.top = bytes.top.saturating_add_signed(by).min(rows.saturating_sub(height));
        let row = (bytes.cursor / BYTES_PER_ROW).clamp(bytes.top, bytes.top + height.saturating_sub(1));
        let to = row * BYTES_PER_ROW + bytes.cursor % BYTES_PER_ROW;
        if to != bytes.cursor {
            model.frames.go_to_byte(to);
        }
        return;
    }
    let height = if model.view == View::Frames {
        usize::from(panes.list.height.saturating_sub(1))
    } else if let View::Call(_) = model.view {
        focus_pane(model, at);
        layout::visible_rows(model)
    } else {
        body.saturating_sub(layout::title_height(model, model.view).into())
    };
    let len = model.row_numbers().len();
    model.list_mut().scroll(by, len, height);
    model.remember_selection();
}
