//! Pass loop: reads the frames of a capture through the analysis to a consumer.

use super::decode::note_limit;
use super::filter_matcher::FilterMatcher;
use super::print_message;
use super::progress::ReadProgressBar;
use dissectors::Wants;
use dissectors::session::FirstPass;
use overhear::analysis::{
    Analyzer, DecodeOptions, Event, NumberSet, RepeatedStatements, Task, host_name_wants, unsupported_link_message,
    wants_repeated_statements,
};
use overhear::report::DissectedFrame;
use overhear::source::{Capture, Error, Frame, SectionMetadata, Time};
use std::convert::Infallible;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

/// Interval between two readings of the key logs beside a capture that grows.
const KEY_LOG_INTERVAL: Duration = Duration::from_millis(250);

/// Consumer of the frames and events of a pass.
pub(super) trait PassConsumer {
    /// Error that ends the pass.
    type Error;

    /// Consumes a frame. Returns whether it is displayed, which `frame.time_delta_displayed` depends on.
    fn frame(&mut self, frame: &DissectedFrame<'_>, analyzer: &Analyzer) -> Result<bool, Self::Error>;

    /// Consumes the pending events: those of a frame, or of a conversation that the end of the capture closes.
    fn events(&mut self, analyzer: &mut Analyzer) -> Result<(), Self::Error>;

    /// Consumes keys and names of the capture that were read since the last call, up to the last frame.
    fn metadata(&mut self, _: SectionMetadata) -> Result<(), Self::Error> {
        Ok(())
    }

    /// Whether it needs no more frames.
    fn is_done(&self) -> bool {
        false
    }

    /// Ends a frame of a capture file and its events.
    fn end_frame(&mut self, frame: u32) -> Result<(), Self::Error> {
        let _ = frame;
        Ok(())
    }

    /// Notes that the capture cannot be divided at this frame.
    fn undividable(&mut self, frame: u32) -> Result<(), Self::Error> {
        let _ = frame;
        Ok(())
    }

    /// Reports a link type that is not supported, at its first frame. By default, prints it.
    fn unsupported_link(&mut self, link: u16) -> Result<(), Self::Error> {
        print_message(&unsupported_link_message(link));
        Ok(())
    }

    /// Consumes the error that ends a capture file. Returns whether to read the files after it. By default, prints it, and reads on.
    fn read_error(&mut self, error: Error) -> Result<ControlFlow<()>, Self::Error> {
        print_message(&error.to_string());
        Ok(ControlFlow::Continue(()))
    }
}

/// One pass: an analyzer and the consumer of its results.
pub(super) struct Pass<'a, C> {
    analyzer: &'a mut Analyzer,
    pub(super) consumer: &'a mut C,
    /// Timestamp of the first frame.
    start: Option<Time>,
    /// Number of unsupported link types that are reported.
    reported_links: usize,
    /// Malformed lines of secrets in the capture.
    malformed_secrets: usize,
}

