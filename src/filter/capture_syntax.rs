//! Capture filters that are given as display filters: detected by their words, to name the display filter instead.

use super::diagnostic::Diagnostic;

/// Words of the capture filter language (pcap-filter(7)) that a value follows, and the field that the value is of.
const QUALIFIERS: [(&str, &str); 9] = [
    ("host", "ip.addr"),
    ("net", "ip.addr"),
    ("port", "port"),
    ("portrange", "port"),
    ("gateway", "eth.addr"),
    ("proto", "ip.proto"),
    ("less", "frame.len"),
    ("greater", "frame.len"),
    ("vlan", "vlan.id"),
];

/// Words that stand alone, and their display filters.
const ALONE: [(&str, &str); 4] = [
    ("broadcast", "eth.dst == ff:ff:ff:ff:ff:ff"),
    ("multicast", "eth.ig == 1"),
    ("inbound", "frame.packet_flags"),
    ("outbound", "frame.packet_flags"),
];

/// Adds to the error of a filter that it has the syntax of a capture filter, if it has.
pub(super) fn explain(filter: &str, error: Diagnostic) -> Diagnostic {
    let Some(display_filter) = display_filter(filter) else { return error };
    let hint = "this looks like a capture filter, for -f with an interface; a display filter is";
    Diagnostic { message: format!("{}; {hint} {display_filter}", error.message), ..error }
}

/// Returns the display filter of the first part of a capture filter.
fn display_filter(filter: &str) -> Option<String> {
    if filter.contains("[tcpflags]") || filter.contains("tcp-syn") {
        return Some("tcp.flags.syn == 1".into());
    }
    let words: Vec<&str> = filter.split(|char: char| char.is_whitespace() || "()!".contains(char)).collect();
    let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
    words.iter().enumerate().find_map(|(at, word)| {
        let alone = ALONE.iter().find(|(name, _)| name == word).map(|(_, filter)| (*filter).to_owned());
        let value = words.get(at + 1).filter(|value| is_value(value));
        let field = QUALIFIERS.iter().find(|(name, _)| name == word).map(|(_, field)| *field);
        let before = at.checked_sub(1).and_then(|before| words.get(before)).copied();
        alone.or_else(|| Some(comparison(word, directed(field?, before), value?)))
    })
}

/// Returns whether a word is a value: an operator of display filters does not follow a qualifier in a capture filter.
fn is_value(word: &str) -> bool {
    word.starts_with(|char: char| char.is_ascii_alphanumeric()) && !super::parse::is_operator(word)
}

/// Returns the field of one direction, if `src` or `dst` is before the qualifier.
fn directed(field: &'static str, before: Option<&str>) -> &'static str {
    match (field, before) {
        ("ip.addr", Some("src")) => "ip.src",
        ("ip.addr", Some("dst")) => "ip.dst",
        ("ip.addr", Some("ether")) => "eth.addr",
        ("port", Some("src")) => "tcp.srcport",
        ("port", Some("dst")) => "tcp.dstport",
        _ => field,
    }
}

fn comparison(word: &str, field: &str, value: &str) -> String {
    let field =
        if field.starts_with("ip.") && value.contains(':') { field.replacen("ip", "ipv6", 1) } else { field.into() };
    match (word, value.split_once('-')) {
        ("portrange", Some((first, last))) => format!("{field} in {{{first}..{last}}}"),
        ("less", _) => format!("{field} <= {value}"),
        ("greater", _) => format!("{field} >= {value}"),
        _ => format!("{field} == {value}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capture_filters_are_recognized() {
        for (filter, expected) in [
            ("tcp port 80", Some("port == 80")),
            ("port 53 and not host 10.0.0.1", Some("port == 53")),
            ("not (host 10.0.0.1)", Some("ip.addr == 10.0.0.1")),
            ("src host fd00::1", Some("ipv6.src == fd00::1")),
            ("src net 10.0.0.0/8", Some("ip.src == 10.0.0.0/8")),
            ("ether host 02:00:00:00:00:01", Some("eth.addr == 02:00:00:00:00:01")),
            ("tcp dst port 443", Some("tcp.dstport == 443")),
            ("portrange 1-1024", Some("port in {1..1024}")),
            ("greater 100", Some("frame.len >= 100")),
            ("tcp[tcpflags] & tcp-syn != 0", Some("tcp.flags.syn == 1")),
            ("not broadcast and not multicast", Some("eth.dst == ff:ff:ff:ff:ff:ff")),
            ("port == 80", None),
            ("host contains a", None),
            ("host matches \"port 80\" and tcp.prt", None),
            ("port in {80}", None),
            ("tcp.prt == 80", None),
            ("", None),
        ] {
            assert_eq!(display_filter(filter).as_deref(), expected, "{filter}");
        }
    }
}
