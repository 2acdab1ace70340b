//! `ladder`: the sequence diagram of a connection, or of all hosts of a call.

use super::capture_run::CaptureRun;
use super::filter_matcher::{FilterMatcher, MatchUnit};
use super::output::{Output, escape_paths};
use super::overwrite::refuse_captures;
use super::pass_loop::{PassConsumer, PassLoop};
use super::{CommandOutcome, decode, finish_output, journey, print_message, text_width};
use crate::args::{LadderArgs, LadderFormat, LadderSubject};
use overhear::analysis::{Analyzer, DecodeOptions, Event, Task};
use overhear::browse::{LadderRow, LadderWindow, StreamLadder};
use overhear::capture::{Endpoint, Stream};
use overhear::diagram::{Arrow, Diagram, diagram_lines, mermaid, svg};
use overhear::journey::{CallChoice, CallsWithin, endpoint_text};
use overhear::report::DissectedFrame;
use overhear::source::Error;
use std::convert::Infallible;
use std::io::{self, Write};
use std::ops::ControlFlow;

/// Maximum number of arrows in a diagram that a program lays out.
const MAX_ARROWS: usize = 500;

pub(super) fn run_ladder(mut args: LadderArgs) -> io::Result<CommandOutcome> {
    match prepare(&mut args) {
        Ok(prepared) => print_ladder(&args, prepared),
        Err(message) => Ok(CommandOutcome::Error(message)),
    }
}

/// What a run needs before it reads.
struct Prepared {
    /// Names of the captures, for messages.
    names: String,
    subject: LadderSubject,
    run: CaptureRun,
    out: Output,
}

fn prepare(args: &mut LadderArgs) -> Result<Prepared, String> {
    let (files, subject) = args.parse_input()?;
    let run = args.run();
    let names = escape_paths(files.iter().map(|path| path.as_path()));
    refuse_captures("-o", run.output.as_deref(), &files, &args.decode)?;
    let decode = decode::decode_options(&args.decode)?;
    let out = Output::create(run.output.as_deref())?;
    Ok(Prepared { names, subject, run: CaptureRun::new(files, &run, decode), out })
}

fn print_ladder(args: &LadderArgs, prepared: Prepared) -> io::Result<CommandOutcome> {
    let Prepared { names, subject, run, mut out } = prepared;
    let count = if matches!(subject, LadderSubject::Stream(_)) { 2 } else { 3 };
    let (passes, decode, mut has_errors) = run.open_passes(count, out.is_file());
    let Some(mut passes) = passes else {
        out.keep_existing();
        return finish_output(out, true);
    };
    let (diagram, has_read_errors) = match subject {
        LadderSubject::Stream(stream) => stream_diagram(stream, &names, &mut passes, &decode),
        LadderSubject::Call(choice) => call_diagram(choice, &names, &mut passes, &decode),
    };
    has_errors |= has_read_errors;
    match diagram {
        Ok(diagram) => {
            out.write_all(render(&diagram, args.format, out.is_file()).as_bytes())?;
            finish_output(out, has_errors)
        }
        // What cannot be read is reported already.
        Err(_) if has_errors => {
            out.keep_existing();
            finish_output(out, true)
        }
        Err(message) => {
            out.keep_existing();
            Ok(CommandOutcome::Error(message))
        }
    }
}

/// Returns the diagram of a connection or an error message, and whether reading failed.
fn stream_diagram(
    stream: u32,
    names: &str,
    passes: &mut PassLoop,
    decode: &DecodeOptions,
) -> (Result<Diagram, String>, bool) {
    let mut ladder = StreamLadder::new(stream);
    let task = ladder.messages_task();
    let mut messages = EventPass { add: |event| ladder.event(event), has_errors: false };
    messages.run(task, passes, decode);
    let has_errors = messages.has_errors;
    if ladder.is_found() {
        passes.start_again();
        let mut analyzer = Analyzer::new(Task { decode: decode.clone(), ..ladder.rows_task() });
        let Ok(()) = passes.run(&mut analyzer, None, &mut RowPass(&mut ladder));
    }
    let Some((stream, window)) = ladder.finish() else {
        return (Err(format!("{names}: no stream {stream}; `overhear streams` lists them")), has_errors);
    };
    let rest = window.total - window.rows.len();
    if rest > 0 {
        print_message(&format!("the stream has {rest} more segments, which are not shown"));
    }
    (Ok(diagram(&stream, &window)), has_errors)
}

