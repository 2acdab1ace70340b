//! Reads capture files through the analysis into a report, in one or two passes.

use super::decode::malformed_message;
use super::filter_matcher::{FilterMatcher, MatchUnit};
use super::frame_reporter::FrameReporter;
use super::interrupt;
use super::output::RowOutput;
use super::pass_loop::{FrameFinder, PassLoop};
use super::print_message;
use super::progress::ReadProgressBar;
use crate::args::RunArgs;
use dissectors::session::{FirstPass, Secrets};
use overhear::analysis::{Analyzer, DecodeOptions, NameFlags, Place, Task};
use overhear::report::Report;
use overhear::source::{Capture, OpenOptions, SectionMetadata, derived_secrets_block};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Run over capture files.
pub(super) struct CaptureRun {
    pub(super) paths: Vec<PathBuf>,
    /// Maximum number of frames to read.
    max_frames: u32,
    pub(super) matcher: FilterMatcher,
    pub(super) open_options: OpenOptions,
    pub(super) decode: DecodeOptions,
    /// Malformed lines in the secrets of the captures' blocks, once these are read.
    malformed_secrets: Option<usize>,
    /// Number of threads that the command line asks for.
    pub(super) threads: Option<usize>,
}

impl CaptureRun {
    pub(super) fn new(paths: Vec<PathBuf>, run: &RunArgs, decode: DecodeOptions) -> CaptureRun {
        let matcher = FilterMatcher::new(None, MatchUnit::Frames);
        let open_options = OpenOptions { follow: run.follow_file, ..OpenOptions::default() };
        let (max_frames, threads) = (run.count.unwrap_or(u32::MAX), run.threads.threads);
        CaptureRun { paths, max_frames, matcher, open_options, decode, malformed_secrets: None, threads }
    }

    /// Returns the same run, to be done again.
    pub(super) fn fork(&self) -> CaptureRun {
        CaptureRun {
            paths: self.paths.clone(),
            max_frames: self.max_frames,
            matcher: self.matcher.fork(),
            open_options: self.open_options.clone(),
            decode: self.decode.clone(),
            malformed_secrets: self.malformed_secrets,
            threads: self.threads,
        }
    }

    /// Returns the captures.
    pub(super) fn paths(&self) -> &[PathBuf] {
        &self.paths
    }

    /// Adds the secrets of the captures' blocks, which takes reading all blocks, unless that is done. Returns the number of
    /// malformed lines in them.
    pub(super) fn read_block_secrets(&mut self) -> usize {
        let CaptureRun { paths, decode, malformed_secrets, .. } = self;
        let read = || decode.add_block_secrets(paths.iter().map(PathBuf::as_path));
        *malformed_secrets.get_or_insert_with(read)
    }

    /// Returns the secrets of key logs and of the blocks of capture files.
    pub(super) fn secrets(&self) -> Secrets {
        let mut decode = self.decode.clone();
        decode.add_block_secrets(self.paths.iter().map(PathBuf::as_path));
        Arc::unwrap_or_clone(decode.secrets)
    }

    /// Reports only matches of this filter.
    pub(super) fn with_matcher(self, matcher: FilterMatcher) -> CaptureRun {
        CaptureRun { matcher, ..self }
    }

    /// Reads several captures in the order of time, and not one after the other.
    pub(super) fn merged(mut self) -> CaptureRun {
        self.open_options.merge = true;
        self
    }

    /// Returns whether the input may still grow: a pipe, or a followed file.
    pub(super) fn has_pipe(&self) -> bool {
        let is_file = |path: &PathBuf| path != Path::new("-") && path.is_file();
        self.open_options.follow || !self.paths.iter().all(is_file)
    }

    /// Returns whether the secrets that private keys open are collected before the capture is reported. They are while a pipe is
    /// read, unless it is read twice for another reason.
    fn collects_secrets(&self, reads_twice: bool) -> bool {
        self.decode.has_private_keys()
            && !self.open_options.follow
            && (reads_twice || self.decode.saves_secrets || !self.has_pipe())
    }

