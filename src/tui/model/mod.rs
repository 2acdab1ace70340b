//! State of the terminal UI: plain data, and the texts and order of its rows.

pub(crate) mod call;
pub(crate) mod call_groups;
pub(crate) mod calls;
pub(crate) mod connections;
pub(crate) mod detail_panes;
pub(crate) mod display_filter;
pub(crate) mod follow;
pub(crate) mod frames;
pub(crate) mod journey;
pub(crate) mod keys;
pub(crate) mod ladder;
pub(crate) mod menu;
pub(crate) mod message;
pub(crate) mod notes;
pub(crate) mod phases;
pub(crate) mod query_errors;
pub(crate) mod rows;
pub(crate) mod search;
pub(crate) mod statistics;
pub(crate) mod streams;

use crate::browse::{BrowseRequest, Index, LoadState, saved_message};
use crate::capture::{Call, Connection};
use crate::tui::model::call::CallView;
use crate::tui::model::call_groups::CallGroups;
use crate::tui::model::display_filter::{AppliedFilter, Prompt};
use crate::tui::model::follow::FollowView;
use crate::tui::model::frames::FramesView;
use crate::tui::model::journey::JourneyView;
use crate::tui::model::keys::KeyContext;
use crate::tui::model::ladder::LadderView;
use crate::tui::model::menu::Menu;
use crate::tui::model::notes::NotesView;
use crate::tui::model::search::Search;
use crate::tui::model::statistics::StatisticsView;
use crate::tui::widgets::row_order::SortColumn;
use crate::tui::widgets::scroll::ScrollState;
use crate::tui::widgets::sorted_list::SortedList;
use crate::tui::widgets::text;
use crate::tui::widgets::theme::Theme;
use crate::tui::widgets::time_format::{TimeFormat, TimeOrigin};
use dissectors::exchange::Transfer;
use dissectors::session::ConversationId;
use jiff::tz::TimeZone;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Top-level view with a tab.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tab {
    /// Requests and responses.
    Calls,
    /// TCP connections.
    Streams,
    /// Frames.
    Frames,
    /// Counts of frames and response times.
    Statistics,
    /// Warnings and notes.
    Notes,
}

impl Tab {
    pub(crate) const ALL: [Tab; 5] = [Tab::Calls, Tab::Streams, Tab::Frames, Tab::Statistics, Tab::Notes];

    /// Returns the tab `by` positions after this one, wrapping around.
    pub(crate) fn offset(self, by: usize) -> Tab {
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

/// View of the terminal UI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum View {
    Calls,
    Streams,
    /// Connections in datagrams, such as those of QUIC.
    Connections,
    Frames,
    Statistics,
    Notes,
    /// Call, as an index.
    Call(usize),
    /// Journey of a call, as an index.
    Journey(usize),
    /// Tree of the calls that caused a call, and that it caused, as an index.
    Trace(usize),
    /// Ladder of a connection, or of a conversation in UDP.
    Ladder(ConversationId),
    /// Data both sides of a conversation sent.
    Follow(ConversationId),
}

impl View {
    /// Returns the tab the view belongs to.
    pub(crate) fn tab(self) -> Tab {
        match self {
            View::Calls | View::Call(_) | View::Journey(_) | View::Trace(_) => Tab::Calls,
            View::Ladder(id) | View::Follow(id) if id.tcp().is_none() => Tab::Calls,
            View::Streams | View::Connections | View::Ladder(_) | View::Follow(_) => Tab::Streams,
            View::Frames => Tab::Frames,
            View::Statistics => Tab::Statistics,
            View::Notes => Tab::Notes,
        }
    }
}

/// Message in the last line, until the next key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum StatusMessage {
    /// Result of an action.
    Info(String),
    /// Error.
    Error(String),
}

