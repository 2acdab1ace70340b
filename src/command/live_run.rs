//! Live capture from interfaces through the analysis into a report.

use super::filter_matcher::FilterMatcher;
use super::frame_reporter::FrameReporter;
use super::output::{Output, escape_paths};
use super::pass_loop::Pass;
use super::status::{self, StatusLine};
use super::{interrupt, print_message};
use crate::args::{LiveArgs, RunArgs};
use overhear::analysis::{Analyzer, DecodeOptions, Task};
use overhear::confine::{AllowedPaths, confine};
use overhear::filter::ast::Span;
use overhear::filter::{Diagnostic, Filter};
use overhear::live::{self, CaptureSettings, Error, Limits, LiveCapture, OpenCapture};
use overhear::report::Report;
use overhear::sink::{self, Format, Sink, Target};
use overhear::source::StopSignal;
use std::io::{self, Write};
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Maximum delay of reported rows while more frames arrive.
const MAX_ROW_DELAY: Duration = Duration::from_millis(100);

/// Maximum wait for frames before the clock is checked. Connections time out even if no frames arrive.
const WAIT_TIMEOUT: Duration = Duration::from_millis(250);

/// Interval between checks for connections that timed out.
const AGING_INTERVAL: Duration = Duration::from_secs(1);

/// Frames between two checks of the clock.
const FRAMES_PER_CLOCK_CHECK: u32 = 256;

/// Run over a live capture.
pub(super) struct LiveRun {
    interfaces: OpenCapture,
    names: String,
    limits: Limits,
    matcher: FilterMatcher,
    sink: Option<Sink>,
    pub(super) writes_to_stdout: bool,
    /// Directory in which further capture files are created.
    directory: Option<PathBuf>,
    decode: DecodeOptions,
}

impl LiveRun {
    /// Opens the interfaces. An error message may have several lines.
    pub(super) fn open(
        listen: &LiveArgs,
        write: Option<&Path>,
        run: &RunArgs,
        matcher: FilterMatcher,
        decode: DecodeOptions,
    ) -> Result<LiveRun, String> {
        let interfaces = open_interfaces(listen)?;
        let names = interface_names(&interfaces);
        // No frame after the last that can match needs to be captured.
        let last = [run.count, matcher.last_frame()].into_iter().flatten().min();
        let autostop: sink::StopConditions = listen.autostop.iter().copied().collect();
        let packets = [last.map(u64::from), autostop.packets.map(NonZeroU64::get)];
        let limits = Limits { packets: packets.into_iter().flatten().min(), time: autostop.duration };
        let sink = match write {
            Some(path) => {
                // The sink has the limit too, so that it starts no file for a packet that never arrives.
                let packets = limits.packets.and_then(NonZeroU64::new);
                Some(create_sink(
                    path,
                    listen,
                    &interfaces,
                    sink::StopConditions { packets, duration: None, ..autostop },
                )?)
            }
            None if autostop.size.is_some() => return Err("-a filesize requires -w".into()),
            None if autostop.files.is_some() => return Err("-a files requires -w".into()),
            None => None,
        };
        let writes_to_stdout = write == Some(Path::new("-"));
        let makes_more = !listen.rotate.is_empty() || autostop.files.is_some();
        let directory = write.filter(|_| makes_more).and_then(Path::parent).map(Path::to_owned);
        Ok(LiveRun { interfaces, names, limits, matcher, sink, writes_to_stdout, directory, decode })
    }

    /// Drops the rights needed to open the interfaces. All other resources must be open, and no other thread started.
    pub(super) fn confine(&self) -> Result<(), String> {
        // Loads the local time zone while its files can still be opened.
        let _ = jiff::tz::TimeZone::system();
        let needs =
            AllowedPaths { write_folder: self.directory.clone(), read_folders: self.interfaces.counter_folders() };
        confine(&needs).map(drop).map_err(|error| error.to_string())
    }

    /// Captures and reports until the end. Returns whether there were errors.
    pub(super) fn run(mut self, task: Task, report: &mut dyn Report, out: &mut Output) -> io::Result<bool> {
        let mut task = Task { collect_names: self.decode.names.flags, decode: self.decode, ..task };
        self.matcher.extend_task(&mut task);
        let stop = StopSignal::default();
        interrupt::install_handler(&stop);
        let start = Instant::now();
        let mut live = match self.interfaces.start(self.sink, stop.clone(), self.limits) {
            Ok(live) => live,
            Err(error) => {
                print_message(&format!("{}: cannot start the capture: {error}", self.names));
                return Ok(true);
            }
        };
        let mut key_logs = task.decode.clone();
        let mut analyzer = Analyzer::new(task);
        let mut status = StatusLine::new();
        report.begin(out)?;
        let is_discarded = out.discards_rows();
        let mut reporter = FrameReporter::new(&mut self.matcher, report, out, stop);
        let mut pass = Pass::new(&mut analyzer, &mut reporter);
        let result = match is_discarded {
            true => discard_frames(&mut live, &mut status),
            false => report_frames(&mut live, &mut pass, &mut key_logs, &mut status),
        };
        status.hide();
        let ended = live.finish();
        let result = result.and_then(|()| pass.finish());
        let result = result.and_then(|()| report.end(out)).and_then(|()| out.flush());
        let mut has_errors = !ended.errors.is_empty();
        ended.errors.iter().for_each(|error| print_message(&escape_paths([Path::new(&error.to_string())])));
        print_message(&status::capture_summary(&self.names, &ended.counts, start.elapsed()));
        match ended.written {
            Some(Ok(summary)) => print_message(&status::written_summary(&summary)),
            Some(Err(error)) => {
                has_errors = true;
                print_message(&error.to_string());
            }
            None => {}
        }
        result.map(|()| has_errors)
    }
}