    /// Reads and reports the captures. Reads twice if the task needs fields that depend on later frames, or if finding
    /// the matching frames first costs less than dissecting all frames for the report. Prints capture errors on stderr
    /// after the frames that could be read. Returns whether there were errors.
    pub(super) fn run<O: RowOutput>(mut self, task: Task, report: &mut dyn Report, out: &mut O) -> io::Result<bool> {
        // Names of a file that grows are collected while it is read.
        let collect_names = if self.open_options.follow { self.decode.names.flags } else { NameFlags::NONE };
        let has_growing_logs = self.has_pipe() && !self.decode.has_no_key_logs();
        if has_growing_logs {
            self.decode.await_secrets();
        }
        let mut task = Task { decode: self.decode.clone(), collect_names, ..task };
        let is_rich = task.wants.columns;
        self.matcher.extend_task(&mut task);
        if self.has_pipe() {
            interrupt::install_handler(&self.open_options.stop);
        }
        // The end of a followed file is unknown.
        let collect = task.wants.needs_later_frames() && !self.open_options.follow;
        let filter_wants = self.matcher.first_pass_wants().filter(|_| collect || is_rich && !self.has_pipe());
        let collect_names = self.decode.names.flags.network && !self.open_options.follow;
        let collect_secrets = self.collects_secrets(collect);
        let (capture, errors) = self.open_captures(collect || collect_names || collect_secrets);
        let mut has_errors = !errors.is_empty();
        errors.iter().try_for_each(|error| out.message(error))?;
        let malformed = self.read_block_secrets();
        task.decode.secrets = Arc::clone(&self.decode.secrets);
        self.note_malformed(malformed, out)?;
        let two_passes = collect || filter_wants.is_some();
        let passes = 1 + [two_passes, collect_names, collect_secrets].map(u64::from).iter().sum::<u64>();
        let bar = out.progress(passes);
        if capture.is_none() {
            out.keep_existing();
        }
        report.begin(out)?;
        out.place(Place::of_frame(1))?;
        if let Some(capture) = capture {
            let mut passes = PassLoop::new(capture, bar);
            passes.growing_logs = has_growing_logs.then(|| task.decode.clone());
            let mut max_frames = self.max_frames;
            let mut selected = None;
            let mut first_pass = FirstPass::default();
            let mut unsupported_links = Vec::new();
            passes.max_frames = max_frames;
            if collect_names {
                passes.collect_names(&mut task.decode);
            }
            if collect_secrets {
                passes.collect_secrets(&mut task.decode);
                report_derived_secrets(&task.decode, report, out)?;
            }
            if two_passes {
                let filters = filter_wants.is_some();
                let last_frame = self.matcher.last_frame().filter(|_| !collect);
                passes.max_frames = max_frames.min(last_frame.unwrap_or(u32::MAX));
                let prefilter = self.matcher.prefilter().filter(|_| filters);
                let mut finder = if collect { FrameFinder::before(&task.wants) } else { FrameFinder::default() };
                finder.matcher = Some(&mut self.matcher).filter(|_| filters);
                let exchanges = finder.statements.is_some();
                let (wants, decode, shard) = (filter_wants.unwrap_or_default(), task.decode.clone(), task.shard);
                let analyzer = Analyzer::new(Task { collect, exchanges, wants, decode, shard, ..Task::default() });
                first_pass = passes.run_first(analyzer.with_prefilter(prefilter), &mut finder);
                let FrameFinder { frames, streams, failed, .. } = finder;
                unsupported_links = finder.unsupported_links;
                if filters {
                    // Without capture errors, the second pass need not read beyond the last matching frame.
                    if !failed {
                        max_frames = max_frames.min(frames.max().unwrap_or(0));
                    }
                    selected = Some(frames);
                    task.only = Some(streams);
                }
            }
            if let Some(logs) = &passes.growing_logs {
                Arc::make_mut(&mut task.decode.secrets).merge(&logs.secrets);
            }
            passes.max_frames = max_frames.min(self.matcher.last_frame().unwrap_or(u32::MAX));
            // It has frames followed without their messages.
            let prefilter = self.matcher.prefilter().filter(|_| selected.is_none() && !report.reads_messages());
            let mut analyzer = Analyzer::with_first_pass(task, first_pass).with_prefilter(prefilter);
            let stop = self.open_options.stop.clone();
            let mut reporter = FrameReporter::new(&mut self.matcher, report, out, stop);
            reporter.report_links(&unsupported_links)?;
            if selected.is_some() {
                reporter = reporter.of_selection();
            }
            passes.run(&mut analyzer, selected.as_ref(), &mut reporter)?;
            has_errors |= reporter.has_errors;
            // Secrets of a regular file are found before its frames are read.
            if malformed == 0 {
                self.note_malformed(passes.malformed_secrets, out)?;
            }
        }
        out.place(Place::LAST)?;
        report.end(out)?;
        Ok(has_errors)
    }

