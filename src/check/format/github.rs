//! Findings as GitHub Actions workflow commands: one annotation per failing check, at its line of the check file.
//! <https://docs.github.com/actions/reference/workflow-commands-for-github-actions>

use super::{CheckOutcome, Finding, failure_lines};
use std::fmt::Write as _;

/// Formats the annotations.
pub(super) fn render(findings: &[Finding]) -> String {
    let mut out = String::new();
    for finding in findings.iter().filter(|finding| finding.outcome != CheckOutcome::Holds) {
        let mut properties = Vec::new();
        if let Some((file, line)) = &finding.location {
            properties.push(format!("file={}", escape_property(file)));
            properties.push(format!("line={line}"));
        }
        properties.push(format!("title={}", escape_property(&format!("{}: {}", finding.capture, finding.name))));
        let lines: Vec<_> = failure_lines(finding).iter().map(|(label, line)| format!("{label:8}{line}")).collect();
        let _ = writeln!(out, "::error {}::{}", properties.join(","), escape_message(&lines.join("\n")));
    }
    out
}

/// Escapes a message.
fn escape_message(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Escapes a property value.
fn escape_property(text: &str) -> String {
    escape_message(text).replace(':', "%3A").replace(',', "%2C")
}
