//! `order`: these happen one after the other, in each stream or in the capture.

use super::streams::{Key, Streams, too_many};
use super::{Seen, Watch};
use crate::capture::Stream;
use crate::check::verdict::{Frames, Verdict, many, plain};
use crate::filter::Filter;
use dissectors::Wants;

/// Things that happen one after the other, each in a frame of its own; others may come between.
pub(super) struct Order {
    pub(super) steps: Vec<(String, Filter)>,
    /// They do so in every stream that has one of them, and not once in the capture.
    pub(super) by_stream: bool,
}

impl Order {
    pub(super) fn wants(&self) -> Wants {
        let mut wants = Wants::default();
        self.steps.iter().for_each(|(_, filter)| wants.add_all(&filter.wants()));
        wants
    }

    /// The filter of the first step.
    pub(super) fn first(&self) -> Option<&str> {
        self.steps.first().map(|(text, _)| text.as_str())
    }

    pub(super) fn watch(&self) -> Watching<'_> {
        Watching {
            rule: self,
            whole: Course::default(),
            streams: Streams::new(),
            count: 0,
            failing: 0,
            first: None,
            frames: Frames::default(),
        }
    }
}

/// How far the steps have come.
#[derive(Clone, Default)]
struct Course {
    /// How many were met, one after the other.
    met: usize,
    /// Where the last was met.
    last: Option<u32>,
    /// The first frame in which any was found.
    any: Option<u32>,
}

impl Course {
    fn see(&mut self, frame: u32, rule: &Order, seen: &Seen<'_>) {
        if rule.steps.get(self.met).is_some_and(|(_, filter)| filter.matches(seen.tree)) {
            self.met += 1;
            self.last = Some(frame);
            self.any.get_or_insert(frame);
        }
        if self.any.is_none() && rule.steps.iter().any(|(_, filter)| filter.matches(seen.tree)) {
            self.any = Some(frame);
        }
    }

    /// Which step did not come, in words.
    fn missing(&self, rule: &Order) -> Option<String> {
        let (step, _) = rule.steps.get(self.met)?;
        let after = self.last.map_or(String::new(), |frame| format!(" after frame {frame}"));
        Some(plain(&format!("no {step}{after}")))
    }
}

pub(super) struct Watching<'r> {
    rule: &'r Order,
    whole: Course,
    streams: Streams<Course>,
    count: u64,
    failing: u64,
    /// What is missing in the first stream that fails.
    first: Option<String>,
    frames: Frames,
}

impl Watching<'_> {
    fn end(&mut self, key: Option<Key>, course: &Course) {
        self.count += 1;
        let Some(missing) = course.missing(self.rule) else { return };
        self.failing += 1;
        course.last.or(course.any).into_iter().for_each(|frame| self.frames.add(frame));
        self.first.get_or_insert_with(|| match key {
            Some(key) => format!("{missing} in {key}"),
            None => missing,
        });
    }
}

impl Watch for Watching<'_> {
    fn frame(&mut self, seen: &Seen<'_>) {
        let Some(&frame) = seen.frames.first() else { return };
        if !self.rule.by_stream {
            return self.whole.see(frame, self.rule, seen);
        }
        let Some(key) = seen.stream else { return };
        // A stream in which none of them happens is not remembered.
        let begins = || self.rule.steps.iter().any(|(_, filter)| filter.matches(seen.tree));
        let course = match self.streams.find(key) {
            None if begins() => self.streams.begin(key),
            course => course,
        };
        if let Some(course) = course {
            course.see(frame, self.rule, seen);
        }
    }

    fn closed(&mut self, stream: &Stream) {
        if let Some((key, course)) = self.streams.end(stream) {
            self.end(Some(key), &course);
        }
    }

    fn verdict(mut self: Box<Self>) -> Verdict {
        for (key, course) in self.streams.drain() {
            self.end(Some(key), &course);
        }
        if self.streams.full {
            return Verdict::new(false, too_many(), self.frames);
        }
        if !self.rule.by_stream {
            let whole = self.whole.clone();
            self.end(None, &whole);
            let found = self.first.unwrap_or_else(|| "in this order".into());
            return Verdict::new(self.failing == 0, found, self.frames);
        }
        let found = match (self.failing, self.first) {
            (_, None) if self.count == 0 => return Verdict::new(false, "none of them happens".into(), self.frames),
            (0, _) | (_, None) => format!("in {}", many(self.count, "stream")),
            (1, Some(first)) if self.count == 1 => first,
            (failing, Some(first)) => format!("not in {failing} of {}; the first: {first}", many(self.count, "stream")),
        };
        Verdict::new(self.failing == 0, found, self.frames)
    }
}
