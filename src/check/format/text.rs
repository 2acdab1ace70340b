//! Findings as text for people.

use super::{CheckOutcome, Finding, count, failure_lines, group_by_capture};
use std::fmt::Write as _;

/// Formats one line per check, the details of each failure, and a summary.
pub(super) fn render(findings: &[Finding]) -> String {
    let mut out = String::new();
    for finding in findings {
        let outcome = match finding.outcome {
            CheckOutcome::Holds => "ok    ",
            CheckOutcome::Fails => "FAIL  ",
            CheckOutcome::Unreadable => "ERROR ",
        };
        let _ = write!(out, "{outcome}{}: {}", finding.capture, finding.name);
        if finding.outcome == CheckOutcome::Holds {
            let _ = writeln!(out, " ({})", finding.found);
            continue;
        }
        out.push('\n');
        // A rule of the command line is also the name of its check and is not repeated.
        let is_new = |label: &str, line: &str| label != "rule" || line != finding.name;
        for (label, line) in failure_lines(finding).into_iter().filter(|(label, line)| is_new(label, line)) {
            let _ = writeln!(out, "{}", format!("        {label:8}{line}").trim_end());
        }
    }
    out + &summary(findings) + "\n"
}

/// Formats the numbers of captures, checks and failures.
fn summary(findings: &[Finding]) -> String {
    let (fail, unread) = (count(findings, CheckOutcome::Fails), count(findings, CheckOutcome::Unreadable));
    let many = |count, noun| if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") };
    let checks = findings.len() - unread;
    let mut parts = Vec::new();
    if checks > 0 {
        parts.push(match fail {
            0 => "all hold".into(),
            1 => format!("{} hold, 1 fails", checks - 1),
            _ => format!("{} hold, {fail} fail", checks - fail),
        });
    }
    if unread > 0 {
        parts.push(format!("{} cannot be read", many(unread, "capture")));
    }
    let results = if parts.is_empty() { "nothing to check".into() } else { parts.join("; ") };
    format!("{}, {}: {results}", many(group_by_capture(findings).count(), "capture"), many(checks, "check"))
}
