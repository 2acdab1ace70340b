//! Commands: each connects a source of frames, the analysis and an output format.

mod call_run;
mod capture_run;
mod check;
mod decode;
mod diff;
mod divided_passes;
mod divided_run;
mod export;
mod extraction;
mod filter_matcher;
mod frame_copies;
mod frame_reporter;
mod frame_source;
mod info;
mod input;
mod interrupt;
mod journey;
mod ladder;
#[cfg(feature = "live")]
mod live_run;
mod output;
mod overwrite;
mod pass_loop;
mod progress;
mod redaction;
mod shard_output;
mod shard_queue;
mod stats;
#[cfg(feature = "live")]
mod status;
#[cfg(feature = "tui")]
mod terminal_ui;
mod trace;

#[cfg(feature = "live")]
use crate::args::InterfacesArgs;
use crate::args::{
    CallsArgs, Command, CommandLine, FieldFormat, FieldsArgs, FollowArgs, FrameFormat, InputArgs, PrintArgs, RowFormat,
    RowsArgs, RunArgs, StreamsArgs,
};
use capture_run::CaptureRun;
use dissectors::Wants;
use dissectors::session::ConversationId;
use divided_run::ReportFactory;
use export::{EncoderSettings, FrameFile};
use filter_matcher::MatchUnit;
use frame_source::FrameSource;
use output::{Output, OutputContent};
use overhear::analysis::Task;
use overhear::report::{
    self, Color, CsvReport, FieldManual, FollowFormat, JsonFraming, JsonReport, Layout, Report, Selection, TextOptions,
};
use overhear::sink::{Format, system_error_text};
use overwrite::refuse_captures;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
#[cfg(feature = "tui")]
use terminal_ui::show;

/// Outcome of a command whose output was written without errors.
pub(crate) enum CommandOutcome {
    /// Success.
    Done,
    /// Failure that is already reported on stderr.
    Reported,
    /// Failure with a message to report.
    Error(String),
    /// Specific exit code.
    Exit(u8),
}

/// Runs a command and returns the program's exit code: 0 on success or if the reader closed the output pipe, else 2
/// with one line on stderr per error.
pub(crate) fn run(line: CommandLine) -> ExitCode {
    if let Some(message) = redaction::refusal(&line) {
        print_message(&message);
        return ExitCode::from(2);
    }
    let outcome = match line.command {
        Some(Command::Print(args)) => run_print(args),
        Some(Command::Calls(args)) => run_calls(args),
        Some(Command::Streams(args)) => run_streams(args),
        Some(Command::Journey(args)) => journey::run_journey(args),
        Some(Command::Trace(args)) => trace::run_trace(args),
        Some(Command::Ladder(args)) => ladder::run_ladder(args),
        Some(Command::Stats(args)) => stats::run_stats(args),
        Some(Command::Diff(args)) => diff::run_diff(args),
        Some(Command::Info(args)) => info::run_info(args),
        Some(Command::Export(args)) => export::run_export(args),
        Some(Command::Merge(args)) => export::run_merge(args),
        Some(Command::Split(args)) => export::run_split(args),
        Some(Command::Secrets(args)) => run_secrets(args),
        Some(Command::Follow(args)) => run_follow(args),
        Some(Command::Check(args)) => check::run_check(args),
        Some(Command::Fields(args)) => list_fields(args),
        #[cfg(feature = "live")]
        Some(Command::Interfaces(args)) => list_interfaces(args),
        None => show(line.input),
    };
    redaction::print_summary();
    match outcome {
        Ok(CommandOutcome::Done) => ExitCode::SUCCESS,
        Ok(CommandOutcome::Reported) => ExitCode::from(2),
        Ok(CommandOutcome::Exit(code)) => ExitCode::from(code),
        Ok(CommandOutcome::Error(message)) => {
            print_message(&message);
            ExitCode::from(2)
        }
        // The reader of the pipe needs no more output.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            print_message(&format!("cannot write output: {}", system_error_text(&error)));
            ExitCode::from(2)
        }
    }
}

/// Writes a line to stderr. A write error is ignored.
pub(crate) fn print_message(message: &str) {
    let _ = writeln!(io::stderr(), "overhear: {message}");
}

