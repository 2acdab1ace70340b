//! Findings as TAP (Test Anything Protocol) version 13, which all consumers support.
//! <https://testanything.org/tap-version-13-specification.html>

use super::{CheckOutcome, Finding, failure_lines};
use serde_json::Value;
use std::fmt::Write as _;

/// Formats the test stream.
pub(super) fn render(findings: &[Finding]) -> String {
    let mut out = format!("TAP version 13\n1..{}\n", findings.len());
    for (nth, finding) in findings.iter().enumerate() {
        let ok = if finding.outcome == CheckOutcome::Holds { "ok" } else { "not ok" };
        let name = format!("{}: {}", finding.capture, finding.name);
        // A number sign would start a directive.
        let name = name.replace('\\', r"\\").replace('#', r"\#");
        let _ = writeln!(out, "{ok} {} - {name}", nth + 1);
        if finding.outcome != CheckOutcome::Holds {
            write_diagnosis(finding, &mut out);
        }
    }
    out
}

/// Writes a YAML block. A JSON string is a valid YAML string.
fn write_diagnosis(finding: &Finding, out: &mut String) {
    out.push_str("  ---\n");
    for (label, line) in failure_lines(finding).into_iter().filter(|(label, _)| !label.is_empty()) {
        let _ = writeln!(out, "  {label}: {}", Value::from(line));
    }
    if !finding.detail.is_empty() {
        out.push_str("  detail:\n");
        finding.detail.iter().for_each(|line| {
            let _ = writeln!(out, "    - {}", Value::from(line.as_str()));
        });
    }
    out.push_str("  ...\n");
}
