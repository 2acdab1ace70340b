//! How filters are parsed, and the errors of invalid ones.

use super::ast::Span;
use super::*;

/// Parses a filter and prints its syntax tree.
fn printed(filter: &str) -> String {
    parse(filter).expect(filter).map_or(String::new(), |condition| condition.to_string())
}

#[test]
fn a_printed_filter_parses_to_the_same_tree() {
    for filter in [
        "tcp.port == 80 && !udp || ip and not (a == 1 or b === 2) xor c !== 3",
        "not not tcp",
        "(a or b) or c",
        "a and (b and c)",
        "1 < tcp.len <= 200",
        "any tcp.port in {80, 443 .. 8443, \"x\"} or all tcp.port not in {'a'}",
        "{tcp.srcport + 1} * 2 == 162 - {3 - 2} - -1",
        "a - {b - c} == {a - b} - c",
        "-{a + b} == 1",
        "http.host[0:3,-3:,5,1-2][1] == \"w\\x00\\xff\\\"\\\\ä\"",
        "{a + b}[0] == 1",
        "ip.addr#1 == 1.2.3.4/8 and @tcp.port#[1-2,-1] == 00:50",
        ".tcp and @http.host contains 77",
        "max(tcp.port, {1 + 2}, len(@ip)) & 0xf0",
        "http.host matches r\"\\.com$\" and http.host contains '\\''",
        "x == '\\xff' or y == '\\n'",
        // Found by fuzzing: without its dot, the name would continue the word before it.
        "a#1 == .0/0.0.b#1",
    ] {
        let tree = parse(filter).unwrap_or_else(|diagnostic| panic!("{}", diagnostic.display(filter)));
        let again = printed(filter);
        assert_eq!(
            parse(&again).unwrap_or_else(|diagnostic| panic!("{}", diagnostic.display(&again))),
            tree,
            "{filter}\n{again}"
        );
    }
}

#[test]
fn operators_bind_as_in_wireshark() {
    for (filter, meaning) in [
        ("a or b and c", "a or (b and c)"),
        ("a or b xor c", "a or (b xor c)"),
        ("a xor b and c", "a xor (b and c)"),
        ("not a == 1 and b", "(not (a == 1)) and b"),
        ("!a || b", "(!a) || b"),
        ("a + b * c == 1", "a + {b * c} == 1"),
        ("a & b + c == 1", "a & {b + c} == 1"),
        ("a - b - c == 1", "{a - b} - c == 1"),
        ("a eq 1 && b ne 2 || c gt 3", "(a == 1 and b != 2) or c > 3"),
        ("a any_eq 1 and b all_eq 2 and c any_ne 3 and d all_ne 4", "a == 1 and b === 2 and c !== 3 and d != 4"),
        ("a ~ \"x\" and b bitwise_and 1", "a matches \"x\" and b & 1"),
    ] {
        assert_eq!(parse(filter), parse(meaning), "{filter}");
    }
}

#[test]
fn aliases_become_fields() {
    for (filter, meaning) in [
        ("sni contains example", "tls.handshake.extensions_server_name contains example"),
        (
            "uri contains login",
            "(http.request.method and http.request.uri contains login) or \
             (http2.request.method and http2.request.uri contains login) or \
             (http3.request.method and http3.request.uri contains login) or websocket.uri contains login",
        ),
        (
            "method == POST",
            "http.request.method == POST or http2.request.method == POST or http3.request.method == POST or \
             websocket.kind == POST",
        ),
        (
            "len(uri) > len(host)",
            "(http.request.method and len(http.request.uri) > len(http.host)) or \
             (http2.request.method and len(http2.request.uri) > len(http2.host)) or \
             (http3.request.method and len(http3.request.uri) > len(http3.host)) or \
             len(websocket.uri) > len(websocket.host)",
        ),
        (
            "200 <= status < 300",
            "200 <= http.response.code < 300 or 200 <= http2.response.code < 300 or 200 <= http3.response.code < 300",
        ),
        ("port == 80", "tcp.port == 80 or udp.port == 80"),
        ("port not in {80}", "tcp.port not in {80} or udp.port not in {80}"),
        ("http.connection == host", "http.connection == host"),
        ("not body", "not (http.file_data or http2.file_data or http3.file_data or websocket.data)"),
        (
            "path == \"/\"",
            "(http.request.method and http.request.uri.path == \"/\") or \
             (http.request.method and not http.request.uri.path and http.request.uri == \"/\") or \
             (http2.request.method and http2.request.uri.path == \"/\") or \
             (http3.request.method and http3.request.uri.path == \"/\")",
        ),
    ] {
        let expanded = parse(filter).expect(filter).map(alias::expand);
        assert_eq!(expanded.map(|condition| condition.to_string()), Some(printed(meaning)), "{filter}");
    }
}

