//! Rows of the list of calls: columns, texts and sort order.

use crate::browse::Index;
use crate::capture::Call;
use crate::report::{calls, quantity, records};
use crate::tui::model::call_groups::{CallGroups, group};
use crate::tui::model::rows::{endpoint_key, endpoint_text};
use crate::tui::widgets::columns::{ListColumn, TIME_WIDTH, column};
use crate::tui::widgets::row_order::{RowOrder, SortColumn, number_key, text_key};
use dissectors::exchange::Exchange;
use dissectors::session::{ConversationId, ExchangeId, Side};
use std::cmp::Ordering;

/// Columns of the list.
pub(crate) static COLUMNS: [ListColumn; 13] = columns(6);

/// Columns of the list if a call has a name as its status, such as `BADCOOKIE`.
pub(crate) static NAMED_STATUS_COLUMNS: [ListColumn; 13] = columns(9);

const fn columns(status: u16) -> [ListColumn; 13] {
    [
        column("TIME", [TIME_WIDTH; 3], true, 1, "start of the request"),
        column("STREAM", [6, 6, 6], true, 5, "stream number"),
        column("CLIENT", [21, 21, 47], false, 7, "client address"),
        column("SERVER", [21, 21, 47], false, 6, "server address"),
        column("METHOD", [7, 7, 7], false, 0, "HTTP method (or statement, query type)"),
        column("HOST AND PATH", [28, 44, 400], false, 0, "host and request target"),
        column("STATUS", [status; 3], true, 0, "response status code"),
        column("TYPE", [16, 16, 24], false, 4, "response media type"),
        column("SIZE", [7, 7, 8], true, 2, "response body size"),
        column("CONNECT", [7, 7, 8], true, 9, "handshake duration"),
        column("WAIT", [7, 7, 8], true, 8, "time to first byte"),
        column("TOTAL", [7, 7, 8], true, 0, "from request start to response end"),
        column("PHASES", [10, 10, 20], false, 1, "connect ░, wait ▒, download █"),
    ]
}

pub(crate) const TIME: usize = 0;
const STREAM: usize = 1;
const DESTINATION: usize = 5;
pub(crate) const METHOD: usize = 4;
pub(crate) const STATUS: usize = 6;
pub(crate) const PHASES: usize = 12;

/// Returns whether the status of a call is a name.
pub(crate) fn has_named_status(call: &Call) -> bool {
    call.exchange.code.is_none() && !call.exchange.status.is_empty()
}

/// Returns the URL of the request; its target if that is not of a URL.
pub(crate) fn url(call: &Call) -> String {
    let exchange = &call.exchange;
    let is_path =
        exchange.target.starts_with('/') || exchange.target.starts_with('*') && !exchange.authority.is_empty();
    if !is_path {
        return exchange.destination();
    }
    let scheme = if exchange.is_encrypted { "https" } else { "http" };
    if !exchange.authority.is_empty() {
        return format!("{scheme}://{}{}", exchange.authority, exchange.target);
    }
    let mut server = String::new();
    records::endpoint(&mut server, call.server);
    format!("{scheme}://{server}{}", exchange.target)
}

/// Returns the text of a cell, except in the time column.
pub(crate) fn cell_text(index: &Index, call: &Call, column: usize) -> String {
    let exchange = &call.exchange;
    let mut out = String::new();
    match column {
        STREAM => return exchange.id.conversation.to_string(),
        2 => return endpoint_text(index, call.client, call.last_frame()),
        3 => return endpoint_text(index, call.server, call.last_frame()),
        METHOD if exchange.has_unknown_request => return "unknown".into(),
        METHOD if exchange.request.is_none() => return "no request".into(),
        // A message without a response has a sender instead of a requester.
        METHOD if exchange.is_one_way => return format!("{}{}", sender_arrow(exchange), exchange.method),
        METHOD => return exchange.method.to_string(),
        DESTINATION => return call.exchange.destination(),
        STATUS if call.is_to_group() => return "multicast".into(),
        STATUS if exchange.has_unknown_response() => return "unknown".into(),
        STATUS if exchange.code.is_none() && exchange.lacks_response() && exchange.status.is_empty() => {
            return "none".into();
        }
        STATUS => return exchange.status.to_string(),
        7 => {
            let media = exchange.content_type.split(';').next().unwrap_or_default().trim();
            let remarks = calls::remarks(exchange, "cut");
            return if media.is_empty() || remarks.is_empty() { remarks + media } else { format!("{media} {remarks}") };
        }
        8 => exchange.size().into_iter().for_each(|bytes| quantity::size(&mut out, bytes)),
        9 => call.connect.into_iter().for_each(|nanos| quantity::duration(&mut out, nanos)),
        10 => wait_text(&mut out, exchange, exchange.time_to_first_byte()),
        11 => wait_text(&mut out, exchange, exchange.total()),
        _ => {}
    }
    out
}

