//! Runs for one call: what the commands about calls prepare, and the passes over the captures that they share.

use super::capture_run::CaptureRun;
use super::filter_matcher::{FilterMatcher, MatchUnit};
use super::output::{Output, escape_paths};
use super::overwrite::refuse_captures;
use super::pass_loop::{FrameFinder, PassConsumer, PassLoop};
use super::{CommandOutcome, decode, finish_output, print_message, text_width};
use crate::args::{CallArgs, DecodeArgs, RunArgs};
use overhear::analysis::{Analyzer, DecodeOptions, Event, Prefilter, Task, unsupported_link_message};
use overhear::filter::Filter;
use overhear::journey::{CallChoice, CallSelector, FrameDetails, Journey, JourneyCollector, SelectedCall};
use overhear::report::DissectedFrame;
use overhear::source::Error;
use overhear::trace::{Trace, TraceCollector};
use std::convert::Infallible;
use std::io::{self, Write};
use std::ops::ControlFlow;
use std::path::PathBuf;

/// A run that is prepared, before anything is read.
pub(super) struct PreparedRun {
    /// Names of the captures, for messages.
    names: String,
    run: CaptureRun,
    out: Output,
}

impl PreparedRun {
    pub(super) fn new(files: Vec<PathBuf>, run: &RunArgs, decode: &DecodeArgs) -> Result<PreparedRun, String> {
        let names = escape_paths(files.iter().map(|path| path.as_path()));
        refuse_captures("-o", run.output.as_deref(), &files, decode)?;
        let decode = decode::decode_options(decode)?;
        let out = Output::create(run.output.as_deref())?;
        Ok(PreparedRun { names, run: CaptureRun::new(files, run, decode), out })
    }

    /// Reads the captures in a number of passes for a text, and writes it. Without a text, a file that would be replaced stays as
    /// it is.
    pub(super) fn write(
        self,
        passes: u64,
        text: impl FnOnce(&mut CallPasses) -> Result<String, String>,
    ) -> io::Result<CommandOutcome> {
        let PreparedRun { names, run, mut out } = self;
        let (passes, decode, has_errors) = run.open_passes(passes, out.is_file());
        let Some(passes) = passes else {
            out.keep_existing();
            return finish_output(out, true);
        };
        let width = text_width(out.is_file());
        let mut passes = CallPasses { names, width, passes, decode, is_first: true, has_errors };
        match text(&mut passes) {
            Ok(text) => {
                out.write_all(text.as_bytes())?;
                finish_output(out, passes.has_errors)
            }
            Err(message) => {
                out.keep_existing();
                Ok(CommandOutcome::Error(message))
            }
        }
    }
}

/// How a call of the captures is selected.
pub(super) struct CallSelection {
    choice: CallChoice,
    matcher: FilterMatcher,
}

impl CallSelection {
    pub(super) fn new(choice: CallChoice) -> CallSelection {
        CallSelection { choice, matcher: FilterMatcher::new(None, MatchUnit::Calls) }
    }

    /// Returns the selection of a call, with the display filter that may select it.
    pub(super) fn with_filter(choice: CallChoice, filter: Option<&str>) -> Result<CallSelection, String> {
        let compile = |text: &str| Filter::new(text).map_err(|fault| fault.display(text).to_string());
        let filter = filter.map(compile).transpose()?;
        Ok(CallSelection { choice, matcher: FilterMatcher::new(filter, MatchUnit::Calls) })
    }
}

/// Prepares the run of a command with the arguments of a call. Returns it with the selection of the call, if one is named.
pub(super) fn prepare_call(args: &mut CallArgs, command: &str) -> Result<(PreparedRun, Option<CallSelection>), String> {
    let (files, choice) = args.parse_input(command)?;
    let select = |choice| CallSelection::with_filter(choice, args.filter.as_deref());
    let selection = choice.map(select).transpose()?;
    let prepared = PreparedRun::new(files, &args.run(), &args.decode)?;
    Ok((prepared, selection))
}

/// What a pass collects.
pub(super) trait FrameCollector {
    /// Adds a frame. Returns whether it is displayed.
    fn frame(&mut self, _: &DissectedFrame<'_>, _: &Analyzer) -> bool {
        true
    }

    /// Adds an event.
    fn event(&mut self, _: Event) {}

    /// Whether it needs no more frames.
    fn is_done(&self) -> bool {
        false
    }
}

/// Passes over open captures. The first one reports errors.
pub(super) struct CallPasses {
    /// Names of the captures, for messages.
    pub(super) names: String,
    /// Width of a line of the text.
    pub(super) width: usize,
    passes: PassLoop,
    decode: DecodeOptions,
    is_first: bool,
    has_errors: bool,
}

impl CallPasses {
    /// Runs the next pass.
    pub(super) fn run(&mut self, task: Task, collector: &mut impl FrameCollector) {
        self.run_filtered(task, None, collector);
    }

    fn run_filtered(&mut self, task: Task, prefilter: Option<Prefilter>, collector: &mut impl FrameCollector) {
        if !self.is_first {
            self.passes.start_again();
        }
        let task = Task { decode: self.decode.clone(), ..task };
        let mut analyzer = Analyzer::new(task).with_prefilter(prefilter);
        let mut consumer = CollectingPass { collector, is_first: self.is_first, has_errors: false };
        let Ok(()) = self.passes.run(&mut analyzer, None, &mut consumer);
        self.has_errors |= consumer.has_errors;
        self.is_first = false;
    }