/// Reports that the program was built without the terminal UI.
#[cfg(not(feature = "tui"))]
fn show(_: InputArgs) -> io::Result<CommandOutcome> {
    Ok(CommandOutcome::Error("built without the terminal UI (feature tui); see `overhear --help`".into()))
}

fn run_print(args: PrintArgs) -> io::Result<CommandOutcome> {
    if args.input.write.is_some() && !args.input.is_live() {
        return write_frames(args);
    }
    let format = args.format.unwrap_or(if args.fields.is_empty() { FrameFormat::Text } else { FrameFormat::Fields });
    if let Some(message) = option_conflict(&args, format) {
        return Ok(CommandOutcome::Error(message.into()));
    }
    let selection = if args.fields.is_empty() {
        None
    } else {
        match Selection::new(&args.fields) {
            Ok(selection) => Some(selection),
            Err(unknown) => return Ok(CommandOutcome::Error(format!("{unknown}; search with `overhear fields TEXT`"))),
        }
    };
    let csv = format == FrameFormat::Csv;
    let mut layout = Layout { header: csv, separator: if csv { ',' } else { '\t' }, ..Layout::default() };
    args.settings.iter().for_each(|setting| setting.apply(&mut layout));
    if csv && !layout.separator.is_ascii() {
        return Ok(CommandOutcome::Error("-E separator: expected an ASCII character for -T csv".into()));
    }
    let color = color_setting(args.run.writes_file());
    let mut text = TextOptions { details: args.details, bytes: args.bytes, color };
    let (make, wants): (Box<ReportFactory<'_>>, Wants) = match (format, selection) {
        (FrameFormat::Text, _) => {
            if args.details {
                text.color = Color::Never;
            }
            let wants = text.wants();
            (Box::new(move || Box::new(text.report())), wants)
        }
        (FrameFormat::Fields, Some(selection)) => {
            let wants = selection.wants();
            (Box::new(move || Box::new(report::FieldsReport::new(selection.clone(), layout))), wants)
        }
        (FrameFormat::Fields, None) => return Ok(CommandOutcome::Error("-T fields requires a field: -e FIELD".into())),
        (FrameFormat::Csv, selection) => {
            let selection = selection.unwrap_or_else(Selection::columns);
            let wants = selection.wants();
            (Box::new(move || Box::new(CsvReport::new(selection.clone(), layout))), wants)
        }
        (FrameFormat::Json | FrameFormat::Ndjson, selection) => {
            let lines = if format == FrameFormat::Json { JsonFraming::Array } else { JsonFraming::Ndjson };
            let wants = selection.as_ref().map_or_else(Wants::without_repetitions, Selection::wants);
            (Box::new(move || Box::new(JsonReport::new(selection.clone(), lines))), wants)
        }
    };
    let (feed, mut out) = match open_source_and_output(args.input, &args.run, MatchUnit::Frames) {
        Ok(opened) => opened,
        Err(message) => return Ok(CommandOutcome::Error(message)),
    };
    let has_errors = feed.run_divided(fields_task(wants), &*make, &mut out)?;
    finish_output(out, has_errors)
}

/// Writes the frames of captures that match the filter to a capture file.
fn write_frames(mut args: PrintArgs) -> io::Result<CommandOutcome> {
    let has_rows = args.format.is_some() || !args.fields.is_empty() || !args.settings.is_empty();
    if has_rows || args.details || args.bytes || args.run.output.is_some() {
        let message = "-w writes frames instead of rows: it cannot be combined with -T, -e, -E, -V, -x or -o";
        return Ok(CommandOutcome::Error(message.into()));
    }
    args.run.output = args.input.write.clone();
    let with_secrets = args.input.with_secrets;
    let path = args.run.output.clone().unwrap_or_default();
    let format = Format::for_path(&path);
    let opened = FrameSource::open(args.input, &args.run, MatchUnit::Frames).and_then(|feed| {
        let settings = EncoderSettings::new(format, with_secrets.then(|| feed.secrets()), feed.paths())?;
        Ok((feed.open_output(&args.run)?, feed, settings))
    });
    let (mut out, feed, settings) = match opened {
        Ok(opened) => opened,
        Err(message) => return Ok(CommandOutcome::Error(message)),
    };
    let mut file = FrameFile::new(path, &settings);
    let has_errors = feed.run(fields_task(Wants::default()), &mut file.report, &mut out)?;
    file.finish(out, has_errors)
}

