//! Commands: each joins the captures it reads, what is found in them, and a form of output.

mod check;
mod feed;
mod input;
mod interrupt;
#[cfg(feature = "live")]
mod listening;
mod output;
mod overwrite;
mod progress;
mod reading;
#[cfg(feature = "tui")]
mod screen;
mod sieve;
#[cfg(feature = "live")]
mod status;
mod telling;

#[cfg(feature = "live")]
use crate::args::Interfaces;
use crate::args::{Command, CommandLine, FieldForm, Fields, Follow, FrameForm, Input, Print, RowForm, Rows, Run};
use dissectors::Wants;
use feed::Feed;
use output::Output;
use overhear::analysis::Task;
use overhear::report::{self, Apart, Color, Csv, Json, Layout, Lines, Manual, Report, Selection, Shape, Text};
use overwrite::refuse_inputs;
use reading::Reading;
#[cfg(feature = "tui")]
use screen::show;
use sieve::Sifts;
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::thread;

/// How a command ended, where nothing was wrong with its output.
pub(crate) enum Outcome {
    /// Well.
    Done,
    /// With something wrong that has been told on stderr.
    Told,
    /// With something wrong that has to be told.
    Wrong(String),
    /// With an exit code of its own.
    Exit(u8),
}

/// Runs a command to the program's exit code: 0 if it is done or nobody reads its output any more, else 2 with one line
/// on stderr for each thing that is wrong.
pub(crate) fn run(line: CommandLine) -> ExitCode {
    let ended = match line.command {
        Some(Command::Print(args)) => print(args),
        Some(Command::Calls(args)) => calls(args),
        Some(Command::Streams(args)) => streams(args),
        Some(Command::Follow(args)) => follow(args),
        Some(Command::Check(args)) => check::check(args),
        Some(Command::Fields(args)) => list_fields(args),
        #[cfg(feature = "live")]
        Some(Command::Interfaces(args)) => list_interfaces(args),
        None => show(line.input),
    };
    match ended {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::Told) => ExitCode::from(2),
        Ok(Outcome::Exit(code)) => ExitCode::from(code),
        Ok(Outcome::Wrong(what)) => {
            tell(&what);
            ExitCode::from(2)
        }
        // Whoever read the output has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            tell(&format!("the output cannot be written: {error}"));
            ExitCode::from(2)
        }
    }
}

/// Writes a line to stderr; that nobody can read it is no matter.
pub(crate) fn tell(what: &str) {
    let _ = writeln!(io::stderr(), "overhear: {what}");
}

/// There is no screen in this program.
#[cfg(not(feature = "tui"))]
fn show(_: Input) -> io::Result<Outcome> {
    Ok(Outcome::Wrong("this program was built without its screen; see `overhear --help`".into()))
}

fn print(args: Print) -> io::Result<Outcome> {
    let form = args.form.unwrap_or(if args.fields.is_empty() { FrameForm::Text } else { FrameForm::Fields });
    if let Some(what) = contradiction(&args, form) {
        return Ok(Outcome::Wrong(what.into()));
    }
    let selection = if args.fields.is_empty() {
        None
    } else {
        match Selection::new(&args.fields) {
            Ok(selection) => Some(selection),
            Err(unknown) => return Ok(Outcome::Wrong(format!("{unknown}; `overhear fields TEXT` searches"))),
        }
    };
    let csv = form == FrameForm::Csv;
    let mut layout = Layout { header: csv, separator: if csv { ',' } else { '\t' }, ..Layout::default() };
    args.settings.iter().for_each(|setting| setting.apply(&mut layout));
    if csv && !layout.separator.is_ascii() {
        return Ok(Outcome::Wrong("-E separator: in csv it is an ASCII character".into()));
    }
    let color = color(args.run.writes_file());
    let mut text = Text { details: args.details, bytes: args.bytes, color };
    let (mut print, wants): (Box<dyn Report>, Wants) = match (form, selection) {
        (FrameForm::Text, _) => {
            if args.details {
                text.color = Color::Never;
            }
            let wants = text.wants();
            (Box::new(text.report()), wants)
        }
        (FrameForm::Fields, Some(selection)) => {
            let wants = selection.wants();
            (Box::new(report::Fields::new(selection, layout)), wants)
        }
        (FrameForm::Fields, None) => return Ok(Outcome::Wrong("-T fields needs a field: -e FIELD".into())),
        (FrameForm::Csv, selection) => {
            let selection = selection.unwrap_or_else(Selection::columns);
            let wants = selection.wants();
            (Box::new(Csv::new(selection, layout)), wants)
        }
        (FrameForm::Json | FrameForm::Ndjson, selection) => {
            let lines = if form == FrameForm::Json { Lines::Array } else { Lines::Bare };
            let wants = selection.as_ref().map_or_else(Wants::everything, Selection::wants);
            (Box::new(Json::new(selection, lines)), wants)
        }
    };
    let (feed, mut out) = match open(args.input, &args.run, Sifts::Frames) {
        Ok(opened) => opened,
        Err(what) => return Ok(Outcome::Wrong(what)),
    };
    let told = feed.run(|| task(wants.clone()), print.as_mut(), &mut out)?;
    finish(out, told)
}