    /// Selects a call in a pass of its own.
    pub(super) fn select(&mut self, selection: CallSelection) -> Result<SelectedCall, String> {
        let CallSelection { choice, matcher } = selection;
        let prefilter = matcher.prefilter();
        let mut task = Task { exchanges: true, without_connections: true, ..Task::default() };
        matcher.extend_task(&mut task);
        let mut selection = SelectionPass { selector: CallSelector::new(choice), matcher };
        self.run_filtered(task, prefilter, &mut selection);
        let rows = selection.selector.rows();
        selection.selector.into_selected().ok_or_else(|| no_call(&self.names, choice, rows))
    }

    /// Collects the journey of a call in a pass of its own.
    pub(super) fn journey(&mut self, selected: SelectedCall) -> Journey {
        let mut collector = JourneyCollector::new(selected);
        self.run(collector.task(), &mut collector);
        collector.finish()
    }

    /// Adds the detail trees of the frames that a journey names, in two passes of their own.
    pub(super) fn add_details(&mut self, journey: &mut Journey) {
        let mut collector = FrameDetails::new(journey);
        if !collector.is_done() {
            let task = Task { decode: self.decode.clone(), ..collector.task() };
            let mut finder = FrameFinder::before(&task.wants);
            let (exchanges, decode) = (finder.statements.is_some(), self.decode.clone());
            let first = Task { collect: true, exchanges, decode, ..Task::default() };
            self.passes.start_again();
            let first_pass = self.passes.run_first(Analyzer::new(first), &mut finder);
            let mut consumer = CollectingPass { collector: &mut collector, is_first: false, has_errors: false };
            let Ok(()) = self.passes.run(&mut Analyzer::with_first_pass(task, first_pass), None, &mut consumer);
        }
        journey.details = collector.finish();
    }

    /// Collects the trees of all calls, or that of a row of `calls`, in a pass of its own.
    pub(super) fn trace(&mut self, row: Option<u64>) -> Trace {
        let mut collector = TraceCollector::new(row);
        self.run(TraceCollector::task(), &mut collector);
        collector.finish()
    }
}

fn no_call(names: &str, choice: CallChoice, rows: u64) -> String {
    match choice {
        _ if rows == 0 => format!("{names}: no calls"),
        CallChoice::Row(row) => {
            let all = if rows == 1 { "1 row".to_owned() } else { format!("{rows} rows") };
            format!("{names}: no call {row}; `overhear calls` prints {all}")
        }
        CallChoice::FirstMatch => format!("{names}: no call matches the filter"),
        CallChoice::Slowest => format!("{names}: no calls"),
    }
}

/// Selection of a call.
struct SelectionPass {
    selector: CallSelector,
    matcher: FilterMatcher,
}

impl FrameCollector for SelectionPass {
    fn frame(&mut self, frame: &DissectedFrame<'_>, analyzer: &Analyzer) -> bool {
        self.matcher.matches_frame(frame.frame.number, analyzer)
    }

    fn event(&mut self, event: Event) {
        let matches = self.matcher.matches_event(&event);
        if let Event::Call(call) = event {
            self.selector.add(call, matches);
        }
    }
}

impl FrameCollector for JourneyCollector {
    fn frame(&mut self, frame: &DissectedFrame<'_>, analyzer: &Analyzer) -> bool {
        JourneyCollector::frame(self, frame, analyzer.connections());
        true
    }

    fn event(&mut self, event: Event) {
        JourneyCollector::event(self, event);
    }

    fn is_done(&self) -> bool {
        JourneyCollector::is_done(self)
    }
}

impl FrameCollector for FrameDetails {
    fn frame(&mut self, frame: &DissectedFrame<'_>, _: &Analyzer) -> bool {
        FrameDetails::frame(self, frame);
        true
    }

    fn is_done(&self) -> bool {
        FrameDetails::is_done(self)
    }
}

impl FrameCollector for TraceCollector {
    fn frame(&mut self, frame: &DissectedFrame<'_>, analyzer: &Analyzer) -> bool {
        TraceCollector::frame(self, frame, analyzer.connections());
        true
    }

    fn event(&mut self, event: Event) {
        TraceCollector::event(self, event);
    }
}

/// A pass with its collector.
struct CollectingPass<'c, C> {
    collector: &'c mut C,
    /// Whether no pass before it has reported errors.
    is_first: bool,
    has_errors: bool,
}

impl<C: FrameCollector> PassConsumer for CollectingPass<'_, C> {
    type Error = Infallible;

    fn frame(&mut self, frame: &DissectedFrame<'_>, analyzer: &Analyzer) -> Result<bool, Infallible> {
        Ok(self.collector.frame(frame, analyzer))
    }

    fn events(&mut self, analyzer: &mut Analyzer) -> Result<(), Infallible> {
        analyzer.events().for_each(|event| self.collector.event(event));
        Ok(())
    }

    fn is_done(&self) -> bool {
        self.collector.is_done()
    }

    fn unsupported_link(&mut self, link: u16) -> Result<(), Infallible> {
        if self.is_first {
            print_message(&unsupported_link_message(link));
        }
        Ok(())
    }

    fn read_error(&mut self, error: Error) -> Result<ControlFlow<()>, Infallible> {
        if self.is_first {
            self.has_errors = true;
            print_message(&error.to_string());
        }
        Ok(ControlFlow::Continue(()))
    }
}