/// Returns an error message for options that cannot be combined.
fn option_conflict(args: &PrintArgs, format: FrameFormat) -> Option<&'static str> {
    let text = format == FrameFormat::Text;
    if text && !args.fields.is_empty() {
        return Some("-e requires -T fields, json, ndjson or csv; -T text has fixed columns");
    }
    if !text && (args.details || args.bytes) {
        return Some("-V and -x require -T text; -T json without -e prints all fields");
    }
    if !args.settings.is_empty() && !matches!(format, FrameFormat::Fields | FrameFormat::Csv) {
        return Some("-E requires -T fields or csv");
    }
    None
}

/// Opens the source of frames and the output of a command line.
fn open_source_and_output(input: InputArgs, run: &RunArgs, unit: MatchUnit) -> Result<(FrameSource, Output), String> {
    let feed = FrameSource::open(input, run, unit)?;
    let out = feed.open_output(run)?;
    Ok((feed, out))
}

/// Returns an analysis task that records these fields only. Without a filter, no report requests the connections of frames.
fn fields_task(wants: Wants) -> Task {
    Task { wants, without_connections: true, ..Task::default() }
}

fn run_calls(args: CallsArgs) -> io::Result<CommandOutcome> {
    let CallsArgs { rows: args, by } = args;
    if let Some(name) = by {
        return run_call_groups(args, &name);
    }
    let format = args.format.report_format(table_width(&args));
    let has_names = args.input.decode.name_flags().network;
    run_rows(
        args,
        MatchUnit::Calls,
        || if has_names { report::CallsReport::with_names(format) } else { report::CallsReport::new(format) },
        Task { exchanges: true, ..fields_task(Wants::default()) },
    )
}

/// Prints calls by the values of a field.
fn run_call_groups(args: RowsArgs, name: &str) -> io::Result<CommandOutcome> {
    let field = match report::GroupField::new(name) {
        Ok(field) => field,
        Err(unknown) => {
            return Ok(CommandOutcome::Error(format!("--by: {unknown}; search with `overhear fields TEXT`")));
        }
    };
    let format = args.format.report_format(table_width(&args));
    let (feed, mut out) = match open_source_and_output(args.input, &args.run, MatchUnit::Calls) {
        Ok(opened) => opened,
        Err(message) => return Ok(CommandOutcome::Error(message)),
    };
    let wants = field.wants();
    let mut report = report::CallGroupsReport::new(field, format);
    let task = Task { exchanges: true, halves: true, wants, ..Task::default() };
    let has_errors = feed.run(task, &mut report, &mut out)?;
    let outcome = finish_output(out, has_errors)?;
    report.limit_notes().iter().for_each(|note| print_message(&format!("--by {name}: {note}")));
    Ok(outcome)
}

fn run_streams(args: StreamsArgs) -> io::Result<CommandOutcome> {
    let StreamsArgs { rows: args, quic } = args;
    let format = args.format.report_format(table_width(&args));
    if quic {
        let task = Task { connections: true, ..fields_task(Wants::default()) };
        return run_rows(args, MatchUnit::Streams, || report::ConnectionsReport::new(format), task);
    }
    let has_names = args.input.decode.name_flags().network;
    let has_rows = Arc::<AtomicBool>::default();
    let report = || {
        let report =
            if has_names { report::StreamsReport::with_names(format) } else { report::StreamsReport::new(format) };
        report.noting_rows(has_rows.clone())
    };
    let task = Task { streams: true, ..fields_task(Wants::default()) };
    let (feed, mut out) = match open_source_and_output(args.input, &args.run, MatchUnit::Streams) {
        Ok(opened) => opened,
        Err(message) => return Ok(CommandOutcome::Error(message)),
    };
    let lists_all = feed.lists_all();
    let has_errors = feed.run_divided(task, &|| Box::new(report()), &mut out)?;
    let outcome = finish_output(out, has_errors)?;
    if lists_all && !has_errors && !has_rows.load(Ordering::Relaxed) {
        print_message("no connections of TCP; --quic lists those of QUIC");
    }
    Ok(outcome)
}

