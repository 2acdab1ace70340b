//! Which frames, calls and connections a filter lets through, told as they are found.

use super::ask::Answer;
use super::facts::{Facts, Says};
use super::known::{Frames, Known, Marks, Span, Talk};
use super::post::Post;
use super::reread::{Heard, Reread, Sweep, Wrong};
use crate::analysis::{Analyzer, Numbers, Task, is_known_early, is_of_capture};
use crate::filter::Filter;
use dissectors::session::{Foresight, Side};
use dissectors::{fields, udp};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

/// Frames that are looked at before hits are told: few at first, so that there is something to be seen.
const FIRST: u32 = 8_192;
const STRIDE: u32 = 65_536;

/// How often it is told how far it is.
const PROGRESS: Duration = Duration::from_millis(100);

/// How long is waited for more of a capture that is still read.
const TICK: Duration = Duration::from_millis(20);

/// Sifts a capture, until all of it has gone through or something else is asked.
pub(super) struct Sifting<'a> {
    known: Known,
    again: Reread,
    facts: Facts,
    filter: Arc<Filter>,
    sweep: Option<Sweep>,
    /// It asks for what later frames tell, or for words that do.
    is_later: bool,
    turn: u64,
    /// To see whether the question stands.
    post: &'a Post,
    count: u64,
    /// Of all frames so far.
    matched: Numbers,
    streams: Numbers,
    talks: usize,
    found: Found,
    told: Instant,
}

/// What was found and not told yet.
#[derive(Default)]
struct Found {
    frames: Vec<u32>,
    calls: Vec<u32>,
    streams: Vec<u32>,
}

