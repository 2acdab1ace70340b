//! What became of a check.

use dissectors::format;
use std::fmt::Write as _;

/// As many of the frames that decide are told.
pub const MOST_FRAMES: usize = 8;

/// What became of a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Whether the rule holds.
    pub holds: bool,
    /// What was found, in a line.
    pub found: String,
    /// What was found, in more lines: the difference of a snapshot.
    pub detail: Vec<String>,
    /// The frames that decide it.
    pub frames: Frames,
    /// What a snapshot says of the capture now.
    pub snapshot: Option<String>,
}

impl Verdict {
    pub(super) fn new(holds: bool, found: String, frames: Frames) -> Verdict {
        Verdict { holds, found, detail: Vec::new(), frames, snapshot: None }
    }
}

/// The first of some frames, and how many there are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frames {
    /// The first, [`MOST_FRAMES`] at most, in ascending order.
    pub first: Vec<u32>,
    /// How many more there are.
    pub more: u64,
}

impl Frames {
    pub(super) fn add(&mut self, frame: u32) {
        match self.first.binary_search(&frame) {
            Ok(_) => {}
            Err(place) => {
                self.first.insert(place, frame);
                if self.first.len() > MOST_FRAMES {
                    self.first.pop();
                    self.more += 1;
                }
            }
        }
    }

    pub(super) fn add_all(&mut self, frames: &[u32]) {
        frames.iter().for_each(|&frame| self.add(frame));
    }
}

/// Whether a character can be told as it is: XML 1.0 and YAML have none for the two that are never characters.
pub(super) fn is_plain(char: char) -> bool {
    format::is_plain(char) && !matches!(char, '\u{fffe}' | '\u{ffff}')
}

/// How many there are of a thing: `1 frame`, `3 frames`, `no frame`.
pub(super) fn many(count: u64, what: &str) -> String {
    match count {
        0 => format!("no {what}"),
        1 => format!("1 {what}"),
        _ => format!("{count} {what}s"),
    }
}

/// Text of the wire, or of a file, as it may stand on a terminal, in XML and in YAML.
#[must_use]
pub fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        let mut bytes = [0; 4];
        let bytes = char.encode_utf8(&mut bytes).as_bytes();
        let _ = match char {
            _ if is_plain(char) => out.write_char(char),
            '\u{fffe}' | '\u{ffff}' => bytes.iter().try_for_each(|byte| write!(out, "\\x{byte:02x}")),
            _ => format::text(&mut out, bytes),
        };
    }
    out
}
