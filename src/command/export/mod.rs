//! `export`, `merge` and `split`: captures and calls for other programs.

mod frames;
mod parts;
mod split;
mod whole_streams;

use super::CommandOutcome;
use crate::args::{ExportArgs, ExportForm};
pub(super) use frames::{EncoderSettings, FrameFile, run_merge};
use overhear::sink::Format;
pub(super) use split::run_split;
use std::io;

pub(super) fn run_export(args: ExportArgs) -> io::Result<CommandOutcome> {
    match args.form {
        ExportForm::Pcapng(args) => frames::run_export_frames(args, Format::PcapNg),
        ExportForm::Pcap(args) => frames::run_export_frames(args, Format::Pcap),
    }
}
