//! The Markdown form: a table for an issue of GitHub, with a Mermaid diagram.

use super::{heading, rows};
use crate::diagram::mermaid;
use crate::journey::escape_markdown as escape;
use crate::trace::model::Trace;
use crate::trace::sequence;

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
        let [total, own] = row.times(trace);
        out.push_str(&format!(
            "| {} | {} | {} | {} | {branch}{text} | {} |\n",
            row.traced.row,
            row.start(),
            total,
            escape(&own),
            escape(&trace.cause_text(row.at))
        ));
    }
    trace.all_notes().iter().for_each(|note| out.push_str(&format!("\n{}\n", escape(note))));
    out.push_str(&format!("\n```mermaid\n{}```\n", mermaid(&sequence::diagram(trace), MAX_ARROWS)));
    out
}