/// Returns the diagram of all hosts of a call or an error message, and whether reading failed.
fn call_diagram(
    choice: CallChoice,
    names: &str,
    passes: &mut PassLoop,
    decode: &DecodeOptions,
) -> (Result<Diagram, String>, bool) {
    let mut matcher = FilterMatcher::new(None, MatchUnit::Calls);
    let (selected, has_errors) = journey::select_call(choice, &mut matcher, names, passes, decode);
    let selected = match selected {
        Ok(selected) => selected,
        Err(message) => return (Err(message), has_errors),
    };
    let mut within = CallsWithin::new(selected.call.clone());
    let journey = journey::collect(selected, passes, decode);
    passes.start_again();
    let add = |event| {
        if let Event::Call(call) = event {
            within.add(call);
        }
    };
    EventPass { add, has_errors: false }.run(CallsWithin::task(), passes, decode);
    let hosts = within.finish(journey.diagram);
    if hosts.ambiguous > 0 {
        let calls = if hosts.ambiguous == 1 { "call" } else { "calls" };
        print_message(&format!("{} {calls} may belong to several calls, and are not shown", hosts.ambiguous));
    }
    if hosts.dropped > 0 {
        print_message(&format!("{} more calls at the same time are not read", hosts.dropped));
    }
    (Ok(hosts.diagram), has_errors)
}

/// Consumer of a pass that needs events only.
struct EventPass<A> {
    add: A,
    has_errors: bool,
}

impl<A: FnMut(Event)> EventPass<A> {
    fn run(&mut self, task: Task, passes: &mut PassLoop, decode: &DecodeOptions) {
        let mut analyzer = Analyzer::new(Task { decode: decode.clone(), ..task });
        let Ok(()) = passes.run(&mut analyzer, None, self);
    }
}

impl<A: FnMut(Event)> PassConsumer for EventPass<A> {
    type Error = Infallible;

    fn frame(&mut self, _: &DissectedFrame<'_>, _: &Analyzer) -> Result<bool, Infallible> {
        Ok(true)
    }

    fn events(&mut self, analyzer: &mut Analyzer) -> Result<(), Infallible> {
        analyzer.events().for_each(&mut self.add);
        Ok(())
    }

    fn read_error(&mut self, error: Error) -> Result<ControlFlow<()>, Infallible> {
        self.has_errors = true;
        print_message(&error.to_string());
        Ok(ControlFlow::Continue(()))
    }
}

/// Consumer of the pass that gives the rows of a connection.
struct RowPass<'l>(&'l mut StreamLadder);

impl PassConsumer for RowPass<'_> {
    type Error = Infallible;

    fn frame(&mut self, frame: &DissectedFrame<'_>, analyzer: &Analyzer) -> Result<bool, Infallible> {
        self.0.frame(frame, analyzer.connections());
        Ok(true)
    }

    fn events(&mut self, analyzer: &mut Analyzer) -> Result<(), Infallible> {
        analyzer.events().for_each(drop);
        Ok(())
    }

    // The first pass reports errors.
    fn read_error(&mut self, _: Error) -> Result<ControlFlow<()>, Infallible> {
        Ok(ControlFlow::Continue(()))
    }
}

/// Returns the diagram of a ladder.
fn diagram(stream: &Stream, window: &LadderWindow) -> Diagram {
    let lane = |end: Endpoint| endpoint_text(end);
    let arrow = |row: &LadderRow| {
        let (from, to) = if row.from_client { (0, 1) } else { (1, 0) };
        let ack = row.ack.map_or(String::new(), |ack| format!(" Ack={ack}"));
        let len = if row.len > 0 { format!(" Len={}", row.len) } else { String::new() };
        let meaning = row.meaning();
        let label = format!("{} Seq={}{ack}{len}: {meaning}", row.flags, row.seq);
        Arrow {
            frame: row.frame,
            time: row.time,
            from,
            to,
            label,
            is_anomalous: row.is_anomalous,
            is_key: row.is_anomalous,
        }
    };
    Diagram {
        lanes: vec![lane(stream.client), lane(stream.server)],
        arrows: window.rows.iter().map(arrow).collect(),
        start: stream.first.time,
    }
}

fn render(diagram: &Diagram, format: LadderFormat, is_file: bool) -> String {
    match format {
        LadderFormat::Svg => svg(diagram, MAX_ARROWS, false),
        LadderFormat::Mermaid => mermaid(diagram, MAX_ARROWS),
        LadderFormat::Text => {
            let lines = diagram_lines(diagram, text_width(is_file), usize::MAX);
            lines.into_iter().map(|(line, _)| line.trim_end().to_owned() + "\n").collect()
        }
    }
}