impl<'a> Sifting<'a> {
    pub(super) fn new(known: Known, text: &str, turn: u64, post: &'a Post, count: u64) -> Result<Sifting<'a>, Wrong> {
        let filter = Filter::new(text).map_err(|fault| fault.shown(text).to_string())?;
        let filter = Arc::new(filter.asking_first(is_known_early));
        let wants = filter.wants();
        let is_later = wants.columns || wants.asks_later();
        let (matched, streams, found) = Default::default();
        Ok(Sifting {
            again: Reread::new(known.clone()),
            facts: Facts::new(text)?,
            filter,
            sweep: None,
            is_later,
            known,
            turn,
            post,
            count,
            matched,
            streams,
            talks: 0,
            found,
            told: Instant::now(),
        })
    }

    /// Sifts; tells what is found as it is found.
    pub(super) fn run(mut self, hear: &dyn Fn(Answer)) -> Result<(), Wrong> {
        let mut upto = 0;
        let mut stride = FIRST;
        loop {
            if self.post.is_stale(self.count) {
                return Ok(());
            }
            let known = self.known.read();
            let (count, is_whole) = (known.count(), known.whole);
            let waits = self.is_later && known.will_end();
            drop(known);
            let next = count.min(upto + stride);
            if (next == upto || waits) && !is_whole {
                thread::sleep(TICK);
                continue;
            }
            if !self.frames(upto + 1, next)? {
                return Ok(());
            }
            upto = next;
            stride = STRIDE;
            let done = is_whole && upto == count;
            self.calls(upto, done);
            let some = !(self.found.frames.is_empty() && self.found.calls.is_empty());
            if done || some || self.told.elapsed() >= PROGRESS {
                self.told = Instant::now();
                let Found { frames, calls, streams } = std::mem::take(&mut self.found);
                hear(Answer::Sifted { turn: self.turn, frames, calls, streams, upto, done });
            }
            if done {
                return Ok(());
            }
        }
    }

    /// Looks at the frames from one to another; false if nobody asks any more.
    fn frames(&mut self, from: u32, to: u32) -> Result<bool, Wrong> {
        let mut open = Vec::new();
        let mut found = Vec::new();
        let known = self.known.read();
        for frame in from..=to {
            match self.facts.says(frame, &known) {
                Says::Yes => found.push(frame),
                Says::No => {}
                Says::Perhaps => open.push(frame),
            }
        }
        drop(known);
        if !open.is_empty() {
            let (filter, post, count) = (self.filter.clone(), self.post, self.count);
            let mut sweep = match self.sweep.take() {
                Some(sweep) => sweep,
                None => self.begin(&open)?,
            };
            let mut fresh = true;
            self.again.sweep(&mut sweep, &open, &mut |heard| {
                if let Heard::Frame(shown, _) = heard {
                    if filter.matches(shown.tree) {
                        found.push(shown.frame.number);
                    }
                    fresh = !shown.frame.number.is_multiple_of(256) || !post.is_stale(count);
                }
                fresh
            })?;
            self.sweep = Some(sweep);
            if !fresh {
                return Ok(false);
            }
            found.sort_unstable();
        }
        let known = self.known.read();
        for &frame in &found {
            self.matched.insert(frame);
            if let Some(stream) = known.stream(frame).filter(|&stream| !self.streams.contains(stream)) {
                self.streams.insert(stream);
                self.found.streams.push(stream);
            }
        }
        self.found.frames.extend(found);
        Ok(true)
    }

    /// Begins to read what facts do not tell.
    fn begin(&mut self, open: &[u32]) -> Result<Sweep, Wrong> {
        let wants = self.filter.wants();
        let foresight = if self.is_later { self.foresee(open)? } else { Foresight::default() };
        let filter = self.filter.clone();
        let asked = filter.decides_early().then(|| Box::new(move |tree: &_| filter.may_match(tree)) as _);
        let dialogues = [&udp::STREAM, &udp::TIME_RELATIVE, &udp::TIME_DELTA].iter().any(|field| wants.field(field));
        let shallow = !wants.columns && fields().all(|field| !wants.field(field) || is_of_capture(field));
        let task = Task { wants, dialogues, shallow, ..Task::default() };
        let analyzer = Analyzer::with_foresight(task, foresight).asked_for(asked);
        Ok(if shallow { Sweep::shallow(analyzer) } else { Sweep::new(analyzer, dialogues) })
    }

    /// What later frames tell: all of the capture is read for it, as far as it is there.
    fn foresee(&mut self, open: &[u32]) -> Result<Foresight, Wrong> {
        let Some(&first) = open.first() else { return Ok(Foresight::default()) };
        let mut sweep = Sweep::new(Analyzer::new(Task { learn: true, ..Task::default() }), false);
        let count = self.known.read().count();
        let mut from = first;
        while from <= count && !self.post.is_stale(self.count) {
            let to = count.min(from.saturating_add(STRIDE));
            self.again.sweep(&mut sweep, &(from..=to).collect::<Vec<_>>(), &mut |_| true)?;
            from = to + 1;
        }
        Ok(sweep.into_foresight())
    }

    /// Looks at the calls of which all frames were looked at, in their order.
    fn calls(&mut self, upto: u32, done: bool) {
        let known = self.known.read();
        while let Some(talk) = known.talks.get(self.talks) {
            let end = [talk.request, talk.response].into_iter().flatten().map(Span::end).max().unwrap_or_default();
            if end > upto && !done {
                return;
            }
            if self.streams.contains(talk.stream) && self.meets(talk, &known) {
                self.found.calls.push(self.talks as u32);
            }
            self.talks += 1;
        }
    }

    /// Whether a frame with a part of the request or of the response of a call matched.
    fn meets(&self, talk: &Talk, known: &Frames) -> bool {
        let meets = |span: Option<Span>, side: Option<Side>| {
            let Some(span) = span else { return false };
            // Who gave an answer that nobody is known to have asked for is not known either.
            let speaks = match side {
                Some(Side::Client) => Marks::CLIENT_SPEAKS,
                Some(Side::Server) => Marks::SERVER_SPEAKS,
                None => Marks::CLIENT_SPEAKS | Marks::SERVER_SPEAKS,
            };
            let mut own = known.of_stream(talk.stream, Some(span.end())).take_while(|&frame| frame >= span.first);
            own.any(|frame| {
                self.matched.contains(frame) && known.seat(frame).is_some_and(|seat| seat.marks().has(speaks))
            })
        };
        meets(talk.request, talk.asked_by) || meets(talk.response, talk.asked_by.map(Side::other))
    }
}
