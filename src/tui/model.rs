//! All that the screen knows: plain data.

use super::call::Opened;
use super::find::Search;
use super::follow::Follow;
use super::frames::Frames;
use super::keys::{self, Context};
use super::ladder::Ladder;
use super::list::{List, Numbers};
use super::menu::Menu;
use super::notes::Notes;
use super::roster::Roster;
use super::sift::{Sifted, Typing};
use super::statistics::Statistics;
use super::text;
use super::theme::Theme;
use super::times::{Since, Times};
use crate::browse::{Ask, Index, State, kept};
use jiff::tz::TimeZone;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What can be looked at from anywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tab {
    /// Requests and their answers.
    Calls,
    /// TCP connections.
    Streams,
    /// Frames.
    Frames,
    /// What is counted.
    Statistics,
    /// What was odd.
    Notes,
}

impl Tab {
    pub(crate) const ALL: [Tab; 5] = [Tab::Calls, Tab::Streams, Tab::Frames, Tab::Statistics, Tab::Notes];

    /// The tab `by` places after this one, round and round.
    pub(crate) fn after(self, by: usize) -> Tab {
        let at = Tab::ALL.iter().position(|&tab| tab == self).unwrap_or(0);
        Tab::ALL.get((at + by) % Tab::ALL.len()).copied().unwrap_or(self)
    }

    pub(crate) fn view(self) -> View {
        match self {
            Tab::Calls => View::Calls,
            Tab::Streams => View::Streams,
            Tab::Frames => View::Frames,
            Tab::Statistics => View::Statistics,
            Tab::Notes => View::Notes,
        }
    }
}

/// What is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum View {
    Calls,
    Streams,
    Frames,
    Statistics,
    Notes,
    /// A call, by its place in the index.
    Call(usize),
    /// The ladder of a connection.
    Ladder(u32),
    /// What both sides of a connection said.
    Follow(u32),
}

impl View {
    /// The tab it belongs to.
    pub(crate) fn tab(self) -> Tab {
        match self {
            View::Calls | View::Call(_) => Tab::Calls,
            View::Streams | View::Ladder(_) | View::Follow(_) => Tab::Streams,
            View::Frames => Tab::Frames,
            View::Statistics => Tab::Statistics,
            View::Notes => Tab::Notes,
        }
    }
}

/// What is said in the last line until the next key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Word {
    /// Something was done.
    Done(String),
    /// Something is wrong.
    Wrong(String),
}

/// All that the screen knows.
#[derive(Debug)]
pub struct Model {
    /// What is known of the capture.
    pub(crate) index: Index,
    /// The name of the capture.
    pub(crate) name: String,
    /// Columns and rows of the terminal.
    pub(crate) size: (u16, u16),
    pub(crate) view: View,
    /// Where views were opened from, the last at the end.
    pub(crate) before: Vec<View>,
    pub(crate) calls: Roster,
    pub(crate) streams: Roster,
    pub(crate) frames: Frames,
    pub(crate) notes: Notes,
    pub(crate) statistics: Statistics,
    pub(crate) opened: Opened,
    pub(crate) ladder: Ladder,
    pub(crate) follow: Follow,
    /// What the filter has let through, if there is one.
    pub(crate) sifted: Option<Sifted>,
    /// The filter that was taken away.
    pub(crate) unfiltered: Option<Arc<str>>,
    /// The filter to begin with.
    pub(crate) first: Option<String>,
    /// Filters that were applied, the last at the end.
    pub(crate) history: Vec<String>,
    /// The line that is being typed.
    pub(crate) typing: Option<Typing>,
    pub(crate) menu: Option<Menu>,
    /// The help screen, if it is shown.
    pub(crate) help: Option<List>,
    pub(crate) search: Search,
    /// Long lines are wrapped.
    pub(crate) wraps: bool,
    pub(crate) times: Times,
    /// Frames that are marked.
    pub(crate) marks: BTreeSet<u32>,
    pub(crate) word: Option<Word>,
    pub(crate) theme: Theme,
    /// The number of the last question that has one.
    pub(crate) turn: u64,
    /// The border that the mouse holds.
    pub(crate) held: Option<usize>,
    /// What of the capture could not be read again, the last of each kind, and why.
    pub(crate) unread: Vec<(Ask, String)>,
    /// The temporary file that what is captured goes to.
    pub(crate) spool: Option<PathBuf>,
    /// As many frames were saved as there were.
    pub(crate) saved: u64,
    /// What is being saved is the last thing to be done.
    pub(crate) leaving: bool,
}

