//! What is found in frames, told when it is asked for: their conversations are read again up to them.

use super::ask::{Answer, Ask, Dissected, Row};
use super::known::Known;
use super::ladder::Climb;
use super::reread::{Heard, Reread, Sweep, Wrong, later, streams};
use super::{call, follow, ladder, lines};
use crate::analysis::{Analyzer, Task};
use crate::report::{Clock, Shown, row, value_of};
use dissectors::{Field, Tree, Wants};
use hashbrown::HashMap;

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
    pub(super) again: Reread,
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

impl Teller {
    pub(super) fn new(known: Known) -> Teller {
        let (rows, fields, trees, kept, climb) = Default::default();
        Teller { again: Reread::new(known), clock: Clock::local(), rows, fields, trees, kept, climb, is_whole: false }
    }

    /// Answers a question about a few frames or one conversation.
    pub(super) fn answer(&mut self, ask: Ask) -> Answer {
        let asked = ask.clone();
        let answer = match ask {
            Ask::Rows { frames, fields } => self.rows(&frames, fields).map(Answer::Rows),
            Ask::Frame(frame) => self.frame(frame).map(Answer::Frame),
            Ask::Ladder { stream, from } => ladder::ladder(self, stream, from),
            Ask::Call(call) => {
                call::told(&mut self.again, call).map(|told| Answer::Call { call, told: Box::new(told) })
            }
            Ask::Follow(stream) => follow::said(&mut self.again, stream),
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
        let known = self.again.known.read();
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
        self.again
            .tell(&short, &sight.wants(&self.fields), |shown| drop(told.insert(shown.frame.number, tell(shown))))?;
        for (stream, mut asked) in parts {
            let kept = self.kept.iter().position(|kept| kept.sight == sight && kept.stream == stream);
            let kept = kept.map(|place| self.kept.remove(place));
            let mut kept = match kept.filter(|kept| asked.first().is_some_and(|&first| first > kept.upto)) {
                Some(kept) => kept,
                None => self.begin(sight, stream, &mut asked)?,
            };
            self.again.sweep(&mut kept.sweep, &asked, &mut |heard| {
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
        let known = self.again.known.read();
        let later = later(&known, asked);
        if let Some(&first) = asked.first() {
            asked.extend(known.of_stream(stream, Some(first)).skip(1).take(sight.earlier()));
        }
        drop(known);
        asked.sort_unstable();
        let task = Task { wants: sight.wants(&self.fields), dialogues: true, ..Task::default() };
        let analyzer = Analyzer::with_foresight(task, self.again.learn(&later)?);
        Ok(Kept { sight, stream, sweep: Sweep::new(analyzer, true), upto: 0 })
    }
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