/// State of the terminal UI.
#[derive(Debug)]
pub struct Model {
    /// Summaries of all frames, calls, connections and notes.
    pub(crate) index: Index,
    /// Name of the capture.
    pub(crate) name: String,
    /// Columns and rows of the terminal.
    pub(crate) size: (u16, u16),
    pub(crate) view: View,
    /// Views to go back to, the most recent last.
    pub(crate) back_stack: Vec<View>,
    pub(crate) calls: SortedList,
    pub(crate) call_groups: CallGroups,
    pub(crate) streams: SortedList,
    pub(crate) connections: SortedList,
    pub(crate) frames: FramesView,
    pub(crate) notes: NotesView,
    pub(crate) statistics: StatisticsView,
    pub(crate) call_view: CallView,
    pub(crate) journey: JourneyView,
    pub(crate) ladder: LadderView,
    pub(crate) follow: FollowView,
    /// Names of the key logs; empty if there are none.
    pub(crate) key_logs: String,
    /// Whether secrets are redacted: bytes are hidden, and frames are not saved.
    pub(crate) is_redacted: bool,
    /// Applied filter and its matches.
    pub(crate) applied_filter: Option<AppliedFilter>,
    /// Filter that was cleared last.
    pub(crate) cleared_filter: Option<Arc<str>>,
    /// Filter to apply at the start.
    pub(crate) initial_filter: Option<String>,
    /// Filters applied so far, the most recent last.
    pub(crate) history: Vec<String>,
    /// Open prompt.
    pub(crate) prompt: Option<Prompt>,
    pub(crate) menu: Option<Menu>,
    /// Scroll state of the help screen, if it is open.
    pub(crate) help: Option<ScrollState>,
    pub(crate) search: Search,
    /// Whether long lines are wrapped.
    pub(crate) wraps: bool,
    pub(crate) time_format: TimeFormat,
    /// Marked frames.
    pub(crate) marks: BTreeSet<u32>,
    pub(crate) status: Option<StatusMessage>,
    pub(crate) theme: Theme,
    /// ID of the last query that has one.
    pub(crate) last_query_id: u64,
    /// Border being dragged.
    pub(crate) dragged_border: Option<usize>,
    /// Failed queries and their errors, the last of each kind.
    pub(crate) failed_queries: Vec<(BrowseRequest, String)>,
    /// Temporary file that frames are captured to.
    pub(crate) spool: Option<PathBuf>,
    /// Number of frames saved last.
    pub(crate) saved_frames: u64,
    /// Whether to quit after the pending save.
    pub(crate) quits_after_save: bool,
}

impl Model {
    /// Creates the state for a capture whose index is still empty. Clock times are shown in this time zone.
    #[must_use]
    pub fn new(name: &str, theme: Theme, zone: TimeZone) -> Model {
        Model {
            index: Index::default(),
            name: text::sanitize(name).into_owned(),
            size: (80, 24),
            view: View::Calls,
            back_stack: Vec::new(),
            calls: SortedList::with_fixed_rows(&calls::COLUMNS)
                .with_sort(SortColumn { column: calls::TIME, descending: false }),
            call_groups: CallGroups::default(),
            streams: SortedList::new(&streams::COLUMNS),
            // They are indexed as they end.
            connections: SortedList::with_fixed_rows(&connections::COLUMNS).with_sort(connections::BY_NUMBER),
            frames: FramesView::default(),
            notes: NotesView::default(),
            statistics: StatisticsView::default(),
            call_view: CallView::default(),
            journey: JourneyView::default(),
            ladder: LadderView::default(),
            follow: FollowView::default(),
            key_logs: String::new(),
            is_redacted: false,
            applied_filter: None,
            cleared_filter: None,
            initial_filter: None,
            history: Vec::new(),
            prompt: None,
            menu: None,
            help: None,
            search: Search::default(),
            wraps: true,
            time_format: TimeFormat::new(zone),
            marks: BTreeSet::new(),
            status: None,
            theme,
            last_query_id: 0,
            dragged_border: None,
            failed_queries: Vec::new(),
            spool: None,
            saved_frames: 0,
            quits_after_save: false,
        }
    }

    /// Shows a tab first and follows its end, for a live capture.
    #[must_use]
    pub fn with_follow(mut self, tab: Tab) -> Model {
        self.view = tab.view();
        self.index.state = LoadState::Live { name: self.name.clone(), dropped: [0; 3] };
        self.calls.list.follows_end = true;
        // New messages are at the end.
        self.call_groups.are_grouped = false;
        self.streams.list.follows_end = true;
        self.connections.list.follows_end = true;
        self.frames.sorted_list.list.follows_end = true;
        // Notes are listed as they arrive.
        self.notes.sorted_list.sort = None;
        self.notes.sorted_list.list.follows_end = true;
        self
    }