impl<'a, C: PassConsumer> Pass<'a, C> {
    pub(super) fn new(analyzer: &'a mut Analyzer, consumer: &'a mut C) -> Pass<'a, C> {
        Pass { analyzer, consumer, start: None, reported_links: 0, malformed_secrets: 0 }
    }

    /// Passes the next frame and its events to the consumer. `is_asked` is whether it was found out that the frame cannot be skipped.
    pub(super) fn feed(&mut self, frame: &Frame<'_>, is_asked: bool) -> Result<(), C::Error> {
        let start = *self.start.get_or_insert(frame.time);
        if is_asked {
            self.analyzer.dissect_unskipped(frame);
        } else {
            self.analyzer.dissect(frame);
        }
        self.report_links()?;
        self.check_division(frame.number)?;
        if self.analyzer.is_foreign() {
            return self.pass_events();
        }
        let dissected = DissectedFrame { frame, relative: frame.time - start, tree: self.analyzer.tree() };
        if !self.consumer.frame(&dissected, self.analyzer)? {
            self.analyzer.hide();
        }
        self.pass_events()
    }

    /// Passes on what was found in a frame that was skipped.
    #[inline]
    fn end_skipped(&mut self, frame: u32) -> Result<(), C::Error> {
        self.check_division(frame)?;
        self.pass_events()?;
        self.consumer.end_frame(frame)
    }

    /// Reads the next frame for its conversations. Passes only its events to the consumer.
    fn feed_unrecorded(&mut self, frame: &Frame<'_>) -> Result<(), C::Error> {
        self.start.get_or_insert(frame.time);
        self.analyzer.feed_unrecorded(frame);
        self.report_links()?;
        self.check_division(frame.number)?;
        self.pass_events()
    }

    /// Passes the pending events to the consumer. Most frames have none.
    #[inline]
    fn pass_events(&mut self) -> Result<(), C::Error> {
        if self.analyzer.has_events() { self.consumer.events(self.analyzer) } else { Ok(()) }
    }

    /// Passes on that the capture cannot be divided at a frame.
    #[inline]
    fn check_division(&mut self, frame: u32) -> Result<(), C::Error> {
        if self.analyzer.is_divided() { self.consumer.undividable(frame) } else { Ok(()) }
    }

    /// Passes new unsupported link types to the consumer.
    fn report_links(&mut self) -> Result<(), C::Error> {
        while let Some(&link) = self.analyzer.unsupported_links().get(self.reported_links) {
            self.reported_links += 1;
            self.consumer.unsupported_link(link)?;
        }
        Ok(())
    }

    /// Adds the secrets that were appended to the key logs, for the frames that follow.
    pub(super) fn add_appended_secrets(&mut self, decode: &mut DecodeOptions) {
        if decode.add_appended_secrets(self.analyzer.frame_count() + 1) {
            self.analyzer.merge_secrets(&decode.secrets);
        }
    }

    /// Ends conversations that timed out by `now`, in nanoseconds since 1970.
    #[cfg(feature = "live")]
    pub(super) fn age(&mut self, now: i64) -> Result<(), C::Error> {
        self.analyzer.age(now);
        self.consumer.events(self.analyzer)
    }

    /// Ends the capture. Passes the events of the open conversations to the consumer.
    pub(super) fn finish(self) -> Result<(), C::Error> {
        let mut result = Ok(());
        self.analyzer.finish_each(|analyzer| {
            if result.is_ok() {
                result = self.consumer.events(analyzer);
            }
        });
        result
    }
}

/// Loop over the frames of an open capture, for one or several passes.
pub(super) struct PassLoop {
    capture: Capture,
    /// Maximum number of frames to read in a pass.
    pub(super) max_frames: u32,
    bar: ReadProgressBar,
    /// Error of starting again at frame 1.
    rewind_error: Option<Error>,
    /// Malformed lines of secrets that the last pass found in the capture.
    pub(super) malformed_secrets: usize,
    /// Whether a pass had an error that ends a capture file.
    pub(super) has_errors: bool,
    /// Key logs that are read again while the capture grows.
    pub(super) growing_logs: Option<DecodeOptions>,
}

impl PassLoop {
    pub(super) fn new(capture: Capture, bar: ReadProgressBar) -> PassLoop {
        PassLoop {
            capture,
            max_frames: u32::MAX,
            bar,
            rewind_error: None,
            malformed_secrets: 0,
            has_errors: false,
            growing_logs: None,
        }
    }

    /// Runs a first pass and starts again at frame 1. Returns what later frames decide about earlier ones. Read errors
    /// are left to the next pass, which finds them again.
    pub(super) fn run_first(&mut self, mut analyzer: Analyzer, finder: &mut FrameFinder<'_>) -> FirstPass {
        let Ok(()) = self.run(&mut analyzer, None, finder);
        self.start_again();
        let mut first_pass = analyzer.into_first_pass();
        if let Some(statements) = finder.statements.take() {
            statements.finish(std::slice::from_mut(&mut first_pass));
        }
        first_pass
    }

    /// Returns the names of the files of the capture.
    #[cfg(feature = "parquet")]
    pub(super) fn files(&self) -> impl Iterator<Item = &str> + Clone {
        self.capture.file_names()
    }

