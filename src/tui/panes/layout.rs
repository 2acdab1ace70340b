//! Screen layout, for drawing and for mouse input.

use crate::tui::model::call::CallPane;
use crate::tui::model::{Model, View, call, frames};
use crate::tui::panes::call::HEAD_HEIGHT;
use crate::tui::panes::follow::PREFIX_WIDTH;
use crate::tui::panes::{ladder, statistics, top};
use ratatui::layout::{Constraint, Layout, Rect};

/// Minimum size: columns and rows.
pub(crate) const MIN_SIZE: (u16, u16) = (40, 8);

/// Minimum width to show the bytes beside the tree.
const BYTES_BESIDE_TREE_WIDTH: u16 = 136;

/// Areas of the screen.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ScreenAreas {
    pub(crate) status: Rect,
    pub(crate) tabs: Rect,
    /// Read and capture errors; zero height without errors.
    pub(crate) errors: Rect,
    /// Applied or typed filter; zero height without a filter.
    pub(crate) filter: Rect,
    pub(crate) body: Rect,
    pub(crate) hints: Rect,
}

/// Panes of the frames view; zero size if hidden.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct FramePanes {
    pub(crate) list: Rect,
    pub(crate) tree: Rect,
    pub(crate) bytes: Rect,
    /// Whether the bytes are beside the tree.
    pub(crate) side_by_side: bool,
}

/// Returns whether the terminal is smaller than the minimum.
pub(crate) fn is_too_small(model: &Model) -> bool {
    model.size.0 < MIN_SIZE.0 || model.size.1 < MIN_SIZE.1
}

pub(crate) fn screen_areas(model: &Model) -> ScreenAreas {
    let all = Rect::new(0, 0, model.size.0, model.size.1);
    let shows_filter = model.applied_filter.is_some() || model.prompt.as_ref().is_some_and(|typing| typing.is_filter());
    let errors = top::error_height(model);
    let lines = [1, 1, errors, shows_filter.into()].map(Constraint::Length);
    let [status, tabs, errors, filter] = lines;
    let [status, tabs, errors, filter, body, hints] =
        Layout::vertical([status, tabs, errors, filter, Constraint::Fill(1), Constraint::Length(1)]).areas(all);
    ScreenAreas { status, tabs, errors, filter, body, hints }
}

/// Returns a share of a length, in thousandths, that leaves at least `least` on both sides if possible.
fn share_of(len: u16, share: u16, least: u16) -> u16 {
    let part = (u32::from(len) * u32::from(share) / 1000) as u16;
    part.clamp(least.min(len), len.saturating_sub(least).max(least.min(len)))
}

pub(crate) fn frame_panes(model: &Model) -> FramePanes {
    let body = screen_areas(model).body;
    let none = Rect::new(body.x, body.y, 0, 0);
    let frames = &model.frames;
    let side_by_side = body.width >= BYTES_BESIDE_TREE_WIDTH;
    if frames.zoom {
        let only = |pane| if frames.pane == pane { body } else { none };
        return FramePanes {
            list: only(frames::FramePane::List),
            tree: only(frames::FramePane::Tree),
            bytes: only(frames::FramePane::Bytes),
            side_by_side,
        };
    }
    let [share, inner] = frames.shares;
    let above = share_of(body.height, share, 3);
    let [list, below] = Layout::vertical([Constraint::Length(above), Constraint::Fill(1)]).areas(body);
    let [tree, bytes] = match side_by_side {
        // The bytes have a fixed width; the tree gets the rest.
        true => {
            Layout::horizontal([Constraint::Length(share_of(below.width, inner.min(520), 30)), Constraint::Fill(1)])
                .areas(below)
        }
        false => {
            Layout::vertical([Constraint::Length(share_of(below.height, inner, 2)), Constraint::Fill(1)]).areas(below)
        }
    };
    FramePanes { list, tree, bytes, side_by_side }
}

/// Minimum width to show request and response side by side.
const SIDE_BY_SIDE_WIDTH: u16 = 120;

