//! Reads capture files through the analysis into a report, in one or two passes.

use super::filter_matcher::{FilterMatcher, MatchUnit};
use super::frame_reporter::FrameReporter;
use super::interrupt;
use super::output::Output;
use super::print_message;
use super::progress::ReadProgressBar;
use crate::args::RunArgs;
use dissectors::Wants;
use dissectors::session::FirstPass;
use overhear::analysis::{Analyzer, NumberSet, Task};
use overhear::report::Report;
use overhear::source::{Capture, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

/// Run over capture files.
pub(super) struct CaptureRun {
    paths: Vec<PathBuf>,
    /// Maximum number of frames to read.
    max_frames: u32,
    matcher: FilterMatcher,
    open_options: OpenOptions,
}

impl CaptureRun {
    pub(super) fn new(paths: Vec<PathBuf>, run: &RunArgs) -> CaptureRun {
        let matcher = FilterMatcher::new(None, MatchUnit::Frames);
        let open_options = OpenOptions { follow: run.follow_file, ..OpenOptions::default() };
        CaptureRun { paths, max_frames: run.count.unwrap_or(u32::MAX), matcher, open_options }
    }

    /// Reports only matches of this filter.
    pub(super) fn with_matcher(self, matcher: FilterMatcher) -> CaptureRun {
        CaptureRun { matcher, ..self }
    }

    /// Returns whether the input may still grow: a pipe, or a followed file.
    pub(super) fn has_pipe(&self) -> bool {
        let is_file = |path: &PathBuf| path != Path::new("-") && path.is_file();
        self.open_options.follow || !self.paths.iter().all(is_file)
    }

    /// Reads and reports the captures. Reads twice if the task needs fields that depend on later frames, or if finding
    /// the matching frames first costs less than dissecting all frames for the report. Prints capture errors on stderr
    /// after the frames that could be read. Returns whether there were errors.
    pub(super) fn run(
        mut self,
        task: impl Fn() -> Task,
        report: &mut dyn Report,
        out: &mut Output,
    ) -> io::Result<bool> {
        let mut task = task();
        let is_rich = task.wants.columns;
        self.matcher.extend_task(&mut task);
        if self.has_pipe() {
            interrupt::install_handler(&self.open_options.stop);
        }
        // The end of a followed file is unknown.
        let collect = task.wants.needs_later_frames() && !self.open_options.follow;
        let filter_wants = self.matcher.first_pass_wants().filter(|_| collect || is_rich && !self.has_pipe());
        let (capture, mut has_errors) = self.open_captures(collect);
        let two_passes = collect || filter_wants.is_some();
        let mut bar = ReadProgressBar::new(out.is_file(), if two_passes { 2 } else { 1 });
        if capture.is_none() {
            out.discard();
        }
        report.begin(out)?;
        if let Some(mut capture) = capture {
            let filters = filter_wants.is_some();
            let mut chosen = None;
            let mut first_pass = FirstPass::default();
            if two_passes {
                let found = self.run_first_pass(filter_wants, collect, &mut capture, &mut bar);
                first_pass = found.first_pass;
                if filters {
                    // Without capture errors, the second pass need not read beyond the last matching frame.
                    if !found.failed {
                        self.max_frames = self.max_frames.min(found.frames.last().unwrap_or(0));
                    }
                    chosen = Some(found.frames);
                    task.only = Some(found.streams);
                }
            }
            let prefilter = self.matcher.prefilter().filter(|_| !filters);
            let mut analyzer = Analyzer::with_first_pass(task, first_pass).with_prefilter(prefilter);
            let result = self.run_report_pass(&mut capture, &mut analyzer, chosen.as_ref(), report, out, &mut bar);
            bar.clear();
            has_errors |= result?;
        }
        report.end(out)?;
        Ok(has_errors)
    }

    /// Opens the captures. A capture that cannot be opened is reported and skipped. Returns whether there were errors.
    fn open_captures(&mut self, two_passes: bool) -> (Option<Capture>, bool) {
        let mut has_errors = false;
        while !self.paths.is_empty() {
            let paths = self.paths.iter().cloned();
            match Capture::open_with(paths, OpenOptions { spool: two_passes, ..self.open_options.clone() }) {
                Ok(capture) => return (Some(capture), has_errors),
                // Interrupted before the capture's header was complete.
                Err(_) if self.open_options.stop.is_set() => return (None, has_errors),
                Err(error) => {
                    print_message(&error.to_string());
                    has_errors = true;
                    let is_failed = |path: &PathBuf| path.display().to_string() == error.file;
                    let failed = self.paths.iter().position(is_failed).unwrap_or(0);
                    self.paths.remove(failed);
                }
            }
        }
        (None, has_errors)
    }

    /// Performs the first pass and rewinds the capture. `collect` collects what later frames reveal about earlier ones;
    /// `filter_wants` are the fields needed to find the matching frames. Capture errors are left to the second pass.
    fn run_first_pass(
        &mut self,
        filter_wants: Option<Wants>,
        collect: bool,
        capture: &mut Capture,
        bar: &mut ReadProgressBar,
    ) -> FirstPassResult {
        let filters = filter_wants.is_some();
        let task = Task { collect, wants: filter_wants.unwrap_or_default(), ..Task::default() };
        let mut analyzer = Analyzer::new(task).with_prefilter(self.matcher.prefilter().filter(|_| filters));
        let mut found = FirstPassResult::default();
        let max_frames = self.max_frames.min(self.matcher.last_frame().filter(|_| !collect).unwrap_or(u32::MAX));
        let mut frames = 0;
        while frames < max_frames {
            match capture.next() {
                Ok(Some(frame)) => {
                    analyzer.dissect(&frame);
                    if !filters || !self.matcher.matches_frame(frame.number, &analyzer) {
                        analyzer.hide();
                    } else {
                        found.frames.insert(frame.number);
                        analyzer.connections().iter().for_each(|connection| found.streams.insert(connection.stream));
                    }
                    analyzer.events();
                    frames += 1;
                }
                Ok(None) => break,
                Err(_) => {
                    found.failed = true;
                    continue;
                }
            }
            bar.count_frame(|| capture.progress());
        }
        analyzer.finish();
        bar.start_pass();
        // Reading the next frame returns any error of rewinding again.
        let _ = capture.rewind();
        found.first_pass = analyzer.into_first_pass();
        found
    }

    /// Performs the reporting pass. Returns whether there were errors.
    fn run_report_pass(
        &mut self,
        capture: &mut Capture,
        analyzer: &mut Analyzer,
        chosen: Option<&NumberSet>,
        report: &mut dyn Report,
        out: &mut Output,
        bar: &mut ReadProgressBar,
    ) -> io::Result<bool> {
        let mut has_errors = false;
        let mut frames = 0;
        let max_frames = self.max_frames.min(self.matcher.last_frame().unwrap_or(u32::MAX));
        let mut reporter = FrameReporter::new(analyzer, &mut self.matcher, report);
        while frames < max_frames {
            match capture.next() {
                Ok(Some(frame)) => {
                    if reporter.report_frame(&frame, chosen.map(|chosen| chosen.contains(frame.number)), out)? {
                        out.end_row()?;
                    }
                    frames += 1;
                }
                Ok(None) => break,
                // A record that was incomplete when the run was interrupted.
                Err(_) if self.open_options.stop.is_set() => break,
                Err(error) => {
                    has_errors = true;
                    bar.clear();
                    reporter.flush(out)?;
                    print_message(&error.to_string());
                    continue;
                }
            }
            bar.count_frame(|| capture.progress());
        }
        reporter.finish(out)?;
        Ok(has_errors)
    }
}

/// Result of the first pass.
#[derive(Default)]
struct FirstPassResult {
    first_pass: FirstPass,
    /// Frames that match the filter.
    frames: NumberSet,
    /// Connections of the matching frames.
    streams: NumberSet,
    /// Whether reading a capture failed.
    failed: bool,
}
