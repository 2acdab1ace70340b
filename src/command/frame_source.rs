//! Source of frames: capture files or interfaces of this machine.

use super::capture_run::CaptureRun;
use super::decode::decode_options;
use super::divided_run::ReportFactory;
#[cfg(feature = "live")]
use super::divided_run::whole_report;
use super::filter_matcher::{FilterMatcher, MatchUnit};
use super::input::CaptureInput;
#[cfg(feature = "live")]
use super::input::{LiveInput, live_input};
#[cfg(feature = "live")]
use super::live_run::LiveRun;
use super::output::{Output, OutputContent};
use super::overwrite::refuse_captures;
#[cfg(feature = "live")]
use super::overwrite::refuse_same;
use crate::args::{InputArgs, RunArgs};
use dissectors::session::Secrets;
use overhear::analysis::Task;
use overhear::report::Report;
use std::io;
use std::path::PathBuf;

/// Error of a command that prints rows, for a file of frames.
pub(super) const WRITE_REQUIRES: &str =
    "-w requires an interface (-i), or the command print: overhear print FILE FILTER -w OUT";

/// Source of frames of a command.
pub(super) enum FrameSource {
    Captures(Box<CaptureRun>, OutputContent),
    #[cfg(feature = "live")]
    Interfaces(Box<LiveRun>),
}

impl FrameSource {
    /// Returns the source that a command line names. Opens interfaces immediately. An error message may have several
    /// lines.
    pub(super) fn open(input: InputArgs, run: &RunArgs, unit: MatchUnit) -> Result<FrameSource, String> {
        #[cfg(feature = "live")]
        if !input.live.interfaces.is_empty() {
            if run.follow_file {
                return Err("--follow-file cannot be combined with -i".into());
            }
            let mut decode = decode_options(&input.decode)?;
            decode.await_secrets();
            refuse_captures("-o", run.output.as_deref(), &[], &input.decode)?;
            if input.write.is_some() {
                refuse_captures("-w", input.write.as_deref(), &[], &input.decode)?;
            }
            let LiveInput { listen, filter, write } = live_input(input)?;
            refuse_same(run.output.as_deref(), write.as_deref())?;
            let matcher = FilterMatcher::new(filter.map(|filter| filter.0), unit);
            let live_run = LiveRun::open(&listen, write.as_deref(), run, matcher, decode)?;
            return Ok(FrameSource::Interfaces(Box::new(live_run)));
        }
        if input.write.is_some() && unit != MatchUnit::Frames {
            return Err(WRITE_REQUIRES.into());
        }
        let (option, content) = match input.write.is_some() {
            true => ("-w", OutputContent::Packets),
            false => ("-o", OutputContent::Text),
        };
        let (mut decode, decode_args) = (decode_options(&input.decode)?, input.decode.clone());
        decode.saves_secrets = input.with_secrets;
        let input = CaptureInput::new(input)?;
        refuse_captures(option, run.output.as_deref(), &input.paths, &decode_args)?;
        let capture_run = CaptureRun::new(input.paths, run, decode)
            .with_matcher(FilterMatcher::new(input.filter.map(|filter| filter.0), unit));
        Ok(FrameSource::Captures(Box::new(capture_run), content))
    }

    /// Returns the captures; none of interfaces.
    pub(super) fn paths(&self) -> &[PathBuf] {
        match self {
            FrameSource::Captures(capture_run, _) => capture_run.paths(),
            #[cfg(feature = "live")]
            FrameSource::Interfaces(_) => &[],
        }
    }

    /// Returns the secrets of key logs and of the blocks of capture files.
    pub(super) fn secrets(&self) -> Secrets {
        match self {
            FrameSource::Captures(capture_run, _) => capture_run.secrets(),
            #[cfg(feature = "live")]
            FrameSource::Interfaces(_) => Secrets::default(),
        }
    }

    /// Opens the output of a run: its rows, or with `-w` the frames of captures. The output is the last resource to open, so a live capture then drops its rights.
    pub(super) fn open_output(&self, run: &RunArgs) -> Result<Output, String> {
        match self {
            FrameSource::Captures(capture_run, content) => Output::open(run, *content, capture_run.has_pipe()),
            #[cfg(feature = "live")]
            FrameSource::Interfaces(live_run) => {
                let out = Output::open_live(run, live_run.writes_to_stdout)?;
                live_run.confine()?;
                Ok(out)
            }
        }
    }

    /// Whether all of captures is listed, without a filter.
    pub(super) fn lists_all(&self) -> bool {
        match self {
            FrameSource::Captures(capture_run, _) => !capture_run.matcher.has_filter(),
            #[cfg(feature = "live")]
            FrameSource::Interfaces(_) => false,
        }
    }

    /// The same as [`FrameSource::run`], with a report for each thread that reads capture files.
    pub(super) fn run_divided(self, task: Task, make: &ReportFactory<'_>, out: &mut Output) -> io::Result<bool> {
        match self {
            FrameSource::Captures(capture_run, _) => capture_run.run_divided(task, make, out),
            #[cfg(feature = "live")]
            FrameSource::Interfaces(live_run) => {
                let mut report = whole_report(&task, make, out);
                live_run.run(task, &mut *report, out)
            }
        }
    }

    /// Reads and reports the frames. Returns whether there were errors, which are reported on stderr.
    pub(super) fn run(self, task: Task, report: &mut dyn Report, out: &mut Output) -> io::Result<bool> {
        match self {
            FrameSource::Captures(capture_run, _) => capture_run.run(task, report, out),
            #[cfg(feature = "live")]
            FrameSource::Interfaces(live_run) => live_run.run(task, report, out),
        }
    }
}
