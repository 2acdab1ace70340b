//! Findings told: as text, JSON, TAP, JUnit XML and annotations of GitHub. The same findings give the same bytes.

mod github;
mod json;
mod junit;
mod shell;
mod tap;
mod text;

use super::verdict::Frames;
pub use shell::command;

/// A form of output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A line a check, and more for one that fails.
    Text,
    /// One object.
    Json,
    /// Test Anything Protocol, version 13.
    Tap,
    /// JUnit XML.
    Junit,
    /// Workflow commands of GitHub Actions.
    Github,
}

/// What became of a check of a capture, or of the capture itself. All texts are fit for a terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The capture, as it was named.
    pub capture: String,
    /// The name of the check.
    pub name: String,
    /// The rule, as it was read.
    pub rule: String,
    /// The check file and the line of it.
    pub place: Option<(String, usize)>,
    /// What became of it.
    pub outcome: Outcome,
    /// What was found, in a line.
    pub found: String,
    /// What was found, in more lines.
    pub detail: Vec<String>,
    /// The frames that decide it.
    pub frames: Frames,
    /// The command that shows them; empty if there is none.
    pub show: String,
}

/// What became of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It holds.
    Holds,
    /// It does not.
    Fails,
    /// The capture cannot be read.
    Unread,
}

impl Outcome {
    fn word(self) -> &'static str {
        match self {
            Outcome::Holds => "holds",
            Outcome::Fails => "fails",
            Outcome::Unread => "unread",
        }
    }
}

/// Tells findings.
#[must_use]
pub fn tell(form: Form, findings: &[Finding]) -> String {
    match form {
        Form::Text => text::tell(findings),
        Form::Json => json::tell(findings),
        Form::Tap => tap::tell(findings),
        Form::Junit => junit::tell(findings),
        Form::Github => github::tell(findings),
    }
}

fn count(findings: &[Finding], outcome: Outcome) -> usize {
    findings.iter().filter(|finding| finding.outcome == outcome).count()
}

/// What a failure says, in lines: a word and what stands behind it.
fn lines(finding: &Finding) -> Vec<(&'static str, String)> {
    let mut lines = Vec::new();
    if !finding.rule.is_empty() {
        lines.push(("rule", finding.rule.clone()));
    }
    lines.push(("found", finding.found.clone()));
    lines.extend(finding.detail.iter().map(|line| ("", line.clone())));
    if !finding.frames.first.is_empty() {
        let frames: Vec<_> = finding.frames.first.iter().map(u32::to_string).collect();
        let more = match finding.frames.more {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        lines.push(("frames", frames.join(", ") + &more));
    }
    if !finding.show.is_empty() {
        lines.push(("show", finding.show.clone()));
    }
    lines
}

/// Findings, capture by capture.
fn by_capture(findings: &[Finding]) -> impl Iterator<Item = &[Finding]> {
    findings.chunk_by(|one, two| one.capture == two.capture)
}