#[test]
fn aliases_are_listed_from_the_highest_protocol_down_and_are_documented() {
    let names: Vec<_> = ALIASES.iter().map(|alias| alias.name).collect();
    let expected =
        "uri url method host path query body qname qtype rcode sni rows n_plus_one command status stream port";
    assert_eq!(names.join(" "), expected);
    let page = include_str!("../../docs/filters.md");
    let rows: Vec<_> = page.lines().filter(|line| line.starts_with("| `")).collect();
    for name in names {
        assert!(rows.iter().any(|row| row.contains(&format!("`{name}`"))), "{name} is not in docs/filters.md");
    }
}

#[test]
fn every_alias_stands_for_fields_that_can_be_compared() {
    for alias in ALIASES.iter() {
        for target in &alias.targets {
            for field in [&[target.field], target.with, target.without].concat() {
                assert!(Filter::new(field.name).is_ok(), "{}: {}", alias.name, field.name);
            }
        }
        assert!(Filter::new(alias.name).is_ok(), "{}", alias.name);
        assert!(dissectors::field(alias.name).is_none(), "{} is a field", alias.name);
    }
}

/// Returns the error message of a filter, and the characters that the caret points at.
fn diagnostic(filter: &str) -> (String, String) {
    match Filter::new(filter) {
        Ok(_) => ("no error".into(), String::new()),
        Err(Diagnostic { message, span }) => (message, filter.get(span.start..span.end).unwrap_or_default().into()),
    }
}

