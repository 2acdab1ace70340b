//! HTTP/1 as its users see it: conversations go in, fields and exchanges come out, however the bytes are cut.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use overhear_dissectors::exchange::Exchange;
use overhear_dissectors::packet::Path;
use overhear_dissectors::session::{At, Chunk, Context, Ending, Event, Foresight, Session, Side, Then};
use overhear_dissectors::{Field, Part, Tree, Wants, field, format, http};
use std::fmt::Write;

/// One thing that happens in a conversation.
#[derive(Clone, Debug)]
enum Step {
    Bytes(Side, Vec<u8>),
    Gap(Side, u64),
    End(Side, Ending),
}
use Step::{Bytes, End, Gap};

fn c(bytes: impl AsRef<[u8]>) -> Step {
    Bytes(Side::Client, bytes.as_ref().to_vec())
}

fn s(bytes: impl AsRef<[u8]>) -> Step {
    Bytes(Side::Server, bytes.as_ref().to_vec())
}

fn closed() -> [Step; 2] {
    [End(Side::Server, Ending::Closed), End(Side::Client, Ending::Closed)]
}

/// What a conversation was found to be.
#[derive(Debug, Default)]
struct Heard {
    /// A line for each field, in order.
    lines: Vec<String>,
    /// A line for each message and each exchange.
    events: Vec<String>,
    exchanges: Vec<Exchange>,
    /// Bytes that nobody took.
    left: [Vec<u8>; 2],
    successor: Option<Then>,
    infos: Vec<(&'static str, String, String)>,
}

/// Runs a session as the program does, on frames that it makes of each step by cutting it at `cuts`.
struct Host<'w> {
    session: Box<dyn Session>,
    wants: &'w Wants,
    untaken: [Vec<u8>; 2],
    heard: Heard,
    foresight: Foresight,
    at: At,
}

