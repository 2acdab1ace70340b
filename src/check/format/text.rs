//! Findings for a reader.

use super::{Finding, Outcome, by_capture, count, lines};
use std::fmt::Write as _;

/// A line a check; for one that fails also the rule, what was found, and where to look; then how many there were.
pub(super) fn tell(findings: &[Finding]) -> String {
    let mut out = String::new();
    for finding in findings {
        let word = match finding.outcome {
            Outcome::Holds => "ok    ",
            Outcome::Fails => "FAIL  ",
            Outcome::Unread => "ERROR ",
        };
        let _ = write!(out, "{word}{}: {}", finding.capture, finding.name);
        if finding.outcome == Outcome::Holds {
            let _ = writeln!(out, " ({})", finding.found);
            continue;
        }
        out.push('\n');
        // Who has no name of its own is called as its rule.
        for (word, line) in lines(finding).into_iter().filter(|(word, line)| *word != "rule" || *line != finding.name) {
            let _ = writeln!(out, "{}", format!("        {word:8}{line}").trim_end());
        }
    }
    out + &summary(findings) + "\n"
}

/// How many there were, and how many fail.
fn summary(findings: &[Finding]) -> String {
    let (fail, unread) = (count(findings, Outcome::Fails), count(findings, Outcome::Unread));
    let many = |count, what| if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") };
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
    let what = if parts.is_empty() { "nothing to check".into() } else { parts.join("; ") };
    format!("{}, {}: {what}", many(by_capture(findings).count(), "capture"), many(checks, "check"))
}
