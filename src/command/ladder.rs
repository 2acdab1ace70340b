//! `ladder`: the sequence diagram of a connection.

use super::output::{Output, escape_paths};
use super::overwrite::refuse_inputs;
use super::{CommandOutcome, decode, finish_output, print_message, text_width};
use crate::args::{LadderArgs, LadderFormat};
use dissectors::session::ConversationId;
use overhear::browse::{BrowseEvent, BrowseRequest, Browser, LadderRow, LadderWindow, LoadState, StreamPosition};
use overhear::capture::{Endpoint, Stream};
use overhear::diagram::{Arrow, Diagram, diagram_lines, mermaid, svg};
use overhear::journey::endpoint_text;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::mpsc;

/// Maximum number of arrows in a diagram that a program lays out.
const MAX_ARROWS: usize = 500;

pub(super) fn run_ladder(mut args: LadderArgs) -> io::Result<CommandOutcome> {
    match prepare(&mut args) {
        Ok((outcome, mut out, has_errors)) => {
            let format = args.format;
            match outcome {
                Ok((stream, window)) => {
                    out.write_all(render(&diagram(&stream, &window), format, out.is_file()).as_bytes())?;
                    let rest = window.total - window.rows.len();
                    if rest > 0 {
                        print_message(&format!("the stream has {rest} more segments, which are not shown"));
                    }
                    finish_output(out, has_errors)
                }
                Err(message) => {
                    out.keep_existing();
                    Ok(CommandOutcome::Error(message))
                }
            }
        }
        Err(message) => Ok(CommandOutcome::Error(message)),
    }
}

/// The stream and its ladder, or the error that prevents it.
type LadderResult = Result<(Stream, LadderWindow), String>;

/// Reads the ladder. Returns it with the output, and whether reading a capture failed.
fn prepare(args: &mut LadderArgs) -> Result<(LadderResult, Output, bool), String> {
    let (files, stream) = args.parse_input()?;
    let run = args.run();
    let names = escape_paths(files.iter().map(|path| path.as_path()));
    refuse_inputs("-o", run.output.as_deref(), files.iter().map(PathBuf::as_path))?;
    let mut decode = decode::decode_options(&args.decode)?;
    decode.add_block_secrets(files.iter().map(PathBuf::as_path));
    let out = Output::create(run.output.as_deref())?;
    let (sender, receiver) = mpsc::channel();
    let browser = Browser::open_with(files, decode, move |event| drop(sender.send(event)));
    let (mut found, mut has_errors) = (None, false);
    let result = loop {
        let Ok(event) = receiver.recv() else { break Err(format!("{names}: the capture cannot be read")) };
        match event {
            BrowseEvent::IndexUpdate(update) => {
                found = update.streams.into_iter().rfind(|row| row.number == stream).or(found);
                if let LoadState::Complete(error) = update.state {
                    error.iter().for_each(|error| print_message(error));
                    has_errors = error.is_some();
                    if found.is_none() {
                        break Err(format!("{names}: no stream {stream}; `overhear streams` lists them"));
                    }
                    browser.send(BrowseRequest::Ladder {
                        conversation: ConversationId::Tcp(stream),
                        at: StreamPosition::Offset(0),
                    });
                }
            }
            BrowseEvent::Ladder(window) => break found.map(|stream| (stream, window)).ok_or_else(String::new),
            BrowseEvent::RequestFailed { error, .. } | BrowseEvent::Error(error) => break Err(error),
            _ => {}
        }
    };
    Ok((result, out, has_errors))
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
