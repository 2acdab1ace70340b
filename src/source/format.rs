//! State of the format parser of a file, and the frames it reads.

use super::frame::{Frame, Record};
use super::options::{FrameOptions, padded};
use super::pcap::Pcap;
use super::pcapng::PcapNg;
use super::window::Window;

/// The state of the format parser.
pub(super) enum FormatReader {
    Pcap(Pcap),
    PcapNg(Box<PcapNg>),
}

/// Builds the frame of a consumed record, borrowed from the window.
#[inline]
pub(super) fn build_frame<'a>(window: &'a Window, format: &'a FormatReader, number: u32, record: &Record) -> Frame<'a> {
    let &Record { start: at, captured, .. } = record;
    let (section, interface, options) = match format {
        FormatReader::Pcap(_) => (0, None, FrameOptions::default()),
        FormatReader::PcapNg(file) => {
            let options = window.consumed_bytes(at + padded(captured), record.options);
            (
                file.section,
                record.interface.and_then(|id| file.interfaces.get(id as usize)),
                FrameOptions::new(options, file.order, record.drops),
            )
        }
    };
    Frame {
        number,
        time: record.time,
        has_time: record.has_time,
        length: record.length,
        bytes: window.consumed_bytes(at, captured),
        link: record.link,
        fcs: record.fcs,
        file: 0,
        section,
        interface,
        options,
    }
}
