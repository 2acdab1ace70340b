//! Messages in the list of calls: under the call that opened their session, or by time, or hidden.

use crate::browse::Index;
use crate::tui::model::Model;
use crate::tui::model::calls::TIME;
use crate::tui::widgets::row_order::SortColumn;
use crate::tui::widgets::scroll::RowNumbers;
use dissectors::exchange::Exchange;
use dissectors::session::ExchangeId;
use hashbrown::HashMap;
use std::sync::Arc;

/// How messages are listed that have no response and whose session was opened by a call, such as those of WebSocket.
#[derive(Debug)]
pub(crate) struct CallGroups {
    /// Whether they are under that call in the order of time, not among all calls.
    pub(crate) are_grouped: bool,
    /// Whether they are hidden if that call is listed.
    pub(crate) are_folded: bool,
    /// Calls that are listed then, as captured.
    listed: Arc<Vec<u32>>,
    /// Number of hidden messages of each listed call that opened a session.
    hidden: HashMap<ExchangeId, u32>,
    /// Number of rows that were read for them.
    counted: usize,
}

impl Default for CallGroups {
    fn default() -> CallGroups {
        CallGroups { are_grouped: true, are_folded: false, listed: Arc::default(), hidden: HashMap::new(), counted: 0 }
    }
}

impl CallGroups {
    /// Returns the calls that are listed, as captured.
    pub(crate) fn listed(&self, all: RowNumbers) -> RowNumbers {
        RowNumbers::filtered(Some(&self.listed).filter(|_| self.are_folded), all)
    }

    /// Returns the number of hidden messages whose session a call opened.
    pub(crate) fn hidden_count(&self, opener: &Exchange) -> u32 {
        self.hidden.get(&opener.id).copied().unwrap_or(0)
    }

    /// Reads added rows, or all of them. A call is reported before the messages of the session that it opened.
    fn refresh(&mut self, index: &Index, rows: &RowNumbers, other: bool) {
        if other || rows.len() < self.counted {
            *self = CallGroups { are_grouped: self.are_grouped, are_folded: self.are_folded, ..CallGroups::default() };
        }
        if !self.are_folded {
            return;
        }
        let listed = Arc::make_mut(&mut self.listed);
        for number in (self.counted..rows.len()).filter_map(|row| rows.get(row)) {
            let Some(exchange) = index.calls.get(number as usize).map(|call| &call.exchange) else { continue };
            if exchange.opens_session {
                self.hidden.insert(exchange.id, 0);
            }
            match group(exchange).and_then(|(opener, _)| self.hidden.get_mut(&opener)) {
                Some(count) => *count += 1,
                None => listed.push(number),
            }
        }
        self.counted = rows.len();
    }
}

/// Returns the call that opened the session of a message, and the time at which it began.
pub(crate) fn group(exchange: &Exchange) -> Option<(ExchangeId, i64)> {
    exchange.parent.filter(|_| exchange.is_one_way).zip(exchange.parent_start)
}

/// Hides messages among the rows that were added, or among all rows.
pub(crate) fn refresh(model: &mut Model, other: bool) {
    let rows = model.unsorted_calls();
    model.call_groups.refresh(&model.index, &rows, other);
}

/// Lists messages under the call that opened their session, or all calls by time.
pub(crate) fn toggle(model: &mut Model) {
    model.remember_selection();
    let is_by_time = model.calls.sort.is_some_and(|sort| sort.column == TIME);
    // In another order, messages were not under their call.
    model.call_groups.are_grouped = !(model.call_groups.are_grouped && is_by_time);
    if !is_by_time {
        model.calls.sort = Some(SortColumn { column: TIME, descending: false });
    }
    model.calls.mark_changed(true);
    model.show_info(match model.call_groups.are_grouped {
        true => "Messages are listed under the call that opened their session",
        false => "Calls and messages are listed by time",
    });
}

/// Hides messages, or lists them.
pub(crate) fn set_folded(model: &mut Model, are_folded: bool) {
    if model.call_groups.are_folded == are_folded {
        return;
    }
    model.remember_selection();
    model.call_groups.are_folded = are_folded;
    refresh(model, true);
    model.calls.mark_changed(true);
    // The cursor goes to the call whose messages are hidden.
    let selected = model.index.calls.get(model.calls.selected as usize).map(|call| &call.exchange);
    if let Some((opener, _)) = selected.and_then(|exchange| group(exchange)).filter(|_| are_folded)
        && let Some(at) = model.index.calls.iter().position(|call| call.exchange.id == opener)
        && model.call_groups.hidden.contains_key(&opener)
    {
        model.calls.selected = at as u32;
    }
}