impl<'w> Host<'w> {
    fn new(wants: &'w Wants) -> Host<'w> {
        let Part::Session(kind) = http::PROTOCOL.part else { unreachable!("HTTP is read from a conversation") };
        let session = (kind.open)(&Tree::new(wants.clone()));
        let (untaken, heard) = Default::default();
        Host { session, wants, untaken, heard, foresight: Foresight::default(), at: At::default() }
    }

    fn frame(
        &mut self,
        act: impl FnOnce(&mut dyn Session, &mut Context<'_>, &mut [Vec<u8>; 2]) -> Option<Then>,
        frame: &[u8],
    ) {
        let mut tree = Tree::new(self.wants.clone());
        tree.begin(frame);
        let mut path = Path::default();
        let mut events = Vec::new();
        let mut cx = Context {
            at: self.at,
            stream: 7,
            tree: &mut tree,
            path: &mut path,
            events: &mut events,
            foresight: &self.foresight,
        };
        let then = act(&mut *self.session, &mut cx, &mut self.untaken);
        self.heard.successor = self.heard.successor.or(then);
        self.tell(&tree, &path, events);
    }

    fn tell(&mut self, tree: &Tree, path: &Path, events: Vec<Event>) {
        let store_end = tree.buffers().iter().map(|buffer| buffer.bytes.end()).max().unwrap_or(0);
        for node in tree.nodes() {
            let mut line = format!("{:width$}{} = ", "", node.field.name, width = usize::from(node.depth) * 2);
            format::value(&mut line, node.field, node.value, tree).unwrap();
            assert!(node.span.end() <= store_end, "{line}: {:?}", node.span);
            self.heard.lines.push(line);
        }
        assert!(path.names().len() < 40);
        let columns = tree.columns();
        if columns.info.len > 0 {
            let mut info = String::new();
            format::text(&mut info, tree.bytes(columns.info)).unwrap();
            self.heard.infos.push((columns.protocol, path.names().join(":"), info));
        }
        for event in events {
            match event {
                Event::Exchange(exchange) => {
                    self.heard.events.push(format!("{exchange:?}"));
                    self.heard.exchanges.push(*exchange);
                }
                Event::Message(told) => self.heard.events.push(format!("{told:?}")),
            }
        }
    }

    fn step(&mut self, step: &Step, cuts: &dyn Fn(usize) -> bool, offset: &mut usize) {
        self.at = At { frame: self.at.frame + 1, time: self.at.time + 1_000_000 };
        match step {
            Bytes(side, bytes) => {
                let mut piece = Vec::new();
                for (at, &byte) in bytes.iter().enumerate() {
                    piece.push(byte);
                    *offset += 1;
                    if cuts(*offset) || at + 1 == bytes.len() {
                        self.bytes(*side, &std::mem::take(&mut piece));
                    }
                }
            }
            Gap(side, len) => self.frame(
                |session, cx, untaken| {
                    let before = std::mem::take(&mut untaken[*side as usize]);
                    session.gap(*side, Chunk { bytes: &before, base: None }, *len, cx);
                    None
                },
                b"",
            ),
            End(side, ending) => self.frame(
                |session, cx, untaken| {
                    let rest = std::mem::take(&mut untaken[*side as usize]);
                    session.end(*side, Chunk { bytes: &rest, base: None }, *ending, cx);
                    None
                },
                b"",
            ),
        }
    }

    fn bytes(&mut self, side: Side, piece: &[u8]) {
        if self.heard.successor.is_some() {
            self.untaken[side as usize].extend_from_slice(piece);
            return;
        }
        let padded = [b"frame header", piece].concat();
        self.frame(
            |session, cx, untaken| {
                let base = untaken[side as usize].is_empty().then_some(12);
                untaken[side as usize].extend_from_slice(piece);
                let mut then = offer(session, side, base, untaken, cx);
                if then.is_none() {
                    then = offer(session, side.other(), None, untaken, cx);
                }
                then
            },
            &padded,
        );
    }
}

fn offer(
    session: &mut dyn Session,
    side: Side,
    mut base: Option<u32>,
    untaken: &mut [Vec<u8>; 2],
    cx: &mut Context<'_>,
) -> Option<Then> {
    loop {
        let bytes = untaken[side as usize].clone();
        if bytes.is_empty() {
            return None;
        }
        let taken = session.read(side, Chunk { bytes: &bytes, base }, cx);
        assert!(taken.bytes <= bytes.len());
        untaken[side as usize].drain(..taken.bytes);
        base = base.map(|base| base + taken.bytes as u32);
        match taken.then {
            Then::Same if taken.bytes == 0 => return None,
            Then::Same => {}
            then => return Some(then),
        }
    }
}

fn hear_cut(steps: &[Step], wants: &Wants, cuts: &dyn Fn(usize) -> bool) -> Heard {
    let mut host = Host::new(wants);
    let mut offset = 0;
    for step in steps {
        host.step(step, cuts, &mut offset);
    }
    let mut heard = host.heard;
    heard.left = host.untaken;
    heard
}

fn hear(steps: &[Step]) -> Heard {
    hear_cut(steps, &Wants::everything(), &|_| false)
}

fn wanting(fields: &[&Field]) -> Wants {
    let mut wants = Wants::default();
    fields.iter().for_each(|field| wants.add(field));
    wants
}

impl Heard {
    /// All values of a field, in order.
    fn values(&self, name: &str) -> Vec<&str> {
        let lines = self.lines.iter().filter_map(|line| line.trim_start().strip_prefix(name)?.strip_prefix(" = "));
        lines.collect()
    }

    /// Each exchange as method, target, status, bytes of either body and whether either is complete.
    fn calls(&self) -> Vec<String> {
        let one = |transfer: Option<overhear_dissectors::exchange::Transfer>| match transfer {
            Some(transfer) => format!("{}{}", transfer.body, if transfer.complete { "" } else { "!" }),
            None => "-".into(),
        };
        self.exchanges
            .iter()
            .map(|exchange| {
                let mut line = format!("{} {} {}", exchange.nth, exchange.method, exchange.uri);
                let status = exchange.status.map_or("-".into(), |status| status.to_string());
                write!(line, " {status} {} {}", one(exchange.request), one(exchange.response)).unwrap();
                line
            })
            .collect()
    }

    fn notes(&self) -> Vec<&str> {
        let mut notes = Vec::new();
        for line in &self.lines {
            let Some((name, _)) = line.trim_start().split_once(" = ") else { continue };
            let is_note = field(name).is_some_and(|field| {
                matches!(field.kind, overhear_dissectors::Kind::Note(severity) if severity > overhear_dissectors::Severity::Chat)
            });
            if is_note {
                notes.push(name);
            }
        }
        notes
    }
}

const GET: &str = "GET /a?x=1&y=2 HTTP/1.1\r\nHost: h\r\n\r\n";
const OK3: &str = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Type: text/plain\r\n\r\nabc";
const CHUNKED: &str =
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nWiki\r\n5;x=y\r\npedia\r\n0\r\nX: 1\r\n\r\n";

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: h\r\n\r\n")
}

fn post(path: &str, headers: &str, body: &str) -> String {
    format!("POST {path} HTTP/1.1\r\nHost: h\r\n{headers}Content-Length: {}\r\n\r\n{body}", body.len())
}

/// Conversations of all kinds, each with the exchanges it has.
fn conversations() -> Vec<(&'static str, Vec<Step>, Vec<&'static str>)> {
    let [server, client] = closed();
    let end = |mut steps: Vec<Step>| {
        steps.extend([server.clone(), client.clone()]);
        steps
    };
    vec![
        ("a request and its response", vec![c(GET), s(OK3)], vec!["0 GET /a?x=1&y=2 200 0 3"]),
        ("chunks, extensions and trailers", vec![c(GET), s(CHUNKED)], vec!["0 GET /a?x=1&y=2 200 0 9"]),
        (
            "pipelining is first in first out",
            vec![
                c([get("/1"), get("/2"), get("/3")].concat()),
                s("HTTP/1.1 201 A\r\nContent-Length: 1\r\n\r\na"),
                s("HTTP/1.1 202 B\r\nContent-Length: 0\r\n\r\nHTTP/1.1 203 C\r\nContent-Length: 0\r\n\r\n"),
            ],
            vec!["0 GET /1 201 0 1", "1 GET /2 202 0 0", "2 GET /3 203 0 0"],
        ),
        (
            "a body to the end of the stream",
            end(vec![c(GET), s("HTTP/1.1 200 OK\r\n\r\nsome"), s(" body")]),
            vec!["0 GET /a?x=1&y=2 200 0 9"],
        ),
        (
            "a body to the end of a stream that was reset",
            vec![c(GET), s("HTTP/1.1 200 OK\r\n\r\nsome"), End(Side::Server, Ending::Reset), client.clone()],
            vec!["0 GET /a?x=1&y=2 200 0 4!"],
        ),
        (
            "responses without bodies",
            vec![
                c("HEAD /h HTTP/1.1\r\nHost: h\r\n\r\n"),
                s("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"),
                c(get("/n")),
                s("HTTP/1.1 304 Not Modified\r\nContent-Length: 100\r\n\r\n"),
                c(get("/d")),
                s("HTTP/1.1 204 No Content\r\n\r\n"),
                c(get("/e")),
                s(OK3),
            ],
            vec!["0 HEAD /h 200 0 0", "1 GET /n 304 0 0", "2 GET /d 204 0 0", "3 GET /e 200 0 3"],
        ),
        (
            "100-continue",
            vec![
                c("POST /u HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n"),
                s("HTTP/1.1 100 Continue\r\n\r\n"),
                c("body"),
                s(OK3),
            ],
            vec!["0 POST /u 200 4 3"],
        ),
        (
            "early hints",
            vec![c(GET), s("HTTP/1.1 103 Early Hints\r\nLink: </s.css>\r\n\r\n"), s(OK3)],
            vec!["0 GET /a?x=1&y=2 200 0 3"],
        ),
        (
            "an answer before the request is complete",
            end(vec![
                c("POST /u HTTP/1.1\r\nHost: h\r\nContent-Length: 8\r\n\r\nbo"),
                s("HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n"),
                c("dy"),
            ]),
            vec!["0 POST /u 413 4! 0"],
        ),
        (
            "leading empty lines and bare LF",
            vec![c("\r\n\r\nGET /lf HTTP/1.1\nHost: h\n\n"), s("HTTP/1.1 200 OK\nContent-Length: 2\n\nhi")],
            vec!["0 GET /lf 200 0 2"],
        ),
        (
            "bytes that are no message are passed over",
            vec![c(format!("{GET}garbage\r\nmore \x01 garbage\r\n{}", get("/next"))), s(OK3), s(OK3)],
            vec!["0 GET /a?x=1&y=2 200 0 3", "1 GET /next 200 0 3"],
        ),
        (
            "bad chunks end a message and the next is found",
            vec![
                c([get("/1"), get("/2")].concat()),
                s(format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\nzz\r\nrest\r\n{OK3}")),
            ],
            vec!["0 GET /1 200 0 2!", "1 GET /2 200 0 3"],
        ),
        (
            "a request without an answer",
            end(vec![c(GET), c(get("/2"))]),
            vec!["0 GET /a?x=1&y=2 - 0 -", "1 GET /2 - 0 -"],
        ),
        ("an answer without a request", end(vec![s(OK3)]), vec!["0   200 - 3"]),
        (
            "a response cut off in its body",
            end(vec![c(GET), s("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")]),
            vec!["0 GET /a?x=1&y=2 200 0 3!"],
        ),
        (
            "a response cut off in its head",
            end(vec![c(GET), s("HTTP/1.1 404 Not Found\r\nContent-Le")]),
            vec!["0 GET /a?x=1&y=2 404 0 0!"],
        ),
        (
            "a request cut off in its head",
            end(vec![c("GET /cut HTTP/1.1\r\nHost: h\r\nX-")]),
            vec!["0 GET /cut - 0! -"],
        ),
        (
            "both Content-Length and Transfer-Encoding",
            vec![
                c(
                    "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
                ),
                c(get("/next")),
                s(OK3),
                s(OK3),
            ],
            vec!["0 POST / 200 1 3", "1 GET /next 200 0 3"],
        ),
        (
            "HTTP/1.0 and an absolute target",
            end(vec![c("GET http://abs/p HTTP/1.0\r\n\r\n"), s("HTTP/1.0 200 OK\r\n\r\nx")]),
            vec!["0 GET http://abs/p 200 0 1"],
        ),
        ("a request of HTTP/0.9", end(vec![c("GET /simple\r\n")]), vec!["0 GET /simple - 0 -"]),
        (
            "folded, colonless and spaced headers",
            vec![
                c(b"GET  /sp ace HTTP/1.1\r\nHost : h\r\nFolded: a\r\n b\r\nnocolon\r\nX: \xe9\0\r\n\r\n"),
                s("HTTP/1.1  99  Gr\r\nContent-Length: 0\r\n\r\n"),
            ],
            vec!["0 GET /sp ace 99 0 0"],
        ),
        (
            "a refused tunnel",
            vec![
                c("CONNECT h:1 HTTP/1.1\r\nHost: h:1\r\n\r\n"),
                s("HTTP/1.1 407 No\r\nContent-Length: 2\r\n\r\nno"),
                c(GET),
                s(OK3),
            ],
            vec!["0 CONNECT h:1 407 0 2", "1 GET /a?x=1&y=2 200 0 3"],
        ),
        (
            "bodies that are read further",
            vec![
                c(post("/f", "Content-Type: application/x-www-form-urlencoded\r\n", "a=b&c=d+e%20f")),
                s(
                    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 17\r\n\r\n{\"a\":[1,\"x\",null]",
                ),
                c(post(
                    "/m",
                    "Content-Type: multipart/form-data; boundary=XX\r\n",
                    "--XX\r\nContent-Disposition: form-data; name=\"f\"\r\n\r\nv\r\n--XX--\r\n",
                )),
                s(OK3),
            ],
            vec!["0 POST /f 200 13 17", "1 POST /m 200 61 3"],
        ),
    ]
}

#[test]
fn conversations_are_told_as_exchanges() {
    for (name, steps, calls) in conversations() {
        assert_eq!(hear(&steps).calls(), calls, "{name}");
    }
}

#[test]
fn every_want_sees_the_same_exchanges() {
    let wants = [
        Wants::default(),
        Wants::only_columns(),
        wanting(&[&http::REQUEST_URI]),
        wanting(&[&http::FILE_DATA]),
        wanting(&[&http::TIME]),
    ];
    for (name, steps, calls) in conversations() {
        for wants in &wants {
            assert_eq!(hear_cut(&steps, wants, &|_| false).calls(), calls, "{name}");
        }
    }
}

fn assert_same(name: &str, whole: &Heard, cut: &Heard, at: &str) {
    for (whole, cut) in [(&whole.lines, &cut.lines), (&whole.events, &cut.events)] {
        for (whole, cut) in whole.iter().zip(cut) {
            assert_eq!(whole, cut, "{name}, cut at {at}");
        }
        assert_eq!(whole.len(), cut.len(), "{name}, cut at {at}");
    }
    assert_eq!(whole.left, cut.left, "{name}, cut at {at}");
}

#[test]
fn any_cut_gives_the_same_messages() {
    let wants = [Wants::everything(), wanting(&[&http::REQUEST_METHOD, &http::RESPONSE_CODE])];
    for (name, steps, _) in conversations() {
        for wants in &wants {
            let whole = hear_cut(&steps, wants, &|_| false);
            let len: usize = steps.iter().map(|step| if let Bytes(_, bytes) = step { bytes.len() } else { 0 }).sum();
            for at in 0..len {
                assert_same(name, &whole, &hear_cut(&steps, wants, &|offset| offset == at), &at.to_string());
            }
            assert_same(name, &whole, &hear_cut(&steps, wants, &|_| true), "every byte");
            for seed in 1..40_u64 {
                let cuts = |offset: usize| (offset as u64 * seed).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 61 == 0;
                assert_same(name, &whole, &hear_cut(&steps, wants, &cuts), &format!("seed {seed}"));
            }
        }
    }
}

#[test]
fn any_prefix_and_any_gap_is_survived_and_told() {
    for (name, steps, calls) in conversations() {
        for (nth, step) in steps.iter().enumerate() {
            let Bytes(side, bytes) = step else { continue };
            for at in 0..bytes.len() {
                let mut prefix = steps[..nth].to_vec();
                prefix.push(Bytes(*side, bytes[..at].to_vec()));
                prefix.extend(closed());
                let heard = hear(&prefix);
                assert!(heard.exchanges.len() <= calls.len(), "{name}: {:?}", heard.calls());
                for len in [1, 7, bytes.len() - at] {
                    let len = len.min(bytes.len() - at);
                    let mut gap = steps[..nth].to_vec();
                    gap.push(Bytes(*side, bytes[..at].to_vec()));
                    gap.push(Gap(*side, len as u64));
                    gap.push(Bytes(*side, bytes[at + len..].to_vec()));
                    gap.extend(steps[nth + 1..].to_vec());
                    gap.extend(closed());
                    let whole = hear(&gap);
                    assert_same(name, &whole, &hear_cut(&gap, &Wants::everything(), &|_| true), "every byte");
                }
            }
        }
    }
}

#[test]
fn a_request_says_what_it_asks() {
    let request = "GET /a/b?x=1&y=2&&z HTTP/1.1\r\nHost: h:80\r\nUser-Agent:  two \r\nCookie: a=b; c=d\r\n\
        Authorization: Basic dXNlcjpwYXNz\r\nX-Unknown: v\r\n\r\n";
    let expected = "\
http.start_line = GET /a/b?x=1&y=2&&z HTTP/1.1\\r\\n
  http.chat = 1
  http.request.method = GET
  http.request.uri = /a/b?x=1&y=2&&z
    http.request.uri.path = /a/b
    http.request.uri.query = x=1&y=2&&z
      http.request.uri.query.parameter = x=1
      http.request.uri.query.parameter = y=2
      http.request.uri.query.parameter = z
  http.request.version = HTTP/1.1
http.host = h:80
http.request.line = Host: h:80\\r\\n
http.user_agent = two 
http.request.line = User-Agent:  two \\r\\n
http.cookie = a=b; c=d
  http.cookie_pair = a=b
  http.cookie_pair = c=d
http.request.line = Cookie: a=b; c=d\\r\\n
http.authorization = Basic dXNlcjpwYXNz
  http.authbasic = user:pass
http.request.line = Authorization: Basic dXNlcjpwYXNz\\r\\n
http.request.line = X-Unknown: v\\r\\n
http.request.full_uri = http://h:80/a/b?x=1&y=2&&z
http.request = True";
    let heard = hear(&[c(request)]);
    let lines: Vec<&str> = heard.lines[1..].iter().map(|line| line.strip_prefix("  ").unwrap()).collect();
    assert_eq!(lines.join("\n"), expected);
    assert_eq!(heard.infos, [("HTTP", "http".into(), "GET /a/b?x=1&y=2&&z HTTP/1.1 ".into())]);
}

#[test]
fn a_response_says_what_it_answers() {
    let mut host = Host::new(&WANTS);
    host.foresight.responses.insert((7, 0), 4);
    for step in [c(GET), s("HTTP/1.1 404 Nope\r\nContent-Length: 3\r\n"), s("\r\na"), s("bc")] {
        host.step(&step, &|_| false, &mut 0);
    }
    let heard = host.heard;
    let rows = [
        ("http.response_in", "4"),
        ("http.request_in", "1"),
        ("http.time", "0.003000000"),
        ("http.time_to_first_byte", "0.001000000"),
        ("http.download_time", "0.002000000"),
        ("http.response.version", "HTTP/1.1"),
        ("http.response.code", "404"),
        ("http.response.code.desc", "Not Found"),
        ("http.response.phrase", "Nope"),
        ("http.content_length_header", "3"),
        ("http.content_length", "3"),
        ("http.response.line", "Content-Length: 3\\r\\n"),
        ("http.response", "True"),
        ("http.file_data", "616263"),
    ];
    for (name, value) in rows {
        assert_eq!(heard.values(name), [value], "{name}");
    }
    assert_eq!(heard.values("http.request.full_uri"), ["http://h/a?x=1&y=2"; 2]);
    let exchange = &heard.exchanges[0];
    assert_eq!((exchange.time_to_first_byte(), exchange.total()), (Some(1_000_000), Some(3_000_000)));
    assert_eq!((exchange.host.as_str(), exchange.asked_by), ("h", Some(Side::Client)));
}

static WANTS: std::sync::LazyLock<Wants> = std::sync::LazyLock::new(Wants::everything);

#[test]
fn a_row_names_what_a_message_carries() {
    let response = |kind: &str, body: &str| {
        s(format!("HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n{body}", body.len()))
    };
    let rows = [
        ("text/plain; charset=utf-8", "hi", "HTTP", "http:data-text-lines", "HTTP/1.1 200 OK  (text/plain)"),
        ("TEXT/HTML", "hi", "HTTP", "http:data-text-lines", "HTTP/1.1 200 OK  (text/html)"),
        ("text/plain", "", "HTTP", "http", "HTTP/1.1 200 OK "),
        ("application/octet-stream", "hi", "HTTP", "http:data", "HTTP/1.1 200 OK "),
        ("application/json", "{}", "HTTP/JSON", "http:json", "HTTP/1.1 200 OK , JSON (application/json)"),
        (
            "application/problem+json",
            "{}",
            "HTTP/JSON",
            "http:json",
            "HTTP/1.1 200 OK , JSON (application/problem+json)",
        ),
        ("image/svg+xml", "<a/>", "HTTP/XML", "http:xml", "HTTP/1.1 200 OK "),
        ("video/mp4", "hi", "HTTP", "http:media", "HTTP/1.1 200 OK  (video/mp4)"),
        (
            "application/x-www-form-urlencoded",
            "a=b",
            "HTTP",
            "http:urlencoded-form",
            "HTTP/1.1 200 OK  (application/x-www-form-urlencoded)",
        ),
    ];
    for (kind, body, protocol, path, info) in rows {
        for wants in [Wants::everything(), Wants::only_columns()] {
            let heard = hear_cut(&[c(GET), response(kind, body)], &wants, &|_| false);
            assert_eq!(heard.infos[1], (protocol, path.to_owned(), info.to_owned()), "{kind}");
        }
    }
    let heard = hear(&[c([get("/1"), get("/2")].concat())]);
    assert_eq!(heard.infos[0].2, "GET /1 HTTP/1.1 GET /2 HTTP/1.1 ");
}

#[test]
fn what_is_odd_is_noted() {
    let rows: Vec<(Vec<Step>, Vec<&str>)> = vec![
        (vec![c(GET), s(OK3)], vec![]),
        (vec![c("\r\nGET /x HTTP/1.1\r\nHost: h\r\n\r\n")], vec!["http.leading_crlf"]),
        (vec![c("GET /x HTTP/1.1\nHost: h\n\n")], vec!["http.bare_lf"]),
        (vec![c("GET /x HTTP/1.1\r\n\r\n")], vec!["http.no_host"]),
        (vec![c("GET /x HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")], vec!["http.smuggling", "http.several_hosts"]),
        (vec![c("GET /x HTTP/1.1\r\nHost: h\r\nA: b\r\n c\r\n\r\n")], vec!["http.folded_header"]),
        (vec![c("GET /x HTTP/1.1\r\nHost: h\r\nX Y: b\r\n\r\n")], vec!["http.bad_header_name"]),
        (vec![c("GET /x HTTP/1.1\r\nHost: h\r\nnocolon\r\n\r\n")], vec!["http.no_colon"]),
        (vec![c("GET /x HTTP/1.1\r\nHost: h\r\nA: b\rc\0\r\n\r\n")], vec!["http.bare_cr", "http.nul_byte"]),
        (vec![c("GET  /x HTTP/1.1\r\nHost: h\r\n\r\n")], vec!["http.bad_start_line"]),
        (vec![c("GET /x\r\n\r\n")], vec!["http.simple_request"]),
        (vec![c(GET), s("HTTP/1.1 1000 X\r\nContent-Length: 0\r\n\r\n")], vec!["http.bad_status"]),
        (vec![s(OK3)], vec!["http.no_request"]),
        (
            vec![c(GET), s("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab"), Gap(Side::Server, 1), s("cd")],
            vec!["http.gap"],
        ),
        (
            vec![c(GET), s("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab"), End(Side::Server, Ending::Reset)],
            vec!["http.truncated"],
        ),
        (
            vec![c(GET), s("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\nx\r\n0\r\n\r\n")],
            vec!["http.odd_chunk"],
        ),
        (vec![c(GET), s("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1x\r\n")], vec!["http.bad_chunk"]),
        (
            vec![c("POST /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n")],
            vec!["http.te_and_length", "http.smuggling"],
        ),
        (
            vec![c(GET), s("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nno")],
            vec!["http.decompression_failed"],
        ),
        (vec![c(format!("{GET}rubbish\n{GET}"))], vec!["http.unexpected_data"]),
    ];
    for (steps, notes) in rows {
        assert_eq!(hear(&steps).notes(), notes, "{steps:?}");
    }
}

#[test]
fn an_upgrade_or_tunnel_hands_the_rest_to_others() {
    let rows = [
        (
            "GET /ws HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\n\r\n",
            "HTTP/1.1 101 S\r\nUpgrade: WebSocket\r\n\r\n",
            Then::Protocol("websocket"),
        ),
        ("GET / HTTP/1.1\r\nHost: h\r\nUpgrade: h2c\r\n\r\n", "HTTP/1.1 101 S\r\n\r\n", Then::Protocol("http2")),
        (
            "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: TLS/1.0\r\n\r\n",
            "HTTP/1.1 101 S\r\nUpgrade: TLS/1.0\r\n\r\n",
            Then::Anybody,
        ),
        ("CONNECT h:443 HTTP/1.1\r\nHost: h\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", Then::Anybody),
    ];
    for (request, response, then) in rows {
        let heard = hear(&[c(format!("{request}early")), s(format!("{response}late"))]);
        assert_eq!(heard.successor, Some(then), "{request}");
        assert_eq!(heard.left, [b"early".to_vec(), b"late".to_vec()], "{request}");
        assert_eq!(heard.exchanges.len(), 1);
    }
    let refused = hear(&[c(format!("{}{GET}", rows[0].0)), s(OK3), s(OK3)]);
    assert_eq!(refused.calls(), ["0 GET /ws 200 0 3", "1 GET /a?x=1&y=2 200 0 3"]);
}

#[test]
fn what_is_missing_is_counted_and_the_next_message_is_found() {
    let body = |len: usize| format!("HTTP/1.1 200 OK\r\nContent-Length: {len}\r\n\r\n");
    let two = |gapped: Vec<Step>| {
        let mut steps = vec![c(get("/1"))];
        steps.extend(gapped);
        steps.extend([c(get("/2")), s(OK3)]);
        steps.extend(closed());
        hear(&steps).calls()
    };
    let within = vec![s(body(10) + "ab"), Gap(Side::Server, 5), s("cde")];
    assert_eq!(two(within), ["0 GET /1 200 0 5!", "1 GET /2 200 0 3"]);
    let to_the_end = vec![s(body(10) + "ab"), Gap(Side::Server, 8)];
    assert_eq!(two(to_the_end), ["0 GET /1 200 0 2!", "1 GET /2 200 0 3"]);
    let beyond = vec![s(body(10) + "ab"), Gap(Side::Server, 100), s("rest\r\n")];
    assert_eq!(two(beyond), ["0 GET /1 200 0 2!", "1 GET /2 200 0 3"]);
    let whole_response = vec![Gap(Side::Server, 80)];
    assert_eq!(two(whole_response), ["0 GET /1 - 0 -", "1 GET /2 200 0 3"]);
    let in_a_chunk = vec![
        s("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"),
        Gap(Side::Server, 2),
        s("c\r\n0\r\n\r\n"),
    ];
    assert_eq!(two(in_a_chunk), ["0 GET /1 200 0 3!", "1 GET /2 200 0 3"]);
    let beyond_a_chunk = vec![
        s("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"),
        Gap(Side::Server, 9),
        s("\r\n0\r\n\r\n"),
    ];
    assert_eq!(two(beyond_a_chunk), ["0 GET /1 200 0 2!", "1 GET /2 200 0 3"]);
    let in_a_head = vec![s("HTTP/1.1 500 Oops\r\nX: "), Gap(Side::Server, 9), s("y\r\n\r\n")];
    assert_eq!(two(in_a_head), ["0 GET /1 500 0 0!", "1 GET /2 200 0 3"]);
}

#[test]
fn limits_hold_and_are_told() {
    let long = format!("GET /long HTTP/1.1\r\nHost: h\r\nX: {}\r\n\r\n{}", "y".repeat(http::MAX_HEAD), get("/2"));
    let heard = hear(&[c(&long)]);
    assert_eq!(heard.notes(), ["http.head_too_long", "http.truncated", "http.unexpected_data"]);
    assert_eq!(heard.values("http.request.uri"), ["/long", "/2"]);

    let len = http::MAX_BODY + 10;
    let big = format!("HTTP/1.1 200 OK\r\nContent-Length: {len}\r\n\r\n{}", "z".repeat(len));
    let big = [c(GET), s(&big)];
    let heard = hear(&big);
    assert_eq!(heard.notes(), ["http.body_limit"]);
    assert_eq!(heard.values("http.file_data")[0].len(), http::MAX_BODY * 2);
    assert_eq!(heard.exchanges[0].response.unwrap().body, len as u64);
    let cut = hear_cut(&big, &Wants::everything(), &|offset| offset % 50_000 == 0);
    assert_eq!(cut.values("http.file_data"), heard.values("http.file_data"));

    let many = hear(&[c(get("/n").repeat(1100))]);
    assert_eq!(many.exchanges.len(), 1100 - 256);
    assert!(many.notes().contains(&"http.open_limit"));
    let headers = format!("GET / HTTP/1.1\r\nHost: h\r\n{}\r\n", "a: b\r\n".repeat(5000));
    assert_eq!(hear(&[c(headers)]).notes(), ["http.too_many_headers"]);
}

#[test]
fn any_bytes_are_survived() {
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = move |below: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        (seed >> 33) as usize % below
    };
    let conversations = conversations();
    for _ in 0..3000 {
        let (_, steps, _) = &conversations[random(conversations.len())];
        let mut steps = steps.clone();
        for _ in 0..=random(4) {
            let at = random(steps.len());
            if let Bytes(side, bytes) = &mut steps[at] {
                let place = random(bytes.len());
                match random(4) {
                    0 => bytes[place] = random(256) as u8,
                    1 => drop(bytes.splice(place..place, *b"\r\n")),
                    2 => drop(bytes.drain(place..)),
                    _ => *side = side.other(),
                }
                if bytes.is_empty() {
                    bytes.push(b'\n');
                }
            }
        }
        let cuts = |offset: usize| offset.is_multiple_of(3);
        let (mut whole, mut cut) = (hear(&steps), hear_cut(&steps, &Wants::everything(), &cuts));
        assert_eq!(whole.events, hear_cut(&steps, &Wants::default(), &|_| false).events, "{steps:?}");
        // What one side waited for may end within a frame: then the sides' messages change their order.
        for heard in [&mut whole, &mut cut] {
            heard.lines.sort();
            heard.events.sort();
        }
        assert_same(&format!("{steps:?}"), &whole, &cut, "thirds");
    }
}

#[test]
fn a_transcript_shows_heads_and_decoded_contents() {
    let mut transcript = http::Transcript::new();
    let mut shown: Vec<String> = Vec::new();
    let mut note = |messages: Vec<(Side, http::TranscriptMessage)>| {
        for (side, message) in messages {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            shown.push(format!("{side:?} {:?} {:?} {:?}", text(&message.head), text(&message.content), message.notes));
        }
    };
    note(transcript.read(Side::Client, GET.as_bytes()));
    note(transcript.read(Side::Server, &CHUNKED.as_bytes()[..60]));
    note(transcript.read(Side::Server, &CHUNKED.as_bytes()[60..]));
    note(transcript.read(Side::Client, b"CONNECT h:1 HTTP/1.1\r\nHost: h\r\n\r\ntunnel"));
    assert_eq!(transcript.rest(Side::Client), None);
    note(transcript.read(Side::Server, b"HTTP/1.1 200 OK\r\n\r\n"));
    assert_eq!(transcript.rest(Side::Client), Some(&b"tunnel"[..]));
    let expected = [
        format!("Client {GET:?} \"\" []"),
        "Server \"HTTP/1.1 200 OK\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n\" \"Wikipedia\" []".to_owned(),
        "Client \"CONNECT h:1 HTTP/1.1\\r\\nHost: h\\r\\n\\r\\n\" \"\" []".to_owned(),
        "Server \"HTTP/1.1 200 OK\\r\\n\\r\\n\" \"\" []".to_owned(),
    ];
    assert_eq!(shown, expected);
}
