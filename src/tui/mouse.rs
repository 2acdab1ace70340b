//! The mouse: it chooses, scrolls, and moves borders.

use super::frames::{self, Pane};
use super::keys::Action;
use super::layout;
use super::linked::PER_ROW;
use super::list::List;
use super::model::{Model, Tab, View};
use super::msg::Effect;
use super::update::act;
use super::view;
use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::{Position, Rect};

/// Rows that a turn of the wheel scrolls.
const STEP: isize = 3;

/// Does what the mouse says.
pub(crate) fn update(model: &mut Model, event: MouseEvent) -> Vec<Effect> {
    let at = Position { x: event.column, y: event.row };
    match event.kind {
        MouseEventKind::Down(MouseButton::Left) => {
            model.word = None;
            press(model, at)
        }
        MouseEventKind::Drag(MouseButton::Left) => {
            drag(model, at);
            Vec::new()
        }
        MouseEventKind::Up(_) => {
            model.held = None;
            Vec::new()
        }
        MouseEventKind::ScrollUp => {
            scroll(model, at, -STEP);
            Vec::new()
        }
        MouseEventKind::ScrollDown => {
            scroll(model, at, STEP);
            Vec::new()
        }
        _ => Vec::new(),
    }
}

fn press(model: &mut Model, at: Position) -> Vec<Effect> {
    let screen = layout::screen(model);
    if let Some(menu) = &mut model.menu {
        let area = view::menu::area(menu, screen.body);
        let row = usize::from(at.y.saturating_sub(area.y + 1)) + menu.list.top;
        if !area.contains(at) {
            model.menu = None;
        } else if row < menu.items.len() && at.y > area.y {
            menu.list.put(row);
            return act(model, Action::Enter);
        }
        return Vec::new();
    }
    if model.help.is_some() || model.typing.is_some() {
        model.help = None;
        model.typing = None;
        return Vec::new();
    }
    if screen.tabs.contains(at) {
        let found = view::tabs(model).into_iter().find(|(_, _, place)| place.contains(&at.x));
        if let Some((tab, ..)) = found {
            model.show(Tab::view(tab));
        }
        return Vec::new();
    }
    if screen.filter.contains(at) {
        return act(model, Action::Filter);
    }
    match model.view {
        View::Frames => press_in_frames(model, at),
        View::Call(_) => match press_in_call(model, at) {
            Some(area) => press_in_list(model, below(area, 1), at),
            None => Vec::new(),
        },
        View::Calls | View::Streams | View::Notes if at.y + 1 == screen.body.y + layout::title(model, model.view) => {
            if let Some(column) = view::column_at(model, at.x) {
                super::menu::sort_by(model, column);
            }
            Vec::new()
        }
        view => {
            if view == View::Statistics && press_in_statistics(model, at) {
                return Vec::new();
            }
            let area = below(screen.body, layout::title(model, model.view));
            press_in_list(model, area, at)
        }
    }
}

/// Chooses a page, a column to sort by or an interval, if one is there.
fn press_in_statistics(model: &mut Model, at: Position) -> bool {
    let body = layout::screen(model).body;
    let statistics = &mut model.statistics;
    if at.y == body.y {
        if let Some((page, _)) = view::statistics::pages().find(|(_, place)| place.contains(&(at.x - body.x))) {
            statistics.page = page;
        }
        return true;
    }
    if statistics.page == super::statistics::Page::Graph {
        let column = usize::from(at.x.saturating_sub(body.x + view::statistics::AXIS));
        let each = statistics.graph.width(view::statistics::columns(body.width));
        statistics.bin.put(statistics.bin.top + column / each);
        return true;
    }
    let is_head = at.y + 1 == body.y + layout::title(model, View::Statistics);
    if is_head
        && let Some(column) = view::column_at(model, at.x)
        && let Some(table) = model.statistics.table_mut()
    {
        table.sort_by(column);
    }
    is_head
}

/// Takes hold of the border of an opened call that is there, and gives the keys to the pane; returns its area.
fn press_in_call(model: &mut Model, at: Position) -> Option<Rect> {
    let [phases, request, response] = layout::call_panes(model);
    let beside = request.y == response.y;
    model.held = match at {
        _ if phases.height == 0 || response.height == 0 => None,
        // The titles of the lower panes are the borders.
        _ if at.y == request.y => Some(0),
        _ if beside && at.y > request.y && at.x + 1 == response.x => Some(1),
        _ if !beside && at.y == response.y => Some(1),
        _ => None,
    };
    enter_pane(model, at)
}