    /// Prints a message if frames and calls have other numbers than in `print` and `calls`, which read captures one after the other.
    pub(super) fn note_order(&self) {
        if self.capture.is_interleaved() {
            print_message(
                "the captures overlap in time: numbers of frames and calls are those of the merged capture, which \
                 `overhear merge` writes",
            );
        }
    }

    /// Starts again at frame 1. An error is left to the next pass.
    pub(super) fn start_again(&mut self) {
        self.bar.start_pass();
        self.rewind_error = self.capture.rewind().err();
    }

    /// Collects the names of addresses in the capture for all passes, and starts again at frame 1.
    pub(super) fn collect_names(&mut self, decode: &mut DecodeOptions) {
        let flags = decode.names.flags;
        if !flags.network {
            return;
        }
        // Without names in messages, there are those of the capture file.
        let shallow = !flags.collects_messages();
        let wants = if shallow { Wants::default() } else { host_name_wants() };
        let task = Task { wants, shallow, collect_names: flags, decode: decode.clone(), ..Task::default() };
        let mut analyzer = Analyzer::new(task);
        let Ok(()) = self.run(&mut analyzer, None, &mut FrameFinder::default());
        self.start_again();
        let was_full = decode.names.host_names.is_full();
        decode.names.host_names = analyzer.host_names();
        if !was_full {
            note_limit(&decode.names.host_names);
        }
    }

    /// Collects the secrets that private keys open, and starts again at frame 1. Connections that are read alone then find those
    /// of the sessions that they resume.
    pub(super) fn collect_secrets(&mut self, decode: &mut DecodeOptions) {
        if !decode.has_private_keys() {
            return;
        }
        let task = Task { exchanges: true, without_connections: true, decode: decode.clone(), ..Task::default() };
        let mut analyzer = Analyzer::new(task);
        let Ok(()) = self.run(&mut analyzer, None, &mut FrameFinder::default());
        self.start_again();
        decode.secrets = analyzer.secrets();
    }

    /// Runs a pass. `selected` are the frames to record and to consume; all if `None`.
    pub(super) fn run<C: PassConsumer>(
        &mut self,
        analyzer: &mut Analyzer,
        selected: Option<&NumberSet>,
        consumer: &mut C,
    ) -> Result<(), C::Error> {
        let mut pass = Pass::new(analyzer, consumer);
        let result = self.read(&mut pass, selected);
        self.malformed_secrets = pass.malformed_secrets;
        let result = result.and_then(|()| pass.finish());
        self.bar.clear();
        result
    }

    fn read<C: PassConsumer>(&mut self, pass: &mut Pass<'_, C>, selected: Option<&NumberSet>) -> Result<(), C::Error> {
        self.has_errors |= self.rewind_error.is_some();
        if let Some(error) = self.rewind_error.take()
            && pass.consumer.read_error(error)?.is_break()
        {
            return Ok(());
        }
        // Of the frames of other shards only the conversations are followed.
        let can_skip = selected.is_none() && pass.analyzer.is_shard();
        let mut frames = 0;
        let mut metadata = (0, 0);
        let mut checked = Instant::now();
        while frames < self.max_frames && !pass.consumer.is_done() {
            let (mut skipped, mut is_asked) = (Ok(()), false);
            let next = self.capture.next_unless(|frame| {
                let is_last = frames + 1 >= self.max_frames;
                is_asked = can_skip && !is_last && skipped.is_ok() && !pass.consumer.is_done();
                if !is_asked || !pass.analyzer.skip_foreign(frame) {
                    return false;
                }
                frames += 1;
                pass.start.get_or_insert(frame.time);
                skipped = pass.end_skipped(frame.number);
                true
            });
            skipped?;
            if pass.consumer.is_done() {
                break;
            }
            if let Some(logs) = &mut self.growing_logs
                && (checked.elapsed() >= KEY_LOG_INTERVAL || !matches!(next, Ok(Some(_))))
            {
                checked = Instant::now();
                pass.add_appended_secrets(logs);
            }
            // The frame is read where it lies: a copy of it costs a percent of a pass.
            if let Ok(Some(frame)) = &next {
                match selected.is_none_or(|selected| selected.contains(frame.number)) {
                    true => pass.feed(frame, is_asked)?,
                    false => pass.feed_unrecorded(frame)?,
                }
            }
            match next {
                Ok(Some(frame)) => {
                    let number = frame.number;
                    self.pass_metadata(&mut metadata, pass)?;
                    pass.consumer.end_frame(number)?;
                    frames += 1;
                }
                Ok(None) => {
                    self.pass_metadata(&mut metadata, pass)?;
                    break;
                }
                Err(error) => {
                    self.bar.clear();
                    self.has_errors = true;
                    if pass.consumer.read_error(error)?.is_break() {
                        break;
                    }
                    continue;
                }
            }
            self.bar.count_frame(|| self.capture.progress());
        }
        Ok(())
    }