#[test]
fn an_error_names_the_problem_and_points_at_its_characters() {
    for (filter, message, at) in [
        ("tcp.prt == 80", "unknown field tcp.prt (nearest: tcp.port", "tcp.prt"),
        ("TCP", "unknown field TCP (nearest: tcp", "TCP"),
        ("1 < tcp.lenn < 3", "unknown field tcp.lenn (nearest: tcp.len", "tcp.lenn"),
        ("tcp.port == \"80\"", "tcp.port: expected a number, found text \"80\"", "\"80\""),
        ("tcp.port == eighty", "tcp.port: expected a number, found eighty", "eighty"),
        ("tcp.port == 65536", "65536 is out of range: tcp.port is at most 65535", "65536"),
        ("tcp.port == 080", "tcp.port: expected a number, found 080", "080"),
        ("tcp.port == -1", "-1 is out of range: tcp.port is at least 0", "-1"),
        ("tcp.port in {80, 1..99999}", "99999 is out of range", "99999"),
        ("tcp.flags.syn == 1.5", "tcp.flags.syn: expected true or false, found 1.5", "1.5"),
        ("ip.src == 300.1.1.1", "ip.src: expected an IPv4 address, found 300.1.1.1", "300.1.1.1"),
        (
            "ip.src == localhost",
            "ip.src: expected an IPv4 address, found localhost; host names are not resolved",
            "localhost",
        ),
        ("ip.src == 10.0.0.0/33", "invalid prefix length 33: at most 32", "10.0.0.0/33"),
        ("ip.src == eth.src", "cannot compare ip.src (an IPv4 address) with eth.src (an Ethernet address)", "eth.src"),
        ("http.host == tcp.port", "cannot compare http.host (text) with tcp.port (a number)", "tcp.port"),
        ("frame.time > 1", "invalid time 1", "1"),
        ("frame.time_relative < 1e-3", "frame.time_relative: expected a duration, found 1e-3", "1e-3"),
        ("tcp.analysis.flags == 1", "tcp.analysis.flags has no value to compare", "tcp.analysis.flags"),
        ("tcp.port contains \"80\"", "contains requires text or bytes; tcp.port is a number", "tcp.port"),
        ("tcp.port matches \"80\"", "matches requires text or bytes; tcp.port is a number", "tcp.port"),
        ("http.host matches www", "expected a regular expression in double quotes", "www"),
        ("http.host matches \"a(?=b)\"", "look-ahead is not supported", "\"a(?=b)\""),
        ("http.host matches \"\\.com\"", "unknown escape \\.: use \\\\., or a raw string r\"...\"", "\\."),
        ("tcp.port[0] == 1", "a slice requires text or bytes; tcp.port is a number", "tcp.port[0]"),
        ("http.host[0:0] == \"\"", "invalid range 0:0: the length must be positive", "0:0"),
        ("http.host[1,3-1] == \"w\"", "invalid range 3-1: 3 is after 1", "3-1"),
        ("http.host + 1 == 2", "operator + does not apply: http.host is text", "http.host"),
        ("foo(tcp.port) == 1", "unknown function foo", "foo"),
        ("upper(tcp.port) == \"A\"", "upper: expected text, found a number", "tcp.port"),
        ("len() == 1", "len requires an argument", "len"),
        ("len(ip, tcp) == 1", "len requires one argument, found 2", "len"),
        ("count(tcp.port)", "expected a comparison: a function returns a value", "count(tcp.port)"),
        ("\"a\" == \"a\"", "expected a field, found a constant", "\"a\""),
        ("tcp.port in {80 443}", "expected a comma between the values of a set", "443"),
        ("tcp.port in 80", "expected a set after in", "80"),
        ("tcp.port = 80", "unexpected =: use == to compare", "="),
        ("tcp AND ip", "operators are lower case: use and", "AND"),
        ("tcp ip", "unexpected ip: expected and, or, or a comparison before it", "ip"),
        ("(tcp.port) == 80", "a condition in ( ) has no value to compare; use { }", "=="),
        ("(tcp", "unexpected end of filter: expected )", ""),
        ("tcp.port ==", "unexpected end of filter: expected a field or a value", ""),
        ("tcp)", "unexpected )", ")"),
        ("$foo", "macros are not supported: replace foo", "$foo"),
        ("tcp.port == ${tcp.port}", "references to the selected frame are not supported: tcp.port", "${tcp.port"),
        ("http.request.uri == /login", "unexpected /: quote text that has a slash", "/"),
        ("any tcp", "expected a field and a comparison after any or all", ""),
        ("tcp.port == 'ab'", "'ab' has more than one character", "'ab'"),
        ("tcp.port == \u{201c}80\u{201d}", "unexpected character \u{201c}: use straight quotes", "\u{201c}"),
    ] {
        let (found, under) = diagnostic(filter);
        assert!(found.starts_with(message), "{filter}: {found}");
        assert_eq!(under, at, "{filter}: {found}");
    }
}

#[test]
fn likely_mistakes_are_warned_of() {
    let warned = |filter: &str| {
        let filter = Filter::new(filter).unwrap_or_else(|diagnostic| panic!("{}", diagnostic.display(filter)));
        filter
            .warnings()
            .iter()
            .chain(filter.frame_warnings())
            .map(|warning| warning.message.clone())
            .collect::<Vec<_>>()
            .join("|")
    };
    assert!(warned("tcp.flags.syn && !tcp.flags.ack").contains("use tcp.flags.ack == 0"));
    assert!(warned("ip.addr != 10.0.0.1").contains("!== matches if any differs"));
    assert!(warned("tcp.port !== 80").contains("!= matches if all differ"));
    assert!(warned("ip.src ~= 10.0.0.1").contains("~= is deprecated"));
    assert!(warned("ip[8:2] == 4006").contains("0x4006"));
    for filter in [
        "tcp.flags.syn == 1 && !udp",
        "ip.src != 10.0.0.1",
        "ip[8] == 64",
        "ip[8:2] == 40:06",
        "not ip.addr == 10.0.0.1",
        "tcp",
    ] {
        assert_eq!(warned(filter), "", "{filter}");
    }
}