/// Gives the keys to the pane of an opened call that is there; returns its area.
fn enter_pane(model: &mut Model, at: Position) -> Option<Rect> {
    let panes = super::call::Pane::ALL.into_iter().zip(layout::call_panes(model));
    let (pane, area) = panes.into_iter().find(|(_, area)| area.contains(at))?;
    if model.opened.pane != pane {
        model.opened.pane = pane;
        // The panes may have moved, so that another line is there now.
        return None;
    }
    Some(area)
}

/// An area without the lines of its title.
fn below(area: Rect, title: u16) -> Rect {
    let title = title.min(area.height);
    Rect { y: area.y + title, height: area.height - title, ..area }
}

/// Chooses a row; one that is chosen already is opened.
fn press_in_list(model: &mut Model, area: Rect, at: Position) -> Vec<Effect> {
    let len = len(model);
    let Some(list) = list(model).filter(|_| area.contains(at)) else { return Vec::new() };
    let place = list.top + usize::from(at.y - area.y);
    if place >= len {
        return Vec::new();
    }
    if list.at == place {
        return act(model, Action::Enter);
    }
    list.put(place);
    choose(model);
    Vec::new()
}

/// Remembers what is under the cursor now.
fn choose(model: &mut Model) {
    match model.view {
        View::Calls => {
            let numbers = model.call_numbers();
            model.calls.choose(&numbers);
        }
        View::Streams => {
            let numbers = model.stream_numbers();
            model.streams.choose(&numbers);
        }
        View::Notes => {
            let numbers = model.note_numbers();
            model.notes.roster.choose(&numbers);
        }
        View::Frames => frames::choose(model),
        View::Statistics => model.statistics.choose(),
        _ => {}
    }
}

/// The list of the view, which the wheel scrolls.
fn list(model: &mut Model) -> Option<&mut List> {
    match model.view {
        View::Calls => Some(&mut model.calls.list),
        View::Streams => Some(&mut model.streams.list),
        View::Notes => Some(&mut model.notes.roster.list),
        View::Frames => Some(&mut model.frames.list),
        View::Ladder(_) => Some(&mut model.ladder.list),
        View::Follow(_) => Some(&mut model.follow.list),
        View::Call(_) => Some(model.opened.list_mut()),
        View::Statistics => Some(model.statistics.list_mut()),
    }
}

fn len(model: &Model) -> usize {
    match model.view {
        View::Calls => model.call_numbers().len(),
        View::Streams => model.stream_numbers().len(),
        View::Notes => model.note_numbers().len(),
        View::Frames => model.frame_numbers().len(),
        View::Ladder(_) => model.ladder.total(),
        View::Follow(_) => model.follow.rows.len(),
        View::Call(_) => super::call::len(model, model.opened.pane),
        View::Statistics => model.statistics.len(),
    }
}

fn press_in_frames(model: &mut Model, at: Position) -> Vec<Effect> {
    let panes = layout::panes(model);
    let shown = |area: Rect| area.height > 0 && area.width > 0;
    // The titles of the lower panes are the borders.
    if shown(panes.list) && shown(panes.tree) && at.y == panes.tree.y {
        model.held = Some(0);
    } else if shown(panes.tree) && shown(panes.bytes) {
        let inner =
            if panes.beside { at.x + 1 == panes.bytes.x && at.y > panes.bytes.y } else { at.y == panes.bytes.y };
        if inner {
            model.held = Some(1);
        }
    }
    if model.held.is_some() {
        return Vec::new();
    }
    if panes.list.contains(at) {
        model.frames.pane = Pane::List;
        if let Some(column) = view::column_at(model, at.x).filter(|_| at.y == panes.list.y) {
            super::menu::sort_by(model, column);
        }
        return press_in_list_of_frames(model, below(panes.list, 1), at);
    }
    if panes.tree.contains(at) {
        model.frames.pane = Pane::Tree;
        let area = below(panes.tree, 1);
        let place = model.frames.tree.list.top + usize::from(at.y.saturating_sub(area.y));
        if area.contains(at) && place < model.frames.tree.seen.len() {
            let again = model.frames.tree.list.at == place;
            model.frames.choose_seen(place);
            if again && model.frames.line_has_more() {
                return act(model, Action::Enter);
            }
        }
        return Vec::new();
    }
    if panes.bytes.contains(at) {
        model.frames.pane = Pane::Bytes;
        let area = below(panes.bytes, 1);
        let row = model.frames.bytes.top + usize::from(at.y.saturating_sub(area.y));
        if let Some(column) =
            view::bytes::column(&model.frames, at.x.saturating_sub(area.x)).filter(|_| area.contains(at))
        {
            model.frames.go_to_byte(row * PER_ROW + column);
        }
    }
    Vec::new()
}

