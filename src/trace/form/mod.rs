//! Forms of a trace. Each prints the same model.

mod html;
mod json;
mod markdown;
mod otlp;
mod sequence;
mod text;

use super::model::{Trace, TracedCall};
use crate::diagram::mermaid;
use crate::journey::JourneyForm;
use crate::journey::text::{between, count, endpoint_text, quote};
use crate::report::TimeFormatter;

/// Maximum number of arrows in a Mermaid diagram of its own.
const MAX_ARROWS: usize = 200;

/// Returns a trace in a form.
#[must_use]
pub fn render(trace: &Trace, form: JourneyForm) -> String {
    match form {
        JourneyForm::Text(width) => text::render(trace, width),
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
    let end = calls.iter().map(|(.., call)| call.last.time).max().unwrap_or(start);
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
        rows.push(Row { at, traced, branch, tree_start: start, tree_nanos: end.abs_diff(start) });
    }
    rows.reverse();
    rows
}

impl Row<'_> {
    /// Returns its start since that of the tree.
    fn offset(&self) -> String {
        format!("+{}", between(self.tree_start, self.traced.first.time))
    }

    /// Returns start and length of its bar, in percent of the tree.
    fn share(&self) -> (f64, f64) {
        let percent = |nanos: u64| nanos as f64 * 100.0 / self.tree_nanos.max(1) as f64;
        (percent(self.traced.first.time.abs_diff(self.tree_start)), percent(self.traced.total()))
    }

    /// Returns its protocol, method, destination and status.
    fn text(&self) -> String {
        format!("{} {}", self.traced.call.exchange.named_protocol(), title(self.traced))
    }
}

/// Returns method, destination and status of a call.
fn title(traced: &TracedCall) -> String {
    let exchange = &traced.call.exchange;
    let text = request(&exchange.method, &exchange.target, &exchange.destination());
    let status = match exchange.status.as_str() {
        "" if exchange.lacks_response() => "no response".to_owned(),
        status => quote(status),
    };
    if status.is_empty() { text } else { format!("{text} → {status}") }
}

/// Returns what a call requests. A statement has its method and its database in itself or in its connection.
fn request(method: &str, target: &str, destination: &str) -> String {
    if target.is_empty() || target.starts_with(['/', '*']) || target.contains("://") {
        return format!("{} {}", quote(method), quote(destination));
    }
    let has_method = target.get(..method.len()).is_some_and(|start| start.eq_ignore_ascii_case(method));
    if has_method { quote(target) } else { format!("{} {}", quote(method), quote(target)) }
}

/// Returns the heading of a trace, and the line below it.
fn heading(trace: &Trace) -> (String, String) {
    let calls = count(trace.roots.iter().map(|&root| trace.tree(root).len() as u64).sum(), "call");
    let (Some(first), true) = (trace.roots.first().and_then(|&root| trace.calls.get(root)), trace.selected.is_some())
    else {
        let trees = count(trace.roots.len() as u64, "tree");
        return (format!("{calls} in {trees}"), String::from("Calls and the calls that they caused"));
    };
    let mut time = String::new();
    TimeFormatter::local().write_rfc3339(&mut time, first.first.time);
    let call = &first.call;
    let (client, server) = (endpoint_text(call.client), endpoint_text(call.server));
    let selected = trace.selected.and_then(|selected| trace.calls.get(selected)).map_or(0, |call| call.row);
    let line = format!("tree of call {selected}, {calls}, {client} to {server}, {time}");
    (format!("{} in {}", title(first), between(first.first.time, first.last.time)), line)
}
