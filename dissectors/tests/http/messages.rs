//! The fields of a message, its Info column and its transcript.

use super::host::*;
use overhear_dissectors::session::{About, ConversationId, ExchangeId, Half, Side};
use overhear_dissectors::{Wants, http};

#[test]
fn a_request_has_its_fields() {
    let request = "GET /a/b?x=1&y=2&&z HTTP/1.1\r\nHost: h:80\r\nUser-Agent:  two \r\nCookie: a=b; c=d\r\n\
        Authorization: Basic dXNlcjpwYXNz\r\nX-Unknown: v\r\n\r\n";
    let expected = "\
http.start_line = GET /a/b?x=1&y=2&&z HTTP/1.1\\r\\n
  http.request.method = GET
  http.request.uri = /a/b?x=1&y=2&&z
    http.request.uri.path = /a/b
    http.request.uri.query = x=1&y=2&&z
      http.request.uri.query.parameter = x=1
      http.request.uri.query.parameter = y=2
      http.request.uri.query.parameter = &z
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
    let output = run(&[c(request)]);
    let own = output.lines[1..].iter().map(|line| line.strip_prefix("  ").unwrap());
    let lines: Vec<&str> = own.filter(|line| !line.trim_start().starts_with("_ws.expert")).collect();
    assert_eq!(lines.join("\n"), expected);
    assert_eq!(output.infos, [("HTTP", "http".into(), "GET /a/b?x=1&y=2&&z HTTP/1.1 ".into())]);
}

#[test]
fn a_response_has_its_fields() {
    let mut host = SessionHost::new(&WANTS);
    let id = ExchangeId { conversation: ConversationId::Tcp(7), ..ExchangeId::default() };
    host.first_pass.insert(&http::RESPONSE_IN, About::Half(id, Half::Request), 4);
    for step in [c(GET), s("HTTP/1.1 404 Nope\r\nContent-Length: 3\r\n"), s("\r\na"), s("bc")] {
        host.run_step(&step, &|_| false, &mut 0);
    }
    let output = host.output;
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
        assert_eq!(output.values(name), [value], "{name}");
    }
    assert_eq!(output.values("http.request.full_uri"), ["http://h/a?x=1&y=2"; 2]);
    let exchange = &output.exchanges[0];
    assert_eq!((exchange.time_to_first_byte(), exchange.total()), (Some(1_000_000), Some(3_000_000)));
    assert_eq!((exchange.authority.as_str(), exchange.requester), ("h", Some(Side::Client)));
}

static WANTS: std::sync::LazyLock<Wants> = std::sync::LazyLock::new(Wants::everything);

#[test]
fn the_columns_name_the_content_of_a_message() {
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
            "text/html\r\nContent-Type: application/json",
            "{}",
            "HTTP/JSON",
            "http:json",
            "HTTP/1.1 200 OK , JSON (application/json)",
        ),
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
            let output = run_cut(&[c(GET), response(kind, body)], &wants, &|_| false);
            assert_eq!(output.infos[1], (protocol, path.to_owned(), info.to_owned()), "{kind}");
        }
    }
    let output = run(&[c([get("/1"), get("/2")].concat())]);
    assert_eq!(output.infos[0].2, "GET /1 HTTP/1.1 GET /2 HTTP/1.1 ");
}