/// Returns the text width of each pane of the call view.
pub(crate) fn call_text_widths(model: &Model) -> [usize; 3] {
    let body = screen_areas(model).body;
    let line = Rect { height: 1, ..body };
    let half = if body.width >= SIDE_BY_SIDE_WIDTH && !model.call_view.zoom {
        side_by_side(line, model.call_view.shares[1])
    } else {
        [line; 2]
    };
    // The first column is free, or marks a continued line.
    [line, half[0], half[1]].map(|area| area.width.saturating_sub(1).into())
}

/// Returns the text width of the follow view.
pub(crate) fn follow_text_width(model: &Model) -> usize {
    screen_areas(model).body.width.saturating_sub(PREFIX_WIDTH).into()
}

fn side_by_side(area: Rect, share: Option<u16>) -> [Rect; 2] {
    let left = share.map_or(Constraint::Fill(1), |share| Constraint::Length(share_of(area.width, share, 1)));
    Layout::horizontal([left, Constraint::Fill(1)]).spacing(1).areas(area)
}

/// Returns the area of all panes of the call view.
pub(crate) fn call_area(model: &Model) -> Rect {
    let body = screen_areas(model).body;
    let head = HEAD_HEIGHT.min(body.height);
    Rect { y: body.y + head, height: body.height - head, ..body }
}

/// Returns the panes of the call view: phases, request, response; zero size if hidden.
pub(crate) fn call_panes(model: &Model) -> [Rect; 3] {
    let area = call_area(model);
    let (pane, shares) = (model.call_view.pane, model.call_view.shares);
    let none = Rect { height: 0, ..area };
    if model.call_view.zoom {
        return CallPane::ALL.map(|other| if other == pane { area } else { none });
    }
    // Heights include the title.
    let [phases, request, response] = CallPane::ALL
        .map(|pane| u16::try_from(call::line_count(model, pane).max(1)).unwrap_or(u16::MAX).saturating_add(1));
    let most = if pane == CallPane::Phases { area.height * 2 / 3 } else { (area.height / 3).max(5) };
    let [phases, rest] = {
        let height = shares[0].map_or(phases.min(most), |share| share_of(area.height, share, 1));
        Layout::vertical([Constraint::Length(height), Constraint::Fill(1)]).areas(area)
    };
    let [request, response] = if area.width >= SIDE_BY_SIDE_WIDTH {
        side_by_side(rest, shares[1])
    } else {
        // The focused pane gets most of the height, the other what it needs of the rest.
        let most = match pane {
            CallPane::Request => rest.height.saturating_sub(response.min(rest.height / 3)),
            _ => (rest.height / 3).max(rest.height.saturating_sub(response)),
        };
        let height = shares[1].map_or(request.min(most), |share| share_of(rest.height, share, 1));
        Layout::vertical([Constraint::Length(height), Constraint::Fill(1)]).areas(rest)
    };
    [phases, request, response]
}

/// Returns the number of visible rows of the focused pane, below its title.
pub(crate) fn visible_rows(model: &Model) -> usize {
    let panes = frame_panes(model);
    let area = match model.view {
        View::Frames => match model.frames.pane {
            frames::FramePane::List => panes.list,
            frames::FramePane::Tree => panes.tree,
            frames::FramePane::Bytes => panes.bytes,
        },
        View::Call(_) => call_panes(model)[model.call_view.pane as usize],
        _ => screen_areas(model).body,
    };
    usize::from(area.height.saturating_sub(title_height(model, model.view)))
}

/// Returns the number of lines above the rows of a view.
pub(crate) fn title_height(model: &Model, view: View) -> u16 {
    match view {
        View::Calls | View::Streams | View::Connections | View::Frames => 1,
        View::Notes => 2,
        View::Follow(_) => 1,
        View::Statistics => statistics::header_height(model),
        View::Journey(_) | View::Trace(_) => 0,
        View::Call(_) => 1,
        View::Ladder(_) => ladder::header_height(model),
    }
}