/// Returns the direction of a message, as if the client were on the left.
fn sender_arrow(exchange: &Exchange) -> char {
    if exchange.requester == Some(Side::Server) { '←' } else { '→' }
}

/// Appends a duration that ends with the response; `early` if the response was first.
fn wait_text(out: &mut String, exchange: &Exchange, nanos: Option<i64>) {
    match nanos {
        Some(nanos) => quantity::duration(out, nanos),
        None => out.push_str(if exchange.early_by().is_some() { "early" } else { "" }),
    }
}

/// Returns the text of a row, for searching and copying.
pub(crate) fn text(index: &Index, number: u32) -> String {
    let Some(call) = index.calls.get(number as usize) else { return String::new() };
    (1..PHASES)
        .map(|column| cell_text(index, call, column))
        .filter(|text| !text.is_empty())
        .collect::<Vec<_>>()
        .join("  ")
}

/// Returns the sort key of a conversation: TCP connections by their number, then conversations in UDP datagrams.
fn stream_key(id: ConversationId) -> u64 {
    u64::from(id.tcp().is_none()) << 32 | u64::from(id.number())
}

/// Calls of a capture, as rows that can be sorted.
#[derive(Clone, Copy)]
pub(crate) struct CallRows<'a> {
    pub(crate) index: &'a Index,
    groups: &'a CallGroups,
    /// Whether messages are under the call that opened their session, and have a mark.
    is_marked: bool,
}

impl<'a> CallRows<'a> {
    pub(crate) fn new(index: &'a Index, groups: &'a CallGroups) -> CallRows<'a> {
        CallRows { index, groups, is_marked: false }
    }

    /// Marks messages if they are grouped in this order.
    pub(crate) fn sorted_by(self, sort: Option<SortColumn>) -> CallRows<'a> {
        let is_marked = self.groups.are_grouped && sort.is_some_and(|sort| sort.column == TIME);
        CallRows { is_marked, ..self }
    }

    /// Returns the text of a cell, except in the time column: before the target, the mark of a message in a group, or the
    /// number of hidden messages.
    pub(crate) fn cell_text(&self, call: &Call, column: usize) -> String {
        let text = cell_text(self.index, call, column);
        match column {
            DESTINATION if self.is_marked && group(&call.exchange).is_some() => format!("└ {text}"),
            DESTINATION => match self.groups.hidden_count(&call.exchange) {
                0 => text,
                count => format!("▸{count} {text}"),
            },
            _ => text,
        }
    }

    fn exchange(&self, number: u32) -> Option<&Exchange> {
        self.index.calls.get(number as usize).map(|call| &*call.exchange)
    }

    /// Returns the call under which a call is listed in the order of time: itself, or the one that opened its session.
    fn head(&self, exchange: &Exchange) -> ExchangeId {
        group(exchange).filter(|_| self.groups.are_grouped).map_or(exchange.id, |(opener, _)| opener)
    }

    /// Returns the time at which that call began.
    fn head_start(&self, exchange: &Exchange) -> Option<i64> {
        let start = group(exchange).filter(|_| self.groups.are_grouped).map(|(_, start)| start);
        start.or_else(|| exchange.start())
    }
}

