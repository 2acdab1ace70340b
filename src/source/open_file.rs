//! A file whose header has been read, at its next frame.

use super::decompress::Compression;
use super::error::LocatedCause;
use super::format::FormatReader;
use super::frame::{Metadata, Record};
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
}
