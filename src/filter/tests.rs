//! What filters are read as, and what is said of those that are wrong.

use super::ast::Span;
use super::*;

/// A filter as it was understood.
fn printed(filter: &str) -> String {
    parse(filter).expect(filter).map_or(String::new(), |condition| condition.to_string())
}

#[test]
fn what_is_printed_means_the_same() {
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
        // Found by fuzzing: without its dot the name would go on before it.
        "a#1 == .0/0.0.b#1",
    ] {
        let tree = parse(filter).unwrap_or_else(|fault| panic!("{}", fault.shown(filter)));
        let again = printed(filter);
        assert_eq!(parse(&again).unwrap_or_else(|fault| panic!("{}", fault.shown(&again))), tree, "{filter}\n{again}");
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
fn short_words_become_fields() {
    for (filter, meaning) in [
        ("sni contains example", "tls.handshake.extensions_server_name contains example"),
        ("uri contains login", "http.request.method and http.request.uri contains login"),
        ("method == POST", "http.request.method == POST"),
        ("len(uri) > len(host)", "http.request.method and len(http.request.uri) > len(http.host)"),
        ("200 <= status < 300", "200 <= http.response.code < 300"),
        ("port == 80", "tcp.port == 80 or udp.port == 80"),
        ("port not in {80}", "tcp.port not in {80} or udp.port not in {80}"),
        ("http.connection == host", "http.connection == host"),
        ("not body", "not http.file_data"),
        (
            "path == \"/\"",
            "(http.request.method and http.request.uri.path == \"/\") or \
                           (http.request.method and not http.request.uri.path and http.request.uri == \"/\")",
        ),
    ] {
        let expanded = parse(filter).expect(filter).map(sugar::expand);
        assert_eq!(expanded.map(|condition| condition.to_string()), Some(printed(meaning)), "{filter}");
    }
}

#[test]
fn every_short_word_stands_for_fields_that_can_be_compared() {
    for sugar in SUGAR {
        for meaning in sugar.means {
            for name in [&[meaning.field], meaning.with, meaning.without].concat() {
                assert!(Filter::new(name).is_ok(), "{}: {name}", sugar.word);
            }
        }
        assert!(Filter::new(sugar.word).is_ok(), "{}", sugar.word);
        assert!(dissectors::field(sugar.word).is_none(), "{} is a field", sugar.word);
    }
}

/// The words that a wrong filter is told with, and what the caret points at.
fn fault(filter: &str) -> (String, String) {
    match Filter::new(filter) {
        Ok(_) => ("nothing is wrong".into(), String::new()),
        Err(Fault { message, span }) => (message, filter.get(span.start..span.end).unwrap_or_default().into()),
    }
}

#[test]
fn what_is_wrong_is_told_with_the_characters_it_is_about() {
    for (filter, message, at) in [
        ("tcp.prt == 80", "no field is called tcp.prt (nearest: tcp.port", "tcp.prt"),
        ("TCP", "no field is called TCP (nearest: tcp", "TCP"),
        ("1 < tcp.lenn < 3", "no field is called tcp.lenn (nearest: tcp.len", "tcp.lenn"),
        ("tcp.port == \"80\"", "tcp.port is a number; \"80\" is text", "\"80\""),
        ("tcp.port == eighty", "tcp.port is a number; eighty is not", "eighty"),
        ("tcp.port == 65536", "65536 is too great: tcp.port is at most 65535", "65536"),
        ("tcp.port == 080", "tcp.port is a number; 080 is not", "080"),
        ("tcp.port == -1", "-1 is too small: tcp.port is at least 0", "-1"),
        ("tcp.port in {80, 1..99999}", "99999 is too great", "99999"),
        ("tcp.flags.syn == 1.5", "tcp.flags.syn is true or false; 1.5 is neither", "1.5"),
        ("ip.src == 300.1.1.1", "ip.src is an IPv4 address; 300.1.1.1 is none", "300.1.1.1"),
        ("ip.src == localhost", "ip.src is an IPv4 address; localhost is none; names are not looked up", "localhost"),
        ("ip.src == 10.0.0.0/33", "a network has at most 32 bits, not 33", "10.0.0.0/33"),
        ("ip.src == eth.src", "ip.src is an IPv4 address; eth.src is an Ethernet address", "eth.src"),
        ("http.host == tcp.port", "http.host is text; tcp.port is a number", "tcp.port"),
        ("frame.time > 1", "1 is no time", "1"),
        ("frame.time_relative < 1e-3", "frame.time_relative is a duration; 1e-3 is none", "1e-3"),
        ("tcp.analysis.flags == 1", "tcp.analysis.flags is there or not, and has no value", "tcp.analysis.flags"),
        ("tcp.port contains \"80\"", "tcp.port is a number; contains looks into text and bytes", "tcp.port"),
        ("tcp.port matches \"80\"", "tcp.port is a number; matches looks into text and bytes", "tcp.port"),
        ("http.host matches www", "matches wants a regular expression in double quotes", "www"),
        ("http.host matches \"a(?=b)\"", "look-ahead is not supported", "\"a(?=b)\""),
        ("http.host matches \"\\.com\"", "\\. is no escape: write \\\\., or a raw text: r\"...\"", "\\."),
        ("tcp.port[0] == 1", "tcp.port is a number, of which there are no slices", "tcp.port[0]"),
        ("http.host[0:0] == \"\"", "0:0 is no range: its length is not above zero", "0:0"),
        ("http.host[1,3-1] == \"w\"", "3-1 is no range: 3 comes after 1", "3-1"),
        ("http.host + 1 == 2", "http.host is text, with which + does nothing", "http.host"),
        ("foo(tcp.port) == 1", "there is no function foo", "foo"),
        ("upper(tcp.port) == \"A\"", "upper wants text; this is a number", "tcp.port"),
        ("len() == 1", "len wants a field", "len"),
        ("len(ip, tcp) == 1", "len takes one thing, not 2", "len"),
        ("count(tcp.port)", "a function has a value and is not there or not: compare it", "count(tcp.port)"),
        ("\"a\" == \"a\"", "this is the same for every frame: a field is missing", "\"a\""),
        ("tcp.port in {80 443}", "values in a set have commas between them", "443"),
        ("tcp.port in 80", "in wants a set", "80"),
        ("tcp.port = 80", "= alone means nothing: == compares", "="),
        ("tcp AND ip", "operators are in small letters: and", "AND"),
        ("tcp ip", "ip was not expected here: and, or, or a relation is missing before it", "ip"),
        ("(tcp.port) == 80", "a condition in ( ) has no value; { } group arithmetic", "=="),
        ("(tcp", "the filter ends, and ) is missing", ""),
        ("tcp.port ==", "the filter ends where something is missing", ""),
        ("tcp)", ") was not expected here", ")"),
        ("$foo", "foo is a macro, and macros are not known here", "$foo"),
        ("tcp.port == ${tcp.port}", "tcp.port of a selected frame is meant", "${tcp.port"),
        ("http.request.uri == /login", "/ was not expected here; text with a slash is written in quotes", "/"),
        ("any tcp", "after any or all comes a field and a relation", ""),
        ("tcp.port == 'ab'", "'ab' is more than one character", "'ab'"),
        ("tcp.port == \u{201c}80\u{201d}", "\u{201c} means nothing in a filter; quotes are straight", "\u{201c}"),
    ] {
        let (found, under) = fault(filter);
        assert!(found.starts_with(message), "{filter}: {found}");
        assert_eq!(under, at, "{filter}: {found}");
    }
}

#[test]
fn traps_are_told() {
    let warned = |filter: &str| {
        let filter = Filter::new(filter).unwrap_or_else(|fault| panic!("{}", fault.shown(filter)));
        filter
            .warnings()
            .iter()
            .chain(filter.warnings_of_frames())
            .map(|warning| warning.message.clone())
            .collect::<Vec<_>>()
            .join("|")
    };
    assert!(warned("tcp.flags.syn && !tcp.flags.ack").contains("tcp.flags.ack == 0 was probably meant"));
    assert!(warned("ip.addr != 10.0.0.1").contains("!== means that one is not"));
    assert!(warned("tcp.port !== 80").contains("!= means that none is"));
    assert!(warned("ip.src ~= 10.0.0.1").contains("~= is deprecated"));
    assert!(warned("ip[8] == 64").contains("0x64"));
    for filter in
        ["tcp.flags.syn == 1 && !udp", "ip.src != 10.0.0.1", "ip[8] == 40:06", "not ip.addr == 10.0.0.1", "tcp"]
    {
        assert_eq!(warned(filter), "", "{filter}");
    }
}

#[test]
fn only_what_is_looked_at_is_wanted() {
    let wants = Filter::new("tcp.port == 80 and frame.number < 3").expect("a filter").wants();
    let wanted: Vec<_> = dissectors::fields().filter(|field| wants.field(field)).map(|field| field.name).collect();
    assert_eq!(wanted, ["frame.number", "tcp.port"]);
    assert!(!wants.columns && !wants.labels);
    assert!(Filter::new("_ws.col.info contains a").expect("a filter").wants().columns);
    assert!(Filter::new(" ").expect("a filter").wants().nothing());
}

#[test]
fn the_last_frame_that_can_match_is_known() {
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
fn what_is_nested_too_deep_is_refused_and_long_filters_are_not() {
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
    fn words_in_any_order_are_read_or_refused(words in proptest::collection::vec(0..WORDS.len(), 0..24)) {
        read_or_refused(&words.iter().map(|&word| WORDS[word]).collect::<Vec<_>>().join(" "))?;
    }

    #[test]
    fn any_text_is_read_or_refused(filter in r#"[a-z0-9. =<>!&|~(){},:;"'\\\[\]@#$+*/%äX\u{202e}-]{0,40}"#) {
        read_or_refused(&filter)?;
    }
}

fn read_or_refused(filter: &str) -> Result<(), proptest::test_runner::TestCaseError> {
    if let Ok(Some(condition)) = parse(filter) {
        let printed = condition.to_string();
        proptest::prop_assert_eq!(parse(&printed), Ok(Some(condition)), "{} {}", filter, printed);
    }
    if let Err(fault) = Filter::new(filter) {
        let Span { start, end } = fault.span;
        proptest::prop_assert!(filter.get(start..end).is_some(), "{filter}: {fault:?}");
        proptest::prop_assert_eq!(fault.shown(filter).to_string().lines().count(), 3);
    }
    Ok(())
}

/// Parts of filters, those that may follow each other more than once.
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
