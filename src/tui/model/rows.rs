//! Rows of the lists: their numbers, the texts that are searched, and the cursor of the view's list.

use crate::browse::Index;
use crate::capture::{Endpoint, Stream};
use crate::report::records;
use crate::tui::model::statistics::table;
use crate::tui::model::{Model, View, calls, connections, frames, journey, ladder, notes, streams};
use crate::tui::widgets::scroll::{RowNumbers, ScrollState};
use crate::tui::widgets::sorted_list::SortedList;
use dissectors::packet::Address;
use dissectors::session::ConversationId;

/// Returns the sort key of an endpoint: the start of its address, and the port for IPv4.
pub(crate) fn endpoint_key(end: &Endpoint) -> u64 {
    match end.address {
        Address::None => 0,
        Address::V4([a, b, c, d]) => 1 << 48 | u64::from(u32::from_be_bytes([a, b, c, d])) << 16 | u64::from(end.port),
        Address::V6([a, b, c, d, e, f, g, _, ..]) => 1 << 63 | u64::from_be_bytes([0, a, b, c, d, e, f, g]),
    }
}

/// Returns the text of an endpoint in a frame: its name if names are shown, or its address, and the port.
pub(crate) fn endpoint_text(index: &Index, end: Endpoint, frame: u32) -> String {
    let mut text = String::new();
    records::named_endpoint(&mut text, end, index.host_name(end, frame));
    text
}

/// Returns the texts of the endpoints of a connection.
pub(crate) fn stream_endpoints(index: &Index, stream: &Stream) -> [String; 2] {
    [stream.client, stream.server].map(|end| endpoint_text(index, end, stream.last.frame))
}

/// Returns the texts of the endpoints of a conversation, if it is a connection or has a call.
pub(crate) fn conversation_endpoints(model: &Model, conversation: ConversationId) -> Option<[String; 2]> {
    if let Some(stream) = conversation.tcp() {
        return model.index.streams.get(stream as usize).map(|stream| stream_endpoints(&model.index, stream));
    }
    let call = model.index.calls.iter().find(|call| call.exchange.id.conversation == conversation)?;
    Some([call.client, call.server].map(|end| endpoint_text(&model.index, end, call.last_frame())))
}

impl Model {
    /// Returns the ID of the applied filter.
    pub(crate) fn filter_id(&self) -> Option<u64> {
        self.applied_filter.as_ref().map(|applied| applied.query_id)
    }

    /// Returns the frames that match the filter, as captured.
    pub(crate) fn unsorted_frames(&self) -> RowNumbers {
        let all = RowNumbers::All { first: 1, count: self.index.frames.len() };
        RowNumbers::filtered(self.applied_filter.as_ref().map(|applied| &applied.frames), all)
    }

    /// Returns the calls that match the filter, as captured.
    pub(crate) fn unsorted_calls(&self) -> RowNumbers {
        let all = RowNumbers::All { first: 0, count: self.index.calls.len() };
        RowNumbers::filtered(self.applied_filter.as_ref().map(|applied| &applied.calls), all)
    }

    /// Returns the calls that are listed, as captured: without messages if they are hidden.
    pub(crate) fn unsorted_listed_calls(&self) -> RowNumbers {
        self.call_groups.listed(self.unsorted_calls())
    }

    /// Returns the connections that match the filter, as captured.
    pub(crate) fn unsorted_streams(&self) -> RowNumbers {
        let all = RowNumbers::All { first: 0, count: self.index.streams.len() };
        RowNumbers::filtered(self.applied_filter.as_ref().map(|applied| &applied.streams), all)
    }

    /// Returns the connections in datagrams that match the filter, as captured.
    pub(crate) fn unsorted_connections(&self) -> RowNumbers {
        let all = RowNumbers::All { first: 0, count: self.index.connections.len() };
        RowNumbers::filtered(self.applied_filter.as_ref().map(|applied| &applied.connections), all)
    }

    /// Returns the indexes of the notes in frames that match the filter, as captured.
    pub(crate) fn unsorted_notes(&self) -> RowNumbers {
        let all = RowNumbers::All { first: 0, count: self.index.notes.len() };
        RowNumbers::filtered(self.applied_filter.as_ref().map(|_| &self.notes.matching), all)
    }

    /// Returns the indexes of the notes that are listed, as captured: one of each kind if they are folded.
    pub(crate) fn unsorted_listed_notes(&self) -> RowNumbers {
        let kinds = Some(&self.notes.kinds.first).filter(|_| self.notes.is_folded);
        RowNumbers::filtered(kinds, self.unsorted_notes())
    }

