//! A comparison as text, JSON and Markdown.

use super::comparison::{Comparison, OperationTimes, SlowerVerdict};
use super::difference::{Difference, Subject};
use super::profile::CallPosition;
use crate::journey::escape_markdown;
use crate::journey::text::count;
use crate::report::{escaped, json_line};
use serde_json::{Value, json};

/// Maximum number of durations in a text; JSON has all.
const MAX_TIMES: usize = 20;

/// Width of the kinds of differences.
const KIND_WIDTH: usize = 12;

/// Output format of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiffForm {
    /// Lines for a terminal.
    Text,
    /// One object.
    Json,
    /// Markdown of GitHub.
    Markdown,
}

impl DiffForm {
    /// Returns the comparison of two captures with these names.
    #[must_use]
    pub fn render(self, comparison: &Comparison, names: [&str; 2]) -> String {
        match self {
            DiffForm::Text => text(comparison, names),
            DiffForm::Json => json(comparison, names),
            DiffForm::Markdown => markdown(comparison, names),
        }
    }
}

fn plain(text: &str) -> String {
    let mut out = String::new();
    escaped(&mut out, text.as_bytes());
    out
}

/// Returns the first calls that differ.
fn first_text(first: [Option<CallPosition>; 2]) -> String {
    let word = |(call, name): (&Option<CallPosition>, &str)| Some(format!("call {} of {name}", (*call)?.row));
    let words: Vec<String> = first.iter().zip(["A", "B"]).filter_map(word).collect();
    if words.is_empty() { String::new() } else { format!("; first: {}", words.join(", ")) }
}

/// Returns the durations that are no differences, that of the greatest change first.
fn other_times(comparison: &Comparison) -> Vec<&OperationTimes> {
    let is_other = |times: &&OperationTimes| matches!(times.verdict, SlowerVerdict::Same | SlowerVerdict::TooFew);
    let mut times: Vec<&OperationTimes> = comparison.times.iter().filter(is_other).collect();
    times.sort_by_key(|times| std::cmp::Reverse(times.medians[0].abs_diff(times.medians[1])));
    times
}

fn summary(comparison: &Comparison) -> String {
    let found = match comparison.differences.len() as u64 {
        0 => "no differences".to_owned(),
        found => count(found, "difference"),
    };
    format!("{} in both captures, {found}", count(comparison.common as u64, "operation"))
}

fn text(comparison: &Comparison, names: [&str; 2]) -> String {
    let mut out = String::new();
    for ((name, title), calls) in names.iter().zip(["A", "B"]).zip(comparison.calls) {
        out.push_str(&format!("{title}: {}, {}\n", plain(name), count(calls, "call")));
    }
    out.push_str(&summary(comparison));
    out.push('\n');
    for difference in &comparison.differences {
        let Difference { kind, subject, text, first, .. } = difference;
        let name = kind.name().to_uppercase();
        out.push_str(&format!("\n{name:KIND_WIDTH$}{}\n", plain(&subject.text())));
        out.push_str(&format!("{:KIND_WIDTH$}{}{}\n", "", plain(text), first_text(*first)));
    }
    let times = other_times(comparison);
    if !times.is_empty() {
        out.push_str("\nDurations that are no differences:\n");
    }
    for times in times.iter().take(MAX_TIMES) {
        out.push_str(&format!("  {}\n    {}\n", plain(&times.subject.text()), times.text()));
    }
    if times.len() > MAX_TIMES {
        out.push_str(&format!("  {} more; -T json has all\n", times.len() - MAX_TIMES));
    }
    out
}

fn subject_json(subject: &Subject) -> Value {
    match subject {
        Subject::Operation(key) => json!({
            "protocol": key.protocol, "method": key.method, "host": key.host, "path": key.path,
        }),
        Subject::Server(server) => json!({ "server": server }),
    }
}

fn json(comparison: &Comparison, names: [&str; 2]) -> String {
    let captures = names.iter().zip(comparison.calls).map(|(name, calls)| json!({ "file": name, "calls": calls }));
    let differences = comparison.differences.iter().map(|difference| {
        json!({
            "kind": difference.kind.name(),
            "subject": subject_json(&difference.subject),
            "text": difference.text,
            "first_calls": difference.first.map(|call| call.map(|call| call.row)),
            "first_frames": difference.first.map(|call| call.map(|call| call.frame)),
            "detail": difference.detail,
        })
    });
    let durations = comparison.times.iter().map(|times| {
        let verdict = match times.verdict {
            SlowerVerdict::Same => "same",
            SlowerVerdict::Slower => "slower",
            SlowerVerdict::Faster => "faster",
            SlowerVerdict::TooFew => "too few samples",
        };
        json!({ "subject": subject_json(&times.subject), "verdict": verdict, "numbers": times.to_json() })
    });
    let object = json!({
        "captures": captures.collect::<Vec<_>>(),
        "operations_in_both": comparison.common,
        "differs": comparison.has_differences(),
        "differences": differences.collect::<Vec<_>>(),
        "durations": durations.collect::<Vec<_>>(),
        "notes": comparison.notes,
    });
    json_line(&object) + "\n"
}

fn markdown(comparison: &Comparison, names: [&str; 2]) -> String {
    let cell = |text: &str| escape_markdown(&plain(text));
    let mut out = format!("**{}**\n\n", summary(comparison));
    for ((name, title), calls) in names.iter().zip(["A", "B"]).zip(comparison.calls) {
        out.push_str(&format!("* {title}: {}, {}\n", cell(name), count(calls, "call")));
    }
    if !comparison.differences.is_empty() {
        out.push_str("\n| difference | of | numbers |\n|---|---|---|\n");
    }
    for difference in &comparison.differences {
        let Difference { kind, subject, text, first, .. } = difference;
        out.push_str(&format!(
            "| {} | {} | {}{} |\n",
            kind.name(),
            cell(&subject.text()),
            cell(text),
            first_text(*first)
        ));
    }
    let times = other_times(comparison);
    if !times.is_empty() {
        out.push_str(
            "\n<details><summary>Durations that are no differences</summary>\n\n| of | numbers |\n|---|---|\n",
        );
        for times in times.iter().take(MAX_TIMES) {
            out.push_str(&format!("| {} | {} |\n", cell(&times.subject.text()), cell(&times.text())));
        }
        out.push_str("\n</details>\n");
    }
    out
}