    /// Sets the temporary file that frames are captured to.
    #[must_use]
    pub fn with_spool(mut self, spool: Option<&Path>) -> Model {
        self.spool = spool.map(Path::to_owned);
        self
    }

    /// Returns the message to print if the program is ended by a signal or an error.
    pub(crate) fn exit_message(&self) -> Option<String> {
        self.spool.as_ref().map(|spool| format!("overhear: {}", saved_message(spool)))
    }

    /// Applies a filter at the start.
    #[must_use]
    pub fn with_filter(mut self, filter: &str) -> Model {
        self.initial_filter = Some(filter.to_owned()).filter(|filter| !filter.is_empty());
        self
    }

    /// Shows host names from the start.
    #[must_use]
    pub fn with_names(mut self, are_shown: bool) -> Model {
        self.index.shows_names = are_shown;
        self
    }

    /// Sets the names of the key logs, for the status line.
    #[must_use]
    pub fn with_key_logs(self, key_logs: String) -> Model {
        Model { key_logs, ..self }
    }

    /// Sets whether secrets are redacted.
    #[must_use]
    pub fn with_redaction(self, is_redacted: bool) -> Model {
        Model { is_redacted, ..self }
    }

    /// Returns the context that keys are read in.
    pub(crate) fn key_context(&self) -> KeyContext {
        match (&self.prompt, &self.menu, &self.help) {
            (Some(typing), ..) if typing.is_filter() => KeyContext::Filter,
            (Some(_), ..) => KeyContext::Prompt,
            (_, Some(_), _) => KeyContext::Menu,
            (.., Some(_)) => KeyContext::Help,
            _ if self.view == View::Frames => self.frames.pane.context(),
            _ => keys::context_of(self.view),
        }
    }

    /// Returns the frame under the cursor, or the first frame of the selected row.
    pub(crate) fn selected_frame(&self) -> Option<u32> {
        match self.view {
            View::Frames => self.frame_numbers().get(self.frames.sorted_list.list.cursor),
            View::Notes => {
                let index = self.note_numbers().get(self.notes.sorted_list.list.cursor)?;
                self.index.notes.get(index as usize).map(|note| note.frame)
            }
            View::Call(_) => call::selected_frame(self),
            View::Calls => {
                let exchange = &self.index.calls.get(self.selected_call()?)?.exchange;
                exchange.request.or(exchange.response).map(|transfer| transfer.last.frame)
            }
            View::Streams => self.index.streams.get(self.selected_stream()? as usize).map(|stream| stream.first.frame),
            View::Connections => self.selected_connection().map(|connection| connection.facts.first.frame),
            View::Journey(_) | View::Trace(_) => journey::selected_frame(self),
            View::Ladder(_) => ladder::selected_frame(self),
            View::Follow(_) => follow::selected_frame(self),
            View::Statistics => None,
        }
    }

    /// Returns the call under the cursor, or the open call, as an index.
    pub(crate) fn selected_call(&self) -> Option<usize> {
        match self.view {
            View::Call(call) | View::Journey(call) | View::Trace(call) => Some(call),
            View::Calls => self.call_numbers().get(self.calls.list.cursor).map(|call| call as usize),
            _ => None,
        }
    }

    /// Returns the connection of the selection.
    pub(crate) fn selected_stream(&self) -> Option<u32> {
        match self.view {
            View::Ladder(conversation) | View::Follow(conversation) => conversation.tcp(),
            View::Streams => self.stream_numbers().get(self.streams.list.cursor),
            View::Calls | View::Call(_) | View::Journey(_) | View::Trace(_) => {
                self.index.calls.get(self.selected_call()?)?.stream()
            }
            View::Frames | View::Notes => {
                let summary = self.index.frames.get(self.selected_frame()?.checked_sub(1)? as usize)?;
                Some(summary.stream).filter(|&stream| stream != crate::browse::NO_STREAM)
            }
            View::Connections | View::Statistics => None,
        }
    }

