//! `snapshot`: chosen fields of the capture, as a text that is kept.

use super::{Seen, Watch, lets};
use crate::check::verdict::{Frames, Verdict, many, plain};
use crate::filter::Filter;
use dissectors::tree::Node;
use dissectors::{Field, Kind, Tree, Value, Wants, format};
use similar::{ChangeTag, TextDiff};
use std::collections::BTreeSet;

/// What in the name of a snapshot stands for the capture's name.
pub const CAPTURE: &str = "{capture}";

/// As long as a snapshot may be, in bytes.
const MOST: usize = 16 << 20;

/// As many lines of a difference are told.
const LINES: usize = 20;

/// The fields of the capture are those that were written down.
pub(super) struct Snapshot {
    /// The file, beside the check file.
    pub(super) path: String,
    pub(super) fields: Vec<&'static Field>,
}

impl Snapshot {
    pub(super) fn wants(&self) -> Wants {
        let mut wants = Wants::default();
        self.fields.iter().for_each(|field| wants.add(field));
        wants
    }

    pub(super) fn watch<'r>(&'r self, only: Option<&'r Filter>, expected: Option<String>) -> Watching<'r> {
        let ids = self.fields.iter().map(|field| field.id).collect();
        Watching { ids, only, expected, text: String::new(), lines: 0, places: Vec::new(), full: false }
    }
}

pub(super) struct Watching<'r> {
    ids: BTreeSet<u16>,
    only: Option<&'r Filter>,
    expected: Option<String>,
    text: String,
    lines: usize,
    /// The line at which each frame begins, from 0, and its number.
    places: Vec<(usize, u32)>,
    full: bool,
}

impl Watch for Watching<'_> {
    fn frame(&mut self, seen: &Seen<'_>) {
        if self.full || !lets(self.only, seen.tree) {
            return;
        }
        let begin = self.lines + usize::from(self.lines > 0);
        for node in seen.tree.nodes().iter().filter(|node| self.ids.contains(&node.field.id)) {
            if self.lines < begin {
                self.text.push('\n');
                self.lines += 1;
            }
            self.text.push_str(node.field.name);
            if !matches!(node.value, Value::Present) && node.field.kind != Kind::Protocol {
                self.text.push_str(": ");
                value(&mut self.text, node, seen.tree);
            }
            self.text.push('\n');
            self.lines += 1;
        }
        if self.lines > begin {
            self.places.push((begin, seen.frames.first().copied().unwrap_or(0)));
        }
        self.full = self.text.len() > MOST;
    }

    fn verdict(self: Box<Self>) -> Verdict {
        if self.full {
            return Verdict::new(false, format!("the snapshot is longer than {MOST} bytes"), Frames::default());
        }
        let frames = self.places.len() as u64;
        let Some(expected) = &self.expected else {
            let found = "there is no snapshot yet; --bless writes it".into();
            return Verdict { snapshot: Some(self.text), ..Verdict::new(false, found, Frames::default()) };
        };
        // Line ends are whatever a checkout makes of them.
        let expected = expected.replace("\r\n", "\n");
        let mut verdict = Verdict::new(true, many(frames, "frame"), Frames::default());
        if expected != self.text {
            let nth = expected.lines().zip(self.text.lines()).position(|(one, two)| one != two);
            let nth = nth.unwrap_or_else(|| expected.lines().count().min(self.text.lines().count()));
            let place = self.places.partition_point(|&(line, _)| line <= nth);
            self.places.get(place.saturating_sub(1)).into_iter().for_each(|&(_, frame)| verdict.frames.add(frame));
            verdict.holds = false;
            verdict.detail = difference(&expected, &self.text, nth);
            verdict.found = format!("it differs from the snapshot in line {}; --bless accepts it", nth + 1);
        }
        verdict.snapshot = Some(self.text);
        verdict
    }
}

/// Appends a value: bytes that are text as text in quotes, so that a reader sees what changed.
fn value(out: &mut String, node: &Node, tree: &Tree) {
    let text = match node.value {
        Value::Bytes(slice) => std::str::from_utf8(tree.bytes(slice)).ok(),
        _ => None,
    };
    let is_plain = |char: char| format::is_plain(char) || matches!(char, '\n' | '\r' | '\t');
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

/// The lines that differ from this line on, as `diff -u` tells them: `-` was expected, `+` was found.
fn difference(expected: &str, found: &str, from: usize) -> Vec<String> {
    /// To compare takes up to the product of both lengths, so no more lines are looked at.
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
            lines
                .push(format!("{sign} {}", plain(change.value().trim_end_matches(['\r', '\n']))).trim_end().to_owned());
        }
    }
    let more = lines.len().saturating_sub(LINES);
    lines.truncate(LINES);
    if more > 0 {
        lines.push(format!("... {}", many(more as u64, "more line")));
    }
    lines
}
