//! The text form: a line for each call, below the call that caused it.

use super::{Row, heading, rows};
use crate::journey::text::duration;
use crate::trace::model::Trace;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Width of the columns before the bar.
const NUMBERS: usize = 41;

/// Width of the bar, and least width of a line that has one.
const BAR: usize = 20;
const MIN_WIDTH_WITH_BAR: usize = 120;

/// Least columns for the text of a call.
const MIN_TEXT: usize = 30;

/// Returns the lines of a trace, each of about `width` columns.
pub(super) fn render(trace: &Trace, width: usize) -> String {
    let mut out = String::new();
    if trace.selected.is_some() {
        let (heading, line) = heading(trace);
        out.push_str(&format!("{heading}\n{line}\n\n"));
    }
    let bar = if width >= MIN_WIDTH_WITH_BAR { BAR } else { 0 };
    out.push_str(&format!("{:>7} {:>10} {:>10} {:>10}\n", "CALL", "START", "TOTAL", "SELF"));
    for (nth, &root) in trace.roots.iter().enumerate() {
        let rows = rows(trace, root);
        // Trees of one call follow each other without a line between them.
        let is_large = |root: &usize| trace.children.get(*root).is_some_and(|children| !children.is_empty());
        let follows_large = nth > 0 && trace.roots.get(nth - 1).is_some_and(&is_large);
        if nth > 0 && (is_large(&root) || follows_large) {
            out.push('\n');
        }
        for row in rows {
            out.push_str(&line(trace, &row, width, bar));
            out.push('\n');
        }
    }
    if !trace.notes.is_empty() {
        out.push('\n');
        trace.notes.iter().for_each(|note| out.push_str(&format!("{note}\n")));
    }
    out
}

fn line(trace: &Trace, row: &Row<'_>, width: usize, bar: usize) -> String {
    let selected = if trace.selected == Some(row.at) { ">" } else { "" };
    let own = trace.self_nanos.get(row.at).copied().unwrap_or_default();
    let number = format!("{selected}{}", row.traced.row);
    let mut line =
        format!("{number:>7} {:>10} {:>10} {:>10}  ", row.offset(), duration(row.traced.total()), duration(own));
    if bar > 0 {
        line.push_str(&columns(row, bar));
        line.push_str("  ");
    }
    line.push(if trace.is_critical.get(row.at).is_some_and(|is_critical| *is_critical) { '*' } else { ' ' });
    line.push(' ');
    line.push_str(&row.branch);
    let cause = trace.cause_text(row.at);
    let cause = if cause.is_empty() { cause } else { format!("  [{cause}]") };
    let room = width.saturating_sub(line.width() + cause.width()).max(MIN_TEXT);
    debug_assert!(line.width() >= NUMBERS);
    line.push_str(&truncated(&row.text(), room));
    line.push_str(&cause);
    line.trim_end().to_owned()
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
    let end = status.filter(|end| end.width() * 2 <= room).unwrap_or_else(|| "…".to_owned());
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