/// What in a command line cannot be meant together.
fn contradiction(args: &Print, form: FrameForm) -> Option<&'static str> {
    let text = form == FrameForm::Text;
    if text && !args.fields.is_empty() {
        return Some("-e goes with -T fields, json, ndjson or csv; a line of text has its own columns");
    }
    if !text && (args.details || args.bytes) {
        return Some("-V and -x go with -T text; -T json without -e has everything");
    }
    if !args.settings.is_empty() && !matches!(form, FrameForm::Fields | FrameForm::Csv) {
        return Some("-E goes with -T fields or csv");
    }
    None
}

/// Opens what a command line reads, and what it writes to.
fn open(input: Input, run: &Run, sifts: Sifts) -> Result<(Feed, Output), String> {
    let feed = Feed::open(input, run, sifts)?;
    let out = feed.output(run)?;
    Ok((feed, out))
}

/// A run that wants these fields and nothing beyond.
fn task(wants: Wants) -> Task {
    Task { wants, ..Task::default() }
}

fn calls(args: Rows) -> io::Result<Outcome> {
    let form = args.form.form(room(&args));
    rows(args, Sifts::Calls, || report::Calls::new(form), || Task { exchanges: true, ..task(Wants::default()) })
}

fn streams(args: Rows) -> io::Result<Outcome> {
    let form = args.form.form(room(&args));
    rows(args, Sifts::Streams, || report::Streams::new(form), || Task { streams: true, ..task(Wants::default()) })
}

fn rows<R: Report + Send + 'static>(
    args: Rows,
    sifts: Sifts,
    report: impl Fn() -> R,
    task: impl Fn() -> Task,
) -> io::Result<Outcome> {
    let (feed, mut out) = match open(args.input, &args.run, sifts) {
        Ok(opened) => opened,
        Err(what) => return Ok(Outcome::Wrong(what)),
    };
    // Where rows need not go out one by one, they are put into words beside the reading.
    let beside = !out.is_at_once() && thread::available_parallelism().is_ok_and(|cores| cores.get() > 1);
    let apart = if beside { Apart::new(report()).ok() } else { None };
    let told = match apart {
        Some(mut apart) => feed.run(task, &mut apart, &mut out)?,
        None => feed.run(task, &mut report(), &mut out)?,
    };
    finish(out, told)
}

/// How many characters a row of a table may have: those of the terminal, if it goes to one.
fn room(args: &Rows) -> Option<usize> {
    width(args.form == RowForm::Text && !args.run.writes_file() && io::stdout().is_terminal())
}

/// The width of the terminal, if it counts.
fn width(counts: bool) -> Option<usize> {
    let (terminal_size::Width(width), _) = terminal_size::terminal_size_of(io::stdout()).filter(|_| counts)?;
    Some(width.into())
}

