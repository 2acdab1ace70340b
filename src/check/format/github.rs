//! Findings as workflow commands of GitHub Actions: an annotation for each check that fails, at its line of the check
//! file. <https://docs.github.com/actions/reference/workflow-commands-for-github-actions>

use super::{Finding, Outcome, lines};
use std::fmt::Write as _;

pub(super) fn tell(findings: &[Finding]) -> String {
    let mut out = String::new();
    for finding in findings.iter().filter(|finding| finding.outcome != Outcome::Holds) {
        let mut properties = Vec::new();
        if let Some((file, line)) = &finding.place {
            properties.push(format!("file={}", property(file)));
            properties.push(format!("line={line}"));
        }
        properties.push(format!("title={}", property(&format!("{}: {}", finding.capture, finding.name))));
        let lines: Vec<_> = lines(finding).iter().map(|(word, line)| format!("{word:8}{line}")).collect();
        let _ = writeln!(out, "::error {}::{}", properties.join(","), message(&lines.join("\n")));
    }
    out
}

/// What a message may not have as it is.
fn message(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// What a property may not have as it is.
fn property(text: &str) -> String {
    message(text).replace(':', "%3A").replace(',', "%2C")
}
