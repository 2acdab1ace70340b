//! Frames read again, out of their order: each is given to an analyzer after those of its conversations that come before.

use super::known::{Frames, Known};
use crate::analysis::{Analyzer, Event, Met, Task};
use crate::report::Shown;
use crate::source::{Frame, Reader};
use dissectors::Wants;
use dissectors::session::Foresight;
use hashbrown::HashMap;

/// Frames of all conversations together that are read to their end for what later frames tell. Of longer ones, what
/// only later frames tell is left out.
const MOST_LEARNT: usize = 50_000;

/// Fragments that may wait for a packet to become whole are among so many before it, and after it.
const EARLIER_FRAGMENTS: usize = 20_000;
const LATER_FRAGMENTS: usize = 4_096;

/// What is heard of frames that are read again.
pub(super) enum Heard<'a> {
    /// A frame that is asked for, and the connections that it belongs to.
    Frame(Shown<'a>, &'a [Met]),
    /// Something happened.
    Event(Event),
}

/// An analyzer that goes through some conversations of a capture, from their beginnings on.
pub(super) struct Sweep {
    analyzer: Analyzer,
    /// The last frame of each connection that it was given.
    fed: HashMap<u32, u32>,
    /// Up to where it was given fragments.
    fragments: u32,
    /// Whether the times of conversations in datagrams matter.
    dialogues: bool,
    /// No frame needs another to be told.
    is_shallow: bool,
}

impl Sweep {
    pub(super) fn new(analyzer: Analyzer, dialogues: bool) -> Sweep {
        Sweep { analyzer, fed: HashMap::new(), fragments: 0, dialogues, is_shallow: false }
    }

    /// One that looks at no more than what the capture says of frames.
    pub(super) fn shallow(analyzer: Analyzer) -> Sweep {
        Sweep { is_shallow: true, ..Sweep::new(analyzer, false) }
    }

    /// Learns what later frames tell of those that are told next.
    pub(super) fn foresee(&mut self, foresight: Foresight) {
        self.analyzer.foresee(foresight);
    }

    /// What it has learnt.
    pub(super) fn into_foresight(mut self) -> Foresight {
        self.analyzer.finish();
        self.analyzer.into_foresight()
    }
}

/// Why something cannot be told, in a line.
pub(super) type Wrong = String;

/// Reads frames again.
pub(super) struct Reread {
    pub(super) known: Known,
    reader: Reader,
}

impl Reread {
    pub(super) fn new(known: Known) -> Reread {
        let reader = known.shelf.reader();
        Reread { known, reader }
    }

