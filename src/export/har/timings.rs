//! Timings of an entry: phases of a call that add up to its time.

use super::lookups::Lookup;
use crate::capture::Call;
use crate::export::ConnectionTime;
use crate::report::JsonWriter;

/// Phases of a call in nanoseconds; `None` if a phase does not apply.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Timings {
    /// Time at which the first phase began, in nanoseconds since 1970.
    pub(super) started: i64,
    /// Time between the other phases.
    blocked: Option<i64>,
    dns: Option<i64>,
    /// Includes `ssl`.
    connect: Option<i64>,
    ssl: Option<i64>,
    send: i64,
    wait: i64,
    receive: i64,
}

impl Timings {
    /// Returns the phases of a call. The first call of a connection has the phases of that, with the lookup before it.
    pub(super) fn of(call: &Call, connection: Option<ConnectionTime>, lookup: Option<Lookup>) -> Timings {
        let exchange = &call.exchange;
        let Some(request) = exchange.request.or(exchange.response) else { return Timings::default() };
        let mut own = Timings { started: request.first.time, ..Timings::default() };
        match exchange.response {
            None => own.send = request.last.time.saturating_sub(request.first.time),
            Some(response) => {
                // A response that begins before the request ends leaves no time to wait.
                let sent = request.last.time.min(response.first.time).max(request.first.time);
                let answered = response.first.time.max(sent);
                own.send = sent.saturating_sub(request.first.time);
                own.wait = answered.saturating_sub(sent);
                own.receive = response.last.time.max(request.last.time).saturating_sub(answered).max(0);
            }
        }
        let Some(connection) = connection else { return own };
        // QUIC has no handshake below that of TLS.
        let is_over_datagrams = connection.is_first_over_datagrams(exchange.id);
        let Some(handshake) = call.connect.or(is_over_datagrams.then_some(0)) else { return own };
        let connected = connection.first.saturating_add(handshake);
        if connected > request.first.time || handshake < 0 {
            return own;
        }
        // Some messages of a handshake come after it, such as tickets.
        let before =
            connection.handshakes.iter().copied().filter(|time| (connected..=request.first.time).contains(time));
        let secured = before.max();
        let ready = secured.unwrap_or(connected);
        own.ssl = secured.map(|time| time.saturating_sub(connected));
        own.connect = Some(ready.saturating_sub(connection.first));
        own.started = connection.first;
        let mut blocked = request.first.time.saturating_sub(ready);
        if let Some(lookup) = lookup {
            own.started = lookup.first;
            own.dns = Some(lookup.last.saturating_sub(lookup.first));
            blocked = blocked.saturating_add(connection.first.saturating_sub(lookup.last));
        }
        own.blocked = Some(blocked);
        own
    }

    /// Returns the sum of the phases.
    pub(super) fn total(&self) -> i64 {
        let phases = [self.blocked, self.dns, self.connect].into_iter().flatten().fold(0, i64::saturating_add);
        phases.saturating_add(self.send).saturating_add(self.wait).saturating_add(self.receive)
    }

    /// Writes the phases in milliseconds; -1 for those that do not apply.
    pub(super) fn write(&self, json: &mut JsonWriter) {
        let phases = [
            ("blocked", self.blocked),
            ("dns", self.dns),
            ("connect", self.connect),
            ("ssl", self.ssl),
            ("send", Some(self.send)),
            ("wait", Some(self.wait)),
            ("receive", Some(self.receive)),
        ];
        json.begin('{');
        for (name, nanos) in phases {
            json.key(name);
            match nanos {
                Some(nanos) => json.millis(nanos),
                None => json.number(-1),
            }
        }
        json.end('}');
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::Endpoint;
    use dissectors::exchange::{Exchange, Transfer};
    use dissectors::packet::Address;
    use dissectors::session::{ConversationId, Stamp};

    fn transfer(first: i64, last: i64) -> Option<Transfer> {
        let at = |time| Stamp { frame: 1, time };
        Some(Transfer { first: at(first), last: at(last), ..Transfer::default() })
    }

    fn call(request: (i64, i64), response: Option<(i64, i64)>, connect: Option<i64>) -> Call {
        let response = response.and_then(|(first, last)| transfer(first, last));
        let exchange = Exchange { request: transfer(request.0, request.1), response, ..Exchange::default() };
        let (client, server) = (Endpoint::default(), Endpoint::default());
        Call { exchange: Box::new(exchange), client, server, connect, start: 0, names: None }
    }

    #[test]
    fn phases_follow_each_other_and_add_up() {
        let connection = Some(ConnectionTime { handshakes: vec![140, 180, 310], ..ConnectionTime::new(100) });
        let lookup = Lookup::at(Address::None, "a.test", 40, 90);
        let own = Timings::of(&call((200, 210), Some((300, 350)), Some(30)), connection, Some(lookup));
        let expected = Timings {
            started: 40,
            blocked: Some(10 + 20),
            dns: Some(50),
            connect: Some(80),
            ssl: Some(50),
            send: 10,
            wait: 90,
            receive: 50,
        };
        assert_eq!((own, own.total()), (expected, 350 - 40));
    }

    #[test]
    fn the_handshake_of_quic_is_all_of_connecting() {
        let mut first = call((200, 210), Some((300, 350)), None);
        first.exchange.id.conversation = ConversationId::Udp(1);
        let connection = ConnectionTime {
            handshakes: vec![100, 180, 310],
            first_request: Some(first.exchange.id),
            ..ConnectionTime::new(100)
        };
        let own = Timings::of(&first, Some(connection.clone()), None);
        assert_eq!((own.connect, own.ssl, own.blocked, own.total()), (Some(80), Some(80), Some(20), 250));
        let mut later = first;
        later.exchange.id.nth += 1;
        let own = Timings::of(&later, Some(connection), None);
        assert_eq!((own.connect, own.blocked, own.total()), (None, None, 150));
    }

    #[test]
    fn a_later_call_a_missing_response_and_an_early_one_have_fewer_phases() {
        let later = Timings::of(&call((200, 210), Some((300, 350)), None), None, None);
        assert_eq!((later.started, later.connect, later.total()), (200, None, 150));
        let unanswered = Timings::of(&call((200, 210), None, None), None, None);
        assert_eq!((unanswered.send, unanswered.wait, unanswered.total()), (10, 0, 10));
        let early = Timings::of(&call((200, 400), Some((300, 350)), None), None, None);
        assert_eq!((early.send, early.wait, early.receive, early.total()), (100, 0, 100, 200));
    }
}
