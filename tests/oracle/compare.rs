//! Compares two tables cell by cell, after removing differences of format between tshark's versions.

use std::collections::HashMap;

use crate::ask::{BETWEEN, Table};
use crate::fields::{Duty, Group};

/// A cell in which the programs differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Difference {
    /// 4.4's name of the field, or one of [`EXIT`] and [`FRAMES`].
    pub(crate) field: &'static str,
    /// The frame's number; 0 for what concerns the whole capture.
    pub(crate) frame: usize,
    /// What overhear printed, in the form compared.
    pub(crate) ours: String,
    /// What tshark printed, in the form compared.
    pub(crate) theirs: String,
}

/// The exit code, compared as if it were a field of frame 0.
pub(crate) const EXIT: &str = "(exit)";
/// The number of frames printed, likewise.
pub(crate) const FRAMES: &str = "(frames)";

/// Number of compared cells, and the result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Count {
    /// Cells compared.
    pub(crate) cells: u64,
    /// Cells of equal value, empty or not.
    pub(crate) equal: u64,
    /// Equal cells that hold something.
    pub(crate) full: u64,
    /// Cells with a value on either side.
    pub(crate) said: u64,
    /// Cells of frames that only one program printed.
    pub(crate) lost: u64,
}

impl Count {
    /// Adds another count.
    pub(crate) fn add(&mut self, other: Count) {
        self.cells += other.cells;
        self.equal += other.equal;
        self.full += other.full;
        self.said += other.said;
        self.lost += other.lost;
    }
}

/// A difference of form between versions: the same fact, written otherwise.
pub(crate) struct Form {
    /// For the report.
    pub(crate) name: &'static str,
    /// Versions it holds for: all before this one.
    pub(crate) until: (u32, u32),
    /// Why this is form and not content.
    pub(crate) reason: &'static str,
    /// Whether the field of this name and tshark type is written otherwise.
    pub(crate) concerns: fn(field: &str, kind: &str) -> bool,
    /// One value as overhear writes it (4.4's form) in the old form.
    pub(crate) rewrite: fn(&str) -> Option<String>,
}

/// Every difference of format that is removed before comparing.
pub(crate) const FORMS: &[Form] = &[
    Form {
        name: "boolean",
        until: (4, 2),
        reason: "4.0 prints booleans as 1 and 0, 4.4 as True and False",
        concerns: |_, kind| kind == "FT_BOOLEAN",
        rewrite: |value| match value {
            "True" => Some("1".to_owned()),
            "False" => Some("0".to_owned()),
            _ => None,
        },
    },
    Form {
        name: "file-data",
        until: (4, 2),
        reason: "4.0 prints http.file_data as text: up to the first NUL, what is not ASCII as U+FFFD, \
                 blanks escaped; 4.4 prints all bytes in hex",
        concerns: |field, kind| field == "http.file_data" && kind == "FT_STRING",
        rewrite: |value| unhex(value).map(|bytes| as_text(&bytes)),
    },
];

/// The bytes of a hex string; none if it is not one.
fn unhex(hex: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u32>> = hex.chars().map(|c| c.to_digit(16)).collect();
    let digits = digits.filter(|digits| digits.len() % 2 == 0)?;
    digits.chunks(2).map(|pair| u8::try_from(pair.iter().fold(0, |sum, digit| sum * 16 + digit)).ok()).collect()
}

/// Bytes as 4.0 prints a string field.
fn as_text(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for byte in bytes.iter().take_while(|byte| **byte != 0) {
        match byte {
            b'\n' => text.push_str("\\n"),
            b'\r' => text.push_str("\\r"),
            b'\t' => text.push_str("\\t"),
            0x0c => text.push_str("\\f"),
            0x08 => text.push_str("\\b"),
            0x80.. => text.push('\u{fffd}'),
            plain => text.push(char::from(*plain)),
        }
    }
    text
}

/// What the comparison must know of the installed tshark.
pub(crate) struct Oracle<'a> {
    /// Major and minor version.
    pub(crate) series: (u32, u32),
    /// The type of each field.
    pub(crate) types: &'a HashMap<String, String>,
}

impl Oracle<'_> {
    /// overhear's cell as this tshark would write it; none if it is not in 4.4's form to begin with.
    fn in_its_form(&self, field: &str, ours: &str) -> Option<String> {
        let kind = self.types.get(field).map_or("", String::as_str);
        let form = FORMS.iter().find(|form| self.series < form.until && (form.concerns)(field, kind));
        match form {
            Some(form) if !ours.is_empty() => {
                let values: Option<Vec<String>> = ours.split(BETWEEN).map(form.rewrite).collect();
                Some(values?.join(&BETWEEN.to_string()))
            }
            _ => Some(ours.to_owned()),
        }
    }

    /// Compares the fields of a group; `known` leaves out what this tshark has not.
    pub(crate) fn compare(
        &self,
        group: &Group,
        known: impl Fn(&'static str) -> bool,
        ours: &Table,
        theirs: &Table,
    ) -> (Vec<(&'static str, Count)>, Vec<Difference>) {
        let both = ours.rows.min(theirs.rows);
        let mut counts = Vec::new();
        let mut differences = Vec::new();
        for field in group.fields.iter().copied().filter(|field| known(field)) {
            let mut count = Count::default();
            for row in 0..ours.rows.max(theirs.rows) {
                let (a, b) = (ours.cell(field, row), theirs.cell(field, row));
                count.cells += 1;
                count.said += u64::from(!(a.is_empty() && b.is_empty()));
                if row >= both {
                    count.lost += 1;
                    continue;
                }
                let written = self.in_its_form(field, a);
                if written.as_deref() == Some(b) {
                    count.equal += 1;
                    count.full += u64::from(!b.is_empty());
                } else {
                    // Shown in the form compared: True beside 0 would mislead.
                    let ours = written.unwrap_or_else(|| format!("(not in 4.4's form) {a}"));
                    differences.push(Difference { field, frame: row + 1, ours, theirs: b.to_owned() });
                }
            }
            counts.push((field, count));
        }
        (counts, differences)
    }

    /// The count of a group without readable output of overhear: every cell is lost.
    pub(crate) fn nothing(
        &self,
        group: &Group,
        known: impl Fn(&'static str) -> bool,
        theirs: &Table,
    ) -> Vec<(&'static str, Count)> {
        self.compare(group, known, &Table::default(), theirs).0
    }
}

/// A share in percent with four digits, never rounded up: 100 means all.
pub(crate) fn percent(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "-".to_owned();
    }
    let millionths = u128::from(part) * 1_000_000 / u128::from(whole);
    format!("{}.{:04}", millionths / 10_000, millionths % 10_000)
}

/// Whether a group's differences fail the run.
pub(crate) fn binds(group: &Group) -> bool {
    group.duty == Duty::Binding
}