#[test]
fn only_the_fields_of_a_filter_are_recorded() {
    let wants = Filter::new("tcp.port == 80 and frame.number < 3").expect("a filter").wants();
    let wanted: Vec<_> = dissectors::fields().filter(|field| wants.field(field)).map(|field| field.name).collect();
    assert_eq!(wanted, ["frame.number", "tcp.port"]);
    assert!(!wants.columns && !wants.labels);
    assert!(Filter::new("_ws.col.info contains a").expect("a filter").wants().columns);
    assert!(Filter::new(" ").expect("a filter").wants().is_empty());
}

#[test]
fn the_last_frame_that_can_match_is_computed() {
    for (filter, last) in [
        ("frame.number <= 10", Some(10)),
        ("frame.number < 10 and tcp", Some(9)),
        ("10 >= frame.number", Some(10)),
        ("frame.number == 3 or frame.number in {5, 7..9}", Some(9)),
        ("2 < frame.number < 8", Some(7)),
        ("frame.number < 0", Some(0)),
        ("frame.number <= 10 or tcp", None),
        ("not frame.number > 10", None),
        ("frame.number != 10", None),
        ("frame.number not in {1}", None),
        ("tcp", None),
    ] {
        assert_eq!(Filter::new(filter).ok().and_then(|filter| filter.last_frame()), last, "{filter}");
    }
}

#[test]
fn too_deep_nesting_is_an_error_and_a_long_filter_is_not() {
    for filter in [
        "(".repeat(100_000),
        "!".repeat(100_000) + "tcp",
        "{".repeat(100_000),
        "tcp.len == ".to_owned() + &"-".repeat(100_000) + "1",
        "tcp.len == ".to_owned() + &"1+".repeat(100_000) + "1",
        "len(".repeat(100_000),
        "tcp".to_owned() + &"[0]".repeat(100_000),
    ] {
        assert!(Filter::new(&filter).is_err(), "{}", &filter[..20]);
    }
    let long = vec!["tcp.port == 80 and (udp or not ip)"; 5000].join(" or ");
    assert!(Filter::new(&long).is_ok());
}

proptest::proptest! {
    #[test]
    fn words_in_any_order_parse_or_are_an_error(words in proptest::collection::vec(0..WORDS.len(), 0..24)) {
        parse_or_error(&words.iter().map(|&word| WORDS[word]).collect::<Vec<_>>().join(" "))?;
    }

    #[test]
    fn any_text_parses_or_is_an_error(filter in r#"[a-z0-9. =<>!&|~(){},:;"'\\\[\]@#$+*/%äX\u{202e}-]{0,40}"#) {
        parse_or_error(&filter)?;
    }
}

fn parse_or_error(filter: &str) -> Result<(), proptest::test_runner::TestCaseError> {
    if let Ok(Some(condition)) = parse(filter) {
        let printed = condition.to_string();
        proptest::prop_assert_eq!(parse(&printed), Ok(Some(condition)), "{} {}", filter, printed);
    }
    if let Err(fault) = Filter::new(filter) {
        let Span { start, end } = fault.span;
        proptest::prop_assert!(filter.get(start..end).is_some(), "{filter}: {fault:?}");
        proptest::prop_assert_eq!(fault.display(filter).to_string().lines().count(), 3);
    }
    Ok(())
}

/// Parts of filters. Common ones are listed twice.
const WORDS: &[&str] = &[
    "tcp.port",
    "tcp.port",
    "http.host",
    "ip.src",
    "frame",
    "tcp",
    "uri",
    "80",
    "80",
    "-5",
    "\"a\"",
    "'b'",
    "47:45",
    "==",
    "==",
    "!=",
    "===",
    "!==",
    "<",
    ">=",
    "contains",
    "matches",
    "in",
    "{",
    "}",
    "{80, 90 .. 100}",
    "(",
    ")",
    "and",
    "or",
    "xor",
    "not",
    "any",
    "all",
    "+",
    "-",
    "*",
    "&",
    "[0:3]",
    "[1]",
    "#1",
    "@",
    "len(",
    "max(",
    ",",
    "..",
    "~=",
    "$",
    "=",
];