/// Opens the interfaces that a command line names. An error message may have several lines.
pub(super) fn open_interfaces(listen: &LiveArgs) -> Result<OpenCapture, String> {
    let snaplen = if listen.snaplen == 0 { live::SNAPLEN } else { listen.snaplen };
    let settings = CaptureSettings {
        filter: listen.capture_filter.clone(),
        snaplen,
        promiscuous: !listen.not_promiscuous,
        buffer: listen.buffer << 20,
        link: listen.link.clone(),
        immediate: listen.immediate,
    };
    live::open(listen.interfaces.iter().map(String::as_str), &settings)
        .map_err(|error| explain_error(&error, &settings))
}

/// Returns the interface names as a comma-separated list.
pub(super) fn interface_names(opened: &OpenCapture) -> String {
    let names = opened.interfaces().filter_map(|interface| interface.name.as_deref());
    escape_paths(names.map(Path::new))
}

/// Creates the sink for captured packets.
fn create_sink(
    path: &Path,
    listen: &LiveArgs,
    opened: &OpenCapture,
    stop: sink::StopConditions,
) -> Result<Sink, String> {
    let target = if path == Path::new("-") { Target::Stdout } else { Target::File(path.to_owned()) };
    let (format, rotation) = (Format::for_path(path), listen.rotate.iter().copied().collect());
    format.compression_note(path).iter().for_each(|note| print_message(note));
    Sink::create(target, format, opened.devices(), rotation, stop).map_err(|error| error.to_string())
}

/// Reports frames until the capture ends.
fn report_frames(
    live: &mut LiveCapture,
    pass: &mut Pass<'_, FrameReporter<'_, Output>>,
    decode: &mut DecodeOptions,
    status: &mut StatusLine,
) -> io::Result<()> {
    pass.consumer.flush()?;
    let mut last_flush = Instant::now();
    let mut last_aging = last_flush;
    // Whether reported rows may still be buffered.
    let mut needs_flush = false;
    loop {
        pass.add_appended_secrets(decode);
        let mut frames = 0u32;
        while let Some(frame) = live.next() {
            pass.feed(&frame, false)?;
            if pass.consumer.take_reported() {
                status.hide();
                needs_flush = true;
            }
            frames = frames.wrapping_add(1);
            if frames.is_multiple_of(FRAMES_PER_CLOCK_CHECK) && last_flush.elapsed() >= MAX_ROW_DELAY {
                break;
            }
        }
        if last_aging.elapsed() >= AGING_INTERVAL {
            last_aging = Instant::now();
            pass.age(current_time())?;
            if pass.consumer.take_reported() {
                status.hide();
                needs_flush = true;
            }
        }
        if std::mem::take(&mut needs_flush) {
            pass.consumer.flush()?;
        }
        last_flush = Instant::now();
        status.show(&live.counts());
        if !live.wait(WAIT_TIMEOUT) {
            return Ok(());
        }
    }
}

/// Reads and discards frames until the capture ends. The sink still writes them.
fn discard_frames(live: &mut LiveCapture, status: &mut StatusLine) -> io::Result<()> {
    while live.wait(WAIT_TIMEOUT) {
        while live.next().is_some() {}
        status.show(&live.counts());
    }
    Ok(())
}

/// Returns the current time in nanoseconds since 1970.
fn current_time() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}

/// Formats an error, with a hint for a permission error and a caret for a capture filter error.
pub(super) fn explain_error(error: &Error, settings: &CaptureSettings) -> String {
    let text = escape_paths([Path::new(&error.to_string())]);
    match error {
        Error::Filter { span: at, .. } => {
            let filter = settings.filter.as_deref().unwrap_or_default();
            let hint = if Filter::new(filter).is_ok() {
                "; this is a display filter, not a capture filter: use -Y"
            } else {
                ""
            };
            let fault = Diagnostic { message: format!("{text}{hint}"), span: Span { start: at.start, end: at.end } };
            fault.display(filter).to_string()
        }
        Error::Permission { .. } => format!("{text}; {}", permission_hint()),
        _ => text,
    }
}

/// Returns the commands that permit this program to capture: permanently and once.
fn permission_hint() -> String {
    let program = std::env::current_exe().unwrap_or_else(|_| "overhear".into());
    let program = shell_quote(&escape_paths([program.as_path()]));
    let arguments = std::env::args_os().skip(1).map(|word| shell_quote(&escape_paths([Path::new(&word)])));
    let once = format!("sudo {program} {}", arguments.collect::<Vec<_>>().join(" "));
    match cfg!(target_os = "linux") {
        true => format!("permanently: sudo setcap cap_net_raw+ep {program}; once: {once}"),
        false => format!("run: {once}"),
    }
}

/// Quotes a word for a POSIX shell.
fn shell_quote(word: &str) -> String {
    let plain = |char: char| char.is_ascii_alphanumeric() || "/._-+".contains(char);
    if word.chars().all(plain) { word.into() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}
