//! Layout of the top lines: the tabs, and the error that stopped a capture.

use crate::browse::{CaptureEnd, LoadState};
use crate::tui::model::{Model, Tab};
use crate::tui::widgets::text::{format_count, sanitize, width, wrap};
use std::ops::Range;

/// Maximum number of lines for the error that stopped a live capture.
const MAX_ERROR_LINES: usize = 4;

/// Returns the number of lines for the error that stopped a live capture.
pub(crate) fn error_height(model: &Model) -> u16 {
    let LoadState::LiveEnded { reason: CaptureEnd::Failed(error), .. } = &model.index.state else { return 0 };
    let lines = wrap(&sanitize(error), usize::from(model.size.0.saturating_sub(1)));
    lines.len().min(MAX_ERROR_LINES) as u16
}

/// Returns the tabs, each with its text and the columns it covers.
pub(crate) fn tabs(model: &Model) -> Vec<(Tab, String, Range<u16>)> {
    // Lists that are not visible may not be sorted yet.
    let all = [
        (Tab::Calls, "Calls", Some(model.unsorted_calls().len())),
        (Tab::Streams, "Streams", Some(model.unsorted_streams().len() + model.unsorted_connections().len())),
        (Tab::Frames, "Frames", Some(model.unsorted_frames().len())),
        (Tab::Statistics, "Statistics", None),
        (Tab::Notes, "Notes", Some(model.notes.problems() as usize)),
    ];
    // The counts of a filter that is still evaluated are lower bounds, and those of calls come last.
    let more = if model.applied_filter.as_ref().is_some_and(|applied| !applied.is_complete) { "…" } else { "" };
    let with = |number: fn(u64) -> String| {
        let mut x = 1;
        let numbered = all.into_iter().zip(1u16..);
        let tab = |((tab, name, total), nth): ((Tab, &str, Option<usize>), _)| {
            let total = total.map_or(String::new(), |total| format!(" {}{more}", number(total as u64)));
            let text = format!("{nth} {name}{total}");
            let span = x..x + width(&text) as u16;
            x = span.end + 2;
            (tab, text, span)
        };
        numbered.map(tab).collect::<Vec<_>>()
    };
    let tabs = with(format_count);
    let fits = tabs.last().is_none_or(|(.., span)| span.end < model.size.0);
    if fits { tabs } else { with(short_count) }
}

/// Formats a number in at most four characters, such as `82k`.
fn short_count(number: u64) -> String {
    match number {
        0..=999 => number.to_string(),
        1000..=999_999 => format!("{}k", number / 1000),
        1_000_000..=999_999_999 => format!("{}M", number / 1_000_000),
        _ => format!("{}G", number / 1_000_000_000),
    }
}