/// Chooses a frame; the tree is seen beside it, so nothing is opened.
fn press_in_list_of_frames(model: &mut Model, area: Rect, at: Position) -> Vec<Effect> {
    let place = model.frames.list.top + usize::from(at.y.saturating_sub(area.y));
    if area.contains(at) && place < len(model) {
        model.frames.list.put(place);
        choose(model);
    }
    Vec::new()
}

/// Moves the border that is held.
fn drag(model: &mut Model, at: Position) {
    let share = |at: u16, start: u16, len: u16| {
        (u32::from(at.saturating_sub(start)) * 1000 / u32::from(len.max(1))).clamp(50, 950) as u16
    };
    if let View::Call(_) = model.view {
        let (area, [_, request, response]) = (layout::call_area(model), layout::call_panes(model));
        let share = match model.held {
            Some(0) => share(at.y, area.y, area.height),
            Some(_) if request.y == response.y => share(at.x, area.x, area.width),
            Some(_) => share(at.y, request.y, request.height + response.height),
            None => return,
        };
        return model.opened.shares[usize::from(model.held != Some(0))] = Some(share);
    }
    let (body, panes) = (layout::screen(model).body, layout::panes(model));
    match model.held {
        Some(0) => model.frames.shares[0] = share(at.y, body.y, body.height),
        Some(_) if panes.beside => model.frames.shares[1] = share(at.x, body.x, body.width),
        Some(_) => model.frames.shares[1] = share(at.y, panes.tree.y, panes.tree.height + panes.bytes.height),
        None => {}
    }
}

fn scroll(model: &mut Model, at: Position, by: isize) {
    let body = usize::from(layout::screen(model).body.height);
    if let Some(menu) = &mut model.menu {
        menu.list.scroll(by, menu.items.len(), super::menu::HEIGHT);
        return;
    }
    let lines = view::help::lines(model).len();
    if let Some(help) = &mut model.help {
        help.scroll(by, lines, body.saturating_sub(1));
        return;
    }
    if model.typing.is_some() {
        return;
    }
    let panes = layout::panes(model);
    if model.view == View::Frames && panes.tree.contains(at) {
        let height = usize::from(panes.tree.height.saturating_sub(1));
        let mut list = model.frames.tree.list;
        list.scroll(by, model.frames.tree.seen.len(), height);
        model.frames.tree.list = List { tail: false, ..list };
        return;
    }
    if model.view == View::Frames && panes.bytes.contains(at) {
        let rows = model.frames.buffer().len().div_ceil(PER_ROW);
        let height = usize::from(panes.bytes.height.saturating_sub(1));
        let bytes = &mut model.frames.bytes;
        bytes.top = bytes.top.saturating_add_signed(by).min(rows.saturating_sub(height));
        let row = (bytes.at / PER_ROW).clamp(bytes.top, bytes.top + height.saturating_sub(1));
        let to = row * PER_ROW + bytes.at % PER_ROW;
        if to != bytes.at {
            model.frames.go_to_byte(to);
        }
        return;
    }
    let height = if model.view == View::Frames {
        usize::from(panes.list.height.saturating_sub(1))
    } else if let View::Call(_) = model.view {
        enter_pane(model, at);
        layout::height(model)
    } else {
        body.saturating_sub(layout::title(model, model.view).into())
    };
    let len = len(model);
    if let Some(list) = list(model) {
        list.scroll(by, len, height);
    }
    choose(model);
}