    /// Returns the connection in datagrams under the cursor.
    pub(crate) fn selected_connection(&self) -> Option<&Connection> {
        let row = self.connection_numbers().get(self.connections.list.cursor)?;
        self.index.connections.get(row as usize)
    }

    /// Returns the conversation of the selection: a connection, or the one of a call.
    pub(crate) fn selected_conversation(&self) -> Option<ConversationId> {
        let of_call = |call: &Call| call.exchange.id.conversation;
        match self.view {
            View::Ladder(conversation) | View::Follow(conversation) => Some(conversation),
            View::Connections => self.selected_connection().map(|connection| connection.facts.conversation),
            View::Calls | View::Call(_) => self.index.calls.get(self.selected_call()?).map(of_call),
            View::Frames | View::Notes if self.selected_stream().is_none() => {
                let frame = self.selected_frame()?;
                let has_frame = |transfer: &Transfer| (transfer.first.frame..=transfer.last.frame).contains(&frame);
                let has_message =
                    |call: &&Call| [call.exchange.request, call.exchange.response].iter().flatten().any(has_frame);
                let mut of_datagrams = self.index.calls.iter().filter(|call| of_call(call).tcp().is_none());
                of_datagrams.find(has_message).map(of_call)
            }
            _ => self.selected_stream().map(ConversationId::Tcp),
        }
    }

    /// Returns the time of a frame, in nanoseconds since 1970.
    pub(crate) fn time(&self, frame: u32) -> Option<i64> {
        self.index.frames.get(frame.checked_sub(1)? as usize).map(|summary| summary.time)
    }

    /// Returns the width of the time column.
    pub(crate) fn time_width(&self) -> u16 {
        let start = self.index.frames.first().map_or(0, |summary| summary.time);
        let Some(times) = self.index.times else { return 15 };
        let (before, after) = (start.saturating_sub(times.earliest), times.latest.saturating_sub(start));
        let digits = |nanos: i64| (nanos.max(1) / 1_000_000_000).max(1).ilog10() as u16 + 1;
        // One column more for a sign where times may be negative.
        match self.time_format.origin {
            TimeOrigin::Clock => 15,
            TimeOrigin::Start if before > 0 => digits(before.max(after)) + 8,
            TimeOrigin::PreviousRow if times.has_backward_step => digits(times.span()) + 8,
            TimeOrigin::Start | TimeOrigin::PreviousRow => digits(times.span()) + 7,
            TimeOrigin::Reference => digits(times.span()) + 8,
        }
    }

    /// Returns whether more frames may arrive.
    #[must_use]
    pub fn is_growing(&self) -> bool {
        !self.index.state.is_complete()
    }

    pub(crate) fn show_info(&mut self, message: impl Into<String>) {
        self.status = Some(StatusMessage::Info(text::sanitize(&message.into()).into_owned()));
    }

    pub(crate) fn show_error(&mut self, error: impl Into<String>) {
        self.status = Some(StatusMessage::Error(text::sanitize(&error.into()).into_owned()));
    }

    /// Returns the ID of a new query.
    pub(crate) fn next_query_id(&mut self) -> u64 {
        self.last_query_id += 1;
        self.last_query_id
    }
}

impl Model {
    /// Shows a top-level view.
    pub(crate) fn show(&mut self, view: View) {
        self.back_stack.clear();
        self.view = view;
    }

    /// Opens a view that Back closes.
    pub(crate) fn open(&mut self, view: View) {
        if self.view != view {
            self.back_stack.push(self.view);
            self.view = view;
        }
    }

    /// Shows a frame in the frame list; the next one if the filter excludes it.
    pub(crate) fn show_frame(&mut self, frame: u32) {
        let numbers = self.frame_numbers();
        if numbers.len() == 0 {
            return self.show_error("No frames match the filter");
        }
        if !numbers.contains(frame) {
            self.status =
                Some(StatusMessage::Error(format!("Frame {frame} does not match the filter; nearest frame shown")));
        }
        self.open(View::Frames);
        self.frames.sorted_list.list.set_cursor(numbers.row_of(frame));
        frames::remember_selection(self);
    }
}
