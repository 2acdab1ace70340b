//! `-w`: the frames as a capture file.

use super::{DissectedFrame, Report};
use crate::sink::FrameEncoder;
use crate::source::SectionMetadata;
use std::io::{self, Write};

/// Writes the frames as a capture file, with the names of their capture.
pub struct CaptureFileReport {
    encoder: FrameEncoder,
    /// Last frame, written after the metadata that was read with it.
    pending: Vec<u8>,
}

impl CaptureFileReport {
    /// Returns a report of the frames that this encoder writes.
    #[must_use]
    pub fn new(encoder: FrameEncoder) -> CaptureFileReport {
        CaptureFileReport { encoder, pending: Vec::new() }
    }

    /// Returns whether the captures have secrets that are not written.
    #[must_use]
    pub fn omits_secrets(&self) -> bool {
        self.encoder.omits_secrets()
    }

    /// Returns the number of written frames.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.encoder.count()
    }
}

impl Report for CaptureFileReport {
    fn begin(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let mut start = Vec::new();
        self.encoder.push_start(&mut start);
        out.write_all(&start)
    }

    fn frame(&mut self, dissected: &DissectedFrame<'_>, out: &mut dyn Write) -> io::Result<()> {
        self.flush(out)?;
        let pushed = self.encoder.push_frame(&mut self.pending, dissected.frame);
        pushed.map_err(|cause| io::Error::other(cause.to_string()))
    }

    fn metadata(&mut self, added: &SectionMetadata, out: &mut dyn Write) -> io::Result<()> {
        let mut blocks = Vec::new();
        self.encoder.push_metadata(&mut blocks, added);
        out.write_all(&blocks)
    }

    fn flush(&mut self, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(&self.pending)?;
        self.pending.clear();
        Ok(())
    }

    fn end(&mut self, out: &mut dyn Write) -> io::Result<()> {
        self.encoder.push_end(&mut self.pending);
        self.flush(out)
    }
}
