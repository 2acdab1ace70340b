//! `export pcapng`, `export pcap`, `merge` and `print -w`: frames as one capture file.

use super::whole_streams;
use crate::args::{AnonymizeArgs, DecodeArgs, ExportFramesArgs, MergeArgs, RunArgs};
use crate::command::capture_run::CaptureRun;
use crate::command::decode::decode_options;
use crate::command::filter_matcher::{FilterMatcher, MatchUnit};
use crate::command::input::CaptureInput;
use crate::command::output::{Output, OutputContent, escape_paths};
use crate::command::overwrite::refuse_captures;
use crate::command::{CommandOutcome, fields_task, finish_output, print_message};
use dissectors::Wants;
use dissectors::session::Secrets;
use overhear::export::AnonymizedFrames;
use overhear::report::{CaptureFileReport, Report};
use overhear::sink::{Format, FrameEncoder, NeededSecrets};
use overhear::source::{Capture, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

/// Frames that are written to a capture file, and what is stated at the end.
pub(in crate::command) struct FrameFile {
    pub(in crate::command) report: CaptureFileReport,
    path: PathBuf,
    format: Format,
}

impl FrameFile {
    pub(in crate::command) fn new(path: PathBuf, settings: &EncoderSettings) -> FrameFile {
        FrameFile { report: CaptureFileReport::new(settings.encoder()), path, format: settings.format }
    }

    /// Completes the output, and prints the number of frames.
    pub(in crate::command) fn finish(self, out: Output, has_errors: bool) -> io::Result<CommandOutcome> {
        let is_written = !out.keeps_existing();
        let outcome = finish_output(out, has_errors)?;
        if is_written {
            let path = escape_paths([self.path.as_path()]);
            let name = if path == "-" { "standard output" } else { &path };
            print_message(&format!("{} written to {name}", frame_count(self.report.count())));
            self.format.compression_note(&self.path).iter().for_each(|note| print_message(note));
            note_omitted_secrets(self.report.omits_secrets());
        }
        Ok(outcome)
    }
}

/// What a written capture has beside its frames.
pub(in crate::command) struct EncoderSettings {
    format: Format,
    needed: Option<NeededSecrets>,
    comments: Vec<String>,
}

impl EncoderSettings {
    /// Returns the settings of a file with the comments of these captures. `secrets` are those that the frames may need, if they
    /// are to be written.
    pub(in crate::command) fn new(
        format: Format,
        secrets: Option<Secrets>,
        captures: &[PathBuf],
    ) -> Result<EncoderSettings, String> {
        if secrets.is_some() && format == Format::Pcap {
            return Err("--with-secrets: pcap files have no secrets; use export pcapng, or print -w with a name that ends in .pcapng".into());
        }
        let comments = captures.iter().flat_map(|path| section_comments(path)).collect();
        Ok(EncoderSettings { format, needed: secrets.map(NeededSecrets::new), comments })
    }

    /// Returns the encoder of one file.
    pub(super) fn encoder(&self) -> FrameEncoder {
        FrameEncoder::new(self.format).with_secrets(self.needed.clone()).with_comments(self.comments.clone())
    }
}

pub(super) fn frame_count(count: u64) -> String {
    format!("{count} frame{}", if count == 1 { "" } else { "s" })
}

pub(super) fn note_omitted_secrets(omits_secrets: bool) {
    if omits_secrets {
        print_message(
            "the secrets of the capture are not written; --with-secrets writes those of the written connections",
        );
    }
}

/// Returns the comments of the first section of a file; none of a pipe, which can be read only once.
fn section_comments(path: &Path) -> Vec<String> {
    if !path.is_file() {
        return Vec::new();
    }
    let options = OpenOptions { section_log: true, ..OpenOptions::default() };
    // An error is reported when the file is read.
    let capture = Capture::open_with([path.to_owned()], options).ok();
    let sections = capture.as_ref().and_then(Capture::sections).and_then(|log| log.sections.first());
    sections.map(|section| section.comments.clone()).unwrap_or_default()
}

pub(super) fn run_export_frames(args: ExportFramesArgs, format: Format) -> io::Result<CommandOutcome> {
    let ExportFramesArgs { captures, output, whole_streams, anonymize, written } = args;
    let decode = captures.decode.clone();
    match CaptureInput::of(captures) {
        Ok(input) => {
            let run = written.run(output);
            let job = FrameExport {
                input,
                run,
                decode,
                format,
                with_secrets: written.with_secrets,
                whole_streams,
                anonymize,
            };
            job.run()
        }
        Err(message) => Ok(CommandOutcome::Error(message)),
    }
}

pub(in crate::command) fn run_merge(args: MergeArgs) -> io::Result<CommandOutcome> {
    let MergeArgs { files, output, written, decode } = args;
    let format = Format::for_path(&output);
    let input = CaptureInput { paths: files, filter: None };
    let run = written.run(output);
    FrameExport {
        input,
        run,
        decode,
        format,
        with_secrets: written.with_secrets,
        whole_streams: false,
        anonymize: AnonymizeArgs::default(),
    }
    .run()
}

/// Frames of captures to be written.
struct FrameExport {
    input: CaptureInput,
    run: RunArgs,
    decode: DecodeArgs,
    format: Format,
    with_secrets: bool,
    whole_streams: bool,
    anonymize: AnonymizeArgs,
}

impl FrameExport {
    fn run(mut self) -> io::Result<CommandOutcome> {
        let whole_streams = self.whole_streams && self.input.filter.is_some();
        let anonymize = std::mem::take(&mut self.anonymize);
        match self.open(&anonymize) {
            Ok((run, matcher, mut file, mut out)) => {
                let has_errors = match anonymize.is_wanted {
                    false => write_frames(run, matcher, whole_streams, &mut file.report, &mut out)?,
                    true => {
                        let mut report = AnonymizedFrames::new(&mut file.report, anonymize.key.as_deref())?;
                        write_frames(run, matcher, whole_streams, &mut report, &mut out)?
                    }
                };
                file.finish(out, has_errors)
            }
            Err(message) => Ok(CommandOutcome::Error(message)),
        }
    }

    fn open(self, anonymize: &AnonymizeArgs) -> Result<(CaptureRun, FilterMatcher, FrameFile, Output), String> {
        let CaptureInput { paths, filter } = self.input;
        refuse_captures("-o", self.run.output.as_deref(), &paths, &self.decode)?;
        let matcher = FilterMatcher::new(filter.map(|filter| filter.0), MatchUnit::Frames);
        let run = CaptureRun::new(paths.clone(), &self.run, decode_options(&self.decode)?).merged();
        let secrets = self.with_secrets.then(|| run.secrets());
        let commented = if anonymize.is_wanted { &[][..] } else { &paths };
        let settings = EncoderSettings::new(self.format, secrets, commented)?;
        let file = FrameFile::new(self.run.output.clone().unwrap_or_default(), &settings);
        let out = Output::open(&self.run, OutputContent::Packets, run.has_pipe())?;
        Ok((run, matcher, file, out))
    }
}

/// Writes the frames that match, or all frames of their conversations. Returns whether there were errors.
fn write_frames(
    run: CaptureRun,
    matcher: FilterMatcher,
    is_whole: bool,
    report: &mut dyn Report,
    out: &mut Output,
) -> io::Result<bool> {
    match is_whole {
        true => whole_streams::export(run, matcher, report, out),
        false => run.with_matcher(matcher).run(fields_task(Wants::default()), report, out),
    }
}
