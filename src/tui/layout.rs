//! Where on the screen everything stands: for drawing, and for the mouse.

use super::call::{self, Pane};
use super::frames;
use super::model::{Model, View};
use ratatui::layout::{Constraint, Layout, Rect};

/// Fewer columns or rows than these show nothing.
pub(crate) const LEAST: (u16, u16) = (40, 8);

/// As many columns as the bytes need to stand beside the tree.
const BESIDE: u16 = 136;

/// The parts of the screen.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Screen {
    pub(crate) status: Rect,
    pub(crate) tabs: Rect,
    /// Of no height where nothing has gone wrong.
    pub(crate) trouble: Rect,
    /// Of no height where there is no filter.
    pub(crate) filter: Rect,
    pub(crate) body: Rect,
    pub(crate) foot: Rect,
}

/// The panes of the view of frames; of no size if they are not shown.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Panes {
    pub(crate) list: Rect,
    pub(crate) tree: Rect,
    pub(crate) bytes: Rect,
    /// The bytes stand beside the tree.
    pub(crate) beside: bool,
}

/// Whether there is too little room for anything.
pub(crate) fn is_too_small(model: &Model) -> bool {
    model.size.0 < LEAST.0 || model.size.1 < LEAST.1
}

pub(crate) fn screen(model: &Model) -> Screen {
    let all = Rect::new(0, 0, model.size.0, model.size.1);
    let shows_filter = model.sifted.is_some() || model.typing.as_ref().is_some_and(|typing| typing.is_filter());
    let trouble = super::view::top::trouble(model);
    let lines = [1, 1, trouble, shows_filter.into()].map(Constraint::Length);
    let [status, tabs, trouble, filter] = lines;
    let [status, tabs, trouble, filter, body, foot] =
        Layout::vertical([status, tabs, trouble, filter, Constraint::Fill(1), Constraint::Length(1)]).areas(all);
    Screen { status, tabs, trouble, filter, body, foot }
}

/// A part of a length, in thousandths, that leaves `least` on both sides where there is room.
fn part(len: u16, share: u16, least: u16) -> u16 {
    let part = (u32::from(len) * u32::from(share) / 1000) as u16;
    part.clamp(least.min(len), len.saturating_sub(least).max(least.min(len)))
}

pub(crate) fn panes(model: &Model) -> Panes {
    let body = screen(model).body;
    let none = Rect::new(body.x, body.y, 0, 0);
    let frames = &model.frames;
    let beside = body.width >= BESIDE;
    if frames.zoom {
        let only = |pane| if frames.pane == pane { body } else { none };
        return Panes {
            list: only(frames::Pane::List),
            tree: only(frames::Pane::Tree),
            bytes: only(frames::Pane::Bytes),
            beside,
        };
    }
    let [share, inner] = frames.shares;
    let above = part(body.height, share, 3);
    let [list, below] = Layout::vertical([Constraint::Length(above), Constraint::Fill(1)]).areas(body);
    let [tree, bytes] = match beside {
        // The bytes are as wide as they are; the tree has the rest.
        true => Layout::horizontal([Constraint::Length(part(below.width, inner.min(520), 30)), Constraint::Fill(1)])
            .areas(below),
        false => Layout::vertical([Constraint::Length(part(below.height, inner, 2)), Constraint::Fill(1)]).areas(below),
    };
    Panes { list, tree, bytes, beside }
}

/// As wide as a screen must be for a request and its answer side by side.
const SIDE_BY_SIDE: u16 = 120;

/// How many columns the text has in the panes of an opened call.
pub(crate) fn call_rooms(model: &Model) -> [usize; 3] {
    let body = screen(model).body;
    let line = Rect { height: 1, ..body };
    let half = if body.width >= SIDE_BY_SIDE && !model.opened.zoom {
        side_by_side(line, model.opened.shares[1])
    } else {
        [line; 2]
    };
    // One before it is free, or tells that the line goes on.
    [line, half[0], half[1]].map(|area| area.width.saturating_sub(1).into())
}

/// How many columns the text has of what both sides of a connection said.
pub(crate) fn follow_room(model: &Model) -> usize {
    screen(model).body.width.saturating_sub(super::view::follow::BEFORE).into()
}

fn side_by_side(area: Rect, share: Option<u16>) -> [Rect; 2] {
    let left = share.map_or(Constraint::Fill(1), |share| Constraint::Length(part(area.width, share, 1)));
    Layout::horizontal([left, Constraint::Fill(1)]).spacing(1).areas(area)
}

/// What the panes of an opened call have together.
pub(crate) fn call_area(model: &Model) -> Rect {
    let body = screen(model).body;
    let head = super::view::call::HEAD.min(body.height);
    Rect { y: body.y + head, height: body.height - head, ..body }
}

/// The panes of an opened call: phases, request, answer; of no size if they are not shown.
pub(crate) fn call_panes(model: &Model) -> [Rect; 3] {
    let area = call_area(model);
    let (pane, shares) = (model.opened.pane, model.opened.shares);
    let none = Rect { height: 0, ..area };
    if model.opened.zoom {
        return Pane::ALL.map(|other| if other == pane { area } else { none });
    }
    // Each with its title.
    let [phases, request, response] =
        Pane::ALL.map(|pane| u16::try_from(call::len(model, pane).max(1)).unwrap_or(u16::MAX).saturating_add(1));
    let most = if pane == Pane::Phases { area.height * 2 / 3 } else { (area.height / 3).max(5) };
    let [phases, rest] = {
        let height = shares[0].map_or(phases.min(most), |share| part(area.height, share, 1));
        Layout::vertical([Constraint::Length(height), Constraint::Fill(1)]).areas(area)
    };
    let [request, response] = if area.width >= SIDE_BY_SIDE {
        side_by_side(rest, shares[1])
    } else {
        // The one that has the keys has most of the room, the other as much as it needs of the rest.
        let most = match pane {
            Pane::Request => rest.height.saturating_sub(response.min(rest.height / 3)),
            _ => (rest.height / 3).max(rest.height.saturating_sub(response)),
        };
        let height = shares[1].map_or(request.min(most), |share| part(rest.height, share, 1));
        Layout::vertical([Constraint::Length(height), Constraint::Fill(1)]).areas(rest)
    };
    [phases, request, response]
}

/// How many rows of what has the keys are seen below its title.
pub(crate) fn height(model: &Model) -> usize {
    let panes = panes(model);
    let area = match model.view {
        View::Frames => match model.frames.pane {
            frames::Pane::List => panes.list,
            frames::Pane::Tree => panes.tree,
            frames::Pane::Bytes => panes.bytes,
        },
        View::Call(_) => call_panes(model)[model.opened.pane as usize],
        _ => screen(model).body,
    };
    usize::from(area.height.saturating_sub(title(model, model.view)))
}

/// How many lines stand above the rows of a view.
pub(crate) fn title(model: &Model, view: View) -> u16 {
    match view {
        View::Calls | View::Streams | View::Frames => 1,
        View::Notes => 2,
        View::Follow(_) => 1,
        View::Statistics => super::view::statistics::title(model),
        View::Call(_) => 1,
        View::Ladder(_) => super::view::ladder::title(model),
    }
}

/// A box in the middle of an area, as large as there is room.
pub(crate) fn middle(area: Rect, width: u16, height: u16) -> Rect {
    let (width, height) = (width.min(area.width), height.min(area.height));
    Rect::new(area.x + (area.width - width) / 2, area.y + (area.height - height) / 2, width, height)
}