    /// Tells these frames, in their order: each with the nanoseconds since the first frame and what was found in it.
    pub(super) fn tell(&mut self, asked: &[u32], wants: &Wants, mut each: impl FnMut(&Shown<'_>)) -> Result<(), Wrong> {
        let known = self.known.read();
        let mut asked: Vec<u32> = asked.iter().copied().filter(|&frame| known.seat(frame).is_some()).collect();
        asked.sort_unstable();
        asked.dedup();
        let before = upto(&known, &asked);
        let later = later(&known, &asked);
        drop(known);
        let mut analyzer = Analyzer::with_foresight(
            Task { wants: wants.clone(), dialogues: true, ..Task::default() },
            self.learn(&later)?,
        );
        self.feed(&before, &asked, &mut analyzer, &mut |heard| {
            if let Heard::Frame(shown, _) = heard {
                each(&shown);
            }
            true
        })
    }

    /// Tells these frames, which are in their order, in a sweep through the capture: none is told before those of the
    /// last call. Stops where `each` says that it is enough.
    pub(super) fn sweep(
        &mut self,
        sweep: &mut Sweep,
        asked: &[u32],
        each: &mut dyn FnMut(Heard<'_>) -> bool,
    ) -> Result<(), Wrong> {
        if sweep.is_shallow {
            return self.feed(asked, asked, &mut sweep.analyzer, each);
        }
        let known = self.known.read();
        let mut frames = asked.to_vec();
        if sweep.dialogues {
            frames.extend(asked.iter().flat_map(|&frame| known.neighbours(frame)));
        }
        for (stream, last) in streams(&known, asked) {
            let fed = sweep.fed.insert(stream, last).unwrap_or_default();
            frames.extend(known.of_stream(stream, Some(last)).take_while(|&frame| frame > fed));
        }
        frames.sort_unstable();
        let fragments = known.fragments_of(&frames, EARLIER_FRAGMENTS, 0);
        let fed = sweep.fragments;
        sweep.fragments = fragments.last().map_or(fed, |&last| last.max(fed));
        frames.extend(fragments.into_iter().filter(|&frame| frame > fed));
        drop(known);
        frames.sort_unstable();
        frames.dedup();
        self.feed(&frames, asked, &mut sweep.analyzer, each)
    }

    /// The frames that must be read before these can be told, and these.
    pub(super) fn upto(&self, asked: &[u32]) -> Vec<u32> {
        upto(&self.known.read(), asked)
    }

    /// What later frames tell of some.
    pub(super) fn foresight(&mut self, asked: &[u32]) -> Result<Foresight, Wrong> {
        let later = later(&self.known.read(), asked);
        self.learn(&later)
    }

    /// What later frames tell, if these are all that can tell it.
    pub(super) fn learn(&mut self, frames: &[u32]) -> Result<Foresight, Wrong> {
        if frames.is_empty() || frames.len() > MOST_LEARNT {
            return Ok(Foresight::default());
        }
        let mut analyzer = Analyzer::new(Task { learn: true, dialogues: true, ..Task::default() });
        self.feed(frames, &[], &mut analyzer, &mut |_| true)?;
        analyzer.finish();
        Ok(analyzer.into_foresight())
    }

    /// Gives frames to an analyzer, and tells those of them that are asked for, and what happens, until it is enough.
    pub(super) fn feed(
        &mut self,
        frames: &[u32],
        asked: &[u32],
        analyzer: &mut Analyzer,
        each: &mut dyn FnMut(Heard<'_>) -> bool,
    ) -> Result<(), Wrong> {
        self.known.shelf.check().map_err(|error| error.to_string())?;
        let mut asked = asked.iter().copied().peekable();
        let mut last = (0, None);
        for &number in frames {
            let is_asked = asked.next_if_eq(&number).is_some();
            let previous = match last {
                (before, time) if before + 1 == number => time,
                _ if is_asked => self.time(number.saturating_sub(1))?,
                _ => None,
            };
            let known = self.known.read();
            let Some(seat) = known.seat(number) else { continue };
            let context = known.context(number, previous);
            drop(known);
            let first = context.first;
            analyzer.place(context);
            let frame = self.reader.read(seat.place(), number).map_err(|error| error.to_string())?;
            last = (number, frame.timed.then_some(frame.time.0));
            let mut goes_on = true;
            if is_asked {
                analyzer.dissect(&frame);
                let relative = frame.time.0.saturating_sub(first);
                let shown = Shown { frame: &frame, relative, tree: analyzer.tree() };
                goes_on = each(Heard::Frame(shown, analyzer.met()));
            } else {
                analyzer.pass(&frame);
            }
            for event in analyzer.events() {
                goes_on &= each(Heard::Event(event));
            }
            if !goes_on {
                break;
            }
        }
        Ok(())
    }

    /// The time of a frame, if there is such a frame and the capture says when it was.
    fn time(&mut self, number: u32) -> Result<Option<i64>, Wrong> {
        Ok(self.record(number, |frame| frame.timed.then_some(frame.time.0))?.flatten())
    }

    /// What is made of a frame's record, if there is such a frame.
    pub(super) fn record<R>(&mut self, number: u32, make: impl FnOnce(&Frame<'_>) -> R) -> Result<Option<R>, Wrong> {
        let Some(seat) = self.known.read().seat(number) else { return Ok(None) };
        let frame = self.reader.read(seat.place(), number).map_err(|error| error.to_string())?;
        Ok(Some(make(&frame)))
    }
}

/// The frames that must be read before these can be told, and these, in their order.
fn upto(known: &Frames, asked: &[u32]) -> Vec<u32> {
    let mut frames = asked.to_vec();
    frames.extend(asked.iter().flat_map(|&frame| known.neighbours(frame)));
    for (stream, last) in streams(known, asked) {
        frames.extend(known.of_stream(stream, Some(last)));
    }
    frames.sort_unstable();
    frames.extend(known.fragments_of(&frames, EARLIER_FRAGMENTS, 0));
    frames.sort_unstable();
    frames.dedup();
    frames
}

/// The frames that tell something of these, whether they come before them or after, in their order; cut off if there are
/// too many to be read.
pub(super) fn later(known: &Frames, asked: &[u32]) -> Vec<u32> {
    let mut frames = Vec::new();
    for (stream, _) in streams(known, asked) {
        let room = MOST_LEARNT + 1 - frames.len();
        frames.extend(known.of_stream(stream, None).take(room));
    }
    frames.extend_from_slice(asked);
    frames.sort_unstable();
    let fragments = known.fragments_of(&frames, EARLIER_FRAGMENTS, LATER_FRAGMENTS);
    frames.retain(|frame| known.stream(*frame).is_some());
    frames.extend(fragments);
    frames.sort_unstable();
    frames.dedup();
    frames
}

/// The connections of frames, which are in their order, each with the last of its frames.
pub(super) fn streams(known: &Frames, frames: &[u32]) -> Vec<(u32, u32)> {
    let of = |&frame: &u32| Some((known.stream(frame)?, frame));
    let mut streams: Vec<(u32, u32)> = frames.iter().filter_map(of).collect();
    streams.sort_unstable_by_key(|&(stream, frame)| (stream, std::cmp::Reverse(frame)));
    streams.dedup_by_key(|&mut (stream, _)| stream);
    streams
}
