//! Exports of calls: reads captures once, and passes the calls that match a filter to a form.

use crate::args::{CaptureArgs, RunArgs};
use crate::command::capture_run::CaptureRun;
use crate::command::decode::decode_options;
use crate::command::filter_matcher::{FilterMatcher, MatchUnit};
use crate::command::input::CaptureInput;
use crate::command::output::{Output, OutputContent};
use crate::command::overwrite::refuse_captures;
use crate::command::pass_loop::{PassConsumer, print_read_error};
use crate::command::{CommandOutcome, finish_output, print_message};
use dissectors::Wants;
use overhear::analysis::{Analyzer, Event, Task, unsupported_link_message};
use overhear::export::{CallCollector, CallForm};
use overhear::report::DissectedFrame;
use overhear::source::Error;
use std::io;
use std::ops::ControlFlow;

/// Exports the calls of captures in a form. `wants` are fields that the form needs in addition to messages.
pub(super) fn export_calls<F: CallForm>(
    captures: CaptureArgs,
    run: &RunArgs,
    collector: CallCollector,
    form: &mut F,
    wants: &Wants,
) -> io::Result<CommandOutcome> {
    let (run, matcher, mut out) = match open(captures, run) {
        Ok(opened) => opened,
        Err(message) => return Ok(CommandOutcome::Error(message)),
    };
    let (passes, decode, has_errors) = run.open_passes(1, out.is_file());
    let Some(mut passes) = passes else {
        out.keep_existing();
        return finish_output(out, true);
    };
    let mut task = Task { decode, ..collector.task() };
    task.wants.add_all(wants);
    matcher.extend_task(&mut task);
    // Messages of all calls are read: a later frame may match.
    let mut analyzer = Analyzer::new(task);
    form.begin(&mut out)?;
    let mut export = CallExport { matcher, collector, form: &mut *form, out: &mut out, has_errors };
    passes.run(&mut analyzer, None, &mut export)?;
    let CallExport { collector, has_errors, .. } = export;
    form.end(&mut out)?;
    let outcome = finish_output(out, has_errors)?;
    passes.note_order();
    form.notes().iter().for_each(|note| print_message(note));
    if collector.dropped() > 0 {
        print_message(&format!("limit of open calls reached; the messages of {} were dropped", collector.dropped()));
    }
    Ok(outcome)
}

fn open(captures: CaptureArgs, run: &RunArgs) -> Result<(CaptureRun, FilterMatcher, Output), String> {
    let decode_args = captures.decode.clone();
    let CaptureInput { paths, filter } = CaptureInput::of(captures)?;
    refuse_captures("-o", run.output.as_deref(), &paths, &decode_args)?;
    let matcher = FilterMatcher::new(filter.map(|filter| filter.0), MatchUnit::Calls);
    let capture_run = CaptureRun::new(paths, run, decode_options(&decode_args)?).merged();
    let out = Output::open(run, OutputContent::Text, false)?;
    Ok((capture_run, matcher, out))
}

/// Consumer of a pass that exports calls.
struct CallExport<'a, F> {
    matcher: FilterMatcher,
    collector: CallCollector,
    form: &'a mut F,
    out: &'a mut Output,
    has_errors: bool,
}

impl<F: CallForm> PassConsumer for CallExport<'_, F> {
    type Error = io::Error;

    fn frame(&mut self, frame: &DissectedFrame<'_>, analyzer: &Analyzer) -> io::Result<bool> {
        let is_match = self.matcher.matches_frame(frame.frame.number, analyzer);
        let connections = analyzer.connections();
        self.form.frame(frame, connections);
        for connection in connections.iter().filter(|connection| !connection.messages.is_empty()) {
            self.collector.add_messages(&connection.messages, frame.tree);
        }
        Ok(is_match)
    }

    fn events(&mut self, analyzer: &mut Analyzer) -> io::Result<()> {
        for event in analyzer.events() {
            let is_match = self.matcher.matches_event(&event);
            match event {
                Event::Call(call) => {
                    self.form.any_call(&call);
                    let carrier = call.exchange.parent.filter(|_| call.exchange.is_one_way);
                    let is_wanted = is_match || carrier.is_some_and(|carrier| self.form.wants_messages_of(carrier));
                    if let Some(call) = self.collector.call(call, is_wanted) {
                        self.form.call(call, self.out)?;
                    }
                }
                Event::Unfinished(unfinished) => {
                    self.collector.add_messages(&unfinished.messages, &unfinished.tree);
                }
                Event::End(conversation) => self.form.conversation_end(conversation, self.out)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn unsupported_link(&mut self, link: u16) -> io::Result<()> {
        print_message(&unsupported_link_message(link));
        Ok(())
    }

    fn read_error(&mut self, error: Error) -> io::Result<ControlFlow<()>> {
        Ok(print_read_error(&error, &mut self.has_errors))
    }
}
