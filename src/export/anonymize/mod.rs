//! Frames without what identifies: replaced addresses, no payload, no texts, right checksums.

mod addresses;
mod checksum;
mod packet;

use crate::report::{CaptureFileReport, DissectedFrame, Report};
use crate::source::{Frame, FrameOptions, SectionMetadata};
use addresses::{AddressMap, Key};
use packet::PacketCopy;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{self, Read, Write};

/// Writes frames without what identifies to a capture file.
pub struct AnonymizedFrames<'r> {
    inner: &'r mut CaptureFileReport,
    addresses: AddressMap,
}

impl<'r> AnonymizedFrames<'r> {
    /// Returns a report that passes anonymized frames on. The same text gives the same addresses in every capture; without one, they
    /// differ in every run.
    ///
    /// # Errors
    ///
    /// The system has no random numbers.
    pub fn new(inner: &'r mut CaptureFileReport, key: Option<&str>) -> io::Result<AnonymizedFrames<'r>> {
        let key: Key = match key {
            Some(text) => Sha256::digest(text.as_bytes()).into(),
            None => {
                let mut key = [0; 32];
                File::open("/dev/urandom")?.read_exact(&mut key)?;
                key
            }
        };
        Ok(AnonymizedFrames { inner, addresses: AddressMap::new(key) })
    }
}

impl Report for AnonymizedFrames<'_> {
    fn begin(&mut self, out: &mut dyn Write) -> io::Result<()> {
        self.inner.begin(out)
    }

    fn frame(&mut self, dissected: &DissectedFrame<'_>, out: &mut dyn Write) -> io::Result<()> {
        let original = dissected.frame;
        let bytes = PacketCopy::of(&mut self.addresses, original.link, original.bytes);
        // Names of interfaces, comments and other options may identify.
        let (interface, options, section) = (None, FrameOptions::default(), 0);
        let frame = Frame { bytes: &bytes, interface, options, section, fcs: None, ..*original };
        self.inner.frame(&DissectedFrame { frame: &frame, ..*dissected }, out)
    }

    // Names and secrets are not written.
    fn metadata(&mut self, _: &SectionMetadata, _: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    fn flush(&mut self, out: &mut dyn Write) -> io::Result<()> {
        self.inner.flush(out)
    }

    fn end(&mut self, out: &mut dyn Write) -> io::Result<()> {
        self.inner.end(out)
    }
}
