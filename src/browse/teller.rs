//! What is found in frames, told when it is asked for: their conversations are read again up to them.

use super::ask::{Answer, Ask, Dissected, Row};
use super::known::{Frames, Known};
use super::ladder::Climb;
use super::{call, follow, ladder, lines};
use crate::analysis::{Analyzer, Event, Met, Task};
use crate::report::{Clock, Shown, row, value_of};
use crate::source::{Frame, Reader};
use dissectors::session::Foresight;
use dissectors::{Field, Tree, Wants};
use hashbrown::HashMap;

/// Frames of all conversations together that are read to their end for what later frames tell. Of longer ones, what
/// only later frames tell is left out.
const MOST_LEARNT: usize = 50_000;

/// Fragments that may wait for a packet to become whole are among so many before it, and after it.
const EARLIER_FRAGMENTS: usize = 20_000;
const LATER_FRAGMENTS: usize = 4_096;

/// Frames of a connection before one from which on it is a long one.
const LONG: usize = 4096;

/// As many bytes of a field's values as a row tells.
const MOST_VALUE: usize = 256;

/// Long connections of which it is remembered how far they were read.
const KEPT: usize = 2;

/// What is told of frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sight {
    Row,
    Tree,
}

impl Sight {
    /// What is recorded of frames; of rows, with fields that are told beside.
    fn wants(self, fields: &[&'static Field]) -> Wants {
        match self {
            Sight::Row => {
                let mut wants = Wants::only_columns();
                fields.iter().for_each(|field| wants.add(field));
                wants
            }
            Sight::Tree => Wants::everything(),
        }
    }

    /// As many as are remembered.
    fn most(self) -> usize {
        match self {
            Sight::Row => 8192,
            Sight::Tree => 128,
        }
    }

    /// As many frames of a long connection as are told before those that are asked for.
    fn earlier(self) -> usize {
        match self {
            Sight::Row => 1024,
            Sight::Tree => 32,
        }
    }
}

/// A long connection, and how far it was read.
struct Kept {
    sight: Sight,
    stream: u32,
    sweep: Sweep,
    upto: u32,
}

/// Tells frames.
pub(super) struct Teller {
    pub(super) known: Known,
    reader: Reader,
    clock: Clock,
    /// What was told last.
    rows: HashMap<u32, Row>,
    /// What rows tell beside their words.
    fields: Vec<&'static Field>,
    trees: HashMap<u32, Dissected>,
    kept: Vec<Kept>,
    /// The ladder that was told last.
    pub(super) climb: Option<Climb>,
    /// The capture was whole when something was told last.
    is_whole: bool,
}

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

impl Teller {
    pub(super) fn new(known: Known) -> Teller {
        let reader = known.shelf.reader();
        let (rows, fields, trees, kept, climb) = Default::default();
        Teller { known, reader, clock: Clock::local(), rows, fields, trees, kept, climb, is_whole: false }
    }

    /// Answers a question about a few frames or one conversation.
    pub(super) fn answer(&mut self, ask: Ask) -> Answer {
        let asked = ask.clone();
        let answer = match ask {
            Ask::Rows { frames, fields } => self.rows(&frames, fields).map(Answer::Rows),
            Ask::Frame(frame) => self.frame(frame).map(Answer::Frame),
            Ask::Ladder { stream, from } => ladder::ladder(self, stream, from),
            Ask::Call(call) => call::told(self, call).map(|told| Answer::Call { call, told: Box::new(told) }),
            Ask::Follow(stream) => follow::said(self, stream),
            Ask::Sift { .. } | Ask::Find { .. } | Ask::Save { .. } | Ask::EndSift | Ask::EndFind | Ask::Discard(_) => {
                Err("this is asked of somebody else".into())
            }
        };
        answer.unwrap_or_else(|why| Answer::Unread { ask: asked, why })
    }

    /// The words of frames' rows, in the order asked for; frames that are not there are left out.
    fn rows(&mut self, frames: &[u32], fields: Vec<&'static Field>) -> Result<Vec<Row>, Wrong> {
        if !fields.iter().map(|field| field.id).eq(self.fields.iter().map(|field| field.id)) {
            self.fields = fields;
            self.rows.clear();
            self.kept.retain(|kept| kept.sight != Sight::Row);
        }
        let fields = self.fields.clone();
        let mut told = std::mem::take(&mut self.rows);
        let mut clock = std::mem::replace(&mut self.clock, Clock::local());
        let done = self.near(Sight::Row, frames, &mut told, &mut |shown| {
            let [source, destination, info] = row(shown, &mut clock);
            let protocol = shown.tree.columns().protocol;
            let values = fields.iter().map(|field| (*field, values(field, shown.tree, &mut clock))).collect();
            Row { frame: shown.frame.number, source, destination, protocol, info, values }
        });
        self.clock = clock;
        let rows = frames.iter().filter_map(|frame| told.get(frame).cloned()).collect();
        self.rows = told;
        done.map(|()| rows)
    }

