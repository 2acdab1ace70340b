//! `calls`: one row an exchange, when it is complete or can never be.

use super::Report;
use super::records::{Cell, Form, Head, Records, figures, words};
use crate::analysis::Event;
use crate::capture::Call;
use std::io::{self, Write};

static HEADS: &[Head] = &[
    Head::new("stream", figures("STREAM", 6, 3)),
    Head::machine("nth"),
    Head::machine("protocol"),
    Head::new("time", figures("TIME", 10, 1)),
    Head::new("client", words("CLIENT", 18, 47, 8)),
    Head::new("server", words("SERVER", 18, 47, 6)),
    Head::new("method", words("METHOD", 6, 16, 0)),
    Head::new("host", words("HOST", 16, 40, 4)),
    Head::new("uri", words("URI", 20, 60, 0)),
    Head::new("status", figures("STATUS", 6, 0)),
    Head::new("type", words("TYPE", 16, 40, 7)),
    Head::new("size", figures("SIZE", 7, 2)),
    Head::new("connect", figures("CONNECT", 8, 10)),
    Head::new("ttfb", figures("TTFB", 8, 5)),
    Head::new("download", figures("DOWNLOAD", 8, 9)),
    Head::new("total", figures("TOTAL", 8, 0)),
    Head::machine("request_frame"),
    Head::machine("request_size"),
    Head::machine("request_complete"),
    Head::machine("response_frame"),
    Head::machine("response_complete"),
];

/// Prints exchanges.
pub struct Calls {
    records: Records,
}

impl Calls {
    /// Prints them in this form.
    #[must_use]
    pub fn new(form: Form) -> Calls {
        Calls { records: Records::new(HEADS, form) }
    }

    fn row(&mut self, call: &Call, out: &mut dyn Write) -> io::Result<()> {
        let exchange = &call.exchange;
        let (request, response) = (exchange.request, exchange.response);
        let begun = request.or(response).map(|transfer| transfer.first.time);
        let moment = begun.map(|time| Cell::Moment(time, time.saturating_sub(call.start)));
        let cut = response.is_some_and(|response| !response.complete);
        let content = Cell::Media(&exchange.content_type, if cut { "(cut short)" } else { "" });
        let status = match (exchange.status, response) {
            (Some(status), _) => Cell::Number(status.into()),
            (None, Some(_)) => Cell::Nothing,
            (None, None) => Cell::Missing("no answer"),
        };
        let duration = |nanos: Option<i64>| nanos.map_or(Cell::Nothing, Cell::Duration);
        let cells = [
            Cell::Number(exchange.stream.into()),
            Cell::Number(exchange.nth.into()),
            Cell::Word(exchange.protocol),
            moment.unwrap_or(Cell::Nothing),
            Cell::End(call.client),
            Cell::End(call.server),
            if request.is_none() { Cell::Missing("no request") } else { Cell::Text(&exchange.method) },
            Cell::Text(&exchange.host),
            Cell::Text(&exchange.uri),
            status,
            content,
            response.map_or(Cell::Nothing, |response| Cell::Size(response.body)),
            duration(call.connect),
            duration(exchange.time_to_first_byte()),
            duration(exchange.download()),
            duration(exchange.total()),
            request.map_or(Cell::Nothing, |request| Cell::Number(request.last.frame.into())),
            request.map_or(Cell::Nothing, |request| Cell::Size(request.body)),
            request.map_or(Cell::Nothing, |request| Cell::Yes(request.complete)),
            response.map_or(Cell::Nothing, |response| Cell::Number(response.last.frame.into())),
            response.map_or(Cell::Nothing, |response| Cell::Yes(response.complete)),
        ];
        self.records.row(&cells, out)
    }
}

impl Report for Calls {
    fn begin(&mut self, out: &mut dyn Write) -> io::Result<()> {
        self.records.begin(out)
    }

