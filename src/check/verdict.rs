//! Verdicts of rules.

use crate::diff::CaptureProfile;
use dissectors::format;
use std::fmt::Write as _;

/// Maximum number of deciding frames listed.
pub const MAX_FRAMES: usize = 8;

/// Verdict of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Whether the rule holds.
    pub holds: bool,
    /// Finding in one line.
    pub found: String,
    /// Further lines of the finding: the difference from a snapshot.
    pub detail: Vec<String>,
    /// Frames that decide the verdict.
    pub frames: DecidingFrames,
    /// Snapshot text of the capture, for snapshot rules.
    pub snapshot: Option<String>,
    /// Profile of the capture, for rules that compare it with a base, if they were evaluated without one.
    pub profile: Option<Box<CaptureProfile>>,
}

impl Verdict {
    pub(super) fn new(holds: bool, found: String, frames: DecidingFrames) -> Verdict {
        Verdict { holds, found, detail: Vec::new(), frames, snapshot: None, profile: None }
    }
}

/// First frames that decide a verdict, and the number of further ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DecidingFrames {
    /// First frames, at most `MAX_FRAMES`, in ascending order.
    pub first: Vec<u32>,
    /// Number of further frames.
    pub omitted: u64,
}

impl DecidingFrames {
    /// Adds a frame unless it is listed.
    pub(super) fn add(&mut self, frame: u32) {
        match self.first.binary_search(&frame) {
            Ok(_) => {}
            Err(index) => {
                self.first.insert(index, frame);
                if self.first.len() > MAX_FRAMES {
                    self.first.pop();
                    self.omitted += 1;
                }
            }
        }
    }

    /// Adds several frames.
    pub(super) fn add_all(&mut self, frames: &[u32]) {
        frames.iter().for_each(|&frame| self.add(frame));
    }
}

/// Returns whether a character can be printed unescaped. XML 1.0 and YAML exclude the noncharacters U+FFFE and U+FFFF.
pub(super) fn is_printable(char: char) -> bool {
    format::is_printable(char) && !matches!(char, '\u{fffe}' | '\u{ffff}')
}

/// Formats a count with a noun: `1 frame`, `3 frames`, `no frame`.
pub(super) fn count_noun(count: u64, noun: &str) -> String {
    match count {
        0 => format!("no {noun}"),
        1 => format!("1 {noun}"),
        _ => format!("{count} {noun}s"),
    }
}

/// Escapes untrusted text for a terminal, XML and YAML.
#[must_use]
pub fn escape_unprintable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        let mut bytes = [0; 4];
        let bytes = char.encode_utf8(&mut bytes).as_bytes();
        let _ = match char {
            _ if is_printable(char) => out.write_char(char),
            '\u{fffe}' | '\u{ffff}' => bytes.iter().try_for_each(|byte| write!(out, "\\x{byte:02x}")),
            _ => format::text(&mut out, bytes),
        };
    }
    out
}