    /// Prints a message if lines of the secrets in the captures are malformed.
    fn note_malformed(&self, count: usize, out: &mut impl RowOutput) -> io::Result<()> {
        let message = malformed_message(self.paths.iter().map(PathBuf::as_path), count);
        message.map_or(Ok(()), |message| out.message(&message))
    }

    /// Opens the captures for a command that reads them in passes of its own. Returns the loop over them, if one could be
    /// opened, the decode options of all passes, and whether there were errors.
    pub(super) fn open_passes(mut self, passes: u64, is_file: bool) -> (Option<PassLoop>, DecodeOptions, bool) {
        let collect_names = self.decode.names.flags.network;
        let passes = passes + u64::from(collect_names);
        let (capture, errors) = self.open_captures(passes > 1);
        errors.iter().for_each(|error| print_message(error));
        let mut decode = self.decode.clone();
        decode.add_block_secrets(self.paths.iter().map(PathBuf::as_path));
        let mut passes = capture.map(|capture| PassLoop::new(capture, ReadProgressBar::new(is_file, passes)));
        if let Some(passes) = &mut passes {
            passes.max_frames = self.max_frames;
            passes.collect_secrets(&mut decode);
            passes.collect_names(&mut decode);
        }
        (passes, decode, !errors.is_empty())
    }

    /// Opens the captures again, for passes beside those that [`CaptureRun::open_passes`] opened and reported.
    pub(super) fn open_again(mut self, two_passes: bool) -> Option<PassLoop> {
        let (capture, _) = self.open_captures(two_passes);
        let mut passes = PassLoop::new(capture?, ReadProgressBar::disabled());
        passes.max_frames = self.max_frames;
        Some(passes)
    }

    /// Opens the captures. A capture that cannot be opened is skipped. Returns the errors.
    fn open_captures(&mut self, two_passes: bool) -> (Option<Capture>, Vec<String>) {
        let mut errors = Vec::new();
        while !self.paths.is_empty() {
            let paths = self.paths.iter().cloned();
            match Capture::open_with(paths, OpenOptions { spool: two_passes, ..self.open_options.clone() }) {
                Ok(capture) => return (Some(capture), errors),
                // Interrupted before the capture's header was complete.
                Err(_) if self.open_options.stop.is_set() => return (None, errors),
                Err(error) => {
                    errors.push(error.to_string());
                    let is_failed = |path: &PathBuf| path.display().to_string() == error.file;
                    let failed = self.paths.iter().position(is_failed).unwrap_or(0);
                    self.paths.remove(failed);
                }
            }
        }
        (None, errors)
    }
}

/// Passes the secrets that private keys open to a report that saves secrets.
fn report_derived_secrets(decode: &DecodeOptions, report: &mut dyn Report, out: &mut dyn Write) -> io::Result<()> {
    let block = derived_secrets_block(&decode.secrets).filter(|_| decode.saves_secrets);
    block.map_or(Ok(()), |block| {
        report.metadata(&SectionMetadata { secrets: vec![block], ..SectionMetadata::default() }, out)
    })
}
