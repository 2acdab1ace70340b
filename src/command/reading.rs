//! Captures through the analysis into a report: the one loop of the program.

use super::interrupt;
use super::output::Output;
use super::progress::Bar;
use super::sieve::{Sieve, Sifts};
use super::tell;
use super::telling::Telling;
use crate::args::Run;
use dissectors::Wants;
use dissectors::session::Foresight;
use overhear::analysis::{Analyzer, Numbers, Task};
use overhear::report::Report;
use overhear::source::{Capture, Manner};
use std::io;
use std::path::{Path, PathBuf};

/// Captures that will be read.
pub(super) struct Reading {
    paths: Vec<PathBuf>,
    /// As many frames as are read.
    most: u32,
    sieve: Sieve,
    manner: Manner,
}

impl Reading {
    pub(super) fn new(paths: Vec<PathBuf>, run: &Run) -> Reading {
        let sieve = Sieve::new(None, Sifts::Frames);
        let manner = Manner { follow: run.follow_file, ..Manner::default() };
        Reading { paths, most: run.count.unwrap_or(u32::MAX), sieve, manner }
    }

    /// Only what goes through the sieve is reported.
    pub(super) fn through(self, sieve: Sieve) -> Reading {
        Reading { sieve, ..self }
    }

    /// Whether something is read that may not have ended yet.
    pub(super) fn has_pipe(&self) -> bool {
        let is_file = |path: &PathBuf| path != Path::new("-") && path.is_file();
        self.manner.follow || !self.paths.iter().all(is_file)
    }

    /// Reads the captures and reports; twice if what the task wants is known only when later frames have been read, or
    /// if it is less work to find the frames that are asked for before they are told. What is wrong with a capture is
    /// told on stderr after what could be read; returns whether anything was.
    pub(super) fn run(
        mut self,
        task: impl Fn() -> Task,
        report: &mut dyn Report,
        out: &mut Output,
    ) -> io::Result<bool> {
        let mut task = task();
        let is_rich = task.wants.columns;
        self.sieve.want(&mut task);
        if self.has_pipe() {
            interrupt::stops(&self.manner.stop);
        }
        // Nothing is known of the end of what is followed.
        let learn = task.wants.asks_later() && !self.manner.follow;
        let sift = self.sieve.wants_first().filter(|_| learn || is_rich && !self.has_pipe());
        let (capture, mut told) = self.open(learn);
        let twice = learn || sift.is_some();
        let mut bar = Bar::new(out.is_file(), if twice { 2 } else { 1 });
        if capture.is_none() {
            out.discard();
        }
        report.begin(out)?;
        if let Some(mut capture) = capture {
            let sifts = sift.is_some();
            let mut chosen = None;
            let mut foresight = Foresight::default();
            if twice {
                let found = self.foresee(sift, learn, &mut capture, &mut bar);
                foresight = found.foresight;
                if sifts {
                    // If nothing is wrong with the capture, nothing is left to tell after the last frame.
                    if !found.failed {
                        self.most = self.most.min(found.frames.last().unwrap_or(0));
                    }
                    chosen = Some(found.frames);
                    task.only = Some(found.streams);
                }
            }
            let asked = self.sieve.asked().filter(|_| !sifts);
            let mut analyzer = Analyzer::with_foresight(task, foresight).asked_for(asked);
            let read = self.read(&mut capture, &mut analyzer, chosen.as_ref(), report, out, &mut bar);
            bar.clear();
            told |= read?;
        }
        report.end(out)?;
        Ok(told)
    }

    /// Opens the captures. One that cannot be opened is told and left out if there are others.
    fn open(&mut self, twice: bool) -> (Option<Capture>, bool) {
        let mut told = false;
        while !self.paths.is_empty() {
            let paths = self.paths.iter().cloned();
            match Capture::open_as(paths, Manner { keep: twice, ..self.manner.clone() }) {
                Ok(capture) => return (Some(capture), told),
                // It was not begun yet, or not all of its header was there.
                Err(_) if self.manner.stop.is_set() => return (None, told),
                Err(error) => {
                    tell(&error.to_string());
                    told = true;
                    let named = |path: &PathBuf| path.display().to_string() == error.file;
                    let wrong = self.paths.iter().position(named).unwrap_or(0);
                    self.paths.remove(wrong);
                }
            }
        }
        (None, told)
    }

    /// Reads all frames for what they say about earlier ones and for which of them are asked for, and goes back to the
    /// first. What is wrong with a capture is left for the second reading to tell.
    fn foresee(&mut self, sift: Option<Wants>, learn: bool, capture: &mut Capture, bar: &mut Bar) -> Found {
        let sifts = sift.is_some();
        let task = Task { learn, wants: sift.unwrap_or_default(), ..Task::default() };
        let mut analyzer = Analyzer::new(task).asked_for(self.sieve.asked().filter(|_| sifts));
        let mut found = Found::default();
        let most = self.most.min(self.sieve.last_frame().filter(|_| !learn).unwrap_or(u32::MAX));
        let mut frames = 0;
        while frames < most {
            match capture.next() {
                Ok(Some(frame)) => {
                    analyzer.dissect(&frame);
                    if !sifts || !self.sieve.frame(frame.number, &analyzer) {
                        analyzer.hide();
                    } else {
                        found.frames.insert(frame.number);
                        analyzer.met().iter().for_each(|met| found.streams.insert(met.stream));
                    }
                    analyzer.events();
                    frames += 1;
                }
                Ok(None) => break,
                Err(_) => {
                    found.failed = true;
                    continue;
                }
            }
            bar.frame(|| capture.progress());
        }
        analyzer.finish();
        bar.again();
        // An error here is the same as when the file was opened, and comes again with the next frame.
        let _ = capture.rewind();
        found.foresight = analyzer.into_foresight();
        found
    }

    fn read(
        &mut self,
        capture: &mut Capture,
        analyzer: &mut Analyzer,
        chosen: Option<&Numbers>,
        report: &mut dyn Report,
        out: &mut Output,
        bar: &mut Bar,
    ) -> io::Result<bool> {
        let mut told = false;
        let mut frames = 0;
        let most = self.most.min(self.sieve.last_frame().unwrap_or(u32::MAX));
        let mut telling = Telling::new(analyzer, &mut self.sieve, report);
        while frames < most {
            match capture.next() {
                Ok(Some(frame)) => {
                    if telling.frame(&frame, chosen.map(|chosen| chosen.contains(frame.number)), out)? {
                        out.row()?;
                    }
                    frames += 1;
                }
                Ok(None) => break,
                // What was being written when somebody said stop.
                Err(_) if self.manner.stop.is_set() => break,
                Err(error) => {
                    told = true;
                    bar.clear();
                    telling.settle(out)?;
                    tell(&error.to_string());
                    continue;
                }
            }
            bar.frame(|| capture.progress());
        }
        telling.finish(out)?;
        Ok(told)
    }
}

/// What a first reading has found.
#[derive(Default)]
struct Found {
    foresight: Foresight,
    /// The frames that go through the sieve.
    frames: Numbers,
    /// The connections they belong to.
    streams: Numbers,
    /// Something is wrong with a capture.
    failed: bool,
}