impl Model {
    /// A screen of a capture of which nothing is known yet. Times are told in this zone.
    #[must_use]
    pub fn new(name: &str, theme: Theme, zone: TimeZone) -> Model {
        Model {
            index: Index::default(),
            name: text::plain(name).into_owned(),
            size: (80, 24),
            view: View::Calls,
            before: Vec::new(),
            calls: Roster::new(&super::view::calls::COLUMNS),
            streams: Roster::new(&super::view::streams::COLUMNS),
            frames: Frames::default(),
            notes: Notes::default(),
            statistics: Statistics::default(),
            opened: Opened::default(),
            ladder: Ladder::default(),
            follow: Follow::default(),
            sifted: None,
            unfiltered: None,
            first: None,
            history: Vec::new(),
            typing: None,
            menu: None,
            help: None,
            search: Search::default(),
            wraps: true,
            times: Times::new(zone),
            marks: BTreeSet::new(),
            word: None,
            theme,
            turn: 0,
            held: None,
            unread: Vec::new(),
            spool: None,
            saved: 0,
            leaving: false,
        }
    }

    /// Shows a tab first, and follows what comes: for an interface.
    #[must_use]
    pub fn following(mut self, tab: Tab) -> Model {
        self.view = tab.view();
        self.index.state = State::Live { name: self.name.clone(), lost: [0; 3] };
        self.calls.list.tail = true;
        self.streams.list.tail = true;
        self.frames.list.tail = true;
        // What is odd is told as it comes.
        self.notes.roster.sort = None;
        self.notes.roster.list.tail = true;
        self
    }

    /// What is captured goes to a temporary file.
    #[must_use]
    pub fn spooled(mut self, spool: Option<&Path>) -> Model {
        self.spool = spool.map(Path::to_owned);
        self
    }

    /// What is to be told when the program ends without the user.
    pub(crate) fn last_words(&self) -> Option<String> {
        self.spool.as_ref().map(|spool| format!("overhear: {}", kept(spool)))
    }

    /// Filters from the beginning.
    #[must_use]
    pub fn filtered(mut self, filter: &str) -> Model {
        self.first = Some(filter.to_owned()).filter(|filter| !filter.is_empty());
        self
    }

    /// What has the keys.
    pub(crate) fn context(&self) -> Context {
        match (&self.typing, &self.menu, &self.help) {
            (Some(typing), ..) if typing.is_filter() => Context::Filter,
            (Some(_), ..) => Context::Line,
            (_, Some(_), _) => Context::Menu,
            (.., Some(_)) => Context::Help,
            _ if self.view == View::Frames => self.frames.pane.context(),
            _ => keys::of(self.view),
        }
    }

    /// The frames that the filter lets through, in their order.
    pub(crate) fn frame_numbers(&self) -> Numbers {
        let turn = self.sifted.as_ref().map(|sifted| sifted.turn);
        self.frames.order.numbers(turn, self.unsorted_frames())
    }

    /// The frames that the filter lets through, as captured.
    pub(crate) fn unsorted_frames(&self) -> Numbers {
        let all = Numbers::All { first: 1, count: self.index.frames.len() };
        Numbers::among(self.sifted.as_ref().map(|sifted| &sifted.frames), all)
    }

    /// The calls that the filter lets through, in their order.
    pub(crate) fn call_numbers(&self) -> Numbers {
        let all = Numbers::All { first: 0, count: self.index.calls.len() };
        self.calls.numbers(self.sifted.as_ref().map(|sifted| &sifted.calls), all)
    }

    /// The calls that the filter lets through, as captured.
    pub(crate) fn unsorted_calls(&self) -> Numbers {
        let all = Numbers::All { first: 0, count: self.index.calls.len() };
        Numbers::among(self.sifted.as_ref().map(|sifted| &sifted.calls), all)
    }

