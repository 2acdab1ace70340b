//! `ladder`: the sequence diagram of a connection, or of all hosts of a call.

use super::call_run::{CallPasses, CallSelection, FrameCollector, PreparedRun};
use super::{CommandOutcome, print_message};
use crate::args::{LadderArgs, LadderFormat, LadderSubject};
use dissectors::session::ConversationId;
use overhear::analysis::{Analyzer, Event};
use overhear::browse::{LadderEnds, LadderRow, LadderWindow, StreamLadder};
use overhear::capture::EndpointNames;
use overhear::diagram::{Arrow, Diagram, diagram_lines, mermaid, svg};
use overhear::journey::named_endpoint_text;
use overhear::report::DissectedFrame;
use overhear::trace::host_diagram;
use std::io;

/// Maximum number of arrows in a diagram that a program lays out.
const MAX_ARROWS: usize = 500;

pub(super) fn run_ladder(mut args: LadderArgs) -> io::Result<CommandOutcome> {
    let (prepared, subject) = match prepare(&mut args) {
        Ok(prepared) => prepared,
        Err(message) => return Ok(CommandOutcome::Error(message)),
    };
    let count = if matches!(subject, Subject::Stream(_)) { 2 } else { 3 };
    prepared.write(count, |passes| {
        let diagram = match subject {
            Subject::Stream(stream) => stream_diagram(stream, passes)?,
            Subject::Call(selection) => call_diagram(selection, passes)?,
        };
        Ok(render(&diagram, args.format, passes.width))
    })
}

/// What a diagram is of.
enum Subject {
    Stream(ConversationId),
    Call(CallSelection),
}

/// Prepares the run, before anything is read.
fn prepare(args: &mut LadderArgs) -> Result<(PreparedRun, Subject), String> {
    let (files, subject) = args.parse_input()?;
    let subject = match subject {
        LadderSubject::Stream(stream) => Subject::Stream(stream),
        LadderSubject::Call(choice) => Subject::Call(CallSelection::with_filter(choice, args.filter.as_deref())?),
    };
    Ok((PreparedRun::new(files, &args.run(), &args.decode)?, subject))
}

/// Returns the diagram of a connection, or an error message.
fn stream_diagram(stream: ConversationId, passes: &mut CallPasses) -> Result<Diagram, String> {
    let mut ladder = StreamLadder::new(stream);
    passes.run(ladder.messages_task(), &mut MessageCollector(&mut ladder));
    if ladder.is_found() {
        passes.run(ladder.rows_task(), &mut RowCollector(&mut ladder));
    }
    let names = &passes.names;
    let missing = || match stream.tcp() {
        Some(stream) => format!("{names}: no stream {stream}; `overhear streams` lists them"),
        None => format!("{names}: no call in {stream}; `overhear calls` lists them"),
    };
    let (ends, window) = ladder.finish().ok_or_else(missing)?;
    let rest = window.total - window.rows.len();
    if rest > 0 {
        let noun = if stream.tcp().is_some() { "segments" } else { "datagrams" };
        print_message(&format!("the stream has {rest} more {noun}, which are not shown"));
    }
    Ok(diagram(&ends, &window))
}

/// Returns the diagram of all hosts of a call, or an error message.
fn call_diagram(selection: CallSelection, passes: &mut CallPasses) -> Result<Diagram, String> {
    let selected = passes.select(selection)?;
    let trace = passes.trace(Some(selected.row))?;
    let call = selected.call.clone();
    let journey = passes.journey(selected);
    let (diagram, notes) = host_diagram(&trace, &call, journey.diagram);
    notes.iter().for_each(|note| print_message(note));
    Ok(diagram)
}

/// Collector of the messages of a connection.
struct MessageCollector<'l>(&'l mut StreamLadder);

impl FrameCollector for MessageCollector<'_> {
    fn event(&mut self, event: Event) {
        self.0.event(event);
    }
}

/// Collector of the rows of a connection.
struct RowCollector<'l>(&'l mut StreamLadder);

impl FrameCollector for RowCollector<'_> {
    fn frame(&mut self, frame: &DissectedFrame<'_>, analyzer: &Analyzer) -> bool {
        self.0.frame(frame, analyzer.connections());
        true
    }
}

/// Returns the diagram of a ladder.
fn diagram(ends: &LadderEnds, window: &LadderWindow) -> Diagram {
    let (client, server) = EndpointNames::of(ends.names.as_deref());
    let arrow = |row: &LadderRow| {
        let (from, to) = if row.from_client { (0, 1) } else { (1, 0) };
        let ack = row.ack.map_or(String::new(), |ack| format!(" Ack={ack}"));
        let len = if row.len > 0 { format!(" Len={}", row.len) } else { String::new() };
        let meaning = row.meaning();
        let label = match row.is_datagram {
            true => meaning.into_owned(),
            false => format!("{} Seq={}{ack}{len}: {meaning}", row.flags, row.seq),
        };
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
        lanes: vec![named_endpoint_text(ends.client, client), named_endpoint_text(ends.server, server)],
        arrows: window.rows.iter().map(arrow).collect(),
        start: window.rows.first().map_or(0, |row| row.time),
        noun: if window.conversation.tcp().is_some() { "segment" } else { "datagram" },
    }
}

fn render(diagram: &Diagram, format: LadderFormat, width: usize) -> String {
    match format {
        LadderFormat::Svg => svg(diagram, MAX_ARROWS, false),
        LadderFormat::Mermaid => mermaid(diagram, MAX_ARROWS),
        LadderFormat::Text => {
            let lines = diagram_lines(diagram, width, usize::MAX);
            lines.into_iter().map(|(line, _)| line.trim_end().to_owned() + "\n").collect()
        }
    }
}