fn run_secrets(args: RowsArgs) -> io::Result<CommandOutcome> {
    let format = args.format.report_format(table_width(&args));
    let (feed, mut out) = match open_source_and_output(args.input, &args.run, MatchUnit::Frames) {
        Ok(opened) => opened,
        Err(message) => return Ok(CommandOutcome::Error(message)),
    };
    let task = fields_task(report::SecretsReport::wants());
    let has_errors = feed.run(task, &mut report::SecretsReport::new(format), &mut out)?;
    finish_output(out, has_errors)
}

fn run_rows<R: Report + Send + 'static>(
    args: RowsArgs,
    unit: MatchUnit,
    report: impl Fn() -> R + Sync,
    task: Task,
) -> io::Result<CommandOutcome> {
    let (feed, mut out) = match open_source_and_output(args.input, &args.run, unit) {
        Ok(opened) => opened,
        Err(message) => return Ok(CommandOutcome::Error(message)),
    };
    let has_errors = feed.run_divided(task, &|| Box::new(report()), &mut out)?;
    finish_output(out, has_errors)
}

/// Returns the maximum characters in a table row: the terminal's width if the table goes to a terminal.
fn table_width(args: &RowsArgs) -> Option<usize> {
    terminal_width(args.format == RowFormat::Text && !args.run.writes_file() && io::stdout().is_terminal())
}

/// Returns the terminal's width if `is_limited` is set.
fn terminal_width(is_limited: bool) -> Option<usize> {
    let (terminal_size::Width(width), _) = terminal_size::terminal_size_of(io::stdout()).filter(|_| is_limited)?;
    Some(width.into())
}

/// Returns the width of text that fills its lines: that of the terminal, if it goes there.
fn text_width(is_file: bool) -> usize {
    const DEFAULT: usize = 110;
    terminal_width(!is_file && io::stdout().is_terminal()).unwrap_or(DEFAULT)
}

fn run_follow(mut args: FollowArgs) -> io::Result<CommandOutcome> {
    let (files, stream) = match args.parse_input() {
        Ok(input) => input,
        Err(message) => return Ok(CommandOutcome::Error(message)),
    };
    let color = color_setting(args.run.writes_file());
    let names = output::escape_paths(files.iter().map(|path| path.as_path()));
    if let Err(message) = refuse_captures("-o", args.run.output.as_deref(), &files, &args.decode) {
        return Ok(CommandOutcome::Error(message));
    }
    let decode = match decode::decode_options(&args.decode) {
        Ok(decode) => decode,
        Err(message) => return Ok(CommandOutcome::Error(message)),
    };
    let name_flags = decode.names.flags;
    let run = CaptureRun::new(files, &args.run, decode);
    let mut out = match Output::open(&args.run, OutputContent::Text, run.has_pipe()) {
        Ok(out) => out,
        Err(message) => return Ok(CommandOutcome::Error(message)),
    };
    let no_stream = || match stream {
        ConversationId::Tcp(number) => format!("{names}: no stream {number}; `overhear streams` lists them"),
        ConversationId::Udp(number) => {
            let hint = if args.format.dns { format!("; the TCP connection is tcp:{number}") } else { String::new() };
            format!("{names}: no UDP conversation {number}{hint}")
        }
    };
    let udp_conversations = stream.tcp().is_none();
    let follow_derived = args.tls.then(decrypted_title).flatten();
    let task = Task {
        streams: true,
        follow: Some(stream),
        follow_derived,
        udp_conversations,
        ..fields_task(Wants::default())
    };
    if let Some((fields, name)) = args.format.messages() {
        let channel = args.format.http2;
        let selection = report::MessageSelection { stream, fields, channel };
        let mut report = report::MessagesReport::new(selection, color).with_names(name_flags);
        let wants = report::MessagesReport::wants(name_flags);
        let has_errors = run.run(Task { wants, halves: true, ..task }, &mut report, &mut out)?;
        return match (report.has_stream(), report.count()) {
            (false, _) => Ok(CommandOutcome::Error(no_stream())),
            (true, 0) => {
                let of = channel.map(|channel| format!("stream {channel} of ")).unwrap_or_default();
                Ok(CommandOutcome::Error(format!("{names}: no {name} messages in {of}stream {stream}")))
            }
            _ => finish_output(out, has_errors),
        };
    }
    let shape = match args.format {
        ref shape if shape.raw => FollowFormat::Raw,
        ref shape if shape.hex => FollowFormat::Hex(color),
        ref shape if shape.json => FollowFormat::Json,
        _ => FollowFormat::Text(color),
    };
    let mut report = report::FollowReport::new(stream, shape).with_names(name_flags);
    let has_errors = run.run(Task { wants: report::FollowReport::wants(name_flags), ..task }, &mut report, &mut out)?;
    if !report.has_stream() {
        return Ok(CommandOutcome::Error(no_stream()));
    }
    if args.tls && !report.has_bytes() {
        return Ok(CommandOutcome::Error(format!(
            "{names}: no decrypted TLS in stream {stream}; `overhear secrets` lists connections with secrets"
        )));
    }
    finish_output(out, has_errors)
        .inspect(|_| report.drain_gap_notes().for_each(|note| print_message(&format!("{names}: {note}"))))
}

