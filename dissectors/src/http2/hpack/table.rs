//! Tables of HPACK (RFC 7541 2.3): the static one, and the dynamic one of a direction with what is unknown of it.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

/// Size of a dynamic table until its encoder changes it (RFC 9113 6.5.2).
pub(super) const DEFAULT_SIZE: usize = 4096;
/// Maximum size of the entries that are kept of a table. Of a larger table, which few peers permit, the oldest entries are
/// unknown.
pub(super) const MAX_SIZE: usize = 65_536;
/// Size of an entry beyond its name and value (RFC 7541 4.1).
const ENTRY_SIZE: usize = 32;

/// The static table (RFC 7541 A): the first entry has index 1.
#[rustfmt::skip]
pub(super) static STATIC: [(&str, &str); 61] = [
    (":authority", ""),
    (":method", "GET"),
    (":method", "POST"),
    (":path", "/"),
    (":path", "/index.html"),
    (":scheme", "http"),
    (":scheme", "https"),
    (":status", "200"),
    (":status", "204"),
    (":status", "206"),
    (":status", "304"),
    (":status", "400"),
    (":status", "404"),
    (":status", "500"),
    ("accept-charset", ""),
    ("accept-encoding", "gzip, deflate"),
    ("accept-language", ""),
    ("accept-ranges", ""),
    ("accept", ""),
    ("access-control-allow-origin", ""),
    ("age", ""),
    ("allow", ""),
    ("authorization", ""),
    ("cache-control", ""),
    ("content-disposition", ""),
    ("content-encoding", ""),
    ("content-language", ""),
    ("content-length", ""),
    ("content-location", ""),
    ("content-range", ""),
    ("content-type", ""),
    ("cookie", ""),
    ("date", ""),
    ("etag", ""),
    ("expect", ""),
    ("expires", ""),
    ("from", ""),
    ("host", ""),
    ("if-match", ""),
    ("if-modified-since", ""),
    ("if-none-match", ""),
    ("if-range", ""),
    ("if-unmodified-since", ""),
    ("last-modified", ""),
    ("link", ""),
    ("location", ""),
    ("max-forwards", ""),
    ("proxy-authenticate", ""),
    ("proxy-authorization", ""),
    ("range", ""),
    ("referer", ""),
    ("refresh", ""),
    ("retry-after", ""),
    ("server", ""),
    ("set-cookie", ""),
    ("strict-transport-security", ""),
    ("transfer-encoding", ""),
    ("user-agent", ""),
    ("vary", ""),
    ("via", ""),
    ("www-authenticate", ""),
];

/// An entry that an index refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Entry<'t> {
    /// Its value is known, and perhaps its name.
    Known { name: Option<&'t [u8]>, value: &'t [u8] },
    /// It was inserted by a header block that was not captured.
    Unknown,
    /// The table has no such entry.
    Absent,
}

/// Entries that the header blocks of one direction have inserted.
///
/// Indices count from the newest entry, so entries inserted after a loss are known whatever was before.
#[derive(Clone, Debug)]
pub(super) struct DynamicTable {
    /// Names and values of the entries, the oldest first.
    bytes: Vec<u8>,
    entries: VecDeque<StoredEntry>,
    /// Bytes removed from the front of `bytes` since the beginning.
    removed: usize,
    /// Size of the entries (RFC 7541 4.1).
    size: usize,
    /// Maximum size; unknown after a loss.
    max: Option<usize>,
    /// Whether it may have entries older than those stored.
    is_partial: bool,
}

#[derive(Clone, Copy, Debug)]
struct StoredEntry {
    start: usize,
    name: u32,
    value: u32,
    is_name_known: bool,
}

impl StoredEntry {
    fn size(self) -> usize {
        ENTRY_SIZE + self.name as usize + self.value as usize
    }
}

impl DynamicTable {
    /// Creates an empty table at the beginning of a connection.
    pub(super) fn new() -> DynamicTable {
        let (bytes, entries) = (Vec::new(), VecDeque::new());
        DynamicTable { bytes, entries, removed: 0, size: 0, max: Some(DEFAULT_SIZE), is_partial: false }
    }

    /// Forgets all entries: a header block was lost or is not readable.
    pub(super) fn lose(&mut self) {
        *self = DynamicTable { max: None, is_partial: true, ..DynamicTable::new() };
    }

    /// Bytes allocated.
    pub(super) fn buffered(&self) -> usize {
        self.bytes.capacity() + self.entries.capacity() * size_of::<StoredEntry>()
    }

    /// Returns the entry of an index of both tables (RFC 7541 2.3.3).
    #[inline]
    pub(super) fn entry(&self, index: usize) -> Entry<'_> {
        let Some(nth) = index.checked_sub(1) else { return Entry::Absent };
        if let Some((name, value)) = STATIC.get(nth) {
            return Entry::Known { name: Some(name.as_bytes()), value: value.as_bytes() };
        }
        let place = self.entries.len().checked_sub(index - STATIC.len());
        let Some(entry) = place.and_then(|place| self.entries.get(place)) else {
            return if self.is_partial { Entry::Unknown } else { Entry::Absent };
        };
        let start = entry.start.wrapping_sub(self.removed);
        let bytes = self.bytes.get(start..).unwrap_or_default();
        let (name, rest) = bytes.split_at_checked(entry.name as usize).unwrap_or_default();
        let value = rest.get(..entry.value as usize).unwrap_or_default();
        Entry::Known { name: entry.is_name_known.then_some(name), value }
    }

    /// Inserts an entry and evicts the oldest ones (RFC 7541 4.4).
    pub(super) fn insert(&mut self, name: Option<&[u8]>, value: &[u8]) {
        let is_name_known = name.is_some();
        let name = name.unwrap_or_default();
        let start = self.removed.wrapping_add(self.bytes.len());
        let entry = StoredEntry { start, name: name.len() as u32, value: value.len() as u32, is_name_known };
        let size = entry.size();
        let limit = self.limit();
        if size > limit {
            // Larger than the table: an entry like this empties it. Of a table whose size is not known, the entry may be
            // the newest one.
            self.evict(0);
            self.is_partial |= self.max.is_none_or(|max| size <= max);
            return;
        }
        self.evict(limit - size);
        self.bytes.extend_from_slice(name);
        self.bytes.extend_from_slice(value);
        self.entries.push_back(entry);
        self.size += size;
    }

    /// Sets the maximum size (RFC 7541 6.3).
    pub(super) fn resize(&mut self, max: usize) {
        self.max = Some(max);
        self.evict(self.limit());
        // Nothing fits that is not known.
        self.is_partial &= max >= ENTRY_SIZE;
    }

    /// Maximum size of the stored entries.
    fn limit(&self) -> usize {
        self.max.unwrap_or(MAX_SIZE).min(MAX_SIZE)
    }

    fn evict(&mut self, size: usize) {
        while self.size > size {
            let Some(entry) = self.entries.pop_front() else { break };
            self.size = self.size.saturating_sub(entry.size());
            // Of a larger table, it is evicted here only.
            self.is_partial |= self.max.is_some_and(|max| max > MAX_SIZE);
        }
        let next = self.entries.front().map_or(self.removed.wrapping_add(self.bytes.len()), |entry| entry.start);
        let unused = next.wrapping_sub(self.removed);
        if unused > self.bytes.len() / 2 {
            self.bytes.drain(..unused);
            self.removed = next;
        }
    }
}