    /// All that is found in a frame.
    fn frame(&mut self, frame: u32) -> Result<Box<Dissected>, Wrong> {
        let mut told = std::mem::take(&mut self.trees);
        let mut clock = std::mem::replace(&mut self.clock, Clock::local());
        let done = self.near(Sight::Tree, &[frame], &mut told, &mut |shown| {
            lines::dissected(shown.frame.number, shown.tree, &mut clock)
        });
        self.clock = clock;
        let dissected = told.get(&frame).cloned();
        self.trees = told;
        done?;
        dissected.map(Box::new).ok_or_else(|| format!("there is no frame {frame} yet"))
    }

    /// Tells these frames, but for those that were told before. Of long conversations it is remembered how far they
    /// were read, and frames before those asked for are told too: they are likely to be asked for next.
    fn near<T>(
        &mut self,
        sight: Sight,
        frames: &[u32],
        told: &mut HashMap<u32, T>,
        tell: &mut dyn FnMut(&Shown<'_>) -> T,
    ) -> Result<(), Wrong> {
        let known = self.known.read();
        // What is told may change as long as more comes.
        let is_last = known.whole && !std::mem::replace(&mut self.is_whole, known.whole);
        if is_last {
            self.kept.clear();
        }
        if !known.whole || is_last || told.len() > sight.most() {
            told.clear();
        }
        let mut asked: Vec<u32> = frames.iter().copied().filter(|frame| !told.contains_key(frame)).collect();
        asked.sort_unstable();
        asked.dedup();
        let is_long = |stream: u32, last| known.of_stream(stream, Some(last)).nth(LONG).is_some();
        let long: Vec<u32> = streams(&known, &asked)
            .into_iter()
            .filter(|&(stream, last)| is_long(stream, last))
            .map(|(stream, _)| stream)
            .collect();
        let of_long = |frame: &u32| known.stream(*frame).filter(|stream| long.contains(stream));
        let short: Vec<u32> = asked.iter().copied().filter(|frame| of_long(frame).is_none()).collect();
        let mut parts: Vec<(u32, Vec<u32>)> = Vec::new();
        for &stream in &long {
            parts.push((stream, asked.iter().copied().filter(|frame| of_long(frame) == Some(stream)).collect()));
        }
        drop(known);
        self.tell(&short, &sight.wants(&self.fields), |shown| drop(told.insert(shown.frame.number, tell(shown))))?;
        for (stream, mut asked) in parts {
            let kept = self.kept.iter().position(|kept| kept.sight == sight && kept.stream == stream);
            let kept = kept.map(|place| self.kept.remove(place));
            let mut kept = match kept.filter(|kept| asked.first().is_some_and(|&first| first > kept.upto)) {
                Some(kept) => kept,
                None => self.begin(sight, stream, &mut asked)?,
            };
            self.sweep(&mut kept.sweep, &asked, &mut |heard| {
                if let Heard::Frame(shown, _) = heard {
                    told.insert(shown.frame.number, tell(&shown));
                }
                true
            })?;
            kept.upto = asked.last().copied().unwrap_or(kept.upto);
            self.kept.push(kept);
            if self.kept.len() > KEPT {
                self.kept.remove(0);
            }
        }
        Ok(())
    }

    /// Begins to read a long conversation from its beginning.
    fn begin(&mut self, sight: Sight, stream: u32, asked: &mut Vec<u32>) -> Result<Kept, Wrong> {
        let known = self.known.read();
        let later = later(&known, asked);
        if let Some(&first) = asked.first() {
            asked.extend(known.of_stream(stream, Some(first)).skip(1).take(sight.earlier()));
        }
        drop(known);
        asked.sort_unstable();
        let task = Task { wants: sight.wants(&self.fields), dialogues: true, ..Task::default() };
        let analyzer = Analyzer::with_foresight(task, self.learn(&later)?);
        Ok(Kept { sight, stream, sweep: Sweep::new(analyzer, true), upto: 0 })
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
fn later(known: &Frames, asked: &[u32]) -> Vec<u32> {
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
fn streams(known: &Frames, frames: &[u32]) -> Vec<(u32, u32)> {
    let of = |&frame: &u32| Some((known.stream(frame)?, frame));
    let mut streams: Vec<(u32, u32)> = frames.iter().filter_map(of).collect();
    streams.sort_unstable_by_key(|&(stream, frame)| (stream, std::cmp::Reverse(frame)));
    streams.dedup_by_key(|&mut (stream, _)| stream);
    streams
}

/// The values of a field in a frame, commas between them.
fn values(field: &Field, tree: &Tree, clock: &mut Clock) -> String {
    let mut text = String::new();
    for node in tree.nodes().iter().filter(|node| node.field.id == field.id) {
        if !text.is_empty() {
            text.push(',');
        }
        value_of(&mut text, node, tree, clock);
        if text.len() > MOST_VALUE {
            let end = (0..=MOST_VALUE).rev().find(|&end| text.is_char_boundary(end)).unwrap_or(0);
            text.truncate(end);
            text.push('…');
            break;
        }
    }
    text
}