/// Returns the title of the bytes that TLS derives.
fn decrypted_title() -> Option<&'static str> {
    let is_tls = |protocol: &&&dissectors::Protocol| protocol.fields.first().is_some_and(|field| field.name == "tls");
    let protocol = dissectors::PROTOCOLS.iter().find(is_tls)?;
    protocol.sessions().next().map(|kind| kind.derived_title)
}

fn list_fields(args: FieldsArgs) -> io::Result<CommandOutcome> {
    let manual = match &args.search {
        None => FieldManual::all(),
        Some(text) => match FieldManual::search(text) {
            Some(manual) => manual,
            None => {
                // Same message as for an unknown field of -e.
                let unknown = Selection::new(&[text]).err().map(|unknown| unknown.to_string());
                return Ok(CommandOutcome::Error(unknown.unwrap_or_default()));
            }
        },
    };
    let mut out = match Output::create(args.output.as_deref()) {
        Ok(out) => out,
        Err(message) => return Ok(CommandOutcome::Error(message)),
    };
    let text = match args.format {
        FieldFormat::Text => manual.text(),
        FieldFormat::Markdown => report::fields_page(),
        FieldFormat::Json => manual.json(JsonFraming::Array),
        FieldFormat::Ndjson => manual.json(JsonFraming::Ndjson),
    };
    out.write_all(text.as_bytes())?;
    finish_output(out, false)
}

#[cfg(feature = "live")]
fn list_interfaces(args: InterfacesArgs) -> io::Result<CommandOutcome> {
    let devices = match overhear::live::devices() {
        Ok(devices) => devices,
        Err(error) => return Ok(CommandOutcome::Error(error.to_string())),
    };
    let mut out = match Output::create(None) {
        Ok(out) => out,
        Err(message) => return Ok(CommandOutcome::Error(message)),
    };
    report::interfaces(&devices, args.format.report_format(terminal_width(io::stdout().is_terminal())), &mut out)?;
    finish_output(out, false)
}

/// Completes the output. `has_errors` is whether errors are already reported on stderr.
fn finish_output(out: Output, has_errors: bool) -> io::Result<CommandOutcome> {
    out.finish()?;
    Ok(if has_errors { CommandOutcome::Reported } else { CommandOutcome::Done })
}

/// Returns whether to color standard output: on a terminal unless `NO_COLOR` is set, elsewhere if `CLICOLOR_FORCE` is
/// set.
fn color_setting(to_file: bool) -> Color {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    let equals = |name, value: &str| set(name).is_some_and(|set| set == value);
    let forced = set("CLICOLOR_FORCE").is_some() && !equals("CLICOLOR_FORCE", "0");
    let supported = || io::stdout().is_terminal() && !equals("TERM", "dumb") && !equals("CLICOLOR", "0");
    if set("NO_COLOR").is_none() && !to_file && (forced || supported()) { Color::Always } else { Color::Never }
}
