//! The first lines: what is read and how far, the views, and what has ended it.

use super::line::wrapped;
use super::{fill, pieces, put, put_right, unread};
use crate::browse::{End, State};
use crate::report::quantity;
use crate::tui::model::{Model, Tab, View};
use crate::tui::text::{count, counted, width};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use std::ops::Range;

/// What stands at the right: how far it is, in many words first and then in fewer, and whether it is bad.
fn state(model: &Model) -> (Vec<String>, bool) {
    match &model.index.state {
        State::Begun | State::Reading(None) => (vec!["reading".into()], false),
        State::Reading(Some(part)) => (vec![format!("reading {:.0} %", part.clamp(0.0, 1.0) * 100.0)], false),
        State::Live { lost, .. } => (with_losses("live", "live", lost), any(lost)),
        State::Ended { lost, by, .. } => {
            let words = match by {
                End::Packets(count) => format!("ended after {}", counted(*count, "packet")),
                End::Time(lasted) => {
                    let mut words = String::from("ended after ");
                    quantity::duration(&mut words, i64::try_from(lasted.as_nanos()).unwrap_or(i64::MAX));
                    words
                }
                // The lines below say why.
                End::Failed(_) => "ended by an error".into(),
                End::Stopped => "ended".into(),
            };
            (with_losses(&words, "ended", lost), any(lost) || matches!(by, End::Failed(_)))
        }
        State::Whole(None) => (Vec::new(), false),
        // What is wrong is told in the last line.
        State::Whole(Some(_)) => (vec!["read in part".into()], true),
    }
}

fn any(lost: &[u64; 3]) -> bool {
    lost.iter().any(|&lost| lost > 0)
}

/// What was lost, behind what is told in many words or in few.
fn with_losses(many: &str, few: &str, lost: &[u64; 3]) -> Vec<String> {
    let [kernel, interface, ours] = lost.map(count);
    let short = format!("dropped {kernel}/{interface}/{ours}");
    let long = format!("dropped: kernel {kernel}, interface {interface}, here {ours}");
    vec![format!("{many}  {long}"), format!("{many}  {short}"), format!("{few}  {short}")]
}

/// Lines about what has ended listening.
const MOST_TROUBLE: usize = 4;

/// As many columns as the name has at least.
const NAME: usize = 8;

/// Draws the line at the top.
pub(crate) fn status(model: &Model, area: Rect, buffer: &mut Buffer) {
    let theme = &model.theme;
    fill(buffer, area, theme.bar);
    let frames = model.index.frames.len() as u64;
    let shown = match &model.sifted {
        Some(sifted) => format!("{} of {}", count(sifted.frames.len() as u64), counted(frames, "frame")),
        None => counted(frames, "frame"),
    };
    let span = model.index.times.map_or(String::new(), |times| {
        let mut out = String::from("  ");
        quantity::duration(&mut out, times.span());
        out
    });
    let name = match &model.index.state {
        State::Live { name, .. } | State::Ended { name, .. } => name,
        _ => &model.name,
    };
    let name = crate::tui::text::plain(name).into_owned();
    let (states, is_bad) = state(model);
    // A space before the name, two before the count, and one at each side of the state.
    let fits = |state: &str, span: &str| {
        width(&name).min(NAME) + width(&shown) + width(span) + width(state) + 5 <= usize::from(area.width)
    };
    let state = states.iter().find(|state| fits(state, &span)).or(states.last()).map_or("", String::as_str);
    let span = if fits(state, &span) { span } else { String::new() };
    let right = if state.is_empty() { String::new() } else { format!(" {state} ") };
    let taken = put_right(buffer, area, &right, if is_bad { theme.bar_bad } else { theme.bar });
    let left = Rect { width: area.width - taken, ..area };
    let numbers = format!("  {shown}{span}");
    let room = usize::from(left.width).saturating_sub(width(&numbers) + 1).max(NAME);
    pieces(
        buffer,
        left,
        [(" ", theme.bar), (&*crate::tui::text::cut(&name, room), theme.bar_loud), (&numbers, theme.bar)],
    );
}

/// As many lines as it takes to say what has ended listening.
pub(crate) fn trouble(model: &Model) -> u16 {
    let State::Ended { by: End::Failed(what), .. } = &model.index.state else { return 0 };
    let lines = wrapped(&crate::tui::text::plain(what), usize::from(model.size.0.saturating_sub(1)));
    lines.len().min(MOST_TROUBLE) as u16
}

/// Draws it.
pub(crate) fn draw_trouble(model: &Model, area: Rect, buffer: &mut Buffer) {
    if let State::Ended { by: End::Failed(what), .. } = &model.index.state {
        unread(model, area, buffer, what);
    }
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
