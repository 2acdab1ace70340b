//! The Markdown form: a table for an issue of GitHub, with a Mermaid diagram.

use super::{heading, rows, sequence};
use crate::diagram::mermaid;
use crate::journey::escape_markdown as escape;
use crate::journey::text::duration;
use crate::trace::model::Trace;

/// Maximum number of arrows in the diagram.
const MAX_ARROWS: usize = 80;

/// Returns a trace in GitHub's Markdown. Calls of the critical path are bold.
pub(super) fn render(trace: &Trace) -> String {
    let (heading, line) = heading(trace);
    let mut out = format!("## {}\n\n{}\n\n", escape(&heading), escape(&line));
    out.push_str("| call | start | total | self | request | cause |\n|---:|---:|---:|---:|---|---|\n");
    for row in trace.roots.iter().flat_map(|&root| rows(trace, root)) {
        let text = escape(&row.text());
        let text = if trace.is_critical.get(row.at) == Some(&true) { format!("**{text}**") } else { text };
        // Spaces at the start of a cell are dropped.
        let branch = row.branch.replace(' ', "&nbsp;");
        let own = trace.self_nanos.get(row.at).copied().unwrap_or_default();
        out.push_str(&format!(
            "| {} | {} | {} | {} | {branch}{text} | {} |\n",
            row.traced.row,
            row.offset(),
            duration(row.traced.total()),
            duration(own),
            escape(&trace.cause_text(row.at))
        ));
    }
    trace.notes.iter().for_each(|note| out.push_str(&format!("\n{}\n", escape(note))));
    out.push_str(&format!("\n```mermaid\n{}```\n", mermaid(&sequence::diagram(trace), MAX_ARROWS)));
    out
}
