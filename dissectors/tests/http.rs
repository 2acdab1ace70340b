//! HTTP/1 as its users see it: conversations go in, fields and exchanges come out, however the bytes are cut.

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
    /// A line for each field and each exchange, in order.
    lines: Vec<String>,
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
                    self.heard.lines.push(format!("{exchange:?}"));
                    self.heard.exchanges.push(*exchange);
                }
                Event::Message(told) => self.heard.lines.push(format!("{told:?}")),
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
            vec!["0 POST /f 200 13 17", "1 POST /m 200 67 3"],
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
    for (whole, cut) in whole.lines.iter().zip(&cut.lines) {
        assert_eq!(whole, cut, "{name}, cut at {at}");
    }
    assert_eq!(whole.lines.len(), cut.lines.len(), "{name}, cut at {at}");
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