impl RowOrder for CallRows<'_> {
    fn key(&self, number: u32, column: usize) -> u64 {
        let Some(call) = self.index.calls.get(number as usize) else { return 0 };
        let exchange = &call.exchange;
        number_key(match column {
            TIME => self.head_start(exchange),
            STREAM => return stream_key(exchange.id.conversation),
            STATUS if has_named_status(call) => return text_key(&exchange.status),
            STATUS => exchange.code.map(i64::from),
            8 => exchange.size().map(|bytes| bytes.min(i64::MAX as u64) as i64),
            9 => call.connect,
            10 => exchange.time_to_first_byte(),
            11 | PHASES => exchange.total(),
            2 => return endpoint_key(&call.client),
            3 => return endpoint_key(&call.server),
            METHOD => return text_key(&exchange.method),
            DESTINATION => return text_key(&exchange.authority),
            7 => return text_key(&exchange.content_type),
            _ => None,
        })
    }

    fn compare(&self, left: u32, right: u32, column: usize) -> Ordering {
        let calls = &self.index.calls;
        // In the other columns, equal keys mean equal values.
        if !matches!(column, 2 | 3 | METHOD | DESTINATION | 7 | TIME) {
            return Ordering::Equal;
        }
        let (Some(left), Some(right)) = (calls.get(left as usize), calls.get(right as usize)) else {
            return Ordering::Equal;
        };
        let (one, other) = (&left.exchange, &right.exchange);
        match column {
            TIME if self.groups.are_grouped => {
                self.head(one).cmp(&self.head(other)).then_with(|| one.start().cmp(&other.start()))
            }
            2 => left.client.cmp(&right.client),
            3 => left.server.cmp(&right.server),
            METHOD => one.method.cmp(&other.method),
            DESTINATION => one.authority.cmp(&other.authority).then_with(|| one.target.cmp(&other.target)),
            7 => one.content_type.cmp(&other.content_type),
            _ => Ordering::Equal,
        }
    }

    fn head_order(&self, left: u32, right: u32, column: usize) -> Ordering {
        let (TIME, Some(left), Some(right)) = (column, self.exchange(left), self.exchange(right)) else {
            return Ordering::Equal;
        };
        let head = self.head(left);
        if head != self.head(right) {
            return Ordering::Equal;
        }
        (left.id != head).cmp(&(right.id != head))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::browse::IndexUpdate;
    use crate::capture::Endpoint;
    use crate::tui::widgets::row_order::sorted;

    #[test]
    fn a_message_without_a_response_has_an_arrow_from_its_sender() {
        let method = |is_one_way, requester| {
            let exchange = Box::new(Exchange {
                method: "Text".into(),
                is_one_way,
                requester,
                request: Some(Default::default()),
                ..Exchange::default()
            });
            let call = Call {
                exchange,
                client: Endpoint::default(),
                server: Endpoint::default(),
                connect: None,
                start: 0,
                names: None,
            };
            cell_text(&Index::default(), &call, METHOD)
        };
        assert_eq!(method(true, Some(Side::Client)), "→Text");
        assert_eq!(method(true, Some(Side::Server)), "←Text");
        assert_eq!(method(false, Some(Side::Server)), "Text");
    }

    #[test]
    fn streams_are_sorted_by_transport_and_number() {
        use ConversationId::{Tcp, Udp};
        let mut index = Index::default();
        let calls = [Udp(0), Tcp(10), Udp(u32::MAX), Tcp(0), Tcp(9), Udp(2)].map(|conversation| {
            let mut exchange = Box::<Exchange>::default();
            exchange.id.conversation = conversation;
            Call {
                exchange,
                client: Endpoint::default(),
                server: Endpoint::default(),
                connect: None,
                start: 0,
                names: None,
            }
        });
        index.apply(IndexUpdate { calls: calls.to_vec(), ..IndexUpdate::default() });
        let order = |descending| {
            let numbers = sorted(
                0..6,
                false,
                &CallRows::new(&index, &CallGroups::default()),
                SortColumn { column: STREAM, descending },
            );
            numbers
                .into_iter()
                .map(|number| cell_text(&Index::default(), &calls[number as usize], STREAM))
                .collect::<Vec<_>>()
        };
        let ascending = ["0", "9", "10", "udp 0", "udp 2", "udp 4294967295"];
        assert_eq!(order(false), ascending);
        assert!(order(true).iter().rev().eq(&ascending));
    }
}
