//! The text form: a line for each call, below the call that caused it.

use super::{Row, heading, rows};
use crate::journey::{JourneyLine, Lines};
use crate::trace::model::Trace;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Width of the bar.
const BAR: usize = 20;

/// Least columns for the text of a call that share its line with the cause.
const MIN_TEXT: usize = 30;

/// Columns of the table for a width.
struct Layout {
    width: usize,
    has_start: bool,
    has_self: bool,
    bar: usize,
}

impl Layout {
    fn new(width: usize) -> Layout {
        let bar = if width >= 120 { BAR } else { 0 };
        Layout { width, has_start: width >= 60, has_self: width >= 72, bar }
    }

    /// Returns the columns before the text of a call.
    fn numbers(&self, number: &str, start: &str, [total, own]: [&str; 2]) -> String {
        let start = if self.has_start { format!("{start:>13} ") } else { String::new() };
        let own = if self.has_self { format!(" {own:>10}") } else { String::new() };
        let place = if self.has_start { 7 } else { 5 };
        format!("{number:>place$} {start}{total:>9}{own}")
    }
}

/// Returns the lines of a trace, each of `width` columns at most as far as words allow.
#[must_use]
pub fn text_lines(trace: &Trace, width: usize) -> Vec<JourneyLine> {
    let mut lines = Lines::new(width);
    let (title, line) = heading(trace);
    lines.paragraph("", &title);
    lines.paragraph("", &line);
    let layout = Layout::new(width);
    if !trace.roots.is_empty() {
        lines.blank();
        lines.push(layout.numbers("CALL", "START", ["TOTAL", "SELF"]));
    }
    for (nth, &root) in trace.roots.iter().enumerate() {
        // Trees of one call follow each other without a line between them.
        let is_large = |root: &usize| trace.children.get(*root).is_some_and(|children| !children.is_empty());
        let follows_large = nth > 0 && trace.roots.get(nth - 1).is_some_and(&is_large);
        if nth > 0 && (is_large(&root) || follows_large) {
            lines.blank();
        }
        rows(trace, root).iter().for_each(|row| add_row(trace, row, &layout, &mut lines));
    }
    let notes = trace.all_notes();
    if !notes.is_empty() {
        lines.blank();
        notes.iter().for_each(|note| lines.paragraph("", note));
    }
    lines.into_lines()
}

fn add_row(trace: &Trace, row: &Row<'_>, layout: &Layout, lines: &mut Lines) {
    let selected = if trace.selected == Some(row.at) { ">" } else { "" };
    let [total, own] = row.times(trace);
    let mut line = layout.numbers(&format!("{selected}{}", row.traced.row), &row.start(), [&total, &own]);
    line.push_str("  ");
    if layout.bar > 0 {
        line.push_str(&columns(row, layout.bar));
        line.push_str("  ");
    }
    line.push_str(if trace.is_critical.get(row.at).is_some_and(|is_critical| *is_critical) { "* " } else { "  " });
    let indent = line.width();
    line.push_str(&branch(row, layout.width.saturating_sub(indent)));
    let cause = trace.cause_text(row.at);
    let cause = if cause.is_empty() { cause } else { format!("  [{cause}]") };
    let (text, room) = (row.text(), layout.width.saturating_sub(line.width()));
    let has_room = cause.is_empty() || room >= cause.width() + text.width().min(MIN_TEXT);
    line.push_str(&truncated(&text, if has_room { room - cause.width() } else { room }));
    let first = lines.len();
    if has_room {
        line.push_str(&cause);
        lines.push(line);
    } else {
        lines.push(line);
        lines.paragraph(&" ".repeat(indent.min(layout.width / 3)), cause.trim_start());
    }
    lines.set_frames(first, &[row.traced.first.frame, row.traced.last.frame]);
}

/// Returns the lines that lead to a call. Where they would take more than half of the room, it is the depth.
fn branch(row: &Row<'_>, room: usize) -> String {
    if row.branch.width() * 2 <= room { row.branch.clone() } else { format!("{}> ", row.depth) }
}

/// Returns a bar of a number of columns. A call has a column at least.
fn columns(row: &Row<'_>, bar: usize) -> String {
    let (from, length) = row.share();
    let at = |percent: f64| (percent * bar as f64 / 100.0) as usize;
    let from_column = at(from).min(bar.saturating_sub(1));
    let to_column = (((from + length) * bar as f64 / 100.0).ceil() as usize).clamp(from_column + 1, bar.max(1));
    let (before, own) = (" ".repeat(from_column), "█".repeat(to_column - from_column));
    format!("{before}{own}{}", " ".repeat(bar.saturating_sub(to_column)))
}

/// Returns the start of a text, with an ellipsis if it is longer. The status at its end is kept.
fn truncated(text: &str, room: usize) -> String {
    if text.width() <= room {
        return text.to_owned();
    }
    let status = text.rsplit_once(" → ").map(|(_, status)| format!("… → {status}"));
    let end = status.filter(|end| end.width() + 6 <= room).unwrap_or_else(|| "…".to_owned());
    let room = room.saturating_sub(end.width());
    let mut used = 0;
    let fits = |char: &char| {
        used += char.width().unwrap_or_default();
        used <= room
    };
    let start: String = text.chars().take_while(fits).collect();
    format!("{}{end}", start.trim_end())
}

#[cfg(test)]
mod tests {
    use super::truncated;

    #[test]
    fn a_long_text_is_truncated_before_its_status() {
        assert_eq!(truncated("GET /", 10), "GET /");
        assert_eq!(truncated("GET /abcdefghijklmnopqrstuvw → 200", 20), "GET /abcdefgh… → 200");
        assert_eq!(truncated("GET /abcdefghijklmnopqrstuvw", 10), "GET /abcd…");
    }
}