    /// Passes new keys and names to the consumer. `known` is the number of those that it has.
    #[inline]
    fn pass_metadata<C: PassConsumer>(
        &self,
        known: &mut (usize, usize),
        pass: &mut Pass<'_, C>,
    ) -> Result<(), C::Error> {
        let found = (self.capture.secrets().len(), self.capture.names().len());
        if found == *known { Ok(()) } else { self.pass_new_metadata(std::mem::replace(known, found), pass) }
    }

    #[cold]
    fn pass_new_metadata<C: PassConsumer>(
        &self,
        known: (usize, usize),
        pass: &mut Pass<'_, C>,
    ) -> Result<(), C::Error> {
        let (secrets, names) = (self.capture.secrets().get(known.0..), self.capture.names().get(known.1..));
        pass.analyzer.add_block_names(names.unwrap_or_default());
        pass.malformed_secrets += pass.analyzer.add_block_secrets(secrets.unwrap_or_default());
        pass.consumer.metadata(SectionMetadata {
            secrets: secrets.unwrap_or_default().to_vec(),
            names: names.unwrap_or_default().to_vec(),
        })
    }
}

/// Consumer of a first pass: finds the frames that match a filter.
#[derive(Default)]
pub(super) struct FrameFinder<'m> {
    /// Matcher of the filter; no frames are found without one.
    pub(super) matcher: Option<&'m mut FilterMatcher>,
    /// Matching frames.
    pub(super) frames: NumberSet,
    /// TCP connections of the matching frames.
    pub(super) streams: NumberSet,
    /// Statements that are repeated, if the task of the next pass wants them noted.
    pub(super) statements: Option<RepeatedStatements>,
    /// Whether reading a capture failed.
    pub(super) failed: bool,
    /// Link types that are not supported.
    pub(super) unsupported_links: Vec<u16>,
}

impl FrameFinder<'_> {
    /// Returns a consumer that finds what a next pass with these fields needs of calls.
    pub(super) fn before(wants: &Wants) -> Self {
        let statements = wants_repeated_statements(wants).then(RepeatedStatements::default);
        FrameFinder { statements, ..FrameFinder::default() }
    }
}

impl PassConsumer for FrameFinder<'_> {
    type Error = Infallible;

    fn frame(&mut self, frame: &DissectedFrame<'_>, analyzer: &Analyzer) -> Result<bool, Infallible> {
        let number = frame.frame.number;
        if !self.matcher.as_mut().is_some_and(|matcher| matcher.matches_frame(number, analyzer)) {
            return Ok(false);
        }
        self.frames.insert(number);
        let streams = analyzer.connections().iter().filter_map(|connection| connection.conversation.tcp());
        streams.for_each(|stream| self.streams.insert(stream));
        Ok(true)
    }

    fn events(&mut self, analyzer: &mut Analyzer) -> Result<(), Infallible> {
        for event in analyzer.events() {
            if let (Some(statements), Event::Call(call)) = (&mut self.statements, event) {
                statements.add(&call);
            }
        }
        Ok(())
    }

    fn undividable(&mut self, frame: u32) -> Result<(), Infallible> {
        // The next pass ends there.
        self.frames.insert(frame);
        Ok(())
    }

    fn unsupported_link(&mut self, link: u16) -> Result<(), Infallible> {
        self.unsupported_links.push(link);
        Ok(())
    }

    fn read_error(&mut self, _: Error) -> Result<ControlFlow<()>, Infallible> {
        self.failed = true;
        Ok(ControlFlow::Continue(()))
    }
}
