//! `export`, `merge` and `split`: captures and calls for other programs.

mod calls;
#[cfg(feature = "parquet")]
mod dataset;
mod frames;
mod parts;
mod qlog;
mod split;
mod whole_streams;

use super::CommandOutcome;
use crate::args::{ExportArgs, ExportForm, ExportHarArgs, ExportObjectsArgs, ExportRequestsArgs, RunArgs};
use calls::CallContent;
pub(super) use frames::{EncoderSettings, FrameFile, run_merge};
use overhear::export::{HarForm, ObjectsForm, RequestForm, RequestsForm};
use overhear::sink::Format;
pub(super) use split::run_split;
use std::io;
use std::path::Path;

pub(super) fn run_export(args: ExportArgs) -> io::Result<CommandOutcome> {
    match args.form {
        ExportForm::Pcapng(args) => frames::run_export_frames(args, Format::PcapNg),
        ExportForm::Pcap(args) => frames::run_export_frames(args, Format::Pcap),
        ExportForm::Har(args) => run_export_har(args),
        ExportForm::Objects(args) => run_export_objects(args),
        ExportForm::Qlog(args) => qlog::run_export_qlog(args),
        #[cfg(feature = "parquet")]
        ExportForm::Parquet(args) => dataset::run_export_parquet(args),
        #[cfg(feature = "parquet")]
        ExportForm::Arrow(args) => dataset::run_export_arrow(args),
        ExportForm::Curl(args) => run_export_requests(args, RequestForm::Curl),
        ExportForm::Httpie(args) => run_export_requests(args, RequestForm::Httpie),
        ExportForm::Python(args) => run_export_requests(args, RequestForm::Python),
        ExportForm::Raw(args) => run_export_requests(args, RequestForm::Raw),
    }
}

fn run_export_har(args: ExportHarArgs) -> io::Result<CommandOutcome> {
    let body_limit = if args.no_bodies { 0 } else { args.bodies.limit.0 };
    let content = CallContent { body_limit, has_connections: true };
    calls::export_calls(args.captures, &args.output.run(), content, &mut HarForm::default())
}

fn run_export_objects(args: ExportObjectsArgs) -> io::Result<CommandOutcome> {
    if args.folder == Path::new("-") {
        let message = "-o -: expected a folder; bodies are written to files, not to standard output";
        return Ok(CommandOutcome::Error(message.into()));
    }
    let mut form = ObjectsForm::new(&args.folder);
    let run = RunArgs::complete(args.count, None).on(args.threads);
    let content = CallContent { body_limit: args.bodies.limit.0, has_connections: false };
    calls::export_calls(args.captures, &run, content, &mut form)
}

fn run_export_requests(args: ExportRequestsArgs, form: RequestForm) -> io::Result<CommandOutcome> {
    let schemas = args.captures.decode.schemas();
    let mut form = RequestsForm::new(form, &schemas);
    let run = args.output.run();
    let content = CallContent { body_limit: args.bodies.limit.0, has_connections: false };
    calls::export_calls(args.captures, &run, content, &mut form)
}
