//! Forms of a trace. Each prints the same model.

mod html;
mod json;
mod markdown;
mod otlp;
mod text;

use super::model::{Trace, TracedCall};
use super::sequence;
use crate::diagram::mermaid;
use crate::journey::JourneyForm;
use crate::journey::text::{between, call_end_text, clock_text, count, duration, request_text, status_text, time_text};
use dissectors::session::Side;
pub use text::text_lines;

/// Maximum number of arrows in a Mermaid diagram of its own.
const MAX_ARROWS: usize = 200;

/// Returns a trace in a form.
#[must_use]
pub fn render(trace: &Trace, form: JourneyForm) -> String {
    match form {
        JourneyForm::Text(width) => text_lines(trace, width).into_iter().map(|line| line.text + "\n").collect(),
        JourneyForm::Json => json::render(trace),
        JourneyForm::Markdown => markdown::render(trace),
        JourneyForm::Mermaid => mermaid(&sequence::diagram(trace), MAX_ARROWS),
        JourneyForm::Html => html::render(trace),
        JourneyForm::Otlp => otlp::render(trace),
    }
}

/// A call of a tree, as the rows of tables show it.
struct Row<'t> {
    at: usize,
    traced: &'t TracedCall,
    depth: usize,
    /// Lines that lead from the call before it to this one.
    branch: String,
    /// Start of the first call of its tree.
    tree_start: i64,
    /// Nanoseconds from that to the last end of its tree.
    tree_nanos: u64,
}

/// Returns the rows of a tree.
fn rows(trace: &Trace, root: usize) -> Vec<Row<'_>> {
    let tree = trace.tree(root);
    let calls: Vec<(usize, usize, &TracedCall)> =
        tree.into_iter().filter_map(|(at, depth)| Some((at, depth, trace.calls.get(at)?))).collect();
    let start = calls.first().map_or(0, |(.., call)| call.first.time);
    let end = calls.iter().map(|(.., call)| call.span().1).max().unwrap_or(start);
    // Whether a later call at each depth continues the line of that depth.
    let mut continues: Vec<bool> = Vec::new();
    let mut rows: Vec<Row<'_>> = Vec::new();
    for &(at, depth, traced) in calls.iter().rev() {
        continues.resize(depth + 1, false);
        let lines = continues.get(1..depth).unwrap_or_default().iter();
        let mut branch: String = lines.map(|continues| if *continues { "│  " } else { "   " }).collect();
        if let Some(continues) = continues.get_mut(depth).filter(|_| depth > 0) {
            branch.push_str(if std::mem::replace(continues, true) { "├─ " } else { "└─ " });
        }
        rows.push(Row { at, traced, depth, branch, tree_start: start, tree_nanos: end.abs_diff(start) });
    }
    rows.reverse();
    rows
}

impl Row<'_> {
    /// Returns its start: the time of the day of the first call of a tree, and since that of the others.
    fn start(&self) -> String {
        match self.depth {
            0 => clock_text(self.tree_start),
            _ => format!("+{}", between(self.tree_start, self.traced.first.time)),
        }
    }

    /// Returns its duration, and that without the calls that it caused; `-` if its end is not known.
    fn times(&self, trace: &Trace) -> [String; 2] {
        let text = |nanos: Option<u64>| nanos.map_or("-".to_owned(), duration);
        let limit = if trace.lacks_calls.get(self.at) == Some(&true) { "<" } else { "" };
        [text(self.traced.total()), format!("{limit}{}", text(trace.own_time(self.at)))]
    }

    /// Returns start and length of its bar, in percent of the tree.
    fn share(&self) -> (f64, f64) {
        let percent = |nanos: u64| nanos as f64 * 100.0 / self.tree_nanos.max(1) as f64;
        (percent(self.traced.first.time.abs_diff(self.tree_start)), percent(self.traced.total().unwrap_or_default()))
    }

    /// Returns its protocol, method, destination and status.
    fn text(&self) -> String {
        format!("{} {}", self.traced.call.exchange.named_protocol(), title(self.traced))
    }
}

/// Returns method, destination and status of a call.
fn title(traced: &TracedCall) -> String {
    let exchange = &traced.call.exchange;
    let (text, status) = (request_text(exchange), status_text(exchange));
    if status.is_empty() { text } else { format!("{text} → {status}") }
}

/// Returns the heading of a trace, and the line below it.
fn heading(trace: &Trace) -> (String, String) {
    let calls = count(trace.roots.iter().map(|&root| trace.tree(root).len() as u64).sum(), "call");
    let first = trace.roots.first().and_then(|&root| trace.calls.get(root));
    let since = first.map_or(String::new(), |first| format!(", from {} on", time_text(first.first.time)));
    let (Some(first), Some(selected)) = (first, trace.selected.and_then(|selected| trace.calls.get(selected))) else {
        let trees = count(trace.roots.len() as u64, "tree");
        return (format!("{calls} in {trees}"), format!("Calls and the calls that they caused{since}"));
    };
    let (client, server) = (call_end_text(&first.call, Side::Client), call_end_text(&first.call, Side::Server));
    let line = format!("tree of call {}, {calls}, {client} to {server}, {}", selected.row, time_text(first.first.time));
    let total = first.total().map_or(String::new(), |total| format!(" in {}", duration(total)));
    (format!("{}{total}", title(first)), line)
}
