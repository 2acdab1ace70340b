//! Frames through the analysis and the sieve into a report.

use super::output::Output;
use super::sieve::Sieve;
use overhear::analysis::Analyzer;
use overhear::report::{Report, Shown};
use overhear::source::{Frame, Time};
use std::io::{self, Write};

/// What is done with every frame, wherever it comes from.
pub(super) struct Telling<'a> {
    analyzer: &'a mut Analyzer,
    sieve: &'a mut Sieve,
    report: &'a mut dyn Report,
    /// The time of the first frame.
    start: Option<Time>,
}

impl<'a> Telling<'a> {
    pub(super) fn new(analyzer: &'a mut Analyzer, sieve: &'a mut Sieve, report: &'a mut dyn Report) -> Telling<'a> {
        Telling { analyzer, sieve, report, start: None }
    }

    /// Reads a frame, and reports it and what happened with it if that goes through the sieve, or is `chosen`
    /// beforehand. Returns whether anything was reported.
    pub(super) fn frame(&mut self, frame: &Frame<'_>, chosen: Option<bool>, out: &mut Output) -> io::Result<bool> {
        let first = *self.start.get_or_insert(frame.time);
        let mut shown = false;
        if chosen == Some(false) {
            self.analyzer.pass(frame);
        } else {
            self.analyzer.dissect(frame);
            shown = chosen.is_some() || self.sieve.frame(frame.number, self.analyzer);
            let tree = self.analyzer.tree();
            match shown {
                true => self.report.frame(&Shown { frame, relative: frame.time - first, tree }, out)?,
                false => self.analyzer.hide(),
            }
        }
        Ok(self.events(out)? || shown)
    }

    /// Writes all that was reported.
    pub(super) fn settle(&mut self, out: &mut Output) -> io::Result<()> {
        self.report.settle(out)?;
        out.flush()
    }

    /// Reports what is over at a time, in nanoseconds since 1970; returns whether anything was.
    #[cfg(feature = "live")]
    pub(super) fn age(&mut self, now: i64, out: &mut Output) -> io::Result<bool> {
        self.analyzer.age(now);
        self.events(out)
    }

    /// Ends the capture and reports what is open.
    pub(super) fn finish(mut self, out: &mut Output) -> io::Result<()> {
        self.analyzer.finish();
        self.events(out).map(drop)
    }

    /// Reports what happened and goes through the sieve; returns whether anything did.
    fn events(&mut self, out: &mut Output) -> io::Result<bool> {
        let mut any = false;
        for event in self.analyzer.events() {
            if self.sieve.event(&event) {
                any = true;
                self.report.event(event, out)?;
            }
        }
        Ok(any)
    }
}
