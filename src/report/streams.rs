//! `streams`: one row a TCP connection, when it is over for the capture.

use super::Report;
use super::records::{Cell, Form, Head, Records, figures, words};
use crate::analysis::Event;
use crate::capture::Stream;
use dissectors::session::Side;
use std::io::{self, Write};

static HEADS: &[Head] = &[
    Head::new("stream", figures("STREAM", 6, 0)),
    Head::machine("time"),
    Head::new("client", words("CLIENT", 18, 47, 0)),
    Head::new("server", words("SERVER", 18, 47, 0)),
    Head::new("client_state", words("CLIENT STATE", 12, 12, 6)),
    Head::new("server_state", words("SERVER STATE", 12, 12, 6)),
    Head::new("opened", words("OPENED", 9, 12, 5)),
    Head::new("closed", words("CLOSED", 13, 24, 0)),
    Head::new("frames", figures("FRAMES", 6, 4)),
    Head::new("client_bytes", figures("BYTES →", 7, 1)),
    Head::new("server_bytes", figures("← BYTES", 7, 1)),
    Head::new("retransmissions", figures("RETRANS", 7, 7)),
    Head::new("rtt", figures("RTT", 8, 8)),
    Head::new("duration", figures("DURATION", 8, 3)),
    Head::new("completeness", words("COMPLETENESS", 12, 32, 9)),
    Head::machine("completeness_bits"),
    Head::machine("client_frames"),
    Head::machine("server_frames"),
    Head::machine("client_retransmissions"),
    Head::machine("server_retransmissions"),
    Head::machine("client_missing"),
    Head::machine("server_missing"),
    Head::machine("first_frame"),
    Head::machine("last_frame"),
];

/// Prints TCP connections.
pub struct Streams {
    records: Records,
}

impl Streams {
    /// Prints them in this form.
    #[must_use]
    pub fn new(form: Form) -> Streams {
        Streams { records: Records::new(HEADS, form) }
    }

    fn row(&mut self, stream: &Stream, out: &mut dyn Write) -> io::Result<()> {
        let (asking, answering) = (stream.side(Side::Client), stream.side(Side::Server));
        let [client_state, server_state] = stream.states;
        let cells = [
            Cell::Number(stream.number.into()),
            Cell::Moment(stream.first.time, 0),
            Cell::End(stream.client),
            Cell::End(stream.server),
            Cell::Word(client_state.word()),
            Cell::Word(server_state.word()),
            Cell::Word(stream.opened.word()),
            Cell::Word(stream.closed.word()),
            Cell::Number(stream.total(|side| side.frames)),
            Cell::Size(asking.bytes),
            Cell::Size(answering.bytes),
            Cell::Number(stream.total(|side| side.retransmissions)),
            stream.initial_rtt.map_or(Cell::Nothing, Cell::Duration),
            Cell::Duration(stream.duration()),
            Cell::Word(dissectors::tcp::completeness_word(stream.completeness)),
            Cell::Number(stream.completeness.into()),
            Cell::Number(asking.frames),
            Cell::Number(answering.frames),
            Cell::Number(asking.retransmissions),
            Cell::Number(answering.retransmissions),
            Cell::Size(asking.missing),
            Cell::Size(answering.missing),
            Cell::Number(stream.first.frame.into()),
            Cell::Number(stream.last.frame.into()),
        ];
        self.records.row(&cells, out)
    }
}

impl Report for Streams {
    fn begin(&mut self, out: &mut dyn Write) -> io::Result<()> {
        self.records.begin(out)
    }

    fn event(&mut self, event: Event, out: &mut dyn Write) -> io::Result<()> {
        match event {
            Event::Stream(stream) => self.row(&stream, out),
            _ => Ok(()),
        }
    }

    fn end(&mut self, out: &mut dyn Write) -> io::Result<()> {
        self.records.end(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::{Closed, Endpoint, Opened, Sent, State};
    use crate::report::Lines;
    use dissectors::packet::Address;
    use dissectors::session::At;

    fn stream() -> Stream {
        let end = |last, port| Endpoint { address: Address::V4([10, 0, 0, last]), port };
        Stream {
            number: 2,
            client: end(1, 1000),
            server: end(2, 80),
            opened: Opened::ThreeWay,
            closed: Closed::Fin(Side::Server),
            states: [State::Closed, State::TimeWait],
            fins: [Some(8), Some(7)],
            crossed: false,
            reset: None,
            completeness: 31,
            first: At { frame: 1, time: 0 },
            last: At { frame: 9, time: 2_000_000_000 },
            sides: [
                Sent { frames: 5, bytes: 126, retransmissions: 1, missing: 0 },
                Sent { frames: 4, bytes: 2082, retransmissions: 0, missing: 7 },
            ],
            initial_rtt: Some(400_000),
        }
    }

    fn print(form: Form) -> String {
        let mut out = Vec::new();
        let mut report = Streams::new(form);
        report
            .begin(&mut out)
            .and_then(|()| report.event(Event::Stream(Box::new(stream())), &mut out))
            .and_then(|()| report.end(&mut out))
            .expect("memory can be written to");
        String::from_utf8(out).expect("it is text")
    }

    #[test]
    fn a_connection_is_a_row_for_people() {
        let text = print(Form::Text(None));
        let words: Vec<&str> = text.lines().nth(1).expect("a row").split_whitespace().collect();
        assert_eq!(
            words.join(" "),
            "2 10.0.0.1:1000 10.0.0.2:80 CLOSED TIME-WAIT three-way FIN by server 9 126 B 2.1 kB 1 400 µs 2.0 s \
             Complete, WITH_DATA"
        );
    }

    #[test]
    fn rows_fit_a_terminal() {
        for room in [40, 60, 80, 100] {
            let text = print(Form::Text(Some(room)));
            assert!(text.lines().all(|line| line.chars().count() <= room), "{room}:\n{text}");
            assert_eq!(text.contains("10.0.0.2:80"), room >= 60, "{room}:\n{text}");
            assert_eq!(text.contains("2.1 kB"), room >= 80, "{room}:\n{text}");
        }
    }

    #[test]
    fn a_connection_is_an_object_with_exact_values() {
        let value: serde_json::Value = serde_json::from_str(&print(Form::Json(Lines::Bare))).expect("it is JSON");
        assert_eq!(value["server_bytes"], 2082);
        assert_eq!(value["server_missing"], 7);
        assert_eq!(value["rtt"], 0.0004);
        assert_eq!(value["closed"], "FIN by server");
    }
}