fn follow(mut args: Follow) -> io::Result<Outcome> {
    let (files, stream) = match args.input() {
        Ok(input) => input,
        Err(what) => return Ok(Outcome::Wrong(what)),
    };
    let color = color(args.run.writes_file());
    let named = output::shown(files.iter().map(|path| path.as_path()));
    if let Err(what) = refuse_inputs("-o", args.run.output.as_deref(), files.iter().map(PathBuf::as_path)) {
        return Ok(Outcome::Wrong(what));
    }
    let reading = Reading::new(files, &args.run);
    let mut out = match Output::open(&args.run, reading.has_pipe()) {
        Ok(out) => out,
        Err(what) => return Ok(Outcome::Wrong(what)),
    };
    let no_stream = || format!("{named}: there is no stream {stream}; `overhear streams` lists them");
    let task = Task { streams: true, follow: Some(stream), ..task(Wants::default()) };
    if args.shape.http {
        let mut report = report::Messages::new(stream, color);
        let wants = report::Messages::wants();
        let told = reading.run(|| Task { wants: wants.clone(), ..task.clone() }, &mut report, &mut out)?;
        return match (report.met(), report.count()) {
            (false, _) => Ok(Outcome::Wrong(no_stream())),
            (true, 0) => Ok(Outcome::Wrong(format!("{named}: stream {stream} has no HTTP message"))),
            _ => finish(out, told),
        };
    }
    let shape = match args.shape {
        ref shape if shape.raw => Shape::Raw,
        ref shape if shape.hex => Shape::Hex(color),
        ref shape if shape.json => Shape::Json,
        _ => Shape::Text(color),
    };
    let mut report = report::Follow::new(stream, shape);
    let told = reading.run(|| task.clone(), &mut report, &mut out)?;
    if !report.met() {
        return Ok(Outcome::Wrong(no_stream()));
    }
    finish(out, told).inspect(|_| report.asides().for_each(|aside| tell(&format!("{named}: {aside}"))))
}

fn list_fields(args: Fields) -> io::Result<Outcome> {
    let manual = match &args.search {
        None => Manual::all(),
        Some(text) => match Manual::search(text) {
            Some(manual) => manual,
            None => {
                // The same words as for an unknown -e.
                let unknown = Selection::new(&[text]).err().map(|unknown| unknown.to_string());
                return Ok(Outcome::Wrong(unknown.unwrap_or_default()));
            }
        },
    };
    let mut out = match Output::to(args.output.as_deref()) {
        Ok(out) => out,
        Err(what) => return Ok(Outcome::Wrong(what)),
    };
    let text = match args.form {
        FieldForm::Text => manual.text(),
        FieldForm::Markdown => report::manual(),
        FieldForm::Json => manual.json(Lines::Array),
        FieldForm::Ndjson => manual.json(Lines::Bare),
    };
    out.write_all(text.as_bytes())?;
    finish(out, false)
}

#[cfg(feature = "live")]
fn list_interfaces(args: Interfaces) -> io::Result<Outcome> {
    let devices = match overhear::live::devices() {
        Ok(devices) => devices,
        Err(error) => return Ok(Outcome::Wrong(error.to_string())),
    };
    let mut out = match Output::to(None) {
        Ok(out) => out,
        Err(what) => return Ok(Outcome::Wrong(what)),
    };
    report::interfaces(&devices, args.form.form(width(io::stdout().is_terminal())), &mut out)?;
    finish(out, false)
}

fn finish(out: Output, told: bool) -> io::Result<Outcome> {
    out.finish()?;
    Ok(if told { Outcome::Told } else { Outcome::Done })
}

/// Whether what goes to stdout is coloured: on a terminal unless `NO_COLOR` says no, elsewhere if `CLICOLOR_FORCE` says so.
fn color(to_file: bool) -> Color {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    let says = |name, value: &str| set(name).is_some_and(|set| set == value);
    let forced = set("CLICOLOR_FORCE").is_some() && !says("CLICOLOR_FORCE", "0");
    let fits = || io::stdout().is_terminal() && !says("TERM", "dumb") && !says("CLICOLOR", "0");
    if set("NO_COLOR").is_none() && !to_file && (forced || fits()) { Color::Always } else { Color::Never }
}
