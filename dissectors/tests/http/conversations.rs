//! Conversations of all kinds, dissected into the same exchanges for any selection of fields.

use super::host::*;
use overhear_dissectors::session::{Side, SideEnd};
use overhear_dissectors::{Wants, http};

/// Returns conversations of all kinds, each with its exchanges.
pub(crate) fn conversations() -> Vec<(&'static str, Vec<SessionInput>, Vec<&'static str>)> {
    let [server, client] = closed();
    let end = |mut steps: Vec<SessionInput>| {
        steps.extend([server.clone(), client.clone()]);
        steps
    };
    vec![
        ("a request and its response", vec![c(GET), s(OK3)], vec!["0 GET /a?x=1&y=2 200 0 3"]),
        ("chunks, chunk extensions and trailers", vec![c(GET), s(CHUNKED)], vec!["0 GET /a?x=1&y=2 200 0 9"]),
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
            vec![c(GET), s("HTTP/1.1 200 OK\r\n\r\nsome"), End(Side::Server, SideEnd::Reset(None)), client.clone()],
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
            "responses to HEAD requests that were not captured",
            vec![
                s("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"),
                s("HTTP/1.1 201 A\r\nTransfer-Encoding: chunked\r\n\r\n"),
                s("HTTP/1.1 202 B\r\n\r\nHTTP/1.1 203 C\r\nContent-Length: 6\r\n\r\nHTTP!!"),
                s(OK3),
            ],
            vec!["0   200 - 0", "1   201 - 0", "2   202 - 0", "3   203 - 6", "4   200 - 3"],
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
            "a response before the request is complete",
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
            "bytes between messages are skipped, and have a number",
            vec![c(format!("{GET}garbage\r\nmore \x01 garbage\r\n{}", get("/next"))), s(OK3), s(OK3)],
            vec!["0 GET /a?x=1&y=2 200 0 3", "2 GET /next 200 0 3"],
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
            "a request without a response",
            end(vec![c(GET), c(get("/2"))]),
            vec!["0 GET /a?x=1&y=2 - 0 -", "1 GET /2 - 0 -"],
        ),
        ("a response without a request", end(vec![s(OK3)]), vec!["0   200 - 3"]),
        (
            "a response truncated in its body",
            end(vec![c(GET), s("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")]),
            vec!["0 GET /a?x=1&y=2 200 0 3!"],
        ),
        (
            "a response truncated in its head",
            end(vec![c(GET), s("HTTP/1.1 404 Not Found\r\nContent-Le")]),
            vec!["0 GET /a?x=1&y=2 404 0 0!"],
        ),
        (
            "a request truncated in its head",
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
        ("an HTTP/0.9 request", end(vec![c("GET /simple\r\n")]), vec!["0 GET /simple - 0 -"]),
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
            "bodies that are dissected further",
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
        (
            "responses of gRPC-Web state the status of their calls",
            vec![
                c([get("/in-chunks"), get("/in-base64"), get("/in-the-head"), get("/none")].concat()),
                s(concat!(
                    "HTTP/1.1 200 OK\r\nContent-Type: application/grpc-web+proto\r\nTransfer-Encoding: chunked\r\n\r\n",
                    "5\r\n\0\0\0\0\0\r\n15\r\n\u{1}\0\0\0\u{10}grpc-status: 5\r\n\r\n0\r\n\r\n",
                )
                .as_bytes()
                .iter()
                .map(|&byte| if byte == 1 { 0x80 } else { byte })
                .collect::<Vec<u8>>()),
                s(
                    "HTTP/1.1 200 OK\r\nContent-Type: application/grpc-web-text; charset=utf-8\r\nContent-Length: 28\r\n\r\ngAAAABBncnBjLXN0YXR1czogNw0K",
                ),
                s(
                    "HTTP/1.1 200 OK\r\nContent-Type: application/grpc-web\r\ngrpc-status: 0\r\nContent-Length: 0\r\n\r\n",
                ),
                s("HTTP/1.1 200 OK\r\nContent-Type: application/grpc-web\r\nContent-Length: 5\r\n\r\n\0\0\0\0\0"),
            ],
            vec![
                "0 GET /in-chunks NOT_FOUND 0 26",
                "1 GET /in-base64 PERMISSION_DENIED 0 28",
                "2 GET /in-the-head OK 0 0",
                "3 GET /none 200 0 5",
            ],
        ),
    ]
}

#[test]
fn conversations_are_dissected_into_exchanges() {
    for (name, steps, calls) in conversations() {
        assert_eq!(run(&steps).calls(), calls, "{name}");
    }
}

#[test]
fn every_selection_of_fields_gives_the_same_exchanges() {
    let wants = [
        Wants::default(),
        Wants::only_columns(),
        wants_fields(&[&http::REQUEST_URI]),
        wants_fields(&[&http::FILE_DATA]),
        wants_fields(&[&http::TIME]),
    ];
    for (name, steps, calls) in conversations() {
        for wants in &wants {
            assert_eq!(run_cut(&steps, wants, &|_| false).calls(), calls, "{name}");
        }
    }
}

#[test]
fn a_body_that_a_client_withholds_after_a_final_response_is_not_read_from_its_next_request() {
    let expecting = "POST /a HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 40\r\n\r\n";
    let refused = "HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n";
    let next = "POST /b HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\n";
    let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    let steps: Vec<_> = [c(expecting), s(refused), c(next), c("data"), s(ok)].into_iter().chain(closed()).collect();
    assert_eq!(run(&steps).calls(), ["0 POST /a 417 0! 0", "1 POST /b 200 4 2"]);
    assert_eq!(run_cut(&steps, &Wants::everything(), &|_| true).calls(), ["0 POST /a 417 0! 0", "1 POST /b 200 4 2"]);
    // A body that is sent nevertheless, and one that begins like a request before the response.
    let body = "40 bytes of a body, GET / HTTP/1.1\r\n\r\n..";
    let sent: Vec<_> =
        [c(expecting), s(refused), c(body), c(next), c("data"), s(ok)].into_iter().chain(closed()).collect();
    assert_eq!(run(&sent).calls(), ["0 POST /a 417 40 0", "1 POST /b 200 4 2"]);
    let early = "POST /of-the-body HTTP/1.1\r\nHost: h\r\n\r\n!";
    let sent: Vec<_> = [c([expecting, early].concat()), s(refused)].into_iter().chain(closed()).collect();
    assert_eq!(run(&sent).calls(), ["0 POST /a 417 40 0"]);
}
