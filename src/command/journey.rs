//! `journey`: one call, explained from the lookup of its name to the end of its connection.

use super::capture_run::CaptureRun;
use super::filter_matcher::{FilterMatcher, MatchUnit};
use super::output::{Output, escape_paths};
use super::overwrite::refuse_captures;
use super::pass_loop::{PassConsumer, PassLoop};
use super::{CommandOutcome, decode, finish_output, print_message, text_width};
use crate::args::{CallArgs, JourneyArgs};
use overhear::analysis::{Analyzer, DecodeOptions, Event, Task, unsupported_link_message};
use overhear::filter::Filter;
use overhear::journey::{CallChoice, CallSelector, Journey, JourneyCollector, SelectedCall, render};
use overhear::report::DissectedFrame;
use overhear::source::Error;
use std::convert::Infallible;
use std::io::{self, Write};
use std::ops::ControlFlow;

/// Number of times that the capture is read.
const PASSES: u64 = 2;

pub(super) fn run_journey(mut args: JourneyArgs) -> io::Result<CommandOutcome> {
    match CallRun::prepare(&mut args.call, "journey") {
        Ok(prepared) => print_journey(&args, prepared),
        Err(message) => Ok(CommandOutcome::Error(message)),
    }
}

/// What a run for a call needs before it reads.
pub(super) struct CallRun {
    /// Names of the captures, for messages.
    pub(super) names: String,
    pub(super) choice: Option<CallChoice>,
    pub(super) matcher: FilterMatcher,
    pub(super) run: CaptureRun,
    pub(super) out: Output,
}

impl CallRun {
    pub(super) fn prepare(args: &mut CallArgs, command: &str) -> Result<CallRun, String> {
        let (files, choice) = args.parse_input(command)?;
        let run = args.run();
        let names = escape_paths(files.iter().map(|path| path.as_path()));
        refuse_captures("-o", run.output.as_deref(), &files, &args.decode)?;
        let compile = |text: &String| Filter::new(text).map_err(|fault| fault.display(text).to_string());
        let matcher = FilterMatcher::new(args.filter.as_ref().map(compile).transpose()?, MatchUnit::Calls);
        let decode = decode::decode_options(&args.decode)?;
        let out = Output::create(run.output.as_deref())?;
        Ok(CallRun { names, choice, matcher, run: CaptureRun::new(files, &run, decode), out })
    }
}

fn print_journey(args: &JourneyArgs, prepared: CallRun) -> io::Result<CommandOutcome> {
    let CallRun { names, choice, mut matcher, run, mut out } = prepared;
    let choice = choice.unwrap_or(CallChoice::Slowest);
    let (passes, decode, mut has_errors) = run.open_passes(PASSES, out.is_file());
    let Some(mut passes) = passes else {
        out.keep_existing();
        return finish_output(out, true);
    };
    let (selected, has_read_errors) = select_call(choice, &mut matcher, &names, &mut passes, &decode);
    has_errors |= has_read_errors;
    let selected = match selected {
        Ok(selected) => selected,
        Err(message) => {
            out.keep_existing();
            return Ok(CommandOutcome::Error(message));
        }
    };
    let journey = collect(selected, &mut passes, &decode);
    let form = args.call.format.form(text_width(out.is_file()));
    out.write_all(render(&journey, form, args.explain).as_bytes())?;
    finish_output(out, has_errors)
}

/// Selects a call in a pass of its own. Returns it or an error message, and whether reading failed.
pub(super) fn select_call(
    choice: CallChoice,
    matcher: &mut FilterMatcher,
    names: &str,
    passes: &mut PassLoop,
    decode: &DecodeOptions,
) -> (Result<SelectedCall, String>, bool) {
    let mut selection = SelectionPass { selector: CallSelector::new(choice), matcher, has_errors: false };
    selection.run(passes, decode);
    let (rows, has_errors) = (selection.selector.rows(), selection.has_errors);
    (selection.selector.into_selected().ok_or_else(|| no_call(names, choice, rows)), has_errors)
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

/// Consumer of the first pass: selects the call.
struct SelectionPass<'m> {
    selector: CallSelector,
    matcher: &'m mut FilterMatcher,
    has_errors: bool,
}

impl SelectionPass<'_> {
    fn run(&mut self, passes: &mut PassLoop, decode: &DecodeOptions) {
        let mut task = Task { exchanges: true, without_connections: true, decode: decode.clone(), ..Task::default() };
        self.matcher.extend_task(&mut task);
        let mut analyzer = Analyzer::new(task).with_prefilter(self.matcher.prefilter());
        let Ok(()) = passes.run(&mut analyzer, None, self);
    }
}

impl PassConsumer for SelectionPass<'_> {
    type Error = Infallible;

    fn frame(&mut self, frame: &DissectedFrame<'_>, analyzer: &Analyzer) -> Result<bool, Infallible> {
        Ok(self.matcher.matches_frame(frame.frame.number, analyzer))
    }

    fn events(&mut self, analyzer: &mut Analyzer) -> Result<(), Infallible> {
        for event in analyzer.events() {
            let matches = self.matcher.matches_event(&event);
            if let Event::Call(call) = event {
                self.selector.add(call, matches);
            }
        }
        Ok(())
    }

    fn unsupported_link(&mut self, link: u16) -> Result<(), Infallible> {
        print_message(&unsupported_link_message(link));
        Ok(())
    }

    fn read_error(&mut self, error: Error) -> Result<ControlFlow<()>, Infallible> {
        self.has_errors = true;
        print_message(&error.to_string());
        Ok(ControlFlow::Continue(()))
    }
}

/// Reads the capture again for the journey of a call.
pub(super) fn collect(selected: SelectedCall, passes: &mut PassLoop, decode: &DecodeOptions) -> Journey {
    passes.start_again();
    let mut collection = CollectionPass(JourneyCollector::new(selected));
    let mut analyzer = Analyzer::new(Task { decode: decode.clone(), ..collection.0.task() });
    let Ok(()) = passes.run(&mut analyzer, None, &mut collection);
    collection.0.finish()
}

/// Consumer of the second pass.
struct CollectionPass(JourneyCollector);

impl PassConsumer for CollectionPass {
    type Error = Infallible;

    fn frame(&mut self, frame: &DissectedFrame<'_>, analyzer: &Analyzer) -> Result<bool, Infallible> {
        self.0.frame(frame, analyzer.connections());
        Ok(true)
    }

    fn events(&mut self, analyzer: &mut Analyzer) -> Result<(), Infallible> {
        analyzer.events().for_each(|event| self.0.event(event));
        Ok(())
    }

    // The first pass reports errors.
    fn read_error(&mut self, _: Error) -> Result<ControlFlow<()>, Infallible> {
        Ok(ControlFlow::Continue(()))
    }
}
