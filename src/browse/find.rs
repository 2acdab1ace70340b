//! The next frame in which something is found.

use super::ask::{Answer, Needle, Place};
use super::known::Known;
use super::post::Post;
use super::reread::{Heard, Reread, Sweep, Wrong};
use crate::analysis::{Analyzer, Task};
use crate::report::{Clock, Shown, is_told, line, row};
use dissectors::Wants;
use regex::bytes::{Regex, RegexBuilder};
use std::fmt::Write;
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Frames that are looked at together: few at first, as most often what is looked for is near.
const FIRST: usize = 64;
const STRIDE: usize = 4096;

/// How often it is told how far it is.
const PROGRESS: Duration = Duration::from_millis(100);

/// What is looked for, where, and from where on.
pub(super) struct Search {
    pub(super) what: Needle,
    pub(super) place: Place,
    pub(super) from: u32,
    pub(super) back: bool,
    pub(super) among: Option<Arc<Vec<u32>>>,
    pub(super) turn: u64,
}

/// Where it was found: the frame, and the bytes if it was looked for there.
type Hit = (u32, Option<Range<usize>>);

impl Search {
    /// Looks for it, until it is found, or is nowhere, or something else is asked.
    pub(super) fn run(self, known: &Known, post: &Post, count: u64, hear: &dyn Fn(Answer)) -> Result<(), Wrong> {
        let regex = pattern(&self.what)?;
        known.shelf.check().map_err(|error| error.to_string())?;
        let mut again = Reread::new(known.clone());
        let mut clock = Clock::local();
        let mut told = Instant::now();
        for (nth, part) in self.order(known).into_iter().enumerate() {
            let mut sweep = self.sweep();
            let mut rest = part.as_slice();
            let mut stride = if nth == 0 { FIRST } else { STRIDE };
            while !rest.is_empty() {
                if post.is_stale(count) {
                    return Ok(());
                }
                let (chunk, after) = rest.split_at(stride.min(rest.len()));
                (rest, stride) = (after, STRIDE);
                if let Some((frame, bytes)) = self.chunk(chunk, &regex, &mut again, &mut sweep, &mut clock)? {
                    hear(Answer::Found { turn: self.turn, frame: Some(frame), bytes });
                    return Ok(());
                }
                if told.elapsed() >= PROGRESS {
                    told = Instant::now();
                    hear(Answer::Seeking { turn: self.turn, at: chunk.last().copied().unwrap_or_default() });
                }
            }
        }
        hear(Answer::Found { turn: self.turn, frame: None, bytes: None });
        Ok(())
    }

    /// The frames in which it is looked for, in that order: up to the end, then from the other end on.
    fn order(&self, known: &Known) -> [Vec<u32>; 2] {
        let count = known.read().count();
        let frames = match &self.among {
            Some(among) => among.iter().copied().filter(|&frame| (1..=count).contains(&frame)).collect(),
            None => (1..=count).collect::<Vec<_>>(),
        };
        // Its own frame is the last.
        let own = usize::from(!self.back);
        let (before, after) = frames.split_at(frames.partition_point(|&frame| frame < self.from + own as u32));
        let [mut first, mut second] = if self.back { [before, after] } else { [after, before] }.map(<[u32]>::to_vec);
        if self.back {
            first.reverse();
            second.reverse();
        }
        [first, second]
    }

    fn sweep(&self) -> Sweep {
        let wants = match self.place {
            Place::Row => Wants::only_columns(),
            Place::Tree => Wants::everything(),
            Place::Bytes => Wants::default(),
        };
        Sweep::new(Analyzer::new(Task { wants, dialogues: true, ..Task::default() }), true)
    }

    /// The first hit in some frames.
    fn chunk(
        &self,
        frames: &[u32],
        regex: &Regex,
        again: &mut Reread,
        sweep: &mut Sweep,
        clock: &mut Clock,
    ) -> Result<Option<Hit>, Wrong> {
        if self.place == Place::Bytes {
            for &frame in frames {
                let found = again.record(frame, |frame| regex.find(frame.bytes).map(|found| found.range()))?;
                if let Some(range) = found.flatten() {
                    return Ok(Some((frame, Some(range))));
                }
            }
            return Ok(None);
        }
        let mut ascending = frames.to_vec();
        if self.back {
            // What comes before was not read yet.
            *sweep = self.sweep();
            ascending.reverse();
        }
        sweep.foresee(again.foresight(&ascending)?);
        let mut hit = None;
        let mut text = String::new();
        again.sweep(sweep, &ascending, &mut |heard| {
            let Heard::Frame(shown, _) = heard else { return true };
            if self.is_in(&shown, regex, clock, &mut text) {
                hit = Some((shown.frame.number, None));
            }
            hit.is_none() || self.back
        })?;
        Ok(hit)
    }

    /// Whether it is in the words of a frame.
    fn is_in(&self, shown: &Shown<'_>, regex: &Regex, clock: &mut Clock, text: &mut String) -> bool {
        text.clear();
        if self.place == Place::Row {
            let [source, destination, info] = row(shown, clock);
            let protocol = shown.tree.columns().protocol;
            let _ = write!(text, "{source} {destination} {protocol} {info}");
            return regex.is_match(text.as_bytes());
        }
        shown.tree.nodes().iter().filter(|node| is_told(node)).any(|node| {
            text.clear();
            line(text, node, shown.tree, clock);
            regex.is_match(text.as_bytes())
        })
    }
}

/// What is looked for, as one kind of pattern.
pub(crate) fn pattern(what: &Needle) -> Result<Regex, Wrong> {
    let pattern = match what {
        Needle::Text(text) => format!("(?i){}", regex::escape(text)),
        Needle::Bytes(bytes) => bytes.iter().fold(String::from("(?s-u)"), |mut pattern, byte| {
            let _ = write!(pattern, "\\x{byte:02x}");
            pattern
        }),
        Needle::Regex(pattern) => pattern.clone(),
    };
    let regex = RegexBuilder::new(&pattern).build().map_err(|error| {
        // Of its several lines the last says what is wrong.
        error.to_string().lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned()
    })?;
    let finds_nothing = matches!(what, Needle::Text(text) if text.is_empty())
        || matches!(what, Needle::Bytes(bytes) if bytes.is_empty());
    if finds_nothing { Err("there is nothing to look for".into()) } else { Ok(regex) }
}
