//! What is known of a capture without reading it again: plain data, append only.

use super::ask::News;
use super::pairs::{Host, Way};
use super::pile::Pile;
use super::stacks::{Names, Stack};
use crate::capture::{Call, Stream};
use dissectors::{Field, Severity};
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

/// What is kept of a frame.
#[derive(Clone, Copy, Debug)]
pub struct Fact {
    /// Nanoseconds since 1970.
    pub time: i64,
    /// Bytes on the wire.
    pub length: u32,
    /// Its TCP connection (`tcp.stream`), [`NO_STREAM`] if it has none.
    pub stream: u32,
    /// Who sent it to whom.
    pub way: Way,
    /// Its highest protocol.
    pub protocol: Short,
    /// Its protocols.
    pub stack: Stack,
    /// The worst of what was noted in it.
    pub worst: Option<Severity>,
}

/// The short name of a protocol, in a byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Short(u8);

/// The names met so far. A dissector writes them, so that there are some dozens at most.
static SHORTS: RwLock<Vec<&str>> = RwLock::new(Vec::new());

impl Short {
    /// The byte of a name; the 256th name and all later ones are taken for the 255th.
    #[must_use]
    pub fn new(name: &'static str) -> Short {
        let find = |shorts: &[&str]| shorts.iter().position(|short| *short == name);
        if let Some(place) = find(&SHORTS.read().unwrap_or_else(PoisonError::into_inner)) {
            return Short(place as u8);
        }
        let mut shorts = SHORTS.write().unwrap_or_else(PoisonError::into_inner);
        let place = find(&shorts).unwrap_or_else(|| {
            if shorts.len() < 255 {
                shorts.push(name);
            }
            shorts.len() - 1
        });
        Short(place as u8)
    }

    /// The name.
    #[must_use]
    pub fn name(self) -> &'static str {
        let shorts = SHORTS.read().unwrap_or_else(PoisonError::into_inner);
        shorts.get(usize::from(self.0)).copied().unwrap_or_default()
    }
}

/// The stream of a frame without one.
pub const NO_STREAM: u32 = u32::MAX;

/// The times of a capture's frames, of those that have one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// The earliest, in nanoseconds since 1970.
    pub earliest: i64,
    /// The latest.
    pub latest: i64,
    /// The last frame's.
    pub last: i64,
    /// Whether a frame is earlier than the one before.
    pub go_back: bool,
}

impl Times {
    /// The times with that of the next frame.
    #[must_use]
    pub fn with(before: Option<Times>, time: i64) -> Times {
        let Some(before) = before else { return Times { earliest: time, latest: time, last: time, go_back: false } };
        Times {
            earliest: before.earliest.min(time),
            latest: before.latest.max(time),
            last: time,
            go_back: before.go_back || time < before.last,
        }
    }

    /// Nanoseconds from the earliest to the latest.
    #[must_use]
    pub fn span(&self) -> i64 {
        self.latest.saturating_sub(self.earliest)
    }
}

/// Something odd in a frame; once, if the frame says it twice in a row.
#[derive(Clone, Copy, Debug)]
pub struct Note {
    /// The frame.
    pub frame: u32,
    /// What.
    pub field: &'static Field,
    /// How bad it is.
    pub severity: Severity,
}

/// How far the reading is.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum State {
    /// Being read; the part from 0 to 1, if that can be told.
    #[default]
    Begun,
    /// So much of it was read, from 0 to 1; `None` if that cannot be told.
    Reading(Option<f32>),
    /// An interface that is listened to, and frames lost so far.
    Live {
        /// As the system calls it; several with commas between.
        name: String,
        /// To the kernel, the interface, ourselves.
        lost: [u64; 3],
    },
    /// An interface that is not listened to any more. All that came of it is known.
    Ended {
        /// As it was told before.
        name: String,
        /// To the kernel, the interface, ourselves.
        lost: [u64; 3],
        /// What ended it.
        by: End,
    },
    /// All that there is, or what could be read until this error.
    Whole(Option<String>),
}

/// What ends listening.
#[derive(Clone, Debug, PartialEq)]
pub enum End {
    /// So many packets were to be captured.
    Packets(u64),
    /// It was to last so long.
    Time(Duration),
    /// Something went wrong, in a line.
    Failed(String),
    /// Somebody said so.
    Stopped,
}

impl State {
    /// Whether there will be no more.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        matches!(self, State::Whole(_) | State::Ended { .. })
    }
}

/// All that is known of a capture so far.
#[derive(Debug, Default)]
pub struct Index {
    /// Frames; that of number n at n - 1.
    pub frames: Pile<Fact>,
    /// Who sent frames to whom, each pair once, the lesser address first.
    pub pairs: Vec<[Host; 2]>,
    /// Which protocols lie in one another in frames, each stack of them once.
    pub stacks: Vec<Names>,
    /// Connections, by their number. A row that is not closed is replaced when more is known.
    pub streams: Pile<Stream>,
    /// Calls, in the order in which they ended.
    pub calls: Pile<Call>,
    /// What was odd, in the order of the frames.
    pub notes: Pile<Note>,
    /// The times of the frames, if one has any.
    pub times: Option<Times>,
    /// How far the reading is.
    pub state: State,
}

impl Index {
    /// How many frames of a TCP connection are known.
    #[must_use]
    pub fn frames_of(&self, stream: u32) -> u64 {
        self.streams.get(stream as usize).map_or(0, |row| row.total(|side| side.frames))
    }

    /// Puts news in.
    pub fn take(&mut self, news: News) {
        self.frames.extend(news.frames);
        self.pairs.extend(news.pairs);
        self.stacks.extend(news.stacks);
        for stream in news.streams {
            let number = stream.number as usize;
            match self.streams.get_mut(number) {
                Some(place) => *place = stream,
                // They come in the order of their numbers when they are new.
                None => self.streams.push(stream),
            }
        }
        self.calls.extend(news.calls);
        self.notes.extend(news.notes);
        self.times = news.times;
        self.state = news.state;
    }
}
