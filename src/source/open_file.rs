//! A file whose header has been read, at its next frame.

use super::decompress::Compression;
use super::error::LocatedCause;
use super::format::FormatReader;
use super::frame::{FrameHead, Metadata, Record};
use super::window::Window;

/// A file whose header has been read.
pub(super) struct OpenFile {
    pub(super) window: Window,
    pub(super) format: FormatReader,
    pub(super) compression: Option<Compression>,
}

impl OpenFile {
    /// Reads the next frame; `None` at the end.
    #[inline]
    pub(super) fn next_record(&mut self, metadata: &mut Metadata) -> Result<Option<Record>, Box<LocatedCause>> {
        match &mut self.format {
            FormatReader::Pcap(file) => file.next_record(&mut self.window),
            FormatReader::PcapNg(file) => file.next_record(&mut self.window, metadata),
        }
    }

    /// Reads on in the buffer to the next frame that `skip` does not skip, as long as nothing unusual is before it. `last` is the number
    /// of the last frame, and becomes that of the last one skipped.
    #[inline]
    pub(super) fn usual_record(&mut self, last: &mut u32, skip: impl FnMut(&FrameHead<'_>) -> bool) -> Option<Record> {
        let bytes = self.window.bytes();
        let (skipped, found) = match &self.format {
            FormatReader::Pcap(file) => skip_in(bytes, last, |bytes| file.usual_record(bytes), skip),
            FormatReader::PcapNg(file) => skip_in(bytes, last, |bytes| file.usual_record(bytes), skip),
        };
        let at = self.window.consume(skipped + found.as_ref().map_or(0, |(_, len)| *len));
        found.map(|(record, _)| Record { start: at + skipped + record.start, ..record })
    }
}

/// Skips the frames at the begin of `bytes` as long as `skip` says so; `record` returns the first record of bytes and its length, with
/// the frame's place in them. Returns the number of bytes skipped, and the record after them.
#[inline]
fn skip_in(
    bytes: &[u8],
    last: &mut u32,
    record: impl Fn(&[u8]) -> Option<(Record, usize)>,
    mut skip: impl FnMut(&FrameHead<'_>) -> bool,
) -> (usize, Option<(Record, usize)>) {
    let mut rest = bytes;
    let mut found = None;
    while let Some((next, len)) = record(rest) {
        let number = last.saturating_add(1);
        let Record { time, has_time, link, fcs, start, captured, .. } = next;
        let bytes = rest.get(start..start + captured).unwrap_or_default();
        if !skip(&FrameHead { number, time, has_time, link, fcs, bytes }) {
            found = Some((next, len));
            break;
        }
        *last = number;
        rest = rest.get(len..).unwrap_or_default();
    }
    (bytes.len() - rest.len(), found)
}
