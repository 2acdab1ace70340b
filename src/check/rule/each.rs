//! `each X satisfies Y`.

use super::streams::{Key, Streams, too_many};
use super::{Seen, Unit, Watch};
use crate::capture::{Call, Stream};
use crate::check::verdict::{Frames, Verdict, many, plain};
use crate::filter::Filter;

/// Whatever the one filter finds, the other finds too.
pub(super) struct Each {
    pub(super) unit: Unit,
    pub(super) text: String,
    pub(super) each: Filter,
    pub(super) satisfies: Filter,
}

impl Each {
    pub(super) fn watch(&self) -> Watching<'_> {
        Watching { rule: self, count: 0, failing: 0, first: None, frames: Frames::default(), streams: Streams::new() }
    }
}

pub(super) struct Watching<'r> {
    rule: &'r Each,
    count: u64,
    failing: u64,
    /// The first that fails, in words.
    first: Option<String>,
    frames: Frames,
    streams: Streams<Met>,
}

/// What was found of a stream.
#[derive(Default)]
struct Met {
    each: Option<u32>,
    satisfies: bool,
}

impl Watching<'_> {
    fn judge(&mut self, seen: &Seen<'_>, told: impl FnOnce() -> Option<String>) {
        if !self.rule.each.matches(seen.tree) {
            return;
        }
        self.count += 1;
        if !self.rule.satisfies.matches(seen.tree) {
            self.fail(seen.frames, told);
        }
    }

    fn fail(&mut self, frames: &[u32], told: impl FnOnce() -> Option<String>) {
        if self.failing == 0 {
            self.first = told();
        }
        self.failing += 1;
        self.frames.add_all(frames);
    }

    fn end(&mut self, (key, met): (Key, Met)) {
        let Some(frame) = met.each else { return };
        self.count += 1;
        if !met.satisfies {
            self.fail(&[frame], || Some(key.to_string()));
        }
    }
}

impl Watch for Watching<'_> {
    fn frame(&mut self, seen: &Seen<'_>) {
        match self.rule.unit {
            Unit::Frame => self.judge(seen, || None),
            Unit::Call => {}
            Unit::Stream => {
                let (each, satisfies) = (self.rule.each.matches(seen.tree), self.rule.satisfies.matches(seen.tree));
                if !each && !satisfies {
                    return;
                }
                let Some(met) = seen.stream.and_then(|stream| self.streams.begin(stream)) else { return };
                met.satisfies |= satisfies;
                if each && met.each.is_none() {
                    met.each = seen.frames.first().copied();
                }
            }
        }
    }

    fn call(&mut self, call: &Call, seen: &Seen<'_>) {
        if self.rule.unit == Unit::Call {
            self.judge(seen, || Some(told(call)));
        }
    }

    fn closed(&mut self, stream: &Stream) {
        if let Some(ended) = self.streams.end(stream) {
            self.end(ended);
        }
    }

    fn verdict(mut self: Box<Self>) -> Verdict {
        for ended in self.streams.drain() {
            self.end(ended);
        }
        if self.streams.full {
            return Verdict::new(false, too_many(), self.frames);
        }
        let unit = self.rule.unit.word();
        let found = match (self.failing, self.count) {
            (0, count) => many(count, unit),
            (1, 1) => format!("the only {unit} does not"),
            (1, count) => format!("1 of {count} {unit}s does not"),
            (failing, count) => format!("{failing} of {count} {unit}s do not"),
        };
        let first = self.first.map_or(String::new(), |first| format!("; the first is {first}"));
        Verdict::new(self.failing == 0, found + &first, self.frames)
    }
}

/// A call in a few words.
pub(super) fn told(call: &Call) -> String {
    /// As much of a target as is told.
    const MOST: usize = 60;
    let exchange = &call.exchange;
    let uri: String = exchange.uri.chars().take(MOST).collect();
    let cut = if uri.len() < exchange.uri.len() { "..." } else { "" };
    let asked =
        if exchange.request.is_some() { format!("{} {uri}{cut}", exchange.method) } else { "no request".into() };
    let answer = match (exchange.response, exchange.status) {
        (None, _) => "no answer".into(),
        (Some(_), Some(status)) => status.to_string(),
        (Some(_), None) => "an answer without a status".into(),
    };
    plain(&format!("{asked} -> {answer}"))
}
