//! Passes frames through the analysis and the filter to a report.

use super::filter_matcher::FilterMatcher;
use super::output::Output;
use overhear::analysis::Analyzer;
use overhear::report::{DissectedFrame, Report};
use overhear::source::{Frame, Time};
use std::io::{self, Write};

/// Dissects, filters and reports frames from any source.
pub(super) struct FrameReporter<'a> {
    analyzer: &'a mut Analyzer,
    matcher: &'a mut FilterMatcher,
    report: &'a mut dyn Report,
    /// Timestamp of the first frame.
    start: Option<Time>,
}

impl<'a> FrameReporter<'a> {
    pub(super) fn new(
        analyzer: &'a mut Analyzer,
        matcher: &'a mut FilterMatcher,
        report: &'a mut dyn Report,
    ) -> FrameReporter<'a> {
        FrameReporter { analyzer, matcher, report, start: None }
    }

    /// Dissects a frame and reports the frame and its events if they match the filter. `chosen` is the filter's result
    /// if a first pass determined it. Returns whether anything was reported.
    pub(super) fn report_frame(
        &mut self,
        frame: &Frame<'_>,
        chosen: Option<bool>,
        out: &mut Output,
    ) -> io::Result<bool> {
        let first = *self.start.get_or_insert(frame.time);
        let mut shown = false;
        if chosen == Some(false) {
            self.analyzer.feed_unrecorded(frame);
        } else {
            self.analyzer.dissect(frame);
            shown = chosen.is_some() || self.matcher.matches_frame(frame.number, self.analyzer);
            let tree = self.analyzer.tree();
            match shown {
                true => self.report.frame(&DissectedFrame { frame, relative: frame.time - first, tree }, out)?,
                false => self.analyzer.hide(),
            }
        }
        Ok(self.report_events(out)? || shown)
    }

    /// Flushes the report and the output.
    pub(super) fn flush(&mut self, out: &mut Output) -> io::Result<()> {
        self.report.flush(out)?;
        out.flush()
    }

    /// Ends connections that timed out by `now`, in nanoseconds since 1970. Returns whether anything was reported.
    #[cfg(feature = "live")]
    pub(super) fn age_connections(&mut self, now: i64, out: &mut Output) -> io::Result<bool> {
        self.analyzer.age(now);
        self.report_events(out)
    }

    /// Ends the capture and reports the calls and connections still open.
    pub(super) fn finish(mut self, out: &mut Output) -> io::Result<()> {
        self.analyzer.finish();
        self.report_events(out).map(drop)
    }

    /// Reports the pending events that match the filter. Returns whether any matched.
    fn report_events(&mut self, out: &mut Output) -> io::Result<bool> {
        let mut has_reported = false;
        for event in self.analyzer.events() {
            if self.matcher.matches_event(&event) {
                has_reported = true;
                self.report.event(event, out)?;
            }
        }
        Ok(has_reported)
    }
}
