//! Findings as TAP, the Test Anything Protocol, version 13, which all readers know: <https://testanything.org/tap-version-13-specification.html>.

use super::{Finding, Outcome, lines};
use serde_json::Value;
use std::fmt::Write as _;

pub(super) fn tell(findings: &[Finding]) -> String {
    let mut out = format!("TAP version 13\n1..{}\n", findings.len());
    for (nth, finding) in findings.iter().enumerate() {
        let ok = if finding.outcome == Outcome::Holds { "ok" } else { "not ok" };
        let name = format!("{}: {}", finding.capture, finding.name);
        // A number sign would begin a directive.
        let name = name.replace('\\', r"\\").replace('#', r"\#");
        let _ = writeln!(out, "{ok} {} - {name}", nth + 1);
        if finding.outcome != Outcome::Holds {
            diagnose(finding, &mut out);
        }
    }
    out
}

/// A block of YAML; a string of JSON is one of YAML.
fn diagnose(finding: &Finding, out: &mut String) {
    out.push_str("  ---\n");
    for (word, line) in lines(finding).into_iter().filter(|(word, _)| !word.is_empty()) {
        let _ = writeln!(out, "  {word}: {}", Value::from(line));
    }
    if !finding.detail.is_empty() {
        out.push_str("  detail:\n");
        finding.detail.iter().for_each(|line| {
            let _ = writeln!(out, "    - {}", Value::from(line.as_str()));
        });
    }
    out.push_str("  ...\n");
}
