//! Runs for one call: what the commands about calls prepare, and the passes over the captures that they share.

use super::capture_run::CaptureRun;
use super::divided_passes::{CaptureNotes, DividedPasses};
use super::extraction::{FrameConsumer, FrameSelector, SelectedFrame};
use super::filter_matcher::{FilterMatcher, MatchUnit};
use super::output::{Output, escape_paths};
use super::overwrite::refuse_captures;
use super::pass_loop::{FrameFinder, PassConsumer};
use super::{CommandOutcome, decode, finish_output, print_message, text_width};
use crate::args::{CallArgs, DecodeArgs, RunArgs};
use overhear::analysis::{Analyzer, Event, FrameResults, Prefilter, Task, unsupported_link_message};
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
        let Some(passes) = run.open_passes_of_calls(passes, out.is_file()) else {
            out.keep_existing();
            return finish_output(out, true);
        };
        let width = text_width(out.is_file());
        let mut passes = CallPasses { names, width, passes, is_first: true };
        match text(&mut passes) {
            Ok(text) => {
                out.write_all(text.as_bytes())?;
                finish_output(out, passes.passes.has_errors)
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
    passes: DividedPasses,
    is_first: bool,
}

impl CallPasses {
    /// Runs the next pass on the calling thread.
    pub(super) fn run(&mut self, task: Task, collector: &mut impl FrameCollector) {
        let is_first = self.begin();
        let task = Task { decode: self.passes.decode.clone(), ..task };
        let mut consumer = CollectingPass { collector, is_first, has_errors: false };
        if let Some(passes) = self.passes.first() {
            let Ok(()) = passes.run(&mut Analyzer::new(task), None, &mut consumer);
        }
        self.passes.has_errors |= consumer.has_errors;
    }

    /// Runs the next pass on several threads, if it can be divided.
    fn run_divided<S: FrameSelector>(
        &mut self,
        task: &Task,
        selector: &(impl Fn() -> S + Sync),
        consumer: &mut impl FrameConsumer,
    ) -> Result<(), String> {
        let is_first = self.begin();
        let mut notes = CaptureNotes::default();
        let result = self.passes.run_frames(task, selector, consumer, &mut notes);
        if is_first {
            self.passes.finish(&notes);
        }
        result.map_err(|error| error.to_string())
    }

    /// Begins a pass. Returns whether it is the first one.
    fn begin(&mut self) -> bool {
        let is_first = std::mem::take(&mut self.is_first);
        if !is_first {
            self.passes.start_again();
        }
        is_first
    }

    /// Selects a call in a pass of its own.
    pub(super) fn select(&mut self, selection: CallSelection) -> Result<SelectedCall, String> {
        let CallSelection { choice, matcher } = selection;
        let mut task = Task { exchanges: true, without_connections: true, ..Task::default() };
        matcher.extend_task(&mut task);
        let mut selector = CallSelector::new(choice);
        self.run_divided(&task, &|| SelectionPass(matcher.fork()), &mut selector)?;
        let rows = selector.rows();
        selector.into_selected().ok_or_else(|| no_call(&self.names, choice, rows))
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
            let decode = self.passes.decode.clone();
            let task = Task { decode: decode.clone(), ..collector.task() };
            let mut finder = FrameFinder::before(&task.wants);
            let first = Task { collect: true, exchanges: finder.statements.is_some(), decode, ..Task::default() };
            self.passes.start_again();
            if let Some(passes) = self.passes.first() {
                let first_pass = passes.run_first(Analyzer::new(first), &mut finder);
                let mut consumer = CollectingPass { collector: &mut collector, is_first: false, has_errors: false };
                let Ok(()) = passes.run(&mut Analyzer::with_first_pass(task, first_pass), None, &mut consumer);
            }
        }
        journey.details = collector.finish();
    }

    /// Collects the trees of all calls, or that of a row of `calls`, in a pass of its own.
    pub(super) fn trace(&mut self, row: Option<u64>) -> Result<Trace, String> {
        let mut collector = TraceCollector::new(row);
        self.run_divided(&TraceCollector::task(), &|| TraceSelector, &mut collector)?;
        Ok(collector.finish())
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

/// Finds the calls that match.
struct SelectionPass(FilterMatcher);

impl FrameSelector for SelectionPass {
    fn prefilter(&self) -> Option<Prefilter> {
        self.0.prefilter()
    }

    fn frame(&mut self, frame: &DissectedFrame<'_>, analyzer: &Analyzer) -> SelectedFrame {
        SelectedFrame { is_displayed: self.0.matches_frame(frame.frame.number, analyzer), is_read: false }
    }

    fn event(&mut self, event: &Event) -> [bool; 2] {
        [self.0.matches_event(event); 2]
    }
}

impl FrameConsumer for CallSelector {
    fn frame(&mut self, _: &DissectedFrame<'_>, _: &FrameResults<'_>, _: bool) {}

    fn event(&mut self, event: Event, [is_match, _]: [bool; 2]) {
        if let Event::Call(call) = event {
            self.add(call, is_match);
        }
    }
}

/// Selects the frames that a trace reads.
struct TraceSelector;

impl FrameSelector for TraceSelector {
    fn frame(&mut self, frame: &DissectedFrame<'_>, analyzer: &Analyzer) -> SelectedFrame {
        SelectedFrame { is_displayed: true, is_read: TraceCollector::reads(frame.tree, analyzer.connections()) }
    }

    fn event(&mut self, _: &Event) -> [bool; 2] {
        [true; 2]
    }
}

impl FrameConsumer for TraceCollector {
    fn frame(&mut self, shown: &DissectedFrame<'_>, results: &FrameResults<'_>, _: bool) {
        TraceCollector::frame(self, shown, results.connections);
    }

    fn event(&mut self, event: Event, _: [bool; 2]) {
        TraceCollector::event(self, event);
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