    /// Returns the frames that match the filter, in display order.
    pub(crate) fn frame_numbers(&self) -> RowNumbers {
        self.frames.sorted_list.numbers(self.filter_id(), self.unsorted_frames())
    }

    /// Returns the calls that match the filter, in display order.
    pub(crate) fn call_numbers(&self) -> RowNumbers {
        self.calls.numbers(self.filter_id(), self.unsorted_listed_calls())
    }

    /// Returns the connections that match the filter, in display order.
    pub(crate) fn stream_numbers(&self) -> RowNumbers {
        self.streams.numbers(self.filter_id(), self.unsorted_streams())
    }

    /// Returns the connections in datagrams that match the filter, in display order.
    pub(crate) fn connection_numbers(&self) -> RowNumbers {
        self.connections.numbers(self.filter_id(), self.unsorted_connections())
    }

    /// Returns the indexes of the listed notes in frames that match the filter, in display order.
    pub(crate) fn note_numbers(&self) -> RowNumbers {
        self.notes.sorted_list.numbers(self.filter_id(), self.unsorted_listed_notes())
    }

    /// Returns the row numbers of the view's list; of a view without numbered rows, their indexes.
    pub(crate) fn row_numbers(&self) -> RowNumbers {
        let indexes = |count| RowNumbers::All { first: 0, count };
        match self.view {
            View::Calls => self.call_numbers(),
            View::Streams => self.stream_numbers(),
            View::Connections => self.connection_numbers(),
            View::Notes => self.note_numbers(),
            View::Frames => self.frame_numbers(),
            View::Journey(_) | View::Trace(_) => indexes(self.journey.lines.len()),
            View::Ladder(_) => indexes(self.ladder.total()),
            View::Follow(_) => indexes(self.follow.rows.len()),
            View::Call(_) => indexes(super::call::line_count(self, self.call_view.pane)),
            View::Statistics => indexes(self.statistics.len()),
        }
    }

    /// Returns the text of a row of an index list, for searching; empty in the other views.
    pub(crate) fn row_text(&self, index: usize, number: u32) -> String {
        match self.view {
            View::Calls => calls::text(&self.index, number),
            View::Streams => streams::text(&self.index, number),
            View::Connections => connections::text(&self.index, number),
            View::Notes => notes::text(&self.index, number),
            View::Journey(_) | View::Trace(_) => journey::text(self, index),
            View::Ladder(_) => ladder::text(self, index),
            View::Statistics => table::text(self, index),
            View::Frames | View::Call(_) | View::Follow(_) => String::new(),
        }
    }

    /// Returns the sorted list of the view, if it has one.
    pub(crate) fn sorted_list_mut(&mut self) -> Option<&mut SortedList> {
        match self.view {
            View::Calls => Some(&mut self.calls),
            View::Streams => Some(&mut self.streams),
            View::Connections => Some(&mut self.connections),
            View::Frames => Some(&mut self.frames.sorted_list),
            View::Notes => Some(&mut self.notes.sorted_list),
            View::Statistics => self.statistics.table_mut(),
            View::Call(_) | View::Journey(_) | View::Trace(_) | View::Ladder(_) | View::Follow(_) => None,
        }
    }

    /// Returns the scroll state of the view's list.
    pub(crate) fn list_mut(&mut self) -> &mut ScrollState {
        match self.view {
            View::Calls => &mut self.calls.list,
            View::Streams => &mut self.streams.list,
            View::Connections => &mut self.connections.list,
            View::Notes => &mut self.notes.sorted_list.list,
            View::Frames => &mut self.frames.sorted_list.list,
            View::Journey(_) | View::Trace(_) => &mut self.journey.list,
            View::Ladder(_) => &mut self.ladder.list,
            View::Follow(_) => &mut self.follow.list,
            View::Call(_) => self.call_view.list_mut(),
            View::Statistics => self.statistics.list_mut(),
        }
    }

    /// Remembers the row under the cursor, for when the list changes.
    pub(crate) fn remember_selection(&mut self) {
        let numbers = self.row_numbers();
        match self.view {
            View::Frames => frames::remember_selection(self),
            View::Statistics => self.statistics.remember_selection(),
            _ => {
                if let Some(list) = self.sorted_list_mut() {
                    list.remember_selection(&numbers);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoint_keys_sort_like_endpoints() {
        let end = |address, port| Endpoint { address, port };
        let v4 = |last, port| end(Address::V4([10, 0, 0, last]), port);
        let v6 = |first| end(Address::V6([first; 16]), 0);
        let ends = [end(Address::None, 9), v4(1, 80), v4(1, 81), v4(2, 1), v6(0), v6(1), v6(255)];
        assert!(ends.is_sorted() && ends.map(|end| endpoint_key(&end)).is_sorted());
    }
}