    fn event(&mut self, event: Event, out: &mut dyn Write) -> io::Result<()> {
        match event {
            Event::Call(call) => self.row(&call, out),
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
    use crate::capture::Endpoint;
    use crate::report::Lines;
    use dissectors::exchange::{Exchange, Transfer};
    use dissectors::packet::Address;
    use dissectors::session::{At, Side};

    fn call() -> Call {
        let at = |frame, time: i64| At { frame, time: 1_700_000_000_000_000_000 + time };
        Call {
            exchange: Box::new(Exchange {
                protocol: "http",
                stream: 3,
                nth: 1,
                asked_by: Some(Side::Client),
                method: "POST".into(),
                host: "a.test".into(),
                uri: "/user/login".into(),
                status: Some(200),
                content_type: "text/html; charset=utf-8".into(),
                request: Some(Transfer {
                    first: at(4, 500_000),
                    last: at(4, 500_000),
                    told: 4,
                    body: 12,
                    complete: true,
                }),
                response: Some(Transfer {
                    first: at(6, 1_700_000),
                    last: at(7, 2_000_000),
                    told: 7,
                    body: 1234,
                    complete: true,
                }),
            }),
            client: Endpoint { address: Address::V4([10, 0, 0, 1]), port: 1000 },
            server: Endpoint { address: Address::V6([0; 16]), port: 80 },
            connect: Some(400_000),
            start: 1_700_000_000_000_000_000,
        }
    }

    fn print(form: Form, calls: Vec<Call>) -> String {
        let mut out = Vec::new();
        let mut report = Calls::new(form);
        report.begin(&mut out).expect("memory can be written to");
        for call in calls {
            report.event(Event::Call(call), &mut out).expect("memory can be written to");
        }
        report.end(&mut out).expect("memory can be written to");
        String::from_utf8(out).expect("it is text")
    }

    #[test]
    fn a_call_is_a_row_for_people() {
        let text = print(Form::Text(None), vec![call()]);
        let words: Vec<&str> = text.lines().nth(1).expect("a row").split_whitespace().collect();
        assert_eq!(
            words.join(" "),
            "3 0.000500 10.0.0.1:1000 [::]:80 POST a.test /user/login 200 text/html 1.2 kB 400.0 µs 1.2 ms 300 µs 1.5 ms"
                .replace("400.0", "400")
        );
    }

    #[test]
    fn rows_fit_a_terminal() {
        for room in [40, 60, 80, 100] {
            let text = print(Form::Text(Some(room)), vec![call(), call()]);
            assert!(text.lines().all(|line| line.chars().count() <= room), "{room}:\n{text}");
            assert!(text.contains("/user/login") && text.contains("1.5 ms"), "{room}:\n{text}");
        }
    }

    #[test]
    fn a_call_is_an_object_with_exact_values() {
        let text = print(Form::Json(Lines::Array), vec![call()]);
        let value: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
        let row = &value[0];
        assert_eq!(row["time"], "2023-11-14T22:13:20.000500000Z");
        assert_eq!(row["size"], 1234);
        assert_eq!(row["ttfb"], 0.0012);
        assert_eq!(row["response_frame"], 7);
        assert_eq!(row["response_complete"], true);
    }

    #[test]
    fn what_is_missing_or_cut_short_says_so() {
        let (mut unanswered, mut cut) = (call(), call());
        unanswered.exchange.response = None;
        unanswered.exchange.status = None;
        cut.exchange.response.as_mut().expect("a response").complete = false;
        let text = print(Form::Text(None), vec![unanswered.clone(), cut.clone()]);
        assert!(text.lines().nth(1).is_some_and(|row| row.contains("no answer")), "{text}");
        assert!(text.lines().nth(2).is_some_and(|row| row.contains("text/html (cut short)")), "{text}");
        let text = print(Form::Csv, vec![unanswered, cut]);
        assert_eq!(
            text.lines().nth(1),
            Some(
                "3,1,http,2023-11-14T22:13:20.000500000Z,10.0.0.1:1000,[::]:80,POST,a.test,/user/login,,text/html; charset=utf-8,,\
                 0.000400000,,,,4,12,true,,"
            )
        );
        assert!(text.ends_with(",7,false\n"), "{text}");
    }

    #[test]
    fn a_uri_cannot_steer_a_terminal() {
        let mut evil = call();
        evil.exchange.uri = "/\x1b[2J\r\n".into();
        for form in [Form::Text(None), Form::Csv, Form::Json(Lines::Bare)] {
            let text = print(form, vec![evil.clone()]);
            assert!(!text.contains(['\x1b', '\r']), "{text:?}");
        }
    }
}
