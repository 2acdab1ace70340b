//! Partitions of a table: names of captures and hours in paths, as Hive has them.

use super::table::TableKind;
use crate::analysis::limits;
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

/// Nanoseconds of an hour.
const HOUR: i64 = 3_600_000_000_000;

/// Hour of rows without an hour of their own. Not all engines read partitions that are null.
const OTHER: &str = "other";

/// Maximum number of bytes of a name in a path.
const MAX_NAME: usize = 200;

/// Returns the hours since 1970 at a time.
pub(super) fn hour_of(nanos: i64) -> i64 {
    nanos.div_euclid(HOUR)
}

/// Returns the folder of an hour: `hour=2026-11-30T06`.
pub(super) fn hour_folder(hour: Option<i64>) -> String {
    let time = hour.and_then(|hour| Timestamp::from_second(hour * 3600).ok());
    let text = time.map_or(OTHER.to_owned(), |time| time.strftime("%Y-%m-%dT%H").to_string());
    format!("hour={text}")
}

/// Returns the name of a capture, which is that of its file; with its folders if `is_ambiguous` is set.
#[must_use]
pub fn capture_name(path: &Path, is_ambiguous: bool) -> String {
    if path == Path::new("-") {
        return "stdin".into();
    }
    let name = if is_ambiguous { Some(path.as_os_str()) } else { path.file_name() };
    name.unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

/// Returns the folder of a capture: `capture=shop.pcap`. Bytes that are special in a path are `%2F`, which engines decode; the end of
/// a long name is a hash of it.
#[must_use]
pub fn capture_folder(name: &str) -> String {
    let mut encoded = String::new();
    for (nth, byte) in name.bytes().enumerate() {
        let is_plain = byte.is_ascii_alphanumeric() || byte == b'-' || nth > 0 && matches!(byte, b'.' | b'_');
        if is_plain {
            encoded.push(byte.into());
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    if encoded.len() > MAX_NAME {
        let hash = Sha256::digest(name);
        let cut = encoded.get(..MAX_NAME).unwrap_or_default();
        // An escape is whole.
        let end = cut.rfind('%').filter(|&at| at + 3 > MAX_NAME).unwrap_or(MAX_NAME);
        encoded.truncate(end);
        encoded.extend(hash.iter().take(8).map(|byte| format!("{byte:02x}")));
    }
    format!("capture={encoded}")
}

/// Hours of each table, up to a limit. Rows of others have no hour.
#[derive(Default)]
pub(super) struct HourLimit {
    hours: BTreeMap<TableKind, BTreeSet<i64>>,
    is_reached: bool,
}

impl HourLimit {
    /// Returns the hour of a row, if it has one of its own.
    pub(super) fn limited(&mut self, table: TableKind, hour: Option<i64>) -> Option<i64> {
        let hour = hour?;
        let hours = self.hours.entry(table).or_default();
        if !hours.contains(&hour) {
            if hours.len() >= limits::DATASET_HOURS {
                self.is_reached = true;
                return None;
            }
            hours.insert(hour);
        }
        Some(hour)
    }

    /// Returns a message if the limit was reached.
    pub(super) fn note(&self) -> Option<String> {
        let limit = limits::DATASET_HOURS;
        self.is_reached
            .then(|| format!("limit of {limit} hours reached; rows of other hours are in the partition {OTHER}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_are_of_utc_and_unknown_ones_are_named() {
        assert_eq!(hour_folder(Some(hour_of(1_796_025_600_000_000_000))), "hour=2026-11-30T08");
        assert_eq!(hour_folder(Some(hour_of(-1))), "hour=1969-12-31T23");
        assert_eq!(hour_folder(None), "hour=other");
    }

    #[test]
    fn a_name_is_one_part_of_a_path() {
        assert_eq!(capture_folder("shop.pcap"), "capture=shop.pcap");
        assert_eq!(capture_folder("../a=b c"), "capture=%2E.%2Fa%3Db%20c");
        assert_eq!(capture_folder("é\x1b"), "capture=%C3%A9%1B");
        let long = ["a", "b"].map(|end| capture_folder(&format!("{}{end}", "é".repeat(200))));
        assert!(long[0] != long[1] && long.iter().all(|name| name.len() < 255), "{long:?}");
        assert_eq!(capture_name(Path::new("day/1.pcap"), false), "1.pcap");
        assert_eq!(capture_name(Path::new("day/1.pcap"), true), "day/1.pcap");
    }

    #[test]
    fn hours_beyond_the_limit_have_no_partition_of_their_own() {
        let mut hours = HourLimit::default();
        let count = limits::DATASET_HOURS as i64;
        let own = (0..count + 5).filter(|&hour| hours.limited(TableKind::Frames, Some(hour)).is_some()).count();
        assert_eq!(own, limits::DATASET_HOURS);
        assert_eq!(hours.limited(TableKind::Frames, Some(3)), Some(3));
        assert!(hours.note().is_some());
    }
}
