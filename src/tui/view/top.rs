//! The first two lines: what is read and how far, and the views.

use super::{fill, pieces, put, put_right};
use crate::browse::State;
use crate::tui::model::{Model, Tab, View};
use crate::tui::text::{count, counted, width};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use std::ops::Range;

/// What stands at the right: how far it is.
fn state(model: &Model) -> (String, bool) {
    match &model.index.state {
        State::Begun => ("reading".into(), false),
        State::Reading(None) => ("reading".into(), false),
        State::Reading(Some(part)) => (format!("reading {:.0} %", part.clamp(0.0, 1.0) * 100.0), false),
        State::Live { lost, .. } => {
            let [kernel, interface, ours] = lost.map(count);
            let any = lost.iter().any(|&lost| lost > 0);
            (format!("live  dropped: kernel {kernel}, interface {interface}, here {ours}"), any)
        }
        State::Whole(None) => (String::new(), false),
        // What is wrong is told in the last line.
        State::Whole(Some(_)) => ("read in part".into(), true),
    }
}

/// Draws the line at the top.
pub(crate) fn status(model: &Model, area: Rect, buffer: &mut Buffer) {
    let theme = &model.theme;
    fill(buffer, area, theme.bar);
    let frames = model.index.frames.len() as u64;
    let shown = match &model.sifted {
        Some(sifted) => format!("{} of {}", count(sifted.frames.len() as u64), counted(frames, "frame")),
        None => counted(frames, "frame"),
    };
    let span = match (model.index.frames.first(), model.index.frames.last()) {
        (Some(first), Some(last)) => {
            let mut out = String::from("  ");
            crate::report::quantity::duration(&mut out, last.time.saturating_sub(first.time).max(0));
            out
        }
        _ => String::new(),
    };
    let (state, is_bad) = state(model);
    let right = if state.is_empty() { String::new() } else { format!(" {state} ") };
    let taken = put_right(buffer, area, &right, if is_bad { theme.bar.patch(theme.bad) } else { theme.bar });
    let left = Rect { width: area.width - taken, ..area };
    let name = match &model.index.state {
        State::Live { name, .. } => name,
        _ => &model.name,
    };
    let numbers = format!("  {shown}{span}");
    let room = usize::from(left.width).saturating_sub(width(&numbers) + 1).max(8);
    let name = crate::tui::text::plain(name).into_owned();
    pieces(
        buffer,
        left,
        [(" ", theme.bar), (&*crate::tui::text::cut(&name, room), theme.bar_loud), (&numbers, theme.bar)],
    );
}

/// The tabs with their words, and from where to where they go.
pub(crate) fn tabs(model: &Model) -> Vec<(Tab, String, Range<u16>)> {
    let notes = crate::tui::notes::unsorted(model).len();
    let all = [
        (Tab::Calls, "Calls", Some(model.call_numbers().len())),
        (Tab::Streams, "Streams", Some(model.stream_numbers().len())),
        (Tab::Frames, "Frames", Some(model.unsorted_frames().len())),
        (Tab::Statistics, "Statistics", None),
        (Tab::Notes, "Notes", Some(notes)),
    ];
    let with = |number: fn(u64) -> String| {
        let mut x = 1;
        let numbered = all.into_iter().zip(1u16..);
        let tab = |((tab, name, many), nth): ((Tab, &str, Option<usize>), _)| {
            let many = many.map_or(String::new(), |many| format!(" {}", number(many as u64)));
            let words = format!("{nth} {name}{many}");
            let place = x..x + width(&words) as u16;
            x = place.end + 2;
            (tab, words, place)
        };
        numbered.map(tab).collect::<Vec<_>>()
    };
    let tabs = with(count);
    let fits = tabs.last().is_none_or(|(.., place)| place.end < model.size.0);
    if fits { tabs } else { with(about) }
}

/// A number in no more than four characters: `82k`.
fn about(number: u64) -> String {
    match number {
        0..=999 => number.to_string(),
        1000..=999_999 => format!("{}k", number / 1000),
        1_000_000..=999_999_999 => format!("{}M", number / 1_000_000),
        _ => format!("{}G", number / 1_000_000_000),
    }
}

/// Draws the line of views, and what is opened.
pub(crate) fn draw_tabs(model: &Model, area: Rect, buffer: &mut Buffer) {
    let theme = &model.theme;
    let on = model.view.tab();
    let mut end = 0;
    for (tab, words, place) in tabs(model) {
        let x = place.start.min(area.width);
        let place = Rect { x: area.x + x, width: (place.end - place.start).min(area.width - x), ..area };
        put(buffer, place, &words, if tab == on { theme.tab_on } else { theme.tab });
        end = place.right();
    }
    let opened = match model.view {
        View::Call(call) => format!("call {}", count(call as u64 + 1)),
        View::Ladder(stream) => format!("ladder {stream}"),
        View::Follow(stream) => format!("follow {stream}"),
        _ => String::new(),
    };
    let rest = Rect { x: (end + 2).min(area.right()), width: area.right().saturating_sub(end + 2), ..area };
    put_right(buffer, rest, &format!("{opened} "), theme.head_on);
}
