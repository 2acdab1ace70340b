//! Interfaces through the analysis into a report, as it happens.

use super::output::{Output, shown};
use super::sieve::Sieve;
use super::status::{self, Status};
use super::telling::Telling;
use super::{interrupt, tell};
use crate::args::{Listen, Run};
use overhear::analysis::{Analyzer, Task};
use overhear::confine::{Needs, confine};
use overhear::filter::Fault;
use overhear::filter::ast::Span;
use overhear::live::{self, Error, Limits, Live, Opened, Settings};
use overhear::report::Report;
use overhear::sink::{self, Format, Sink, Target};
use overhear::source::Stop;
use std::io::{self, Write};
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// As long as rows may wait while there is more to read.
const PATIENCE: Duration = Duration::from_millis(100);

/// As long as is waited for frames before time is looked at: connections grow old without them.
const TICK: Duration = Duration::from_millis(250);

/// How often connections are looked at for those that are over.
const AGE: Duration = Duration::from_secs(1);

/// Frames between two looks at the clock.
const STRIDE: u32 = 256;

/// Interfaces that will be listened to.
pub(super) struct Listening {
    opened: Opened,
    names: String,
    limits: Limits,
    sieve: Sieve,
    sink: Option<Sink>,
    pub(super) writes_to_stdout: bool,
    /// Where more files will be made.
    folder: Option<PathBuf>,
}

impl Listening {
    /// Opens the interfaces; what is wrong with them is told in a few lines.
    pub(super) fn open(listen: &Listen, run: &Run, sieve: Sieve) -> Result<Listening, String> {
        let opened = interfaces(listen)?;
        let names = names(&opened);
        // The last frame that can match is the last that need be captured.
        let last = [run.count, sieve.last_frame()].into_iter().flatten().min();
        let autostop: sink::Stop = listen.autostop.iter().copied().collect();
        let most = [last.map(u64::from), autostop.packets.map(NonZeroU64::get)];
        let limits = Limits { packets: most.into_iter().flatten().min(), time: autostop.duration };
        let sink = match &listen.write {
            Some(path) => {
                // Told both, so that no file is begun for a packet that will not come.
                let packets = limits.packets.and_then(NonZeroU64::new);
                Some(create(path, listen, &opened, sink::Stop { packets, duration: None, ..autostop })?)
            }
            None if autostop.size.is_some() => return Err("-a filesize goes with -w".into()),
            None if autostop.files.is_some() => return Err("-a files goes with -w".into()),
            None => None,
        };
        let writes_to_stdout = listen.write.as_deref() == Some(Path::new("-"));
        let makes_more = !listen.rotate.is_empty() || autostop.files.is_some();
        let folder = listen.write.as_deref().filter(|_| makes_more).and_then(Path::parent).map(Path::to_owned);
        Ok(Listening { opened, names, limits, sieve, sink, writes_to_stdout, folder })
    }

    /// Gives up the rights that opening took. All else is open by now, and no other thread has begun.
    pub(super) fn confine(&self) -> Result<(), String> {
        // Looked up while it can be: the hours of local time.
        let _ = jiff::tz::TimeZone::system();
        let needs = Needs { folder: self.folder.clone(), read: self.opened.counters() };
        confine(&needs).map(drop).map_err(|error| error.to_string())
    }

    /// Listens until the end and reports; returns whether anything was wrong.
    pub(super) fn run(
        mut self,
        task: impl Fn() -> Task,
        report: &mut dyn Report,
        out: &mut Output,
    ) -> io::Result<bool> {
        let mut task = task();
        self.sieve.want(&mut task);
        let stop = Stop::default();
        interrupt::stops(&stop);
        let begun = Instant::now();
        let mut live = match self.opened.listen(self.sink, stop, self.limits) {
            Ok(live) => live,
            Err(error) => {
                tell(&format!("{}: capturing cannot begin: {error}", self.names));
                return Ok(true);
            }
        };
        let mut analyzer = Analyzer::new(task);
        let mut status = Status::new();
        report.begin(out)?;
        let mut telling = Telling::new(&mut analyzer, &mut self.sieve, report);
        let heard = match out.is_nowhere() {
            true => pass(&mut live, &mut status),
            false => hear(&mut live, &mut telling, &mut status, out),
        };
        status.hide();
        let ended = live.finish();
        let told = heard.and_then(|()| telling.finish(out));
        let told = told.and_then(|()| report.end(out)).and_then(|()| out.flush());
        let mut wrong = !ended.failed.is_empty();
        ended.failed.iter().for_each(|error| tell(&shown([Path::new(&error.to_string())])));
        tell(&status::summary(&self.names, &ended.counts, begun.elapsed()));
        match ended.written {
            Some(Ok(summary)) => tell(&status::written(&summary)),
            Some(Err(error)) => {
                wrong = true;
                tell(&error.to_string());
            }
            None => {}
        }
        told.map(|()| wrong)
    }
}

