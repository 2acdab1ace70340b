//! What is found in frames, told when it is asked for: their conversations are read again up to them.

use super::ask::{Answer, Ask, Dissected, Row};
use super::known::{Frames, Known, Marks};
use super::{call, follow, ladder, lines};
use crate::analysis::{Analyzer, Event, Task};
use crate::report::{Clock, Shown, row};
use crate::source::{Frame, Reader};
use dissectors::Wants;
use dissectors::session::Foresight;
use hashbrown::HashMap;

/// Frames of all conversations together that are read to their end for what later frames tell. Of longer ones, what
/// only later frames tell is left out.
const MOST_LEARNT: usize = 50_000;

/// Fragments that may wait for a packet to become whole are among so many before it, and after it.
const FRAGMENTS: (usize, usize) = (20_000, 4_096);

/// Tells frames.
pub(super) struct Teller {
    pub(super) known: Known,
    reader: Reader,
    clock: Clock,
}

/// What is heard of frames that are read again.
pub(super) enum Heard<'a> {
    /// A frame that is asked for.
    Frame(Shown<'a>),
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
}

impl Sweep {
    pub(super) fn new(analyzer: Analyzer, dialogues: bool) -> Sweep {
        Sweep { analyzer, fed: HashMap::new(), fragments: 0, dialogues }
    }

    /// What it has learnt.
    pub(super) fn into_foresight(mut self) -> Foresight {
        self.analyzer.finish();
        self.analyzer.into_foresight()
    }
}

/// Why something cannot be told, in a line.
pub(super) type Wrong = String;

impl Teller {
    pub(super) fn new(known: Known) -> Teller {
        let reader = known.shelf.reader();
        Teller { known, reader, clock: Clock::local() }
    }

    /// Answers a question about a few frames or one conversation.
    pub(super) fn answer(&mut self, ask: Ask) -> Answer {
        let answer = match ask {
            Ask::Rows(frames) => self.rows(&frames).map(Answer::Rows),
            Ask::Frame(frame) => self.frame(frame).map(Answer::Frame),
            Ask::Ladder(stream) => ladder::ladder(self, stream),
            Ask::Call(call) => call::told(self, call).map(|told| Answer::Call { call, told: Box::new(told) }),
            Ask::Follow(stream) => follow::said(self, stream),
            Ask::Sift { .. } | Ask::Find { .. } | Ask::Save { .. } | Ask::Cancel => {
                Err("this is asked of somebody else".into())
            }
        };
        answer.unwrap_or_else(Answer::Failed)
    }

    /// The words of frames' rows, in the order asked for; frames that are not there are left out.
    fn rows(&mut self, frames: &[u32]) -> Result<Vec<Row>, Wrong> {
        let mut told: Vec<Row> = Vec::new();
        let mut clock = Clock::local();
        self.tell(frames, &Wants::only_columns(), |shown| {
            let [source, destination, info] = row(shown, &mut clock);
            let protocol = shown.tree.columns().protocol;
            told.push(Row { frame: shown.frame.number, source, destination, protocol, info });
        })?;
        let find = |frame: &u32| told.binary_search_by_key(frame, |row| row.frame).ok();
        Ok(frames.iter().filter_map(|frame| told.get(find(frame)?).cloned()).collect())
    }

    /// All that is found in a frame.
    fn frame(&mut self, frame: u32) -> Result<Box<Dissected>, Wrong> {
        let mut told = None;
        let mut clock = std::mem::replace(&mut self.clock, Clock::local());
        let done = self.tell(&[frame], &Wants::everything(), |shown| {
            told = Some(lines::dissected(frame, shown.tree, &mut clock));
        });
        self.clock = clock;
        done?;
        told.map(Box::new).ok_or_else(|| format!("there is no frame {frame} yet"))
    }

    /// Tells these frames, in their order: each with the nanoseconds since the first frame and what was found in it.
    pub(super) fn tell(&mut self, asked: &[u32], wants: &Wants, mut each: impl FnMut(&Shown<'_>)) -> Result<(), Wrong> {
        self.known.shelf.check().map_err(|error| error.to_string())?;
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
            if let Heard::Frame(shown) = heard {
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
        let known = self.known.read();
        let mut frames = asked.to_vec();
        if sweep.dialogues {
            frames.extend(asked.iter().flat_map(|&frame| known.neighbours(frame)));
        }
        for (stream, last) in streams(&known, asked) {
            let fed = sweep.fed.insert(stream, last).unwrap_or_default();
            frames.extend(known.of_stream(stream, Some(last)).take_while(|&frame| frame > fed));
        }
        if let Some(&last) = asked.last().filter(|_| any_fragment(&known, &frames)) {
            let (earlier, _) = FRAGMENTS;
            let fed = std::mem::replace(&mut sweep.fragments, last);
            frames.extend(known.fragments(last, earlier, 0).iter().filter(|&&frame| frame > fed));
        }
        drop(known);
        frames.sort_unstable();
        frames.dedup();
        self.feed(&frames, asked, &mut sweep.analyzer, each)
    }

    /// The frames that must be read before these can be told, and these.
    pub(super) fn upto(&self, asked: &[u32]) -> Vec<u32> {
        upto(&self.known.read(), asked)
    }

    /// What later frames tell, if these are all that can tell it.
    fn learn(&mut self, frames: &[u32]) -> Result<Foresight, Wrong> {
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
                let tree = analyzer.dissect(&frame);
                goes_on =
                    each(Heard::Frame(Shown { frame: &frame, relative: frame.time.0.saturating_sub(first), tree }));
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
    frames.dedup();
    if let Some(&last) = asked.last().filter(|_| any_fragment(known, &frames)) {
        let (earlier, _) = FRAGMENTS;
        frames.extend(known.fragments(last, earlier, 0));
        frames.sort_unstable();
        frames.dedup();
    }
    frames
}

/// The frames that tell something of these, whether they come before them or after, in their order; cut off if there are
/// too many to be read.
fn later(known: &Frames, asked: &[u32]) -> Vec<u32> {
    let mut frames = Vec::new();
    for (stream, _) in streams(known, asked) {
        let room = MOST_LEARNT + 1 - frames.len();
        frames.extend(known.of_stream(stream, None).take(room));
    }
    if let Some(&last) = asked.last().filter(|_| any_fragment(known, asked) || any_fragment(known, &frames)) {
        let (earlier, later) = FRAGMENTS;
        frames.extend(known.fragments(last, earlier, later));
    }
    frames.sort_unstable();
    frames.dedup();
    frames
}

/// The connections of frames, which are in their order, each with the last of its frames.
fn streams(known: &Frames, frames: &[u32]) -> Vec<(u32, u32)> {
    let of = |&frame: &u32| Some((known.stream(frame)?, frame));
    let mut streams: Vec<(u32, u32)> = frames.iter().filter_map(of).collect();
    streams.sort_unstable_by_key(|&(stream, frame)| (stream, std::cmp::Reverse(frame)));
    streams.dedup_by_key(|&mut (stream, _)| stream);
    streams
}

fn any_fragment(known: &Frames, frames: &[u32]) -> bool {
    frames.iter().any(|&frame| known.seat(frame).is_some_and(|seat| seat.marks().has(Marks::FRAGMENT)))
}
