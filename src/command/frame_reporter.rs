//! Passes frames and events through the filter to a report.

use super::filter_matcher::FilterMatcher;
use super::output::RowOutput;
use super::pass_loop::PassConsumer;
use overhear::analysis::{Analyzer, Event, Place, unsupported_link_message};
use overhear::report::{DissectedFrame, Report};
use overhear::source::{Error, SectionMetadata, StopSignal};
use std::io;
use std::ops::ControlFlow;

/// Filters and reports the frames and events of a pass.
pub(super) struct FrameReporter<'a, O> {
    matcher: &'a mut FilterMatcher,
    report: &'a mut dyn Report,
    out: &'a mut O,
    /// Ends reading.
    stop: StopSignal,
    /// Whether the pass consists of matching frames only.
    is_selection: bool,
    /// Whether the report reads messages of frames that do not match, too.
    reads_messages: bool,
    has_reported: bool,
    /// Unsupported link types that are reported.
    reported_links: Vec<u16>,
    /// Whether reading a capture failed.
    pub(super) has_errors: bool,
}

impl<'a, O: RowOutput> FrameReporter<'a, O> {
    pub(super) fn new(
        matcher: &'a mut FilterMatcher,
        report: &'a mut dyn Report,
        out: &'a mut O,
        stop: StopSignal,
    ) -> FrameReporter<'a, O> {
        FrameReporter {
            matcher,
            reads_messages: report.reads_messages(),
            report,
            out,
            stop,
            is_selection: false,
            has_reported: false,
            reported_links: Vec::new(),
            has_errors: false,
        }
    }

    /// Reports all frames: an earlier pass has found those that match.
    pub(super) fn of_selection(self) -> FrameReporter<'a, O> {
        FrameReporter { is_selection: true, ..self }
    }

    /// Reports the unsupported link types that an earlier pass found, also those of frames that this pass omits.
    pub(super) fn report_links(&mut self, links: &[u16]) -> io::Result<()> {
        links.iter().try_for_each(|&link| self.unsupported_link(link))
    }

    /// Flushes the report and the output.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.report.flush(self.out)?;
        self.out.flush()
    }

    /// Returns whether anything was reported since the last call.
    pub(super) fn take_reported(&mut self) -> bool {
        std::mem::take(&mut self.has_reported)
    }
}

impl<O: RowOutput> PassConsumer for FrameReporter<'_, O> {
    type Error = io::Error;

    fn frame(&mut self, frame: &DissectedFrame<'_>, analyzer: &Analyzer) -> io::Result<bool> {
        if self.reads_messages {
            for connection in analyzer.connections() {
                self.report.messages(&connection.messages, analyzer.tree());
            }
        }
        if !self.is_selection && !self.matcher.matches_frame(frame.frame.number, analyzer) {
            return Ok(false);
        }
        self.has_reported = true;
        self.out.place(Place::of_frame(frame.frame.number))?;
        self.report.frame(frame, self.out)?;
        Ok(true)
    }

    fn events(&mut self, analyzer: &mut Analyzer) -> io::Result<()> {
        for (place, event) in analyzer.placed_events() {
            if let (true, Event::Unfinished(unfinished)) = (self.reads_messages, &event) {
                self.report.messages(&unfinished.messages, &unfinished.tree);
            }
            if self.matcher.matches_event(&event) {
                self.has_reported = true;
                self.out.place(place)?;
                self.out.event(event, self.report)?;
            } else if let Event::Call(call) = event {
                self.out.place(place)?;
                self.out.skip_call(call, self.report)?;
            }
        }
        Ok(())
    }

    fn metadata(&mut self, added: SectionMetadata) -> io::Result<()> {
        self.report.metadata(&added, self.out)
    }

    fn end_frame(&mut self, frame: u32) -> io::Result<()> {
        self.out.place(Place::of_frame(frame.saturating_add(1)))?;
        if self.take_reported() && self.out.is_line_buffered() { self.flush() } else { Ok(()) }
    }

    fn undividable(&mut self, frame: u32) -> io::Result<()> {
        self.out.end_shard_at(frame)
    }

    fn unsupported_link(&mut self, link: u16) -> io::Result<()> {
        if !self.reported_links.contains(&link) {
            self.reported_links.push(link);
            self.report.flush(self.out)?;
            self.out.message(&unsupported_link_message(link))?;
        }
        Ok(())
    }

    fn read_error(&mut self, error: Error) -> io::Result<ControlFlow<()>> {
        // A record that was incomplete when the run was interrupted.
        if self.stop.is_set() {
            return Ok(ControlFlow::Break(()));
        }
        self.has_errors = true;
        self.report.flush(self.out)?;
        self.out.message(&error.to_string())?;
        Ok(ControlFlow::Continue(()))
    }
}
