//! `--redact`: a canary in every place where a secret may stand is in no output, and outputs that cannot be redacted are refused.

mod places;

use super::{folder, program, run, write};
use crate::common::{ACK, IPV4, PSH, SYN, Segment, pcap};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use std::path::Path;

/// Part of every secret of the captures.
const CANARY: &str = "C4naryQz";

/// Messages in their order; those of the client are marked.
type Messages = Vec<(bool, Vec<u8>)>;

/// A connection with these messages, of the client or not. Messages have segments of at most `size` bytes.
fn connection(size: usize, messages: &[(bool, Vec<u8>)]) -> Vec<u8> {
    let (mut client, mut server) = (101_u32, 501_u32);
    let segment = |from_client, flags, seq, ack, data: &[u8]| {
        Segment { from_client, flags, seq, ack, data: data.to_vec() }.packet()
    };
    let mut packets = vec![
        segment(true, SYN, 100, 0, b""),
        segment(false, SYN | ACK, 500, 101, b""),
        segment(true, ACK, 101, 501, b""),
    ];
    for (from_client, message) in messages {
        for part in message.chunks(size) {
            let (seq, ack) = if *from_client { (client, server) } else { (server, client) };
            packets.push(segment(*from_client, PSH | ACK, seq, ack, part));
            *if *from_client { &mut client } else { &mut server } += part.len() as u32;
        }
    }
    pcap(IPV4, &packets)
}

