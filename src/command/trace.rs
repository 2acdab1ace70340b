//! `trace`: the calls that calls caused.

use super::journey::{CallRun, select_call};
use super::pass_loop::{PassConsumer, PassLoop};
use super::{CommandOutcome, finish_output, print_message, text_width};
use crate::args::TraceArgs;
use overhear::analysis::{Analyzer, DecodeOptions, Task, unsupported_link_message};
use overhear::report::DissectedFrame;
use overhear::source::Error;
use overhear::trace::{TraceCollector, render};
use std::convert::Infallible;
use std::io::{self, Write};
use std::ops::ControlFlow;

pub(super) fn run_trace(mut args: TraceArgs) -> io::Result<CommandOutcome> {
    match CallRun::prepare(&mut args.call, "trace") {
        Ok(prepared) => print_trace(&args, prepared),
        Err(message) => Ok(CommandOutcome::Error(message)),
    }
}

fn print_trace(args: &TraceArgs, prepared: CallRun) -> io::Result<CommandOutcome> {
    let CallRun { names, choice, mut matcher, run, mut out } = prepared;
    let count = if choice.is_some() { 2 } else { 1 };
    let (passes, decode, mut has_errors) = run.open_passes(count, out.is_file());
    let Some(mut passes) = passes else {
        out.keep_existing();
        return finish_output(out, true);
    };
    let mut selected = None;
    if let Some(choice) = choice {
        let (found, has_read_errors) = select_call(choice, &mut matcher, &names, &mut passes, &decode);
        has_errors |= has_read_errors;
        match found {
            Ok(found) => selected = Some(found.row),
            Err(message) => {
                out.keep_existing();
                return Ok(CommandOutcome::Error(message));
            }
        }
        passes.start_again();
    }
    let mut pass = TracePass { collector: TraceCollector::new(selected), is_first: choice.is_none(), has_errors };
    pass.run(&mut passes, &decode);
    let has_errors = pass.has_errors;
    let trace = pass.collector.finish();
    if trace.calls.is_empty() {
        out.keep_existing();
        return Ok(CommandOutcome::Error(format!("{names}: no calls")));
    }
    out.write_all(render(&trace, args.call.format.form(text_width(out.is_file()))).as_bytes())?;
    finish_output(out, has_errors)
}

/// Consumer of the pass that collects calls.
struct TracePass {
    collector: TraceCollector,
    /// Whether no pass before it has reported errors.
    is_first: bool,
    has_errors: bool,
}

impl TracePass {
    fn run(&mut self, passes: &mut PassLoop, decode: &DecodeOptions) {
        let mut analyzer = Analyzer::new(Task { decode: decode.clone(), ..TraceCollector::task() });
        let Ok(()) = passes.run(&mut analyzer, None, self);
    }
}

impl PassConsumer for TracePass {
    type Error = Infallible;

    fn frame(&mut self, frame: &DissectedFrame<'_>, analyzer: &Analyzer) -> Result<bool, Infallible> {
        self.collector.frame(frame, analyzer.connections());
        Ok(true)
    }

    fn events(&mut self, analyzer: &mut Analyzer) -> Result<(), Infallible> {
        analyzer.events().for_each(|event| self.collector.event(event));
        Ok(())
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
