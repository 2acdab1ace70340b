//! The ladder of a connection: a window of its rungs, and how far it was climbed.

use super::ask::{Answer, Ladder, RUNGS, Rung};
use super::parts::Parts;
use super::reread::{Heard, Reread, Sweep, Wrong};
use super::rung::{Course, complete, wants};
use super::teller::Teller;
use crate::analysis::{Analyzer, Met, Task};
use crate::report::Shown;
use std::collections::VecDeque;

/// A ladder, and how far it was climbed: who goes on reads nothing again.
pub(super) struct Climb {
    stream: u32,
    /// As many messages of it were known: of a capture that grows, more become known.
    messages: usize,
    sweep: Sweep,
    course: Course,
    /// So many of the connection's frames were read.
    upto: usize,
    /// The last of their rungs.
    rungs: VecDeque<Rung>,
}

/// Tells the ladder of a connection from one of its rungs on.
pub(super) fn ladder(teller: &mut Teller, stream: u32, from: usize) -> Result<Answer, Wrong> {
    let known = teller.again.known.read();
    if stream >= known.streams() {
        return Err(format!("there is no stream {stream} yet"));
    }
    let mut frames: Vec<u32> = known.of_stream(stream, None).collect();
    frames.reverse();
    let parts = Parts::of(&known, stream);
    drop(known);
    let total = frames.len();
    let from = from.min(total.saturating_sub(RUNGS));
    let to = total.min(from + RUNGS);
    let climbed = teller.climb.take().filter(|climb| climb.messages == parts.len() && climb.serves(stream, from));
    let mut climb = climbed.unwrap_or_else(|| Climb::new(stream, parts.len()));
    let asked = frames.get(climb.upto..to).unwrap_or_default();
    climb_on(&mut teller.again, asked, &parts, &mut climb)?;
    let before = climb.upto - climb.rungs.len();
    let rungs = climb.rungs.iter().skip(from.saturating_sub(before)).take(to - from).cloned().collect();
    let opening = climb.course.opening.steps.clone();
    teller.climb = Some(climb);
    Ok(Answer::Ladder(Ladder { stream, from, rungs, opening, total }))
}

impl Climb {
    fn new(stream: u32, messages: usize) -> Climb {
        let task = Task { wants: wants(), halves: true, dialogues: true, ..Task::default() };
        let sweep = Sweep::new(Analyzer::new(task), true);
        Climb { stream, messages, sweep, course: Course::default(), upto: 0, rungs: VecDeque::new() }
    }

    /// Whether the rungs from one on are there, or come later.
    fn serves(&self, stream: u32, from: usize) -> bool {
        self.stream == stream && from + self.rungs.len() >= self.upto
    }
}

/// Climbs over the next frames of a ladder.
fn climb_on(again: &mut Reread, frames: &[u32], parts: &Parts, climb: &mut Climb) -> Result<(), Wrong> {
    let known = again.known.clone();
    let Climb { stream, sweep, course, upto, rungs, .. } = climb;
    again.sweep(sweep, frames, &mut |heard| {
        let Heard::Frame(shown, met) = heard else { return true };
        let marks = known.read().seat(shown.frame.number).map(|seat| seat.marks()).unwrap_or_default();
        if rungs.len() == RUNGS {
            rungs.pop_front();
        }
        rungs.push_back(course.rung(&shown, marks, parts));
        *upto += 1;
        met.iter().filter(|met| met.stream == *stream).for_each(|met| name(rungs, met, &shown, parts));
        true
    })
}

/// Tells in the first segments of messages what they begin, when a later frame has told it.
fn name(rungs: &mut VecDeque<Rung>, met: &Met, shown: &Shown<'_>, parts: &Parts) {
    let (frame, tree) = (shown.frame.number, shown.tree);
    for said in &met.said {
        let Some(part) = parts.told(said.nth, said.half, frame) else { continue };
        if part.first == frame {
            continue;
        }
        let place = rungs.partition_point(|rung| rung.frame < part.first);
        if let Some(rung) = rungs.get_mut(place).filter(|rung| rung.frame == part.first) {
            complete(rung, part, parts, tree.nodes().get(said.nodes.clone()).unwrap_or_default(), tree);
        }
    }
}