/// A request or a response with a body.
fn http(head: &str, body: &str) -> Vec<u8> {
    let [head, body] = [head, body].map(|text| text.replace("CANARY", CANARY));
    let head = head.replace('\n', "\r\n");
    format!("{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

fn basic() -> String {
    BASE64_STANDARD.encode(format!("alice:{CANARY}"))
}

fn web() -> Messages {
    let head = format!(
        "POST /login?user=bob&password=CANARY%20x&next=%2Fa%3Ftoken%3DCANARY HTTP/1.1\nHost: a.test\n\
         Authorization: Basic {}\nProxy-Authorization: Bearer CANARY\nCookie: sid=CANARY; theme=CANARY b; CANARY\n\
         X-Api-Key: CANARY with blanks\nX-Auth-Token: CANARY\nReferer: http://bob:CANARY@a.test/?access_token=CANARY\n\
         Content-Type: application/x-www-form-urlencoded",
        basic()
    );
    let form =
        "user=bob&password=CANARY(1),'2'&token=a+CANARY&user%5Bpassword%5D=%43CANARY&q=http%3A%2F%2Fb%3ACANARY%40h";
    let json = r#"{"access_token":"CANARY","user":{"name":"bob","password":["CANARY","CANARY x:y"]},"apiKey":"a\"CANARY",
        "url":"https://u:CANARY@h/?sid=CANARY","pin":1}"#;
    let multipart = "--b\nContent-Disposition: form-data; name=\"city\"\n\nParis\n--b\n\
         Content-Disposition: form-data; name=\"password\"\n\nCANARY\nCANARY b\n--b\n\
         Content-Disposition: form-data; name=\"token\"\nContent-Type: text/plain\n\nline\nCANARY\n--b--\n"
        .replace('\n', "\r\n");
    let redirect = "HTTP/1.1 302 Found\nSet-Cookie: sid=CANARY; Path=/\nSet-Cookie: other=CANARY\n\
         Location: https://a.test/cb?code=CANARY99&state=ok\nWWW-Authenticate: Bearer realm=\"r\"\n\
         Content-Type: application/json";
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: application/json\r\n\r\n\
         1c\r\n{\"a\":1,\"password\":\"C4naryQz\"}\r\n0\r\nX-Auth-Token: C4naryQz\r\n\r\n";
    let ok = "HTTP/1.1 200 OK\nContent-Type: text/html";
    let html = "<form><input name=\"csrf_token\" value=\"CANARY\"></form><p>Bearer CANARYabc</p>";
    let xml = "<login><password>CANARY y</password></login>";
    vec![
        (true, http(&head, &form.replace("CANARY", CANARY))),
        (false, http(redirect, json)),
        (true, http("POST /a HTTP/1.1\nHost: a.test\nContent-Type: application/json", json)),
        (false, chunked.as_bytes().to_vec()),
        (true, http("POST /b HTTP/1.1\nHost: a.test\nContent-Type: multipart/form-data; boundary=b", &multipart)),
        (false, http(ok, html)),
        (true, http("POST /c HTTP/1.1\nHost: a.test\nContent-Type: application/xml", xml)),
        (false, http("HTTP/1.1 200 OK\nContent-Type: text/plain", "password: CANARY b\ntoken=CANARY")),
        (
            true,
            http(
                "POST /e?token=a\"CANARY HTTP/1.1\nHost: a.test\nContent-Type: application/x-www-form-urlencoded",
                "a=b&password=a\"C4naryQz&token=a<C4naryQz&pin=a C4naryQz",
            ),
        ),
        (false, http("HTTP/1.1 200 OK\nContent-Type: text/plain", "DB_PASSWORD=a&C4naryQz\n  password: a C4naryQz\n")),
        (
            true,
            http(
                "POST /f?to=http://bob:x/C4naryQz@b.test/ HTTP/1.1\nHost: a.test\nContent-Type: application/json",
                r#"{"pass\u0077ord":"CANARY","list":[{"value":"CANARY","name":"token"},{"key":"pin","value":["CANARY","CANARY"]}],
                "inner":"{\"api\u004bey\":\"CANARY\",\"n\":1}","url":"http://bob:x/CANARY@host/","a\nb":"Bearer CANARY99"}"#,
            ),
        ),
        (
            false,
            http(
                "HTTP/1.1 200 OK\nContent-Type: text/html",
                "<input name=csrf value=CANARY><INPUT value='CANARY' id=token>\n<input\n  name=pin\n  value=CANARY>",
            ),
        ),
        (
            true,
            http(
                "POST /g HTTP/1.1\nHost: a.test\nContent-Type: multipart/form-data; boundary=b",
                &"--b\nContent-Disposition: form-data; filename=\"a.txt\"; name=\"token\"\n\nCANARY\n--\n-- CANARY\n--b--\n"
                    .replace('\n', "\r\n"),
            ),
        ),
        (
            false,
            http(
                "HTTP/1.1 200 OK\nContent-Type: text/plain",
                "password:\n  CANARY a\nkeys:\n  secret: |\n    CANARY\n    b CANARY\n  city: Paris\nx = {\n  \"token\":\n    \"CANARY\",\n",
            ),
        ),
        // A message that the capture does not complete.
        (true, http("GET /d HTTP/1.1\nHost: a.test\nCookie: sid=CANARY", "")[..50].to_vec()),
    ]
}

fn websocket() -> Messages {
    let request = "GET /chat?token=CANARY HTTP/1.1\nHost: a.test\nUpgrade: websocket\nConnection: Upgrade\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\nSec-WebSocket-Version: 13\nCookie: sid=CANARY\n\n";
    let response = "HTTP/1.1 101 Switching Protocols\nUpgrade: websocket\nConnection: Upgrade\n\
         Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\n\n";
    let text = format!(r#"{{"type":"auth","token":"{CANARY}","n":1}}"#);
    let mut frame = vec![0x81, 0x80 | text.len() as u8, 0, 0, 0, 0];
    frame.extend(text.as_bytes());
    let answer = format!(r#"{{"session_id":"{CANARY}"}}"#);
    let message = |text: &str| text.replace('\n', "\r\n").replace("CANARY", CANARY).into_bytes();
    vec![
        (true, message(request)),
        (false, message(response)),
        (true, frame),
        (false, [&[0x81, answer.len() as u8][..], answer.as_bytes()].concat()),
    ]
}

/// A frame of HTTP/2.
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let [_, a, b, c] = (payload.len() as u32).to_be_bytes();
    [&[a, b, c, kind, flags][..], &stream.to_be_bytes(), payload].concat()
}

/// Header fields as literals without indexing (RFC 7541 6.2.2).
fn headers(fields: &[(&str, &str)]) -> Vec<u8> {
    let literal = |text: &str| [&[text.len() as u8][..], text.as_bytes()].concat();
    fields.iter().flat_map(|(name, value)| [&[0][..], &literal(name), &literal(value)].concat()).collect()
}

fn grpc() -> Messages {
    let metadata = [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", "/shop.Users/Login"),
        (":authority", "bob:C4naryQz@a.test"),
        ("content-type", "application/grpc"),
        ("te", "trailers"),
        ("authorization", "Bearer C4naryQz"),
        ("cookie", "sid=C4naryQz"),
        ("cookie", "theme=C4naryQz b"),
        ("x-api-key", "C4naryQz with blanks"),
        ("x-session-token", "C4naryQz"),
    ];
    let text = [&[0x0a, 10][..], b"C4naryQz b"].concat();
    let message = [&[0, 0, 0, 0, text.len() as u8][..], &text].concat();
    let response = [(":status", "200"), ("content-type", "application/grpc"), ("set-cookie", "sid=C4naryQz; Path=/")];
    let trailers = [("grpc-status", "16"), ("grpc-message", "token=C4naryQz")];
    let client = [
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(),
        frame(4, 0, 0, b""),
        frame(1, 4, 1, &headers(&metadata)),
        frame(0, 1, 1, &message),
    ];
    let server = [
        frame(4, 0, 0, b""),
        frame(1, 4, 1, &headers(&response)),
        frame(0, 0, 1, &message),
        frame(1, 5, 1, &headers(&trailers)),
    ];
    vec![(true, client.concat()), (false, server.concat())]
}

/// A message of PostgreSQL with a type.
fn pgsql_message(kind: u8, body: &[u8]) -> Vec<u8> {
    [&[kind][..], &(body.len() as u32 + 4).to_be_bytes(), body].concat()
}

fn pgsql() -> Messages {
    let parameters = b"user\0alice\0database\0shop\0options\0-c app.password=C4naryQz\0\0";
    let startup = [&(parameters.len() as u32 + 8).to_be_bytes()[..], &[0, 3, 0, 0], parameters].concat();
    let ready = pgsql_message(b'Z', b"I");
    let column =
        [&b"\0\x01secret\0"[..], &[0, 0, 0, 0, 0, 0, 0, 0, 0, 25, 255, 255, 255, 255, 255, 255, 0, 0]].concat();
    let row = [&b"\0\x01\0\0\0\x08"[..], CANARY.as_bytes()].concat();
    let query = "INSERT INTO t (a, b) VALUES ('C4naryQz', $$C4naryQz$$) -- password=C4naryQz\0";
    let parse = b"p\0SELECT secret FROM t WHERE a = $1 AND b = 'C4naryQz'\0\0\0";
    let bind = [&b"\0p\0\0\0\0\x01\0\0\0\x08"[..], CANARY.as_bytes(), &[0, 0]].concat();
    let error = b"SERROR\0C23505\0Mduplicate key value 'C4naryQz'\0DKey (a)=(C4naryQz) already exists.\0\0";
    let extended = [
        pgsql_message(b'P', parse),
        pgsql_message(b'B', &bind),
        pgsql_message(b'D', b"P\0"),
        pgsql_message(b'E', b"\0\0\0\0\0"),
        pgsql_message(b'S', b""),
    ];
    let rows = [
        pgsql_message(b'1', b""),
        pgsql_message(b'2', b""),
        pgsql_message(b'T', &column),
        pgsql_message(b'D', &row),
        pgsql_message(b'C', b"SELECT 1\0"),
        ready.clone(),
    ];
    vec![
        (true, startup),
        (false, pgsql_message(b'R', &[0, 0, 0, 3])),
        (true, pgsql_message(b'p', b"C4naryQz\0")),
        (false, [pgsql_message(b'R', &[0; 4]), ready.clone()].concat()),
        (true, pgsql_message(b'Q', query.as_bytes())),
        (false, [pgsql_message(b'E', error), ready].concat()),
        (true, extended.concat()),
        (false, rows.concat()),
    ]
}

/// A packet of MySQL.
fn mysql_packet(number: u8, payload: &[u8]) -> Vec<u8> {
    let [a, b, c, _] = (payload.len() as u32).to_le_bytes();
    [&[a, b, c, number][..], payload].concat()
}

fn mysql() -> Messages {
    let [a, b, c, d] = (1_u32 << 3 | 1 << 9 | 1 << 15 | 1 << 19).to_le_bytes();
    let rest = [a, b, 8, 2, 0, c, d, 21];
    let start = b"\x0a8.0.36\0\x08\0\0\0aaaaaaaa\0";
    let greeting = [&start[..], &rest, &[0; 10], b"bbbbbbbbbbbb\0mysql_native_password\0"].concat();
    let login =
        [&[a, b, c, d, 0, 0, 0, 1, 45][..], &[0; 23], b"alice\0\x08C4naryQzshop\0mysql_native_password\0"].concat();
    // The name of a column that is of no table is its expression.
    let column = [&b"\x03def\0\0\0\x08C4naryQz\0\x0c"[..], &[45, 0, 0, 0, 0, 0, 253, 0, 0, 0, 0, 0]].concat();
    let (eof, ok) = (b"\xfe\0\0\x02\0", b"\0\0\0\x02\0\0\0");
    let query = "\x03SELECT 'C4naryQz' FROM t WHERE b = \"C4naryQz\" AND c = 'C4naryQz' /* token=C4naryQz */";
    let rows = [
        mysql_packet(1, b"\x01"),
        mysql_packet(2, &column),
        mysql_packet(3, eof),
        mysql_packet(4, b"\x08C4naryQz"),
        mysql_packet(5, eof),
    ];
    let error = b"\xff\x26\x04#23000Duplicate entry 'C4naryQz' for key 'a'";
    vec![
        (false, mysql_packet(0, &greeting)),
        (true, mysql_packet(1, &login)),
        (false, mysql_packet(2, ok)),
        (true, mysql_packet(0, query.as_bytes())),
        (false, rows.concat()),
        (true, mysql_packet(0, b"\x03INSERT INTO t VALUES ('C4naryQz')")),
        (false, mysql_packet(1, error)),
    ]
}

/// A command of Redis.
fn redis_command(words: &[&str]) -> Vec<u8> {
    let words_of = words.iter().map(|word| format!("${}\r\n{word}\r\n", word.len()));
    format!("*{}\r\n{}", words.len(), words_of.collect::<String>()).into_bytes()
}

fn redis() -> Messages {
    let ok = b"+OK\r\n".to_vec();
    vec![
        (true, redis_command(&["AUTH", "alice", CANARY])),
        (false, ok.clone()),
        (true, redis_command(&["HELLO", "3", "AUTH", "alice", CANARY])),
        (false, ok.clone()),
        (true, redis_command(&["SET", "user:1", CANARY, "EX", "10"])),
        (false, ok.clone()),
        (true, redis_command(&["GET", "user:1"])),
        (false, format!("$8\r\n{CANARY}\r\n").into_bytes()),
        (true, redis_command(&["HSET", "user:1", "password", CANARY])),
        (false, b"-WRONGTYPE value C4naryQz is no hash\r\n".to_vec()),
        (true, redis_command(&["ECHO", CANARY])),
        (false, format!("+{CANARY}\r\n").into_bytes()),
        (true, redis_command(&["EVAL", "return 'C4naryQz'", "0"])),
        (false, format!("-{CANARY} x\r\n").into_bytes()),
        // AUTH with a wrong name, and CONFIG without SET.
        (true, redis_command(&["AUHT", CANARY])),
        (false, b"-ERR unknown command 'AUHT', with args beginning with: 'C4naryQz' \r\n".to_vec()),
        (true, b"auht C4naryQz\r\n".to_vec()),
        (false, b"-ERR unknown command 'auht', with args beginning with: 'C4naryQz' \r\n".to_vec()),
        (true, redis_command(&["CONFIG", "requirepass", CANARY])),
        (false, b"-ERR unknown subcommand 'requirepass'. Try CONFIG HELP.\r\n".to_vec()),
        (true, redis_command(&["SCRIPT", "LOAD", "return 'C4naryQz'"])),
        (false, b"$40\r\n4e6d8fc8bb01276962cce5371fa795a7763657ae\r\n".to_vec()),
    ]
}

/// Captures by their name.
fn captures() -> Vec<(&'static str, Messages)> {
    vec![
        ("web", web()),
        ("websocket", websocket()),
        ("grpc", grpc()),
        ("pgsql", pgsql()),
        ("mysql", mysql()),
        ("redis", redis()),
    ]
}

/// The forms of the canary: as text, in hexadecimal digits, and in base64 at each position.
fn forms() -> Vec<String> {
    let hex = |separator: &str| CANARY.bytes().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(separator);
    let mut forms = vec![CANARY.to_owned(), hex(""), hex(":"), hex(" "), basic()];
    for before in 0..3 {
        let text = BASE64_STANDARD.encode(["a".repeat(before), CANARY.to_owned(), "aa".into()].concat());
        // The characters that depend on the canary only.
        forms.push(text[if before == 0 { 0 } else { 4 }..12].to_owned());
    }
    // Percent escapes of its first letter, and a part that a cut would leave.
    forms.extend(["%434naryQz".to_owned(), CANARY[..6].to_owned(), CANARY[2..].to_owned()]);
    forms
}

/// Arguments before and after the capture.
const COMMANDS: [(&[&str], &[&str]); 36] = [
    (&["print"], &[]),
    (&["print", "-V"], &[]),
    (&["print", "-x"], &[]),
    (&["print", "-V", "-x"], &[]),
    (&["print", "-T", "json"], &[]),
    (&["print", "-T", "ndjson"], &[]),
    (&["print", "-T", "csv"], &[]),
    (&["calls"], &[]),
    (&["calls", "-T", "json"], &[]),
    (&["calls", "-T", "csv"], &[]),
    (&["calls", "--by", "uri"], &[]),
    (&["calls", "--by", "sql.digest"], &[]),
    (&["calls", "--by", "http.cookie"], &[]),
    (&["streams", "-T", "json"], &[]),
    (&["journey"], &["1"]),
    (&["journey", "-T", "json"], &["1"]),
    (&["journey", "-T", "html"], &["1"]),
    (&["journey", "-T", "markdown"], &["1"]),
    (&["journey", "-T", "otlp"], &["1"]),
    (&["journey"], &["2"]),
    (&["trace"], &[]),
    (&["trace", "-T", "json"], &[]),
    (&["trace", "-T", "html"], &[]),
    (&["ladder"], &["0"]),
    (&["ladder", "-T", "svg"], &["0"]),
    (&["stats"], &[]),
    (&["stats", "sql"], &[]),
    (&["stats", "http"], &[]),
    (&["export", "har"], &[]),
    (&["export", "curl"], &[]),
    (&["export", "httpie"], &[]),
    (&["export", "python"], &[]),
    (&["export", "raw"], &[]),
    (&["follow", "--http"], &["0"]),
    (&["follow", "--websocket"], &["0"]),
    (&["check"], &["--each", "http.request", "http.cookie == x and http.authorization == x"]),
];

#[test]
fn no_output_has_a_secret() {
    let folder = folder();
    let forms = forms();
    let mut leaks = Vec::new();
    let mut check = |arguments: &[&str]| {
        let output = program(arguments).output().expect("the program runs");
        let text = [&output.stdout[..], &output.stderr].concat();
        let text = String::from_utf8_lossy(&text);
        assert!(!text.contains("error: "), "{arguments:?}: {text}");
        for line in text.lines().filter(|line| forms.iter().any(|form| line.contains(form))) {
            let at = forms.iter().filter_map(|form| line.find(form)).min().unwrap_or_default();
            let start = (0..=at.saturating_sub(160)).rev().find(|&at| line.is_char_boundary(at)).unwrap_or_default();
            leaks.push(format!("{arguments:?}: {}", line[start..].chars().take(260).collect::<String>()));
        }
    };
    let fields: Vec<&str> = dissectors::fields().map(|field| field.name).collect();
    let layers =
        ["http", "http2", "json", "urlencoded-form", "mime_multipart", "data-text-lines", "xml", "data", "tcp"];
    let others = ["websocket", "grpc", "protobuf", "pgsql", "mysql", "resp", "sql", "frame", "_ws"];
    let is_of = |name: &&&str| layers.iter().chain(&others).any(|layer| name.split('.').next() == Some(layer));
    let selected: Vec<&str> = fields.iter().filter(is_of).flat_map(|name| ["-e", name]).collect();
    for (name, messages) in captures() {
        for size in [1400, 37] {
            let file = write(folder.path(), &format!("{name}-{size}.pcap"), &connection(size, &messages));
            // The canary is in the capture, in a form that is found.
            let (text, ..) = run(&["print", "-T", "json", &file]);
            assert!(forms.iter().any(|form| text.contains(form)), "{name}");
            for (before, after) in COMMANDS {
                check(&[before, &["--redact", &file], after].concat());
            }
            check(&[&["print", "--redact", "-T", "fields", &file][..], &selected].concat());
            #[cfg(feature = "parquet")]
            for table in ["frames", "calls", "streams", "messages", "dns", "notes"] {
                let fields = if table == "frames" { &selected[..] } else { &[] };
                let options = ["export", "arrow", "--redact", &file, "--table", table, "--body-limit", "1000000"];
                check(&[&options[..], fields].concat());
            }
            // Each field alone, so that no other states what its value is.
            let is_present = |name: &&&str| size == 1400 && text.contains(&format!("\"{name}\""));
            for field in fields.iter().filter(is_of).filter(is_present) {
                check(&["print", "--redact", "-T", "json", "-e", field, &file]);
            }
        }
    }
    leaks.dedup();
    assert!(leaks.is_empty(), "{} leaks:\n{}", leaks.len(), leaks.join("\n"));
}

#[test]
#[cfg(feature = "tui")]
fn no_screen_shows_or_copies_a_secret() {
    let (folder, forms) = (folder(), forms());
    let keys =
        ["Enter z", "Enter p z", "Enter p p z", "J", "R", "F", "y Enter", "y j Enter", "y j j Enter", "y End Enter"];
    let lists = ["1", "2", "3"];
    let (mut screens, mut marks, mut copies) = (0, 0, 0);
    for (name, messages) in captures() {
        let file = write(folder.path(), &format!("{name}.pcap"), &connection(1400, &messages));
        let mut screen = crate::common::screen::Screen::open_redacted(Path::new(&file), (160, 60));
        for list in lists {
            for row in 0..8 {
                for keys in keys {
                    screen.keys(&format!("{list} Home {} {keys}", "Down ".repeat(row)).replace("  ", " "));
                    let copied = std::mem::take(&mut screen.copied);
                    copies += copied.len();
                    for text in copied.into_iter().chain([screen.text()]) {
                        let leak = forms.iter().find(|form| text.contains(*form));
                        assert!(leak.is_none(), "{name} {list} {row} {keys}: {leak:?} in\n{text}");
                        marks += usize::from(text.contains("REDACTED-"));
                        screens += 1;
                    }
                    screen.keys("Esc Esc Esc");
                }
            }
        }
    }
    assert!(screens > 1400 && marks > 200 && copies > 300, "{screens} {marks} {copies}");
}

// RFC 8484 6, and 5 bytes before each message of gRPC: their zeros would be other messages.
#[test]
fn a_binary_body_is_not_read_as_a_message_of_zeros() {
    for (file, options, lines, other) in [
        (
            "dns/over-http.pcap",
            &["0", "--http"][..],
            ["Content-Length: 29", "[29 bytes of binary data]"],
            "Standard query",
        ),
        (
            "grpc/unary.pcap",
            &["0", "--http2", "1"],
            ["POST /shop.Orders/Place HTTP/2", "[165 bytes of binary data]"],
            "# message",
        ),
        ("grpc/web.pcap", &["0", "--http"], ["Content-Length: 14", "[14 bytes of binary data]"], "# message"),
    ] {
        let file = format!("{}/fixtures/{file}", env!("CARGO_MANIFEST_DIR"));
        let (text, _, code) = run(&[&["follow", &file, "--redact"], options].concat());
        assert!(code == 0 && lines.iter().all(|line| text.contains(line)) && !text.contains(other), "{text}");
        #[cfg(feature = "tui")]
        {
            let mut screen = crate::common::screen::Screen::open_redacted(Path::new(&file), (160, 60));
            screen.keys("Enter");
            let text = screen.text();
            assert!(text.contains("bytes of binary data]") && !text.contains(other), "{text}");
        }
    }
}

#[test]
fn the_same_secret_has_the_same_mark() {
    let folder = folder();
    let file = write(folder.path(), "web.pcap", &connection(1400, &web()));
    let settings = write(folder.path(), "redact.toml", b"key = 'a key'\nnames = ['city']\npatterns = ['Pa(ri)s']");
    let fields = ["-T", "fields", "-e", "http.cookie", "-e", "http.set_cookie", "-e", "http.proxy_authorization"];
    let arguments = [&["print", "--redact", "--redact-settings", &settings, &file][..], &fields].concat();
    let (text, error, code) = run(&arguments);
    let marks: Vec<&str> = text.match_indices("REDACTED-").map(|(at, _)| &text[at..at + 21]).collect();
    let own = marks[0];
    // sid, theme with " b", a value without a name; then the token, and both cookies of the response.
    assert_eq!(marks.iter().filter(|mark| **mark == own).count(), 5, "{text}");
    assert_eq!(code, 0);
    assert!(error.contains("overhear: redacted: ") && error.contains("cookies"), "{error}");
    assert_eq!(run(&arguments).0, text);
    // Another key, and so other marks, in each run without one.
    let random = [&["print", "--redact", &file][..], &fields].concat();
    assert_ne!(run(&random).0, run(&random).0);
}

#[test]
fn a_secret_in_json_in_a_form_has_the_mark_of_the_others() {
    let folder = folder();
    let form = "x=%7B%22password%22%3A%22CANARY%22%2C%22user%22%3A%22bob%22%7D&token=CANARY".replace("CANARY", CANARY);
    let request = "POST /a?y=%7B%22pin%22%3A%22CANARY%22%2C%22a%22%3A1%7D HTTP/1.1\nHost: a.test\nX-Token: CANARY\n\
         Content-Type: application/x-www-form-urlencoded";
    let response = "HTTP/1.1 200 OK\nContent-Type: application/json";
    let json = r#"{"secret":"CANARY","user":"alice in a long text","n":[1,2,3]}"#;
    let messages = vec![(true, http(request, &form)), (false, http(response, json))];
    let file = write(folder.path(), "form.pcap", &connection(1400, &messages));
    let (har, _, code) = run(&["export", "har", "--redact", &file]);
    assert_eq!(code, 0);
    let marks: Vec<&str> = har.match_indices("REDACTED-").map(|(at, _)| &har[at..at + 21]).collect();
    assert!(marks.len() > 6 && marks.iter().all(|mark| *mark == marks[0]), "{har}");
    assert!(
        har.contains(&format!(
            "x=%7B%22password%22%3A%22{}%22%2C%22user%22%3A%22bob%22%7D&token={}",
            marks[0], marks[0]
        ))
    );
    // Marks change the length of a body, which is not truncated.
    assert!(!har.contains("truncated"), "{har}");
    let long = format!(r#"{{"secret":"{}","user":"bob"}}"#, CANARY.repeat(20));
    let messages = vec![(true, http("GET / HTTP/1.1\nHost: a.test", "")), (false, http(response, &long))];
    let file = write(folder.path(), "long.pcap", &connection(1400, &messages));
    let (har, ..) = run(&["export", "har", "--redact", &file]);
    assert!(har.contains("bob") && !har.contains("truncated"), "{har}");
    let (har, ..) = run(&["export", "har", "--redact", "--body-limit", "10", &file]);
    assert!(har.contains(&format!("body is truncated to 10 of {} bytes", long.len())), "{har}");
}

#[test]
fn commands_of_redis_with_a_subcommand_are_the_same_in_all_outputs() {
    let folder = folder();
    let command = |words: &[&str]| {
        let words: String = words.iter().map(|word| format!("${}\r\n{word}\r\n", word.len())).collect();
        format!("*{}\r\n{words}", words.matches('$').count()).into_bytes()
    };
    let ok = || (false, b"+OK\r\n".to_vec());
    let messages = vec![
        (true, command(&["CLIENT", "SETNAME", "worker"])),
        ok(),
        (true, command(&["CONFIG", "SET", "requirepass", CANARY])),
        ok(),
        (true, command(&["XGROUP", "CREATE", "orders", "group", CANARY])),
        ok(),
    ];
    let file = write(folder.path(), "redis.pcap", &connection(1400, &messages));
    let settings = write(folder.path(), "redact.toml", b"key = 'a key'");
    let run = |arguments: &[&str]| {
        let options =
            [arguments, &["--redact", "--redact-settings", &settings, "-d", "tcp.port==80,resp", &file]].concat();
        let (text, error, code) = run(&options);
        assert_eq!(code, 0, "{error}");
        assert!(!text.contains(CANARY), "{text}");
        text
    };
    let info = run(&["print"]);
    let calls = run(&["calls", "-T", "ndjson"]);
    let calls: Vec<serde_json::Value> = calls.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(calls.len(), 3);
    for (call, expected) in
        calls.iter().zip(["CLIENT SETNAME worker", "CONFIG SET requirepass", "XGROUP CREATE orders REDACTED-"])
    {
        let text = format!("{} {}", call["method"].as_str().expect("a text"), call["uri"].as_str().expect("a text"));
        assert!(text.starts_with(expected), "{text}");
        assert!(info.contains(&text), "{text}: {info}");
    }
}

#[test]
fn comments_of_captures_have_no_secrets() {
    let folder = folder();
    let comment = format!("password={CANARY}; from the shop");
    let padded = [comment.as_bytes(), &[0; 3][..(4 - comment.len() % 4) % 4]].concat();
    let len = (28 + 4 + padded.len() + 4) as u32;
    let option = [&1_u16.to_le_bytes()[..], &(comment.len() as u16).to_le_bytes(), &padded, &[0; 4]].concat();
    let head = [&0x0a0d_0d0a_u32.to_le_bytes()[..], &len.to_le_bytes(), &0x1a2b_3c4d_u32.to_le_bytes(), &[1, 0, 0, 0]];
    let section = [&head.concat()[..], &[0xff; 8], &option, &len.to_le_bytes()].concat();
    let file = write(folder.path(), "comment.pcapng", &section);
    for form in ["text", "json", "ndjson"] {
        assert!(run(&["info", "-T", form, &file]).0.contains(CANARY), "{form}");
        let (text, error, code) = run(&["info", "--redact", "-T", form, &file]);
        assert_eq!(code, 0, "{error}");
        assert!(
            text.contains("password=REDACTED-") && text.contains("from the shop") && !text.contains(CANARY),
            "{text}"
        );
        assert_eq!(error, "overhear: redacted: 1 password\n");
    }
}

#[test]
fn outputs_with_raw_bytes_are_refused() {
    let folder = folder();
    let file = write(folder.path(), "web.pcap", &connection(1400, &web()));
    let out = folder.path().join("out.pcap");
    let out = out.to_str().expect("a name in UTF-8");
    for arguments in [
        &["follow", "--redact", &file, "0"][..],
        &["follow", "--redact", "--raw", &file, "0"],
        &["print", "--redact", "-w", out, &file],
        &["export", "pcapng", "--redact", &file, "-o", out],
        &["export", "pcap", "--redact", &file, "-o", out],
        &["export", "objects", "--redact", &file, "-o", out],
        &["merge", "--redact", &file, "-o", out],
        &["split", "--redact", "--by-frames", "2", &file, "-o", out],
        &["--redact", "-i", "lo"],
    ] {
        let (text, error, code) = run(arguments);
        assert_eq!((&*text, code), ("", 2), "{arguments:?}");
        assert!(error.contains("--redact") && error.lines().count() == 1, "{error}");
        assert!(!folder.path().join("out.pcap").exists());
    }
    let (_, error, code) = run(&["print", "--redact", "--show-secrets", &file]);
    assert!(code != 0 && error.contains("--show-secrets"), "{error}");
    let settings = write(folder.path(), "long.toml", &b" ".repeat((1 << 20) + 1));
    let (_, error, code) = run(&["print", "--redact", "--redact-settings", &settings, &file]);
    assert!(code == 2 && error.contains("settings of more than 1 MiB are not read"), "{error}");
    let settings = write(folder.path(), "redact.toml", b"name = ['a']");
    let (_, error, code) = run(&["print", "--redact", "--redact-settings", &settings, &file]);
    assert!(code == 2 && error.contains("unknown setting"), "{error}");
}
