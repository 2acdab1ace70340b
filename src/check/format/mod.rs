//! Reports of findings: text, JSON, TAP, JUnit XML and GitHub annotations. Equal findings give equal bytes.

mod github;
mod json;
mod junit;
mod shell;
mod tap;
mod text;

use super::verdict::DecidingFrames;
pub use shell::print_command;

/// Output format of findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResultFormat {
    /// One line per check, more lines for a failure.
    Text,
    /// One JSON object.
    Json,
    /// Test Anything Protocol, version 13.
    Tap,
    /// JUnit XML.
    Junit,
    /// GitHub Actions workflow commands.
    Github,
}

/// Result of a check of a capture, or of a test of the capture itself. All texts are safe to print on a terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Display name of the capture.
    pub capture: String,
    /// Name of the check.
    pub name: String,
    /// Text of the rule; empty for a finding about the capture itself.
    pub rule: String,
    /// Check file and line.
    pub location: Option<(String, usize)>,
    /// Outcome of the check.
    pub outcome: CheckOutcome,
    /// Finding in one line.
    pub found: String,
    /// Further lines of the finding.
    pub detail: Vec<String>,
    /// Frames that decide the outcome.
    pub frames: DecidingFrames,
    /// Command that prints these frames; empty if there is none.
    pub show_command: String,
}

/// Outcome of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckOutcome {
    /// The rule holds.
    Holds,
    /// The rule fails.
    Fails,
    /// The capture cannot be read.
    Unreadable,
}

impl CheckOutcome {
    /// Returns the name of the outcome in JSON.
    fn name(self) -> &'static str {
        match self {
            CheckOutcome::Holds => "holds",
            CheckOutcome::Fails => "fails",
            CheckOutcome::Unreadable => "unread",
        }
    }
}

/// Formats findings.
#[must_use]
pub fn render(form: ResultFormat, findings: &[Finding]) -> String {
    match form {
        ResultFormat::Text => text::render(findings),
        ResultFormat::Json => json::render(findings),
        ResultFormat::Tap => tap::render(findings),
        ResultFormat::Junit => junit::render(findings),
        ResultFormat::Github => github::render(findings),
    }
}

/// Counts the findings with an outcome.
fn count(findings: &[Finding], outcome: CheckOutcome) -> usize {
    findings.iter().filter(|finding| finding.outcome == outcome).count()
}

/// Returns the lines of a failure, each with a label.
fn failure_lines(finding: &Finding) -> Vec<(&'static str, String)> {
    let mut lines = Vec::new();
    if !finding.rule.is_empty() {
        lines.push(("rule", finding.rule.clone()));
    }
    lines.push(("found", finding.found.clone()));
    lines.extend(finding.detail.iter().map(|line| ("", line.clone())));
    if !finding.frames.first.is_empty() {
        let frames: Vec<_> = finding.frames.first.iter().map(u32::to_string).collect();
        let more = match finding.frames.omitted {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        lines.push(("frames", frames.join(", ") + &more));
    }
    if !finding.show_command.is_empty() {
        lines.push(("show", finding.show_command.clone()));
    }
    lines
}

/// Groups consecutive findings by capture.
fn group_by_capture(findings: &[Finding]) -> impl Iterator<Item = &[Finding]> {
    findings.chunk_by(|first, second| first.capture == second.capture)
}
