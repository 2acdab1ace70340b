//! Findings for a program: one object, described by docs/check-results.schema.json.

use super::{Finding, Outcome, count};
use serde_json::{Value, json};

pub(super) fn tell(findings: &[Finding]) -> String {
    let told: Vec<Value> = findings.iter().map(finding).collect();
    let whole = json!({
        "checks": findings.len() - count(findings, Outcome::Unread),
        "failed": count(findings, Outcome::Fails),
        "unread": count(findings, Outcome::Unread),
        "findings": told,
    });
    format!("{whole:#}\n")
}

fn finding(finding: &Finding) -> Value {
    let (file, line) = finding.place.clone().unzip();
    json!({
        "capture": finding.capture,
        "check": finding.name,
        "rule": finding.rule,
        "outcome": finding.outcome.word(),
        "found": finding.found,
        "detail": finding.detail,
        "frames": finding.frames.first,
        "more_frames": finding.frames.more,
        "show": finding.show,
        "file": file,
        "line": line,
    })
}
