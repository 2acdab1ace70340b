//! Findings as one JSON object, described by docs/check-results.schema.json.

use super::{CheckOutcome, Finding, count};
use serde_json::{Value, json};

/// Formats the object.
pub(super) fn render(findings: &[Finding]) -> String {
    let objects: Vec<Value> = findings.iter().map(finding_object).collect();
    let results = json!({
        "checks": findings.len() - count(findings, CheckOutcome::Unreadable),
        "failed": count(findings, CheckOutcome::Fails),
        "unread": count(findings, CheckOutcome::Unreadable),
        "findings": objects,
    });
    format!("{results:#}\n")
}

/// Converts a finding to an object.
fn finding_object(finding: &Finding) -> Value {
    let (file, line) = finding.location.clone().unzip();
    json!({
        "capture": finding.capture,
        "check": finding.name,
        "rule": finding.rule,
        "outcome": finding.outcome.name(),
        "found": finding.found,
        "detail": finding.detail,
        "frames": finding.frames.first,
        "more_frames": finding.frames.omitted,
        "show": finding.show_command,
        "file": file,
        "line": line,
    })
}
