//! The top lines: capture name and progress, the tabs of the views, and the error that stopped a capture.

use crate::browse::{CaptureEnd, LoadState};
use crate::report::quantity;
use crate::tui::model::{Model, View};
use crate::tui::panes::top::tabs;
use crate::tui::view::draw_unreadable;
use crate::tui::widgets::draw::{fill, put, put_right, put_spans};
use crate::tui::widgets::text;
use crate::tui::widgets::text::{format_count, format_quantity, width};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// Returns the texts for the state of the capture, from the longest to the shortest, and whether it is a problem.
fn state_texts(model: &Model) -> (Vec<String>, bool) {
    match &model.index.state {
        LoadState::Starting | LoadState::Reading(None) => (vec!["reading".into()], false),
        LoadState::Reading(Some(share)) => (vec![format!("reading {:.0} %", share.clamp(0.0, 1.0) * 100.0)], false),
        LoadState::Live { dropped, .. } => (with_drops("live", "live", dropped), has_drops(dropped)),
        LoadState::LiveEnded { dropped, reason, .. } => {
            let text = match reason {
                CaptureEnd::Packets(count) => format!("ended after {}", format_quantity(*count, "packet")),
                CaptureEnd::Time(lasted) => {
                    let mut text = String::from("ended after ");
                    quantity::duration(&mut text, i64::try_from(lasted.as_nanos()).unwrap_or(i64::MAX));
                    text
                }
                // The lines below show the error.
                CaptureEnd::Failed(_) => "ended by an error".into(),
                CaptureEnd::Stopped => "ended".into(),
            };
            (with_drops(&text, "ended", dropped), has_drops(dropped) || matches!(reason, CaptureEnd::Failed(_)))
        }
        LoadState::Complete(None) => (Vec::new(), false),
        // The bottom line shows the error.
        LoadState::Complete(Some(_)) => (vec!["partly read".into()], true),
    }
}

fn has_drops(dropped: &[u64; 3]) -> bool {
    dropped.iter().any(|&dropped| dropped > 0)
}

/// Appends the numbers of dropped packets to a long and a short text; returns the results from longest to shortest.
fn with_drops(long: &str, short: &str, dropped: &[u64; 3]) -> Vec<String> {
    let [kernel, interface, overhear] = dropped.map(format_count);
    let brief = format!("dropped {kernel}/{interface}/{overhear}");
    let full = format!("dropped: kernel {kernel}, interface {interface}, overhear {overhear}");
    vec![format!("{long}  {full}"), format!("{long}  {brief}"), format!("{short}  {brief}")]
}

/// Minimum width of the capture's name.
const MIN_NAME_WIDTH: usize = 8;

/// Draws the status line at the top.
pub(crate) fn draw_status(model: &Model, area: Rect, buffer: &mut Buffer) {
    let theme = &model.theme;
    fill(buffer, area, theme.bar);
    let frames = model.index.frames.len() as u64;
    let shown = match &model.applied_filter {
        Some(applied) => {
            format!("{} of {}", format_count(applied.frames.len() as u64), format_quantity(frames, "frame"))
        }
        None => format_quantity(frames, "frame"),
    };
    let span = model.index.times.map_or(String::new(), |times| {
        let mut out = String::from("  ");
        quantity::duration(&mut out, times.span());
        out
    });
    let name = match &model.index.state {
        LoadState::Live { name, .. } | LoadState::LiveEnded { name, .. } => name,
        _ => &model.name,
    };
    let name = text::sanitize(name).into_owned();
    let (states, is_bad) = state_texts(model);
    // 5 spaces: one before the name, two before the count, one on each side of the state.
    let fits = |state: &str, span: &str| {
        width(&name).min(MIN_NAME_WIDTH) + width(&shown) + width(span) + width(state) + 5 <= usize::from(area.width)
    };
    let state = states.iter().find(|state| fits(state, &span)).or(states.last()).map_or("", String::as_str);
    let span = if fits(state, &span) { span } else { String::new() };
    let right = if state.is_empty() { String::new() } else { format!(" {state} ") };
    let used = put_right(buffer, area, &right, if is_bad { theme.bar_bad } else { theme.bar });
    let left = Rect { width: area.width - used, ..area };
    let mut numbers = format!("  {shown}{span}");
    if model.is_redacted {
        numbers += "  redacted";
    }
    let keys = format!("  TLS secrets: {}", text::sanitize(&model.key_logs));
    if !model.key_logs.is_empty() && width(&numbers) + width(&keys) + width(&name) < usize::from(left.width) {
        numbers += &keys;
    }
    let room = usize::from(left.width).saturating_sub(width(&numbers) + 1).max(MIN_NAME_WIDTH);
    put_spans(
        buffer,
        left,
        [(" ", theme.bar), (&*text::truncate(&name, room), theme.bar_strong), (&numbers, theme.bar)],
    );
}

/// Draws the error that stopped a live capture.
pub(crate) fn draw_error(model: &Model, area: Rect, buffer: &mut Buffer) {
    if let LoadState::LiveEnded { reason: CaptureEnd::Failed(error), .. } = &model.index.state {
        draw_unreadable(model, area, buffer, error);
    }
}

/// Draws the line of tabs, and the name of an opened call, ladder or follow view.
pub(crate) fn draw_tabs(model: &Model, area: Rect, buffer: &mut Buffer) {
    let theme = &model.theme;
    let on = model.view.tab();
    let mut end = 0;
    for (tab, text, span) in tabs(model) {
        let x = span.start.min(area.width);
        let tab_area = Rect { x: area.x + x, width: (span.end - span.start).min(area.width - x), ..area };
        put(buffer, tab_area, &text, if tab == on { theme.tab_on } else { theme.tab });
        end = tab_area.right();
    }
    let opened = match model.view {
        View::Call(call) => format!("call {}", format_count(call as u64 + 1)),
        View::Journey(call) => format!("journey {}", format_count(call as u64 + 1)),
        View::Trace(call) => format!("trace {}", format_count(call as u64 + 1)),
        View::Ladder(conversation) => format!("ladder {conversation}"),
        View::Follow(stream) => format!("follow {stream}"),
        _ => String::new(),
    };
    let rest = Rect { x: (end + 2).min(area.right()), width: area.right().saturating_sub(end + 2), ..area };
    put_right(buffer, rest, &format!("{opened} "), theme.head_on);
}
