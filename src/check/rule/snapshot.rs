//! `snapshot`: selected fields of the capture equal a saved text.

use super::{EvaluatedItem, RuleEvaluator, matches_condition};
use crate::check::verdict::{DecidingFrames, Verdict, count_noun, escape_unprintable};
use crate::filter::Filter;
use dissectors::tree::Node;
use dissectors::{Field, FieldKind, Tree, Value, Wants, format};
use similar::{ChangeTag, TextDiff};
use std::collections::BTreeSet;

/// Placeholder for the capture's name in the name of a snapshot.
pub const CAPTURE_PLACEHOLDER: &str = "{capture}";

/// Maximum size of a snapshot in bytes.
const MAX_SNAPSHOT_SIZE: usize = 16 << 20;

/// Maximum lines of a difference in a report.
const MAX_DIFF_LINES: usize = 20;

/// Rule that the selected fields of the capture equal a snapshot.
pub(super) struct SnapshotRule {
    /// Path of the snapshot, relative to the directory of the check file.
    pub(super) path: String,
    pub(super) fields: Vec<&'static Field>,
}

impl SnapshotRule {
    /// Returns the fields that the rule reads.
    pub(super) fn wants(&self) -> Wants {
        let mut wants = Wants::default();
        self.fields.iter().for_each(|field| wants.add(field));
        wants
    }

    pub(super) fn evaluator<'r>(
        &'r self,
        condition: Option<&'r Filter>,
        expected: Option<String>,
    ) -> SnapshotEvaluator<'r> {
        let ids = self.fields.iter().map(|field| field.id).collect();
        SnapshotEvaluator {
            ids,
            condition,
            expected,
            text: String::new(),
            lines: 0,
            frame_lines: Vec::new(),
            overflowed: false,
        }
    }
}

/// Evaluator of the rule.
pub(super) struct SnapshotEvaluator<'r> {
    ids: BTreeSet<u16>,
    condition: Option<&'r Filter>,
    expected: Option<String>,
    text: String,
    lines: usize,
    /// First line of each frame, from 0, and the frame's number.
    frame_lines: Vec<(usize, u32)>,
    /// Whether the text exceeds the maximum size.
    overflowed: bool,
}

impl RuleEvaluator for SnapshotEvaluator<'_> {
    fn on_frame(&mut self, item: &EvaluatedItem<'_>) {
        if self.overflowed || !matches_condition(self.condition, item.tree) {
            return;
        }
        let first_line = self.lines + usize::from(self.lines > 0);
        for node in item.tree.nodes().iter().filter(|node| self.ids.contains(&node.field.id)) {
            if self.lines < first_line {
                self.text.push('\n');
                self.lines += 1;
            }
            self.text.push_str(node.field.name);
            if !matches!(node.value, Value::Present) && node.field.kind != FieldKind::Protocol {
                self.text.push_str(": ");
                write_value(&mut self.text, node, item.tree);
            }
            self.text.push('\n');
            self.lines += 1;
        }
        if self.lines > first_line {
            self.frame_lines.push((first_line, item.frames.first().copied().unwrap_or(0)));
        }
        self.overflowed = self.text.len() > MAX_SNAPSHOT_SIZE;
    }

    fn verdict(self: Box<Self>) -> Verdict {
        if self.overflowed {
            return Verdict::new(
                false,
                format!("the snapshot is longer than {MAX_SNAPSHOT_SIZE} bytes"),
                DecidingFrames::default(),
            );
        }
        let frames = self.frame_lines.len() as u64;
        let Some(expected) = &self.expected else {
            let found = "no snapshot yet; --bless writes it".into();
            return Verdict { snapshot: Some(self.text), ..Verdict::new(false, found, DecidingFrames::default()) };
        };
        // A version control checkout may have converted the line ends.
        let expected = expected.replace("\r\n", "\n");
        let mut verdict = Verdict::new(true, count_noun(frames, "frame"), DecidingFrames::default());
        if expected != self.text {
            let nth = expected.lines().zip(self.text.lines()).position(|(old, new)| old != new);
            let nth = nth.unwrap_or_else(|| expected.lines().count().min(self.text.lines().count()));
            let index = self.frame_lines.partition_point(|&(line, _)| line <= nth);
            self.frame_lines.get(index.saturating_sub(1)).into_iter().for_each(|&(_, frame)| verdict.frames.add(frame));
            verdict.holds = false;
            verdict.detail = difference(&expected, &self.text, nth);
            verdict.found = format!("differs from the snapshot at line {}; --bless accepts the change", nth + 1);
        }
        verdict.snapshot = Some(self.text);
        verdict
    }
}

/// Appends a value. Bytes that are printable text are written as quoted text, so that differences are readable.
fn write_value(out: &mut String, node: &Node, tree: &Tree) {
    let text = match node.value {
        Value::Bytes(slice) => std::str::from_utf8(tree.bytes(slice)).ok(),
        _ => None,
    };
    let is_plain = |char: char| format::is_printable(char) || matches!(char, '\n' | '\r' | '\t');
    let _ = match text.filter(|text| text.chars().all(is_plain)) {
        Some(text) => {
            out.push('"');
            let written = format::text(out, text.as_bytes());
            out.push('"');
            written
        }
        None => format::value(out, node.field, node.value, tree),
    };
}

/// Returns the differing lines from line `from` on, as in `diff -u`: `-` marks expected lines, `+` found ones.
fn difference(expected: &str, found: &str, from: usize) -> Vec<String> {
    /// Maximum lines compared. The comparison takes time up to the product of both lengths.
    const WINDOW: usize = 500;
    let window =
        |text: &str| -> String { text.split_inclusive('\n').skip(from.saturating_sub(1)).take(WINDOW).collect() };
    let (expected, found) = (window(expected), window(found));
    let difference = TextDiff::from_lines(&expected, &found);
    let mut lines = Vec::new();
    for group in difference.grouped_ops(1) {
        for change in group.iter().flat_map(|op| difference.iter_changes(op)) {
            let sign = match change.tag() {
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
                ChangeTag::Equal => ' ',
            };
            lines.push(
                format!("{sign} {}", escape_unprintable(change.value().trim_end_matches(['\r', '\n'])))
                    .trim_end()
                    .to_owned(),
            );
        }
    }
    let more = lines.len().saturating_sub(MAX_DIFF_LINES);
    lines.truncate(MAX_DIFF_LINES);
    if more > 0 {
        lines.push(format!("... {}", count_noun(more as u64, "more line")));
    }
    lines
}