    /// The connections that the filter lets through, in their order.
    pub(crate) fn stream_numbers(&self) -> Numbers {
        let all = Numbers::All { first: 0, count: self.index.streams.len() };
        self.streams.numbers(self.sifted.as_ref().map(|sifted| &sifted.streams), all)
    }

    /// The places of the notes in frames that the filter lets through.
    pub(crate) fn note_numbers(&self) -> Numbers {
        super::notes::numbers(self)
    }

    /// The frame under the cursor, or the one that what is under the cursor begins with.
    pub(crate) fn frame_here(&self) -> Option<u32> {
        match self.view {
            View::Frames => self.frame_numbers().at(self.frames.list.at),
            View::Notes => {
                let place = self.note_numbers().at(self.notes.roster.list.at)?;
                self.index.notes.get(place as usize).map(|note| note.frame)
            }
            View::Call(_) => super::call::frame_here(self),
            View::Calls => {
                let exchange = &self.index.calls.get(self.call_here()?)?.exchange;
                exchange.request.or(exchange.response).map(|transfer| transfer.last.frame)
            }
            View::Streams => self.index.streams.get(self.stream_here()? as usize).map(|stream| stream.first.frame),
            View::Ladder(_) => super::ladder::frame_here(self),
            View::Follow(_) => super::follow::frame_here(self),
            View::Statistics => None,
        }
    }

    /// The call under the cursor, or the one that is open, by its place.
    pub(crate) fn call_here(&self) -> Option<usize> {
        match self.view {
            View::Call(call) => Some(call),
            View::Calls => self.call_numbers().at(self.calls.list.at).map(|call| call as usize),
            _ => None,
        }
    }

    /// The connection of what is under the cursor.
    pub(crate) fn stream_here(&self) -> Option<u32> {
        match self.view {
            View::Ladder(stream) | View::Follow(stream) => Some(stream),
            View::Streams => self.stream_numbers().at(self.streams.list.at),
            View::Calls | View::Call(_) => self.index.calls.get(self.call_here()?).map(|call| call.exchange.stream),
            View::Frames | View::Notes => {
                let fact = self.index.frames.get(self.frame_here()?.checked_sub(1)? as usize)?;
                Some(fact.stream).filter(|&stream| stream != crate::browse::NO_STREAM)
            }
            View::Statistics => None,
        }
    }

    /// The time of a frame, in nanoseconds since 1970.
    pub(crate) fn time(&self, frame: u32) -> Option<i64> {
        self.index.frames.get(frame.checked_sub(1)? as usize).map(|fact| fact.time)
    }

    /// How wide the times of this capture are.
    pub(crate) fn time_width(&self) -> u16 {
        let start = self.index.frames.first().map_or(0, |fact| fact.time);
        let Some(times) = self.index.times else { return 15 };
        let (before, after) = (start.saturating_sub(times.earliest), times.latest.saturating_sub(start));
        let digits = |nanos: i64| (nanos.max(1) / 1_000_000_000).max(1).ilog10() as u16 + 1;
        // With a sign where times may be negative.
        match self.times.since {
            Since::Day => 15,
            Since::Start if before > 0 => digits(before.max(after)) + 8,
            Since::Row if times.go_back => digits(times.span()) + 8,
            Since::Start | Since::Row => digits(times.span()) + 7,
            Since::Reference => digits(times.span()) + 8,
        }
    }

    /// Whether frames may still come.
    #[must_use]
    pub fn is_growing(&self) -> bool {
        !self.index.state.is_whole()
    }

    pub(crate) fn done(&mut self, what: impl Into<String>) {
        self.word = Some(Word::Done(text::plain(&what.into()).into_owned()));
    }

    pub(crate) fn wrong(&mut self, what: impl Into<String>) {
        self.word = Some(Word::Wrong(text::plain(&what.into()).into_owned()));
    }

    /// A number for a question.
    pub(crate) fn next_turn(&mut self) -> u64 {
        self.turn += 1;
        self.turn
    }
}