/// Opens the interfaces that a command line names; what is wrong with them is told in a few lines.
pub(super) fn interfaces(listen: &Listen) -> Result<Opened, String> {
    let snaplen = if listen.snaplen == 0 { live::SNAPLEN } else { listen.snaplen };
    let settings = Settings {
        filter: listen.capture_filter.clone(),
        snaplen,
        promiscuous: !listen.not_promiscuous,
        buffer: listen.buffer << 20,
        link: listen.link.clone(),
        immediate: listen.immediate,
    };
    live::open(listen.interfaces.iter().map(String::as_str), &settings).map_err(|error| explained(&error, &settings))
}

/// The names of interfaces, with commas between.
pub(super) fn names(opened: &Opened) -> String {
    let names = opened.interfaces().filter_map(|interface| interface.name.as_deref());
    shown(names.map(Path::new))
}

/// Makes the file that what is captured is written to.
fn create(path: &Path, listen: &Listen, opened: &Opened, stop: sink::Stop) -> Result<Sink, String> {
    let target = if path == Path::new("-") { Target::Stdout } else { Target::File(path.to_owned()) };
    let rotation = listen.rotate.iter().copied().collect();
    Sink::create(target, Format::of(path), opened.devices(), rotation, stop).map_err(|error| error.to_string())
}

/// Reports all frames, until there will be no more.
fn hear(live: &mut Live, telling: &mut Telling<'_>, status: &mut Status, out: &mut Output) -> io::Result<()> {
    telling.settle(out)?;
    let mut settled = Instant::now();
    let mut aged = settled;
    // Something was reported that may not have been written.
    let mut owed = false;
    loop {
        let mut frames = 0u32;
        while let Some(frame) = live.next() {
            if telling.frame(&frame, None, out)? {
                status.hide();
                owed = true;
            }
            frames = frames.wrapping_add(1);
            if frames.is_multiple_of(STRIDE) && settled.elapsed() >= PATIENCE {
                break;
            }
        }
        if aged.elapsed() >= AGE {
            aged = Instant::now();
            if telling.age(now(), out)? {
                status.hide();
                owed = true;
            }
        }
        if std::mem::take(&mut owed) {
            telling.settle(out)?;
        }
        settled = Instant::now();
        status.show(&live.counts());
        if !live.wait(TICK) {
            return Ok(());
        }
    }
}

/// Lets all frames pass, until there will be no more.
fn pass(live: &mut Live, status: &mut Status) -> io::Result<()> {
    while live.wait(TICK) {
        while live.next().is_some() {}
        status.show(&live.counts());
    }
    Ok(())
}

/// Nanoseconds since 1970.
fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}

/// An error with what can be done about it.
pub(super) fn explained(error: &Error, settings: &Settings) -> String {
    let text = shown([Path::new(&error.to_string())]);
    match error {
        Error::Filter { at, .. } => {
            let filter = settings.filter.as_deref().unwrap_or_default();
            let fault = Fault { message: text, span: Span { start: at.start, end: at.end } };
            fault.shown(filter).to_string()
        }
        Error::Permission { .. } => format!("{text}; {}", remedy()),
        _ => text,
    }
}

/// What gives this program the right to capture: a command for each way.
fn remedy() -> String {
    let program = std::env::current_exe().unwrap_or_else(|_| "overhear".into());
    let program = quoted(&shown([program.as_path()]));
    let words = std::env::args_os().skip(1).map(|word| quoted(&shown([Path::new(&word)])));
    let once = format!("sudo {program} {}", words.collect::<Vec<_>>().join(" "));
    match cfg!(target_os = "linux") {
        true => format!("for good: sudo setcap cap_net_raw+ep {program}; for once: {once}"),
        false => format!("run: {once}"),
    }
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let plain = |char: char| char.is_ascii_alphanumeric() || "/._-+".contains(char);
    if word.chars().all(plain) { word.into() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}
