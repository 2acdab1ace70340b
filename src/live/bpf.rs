//! Position of an error in a capture filter. libpcap reports the error, but seldom its position.

use super::error::Error;
use pcap::{Capture, Dead, Linktype};
use std::ops::Range;

/// Completions of a filter prefix. A prefix of a valid filter becomes valid with one of these.
const COMPLETIONS: [&str; 12] = [
    "",
    "1",
    "tcp",
    "host 1.2.3.4",
    "1.2.3.4",
    "port 1",
    "1.2.3.0/24",
    "1:2:3:4:5:6",
    "0] = 1",
    "] = 1",
    "= 1",
    "1.2.3.0 mask 255.255.255.0",
];

/// Keywords of the filter language (pcap-filter(7)).
#[rustfmt::skip]
const KEYWORDS: [&str; 89] = [
    "host", "net", "port", "portrange", "proto", "protochain", "gateway", "mask", "src", "dst", "dir", "and", "or", "not",
    "less", "greater", "broadcast", "multicast", "inbound", "outbound", "ifname", "ifindex", "on", "len", "byte", "link",
    "ether", "fddi", "tr", "wlan", "slip", "ppp", "ip", "ip6", "arp", "rarp", "tcp", "udp", "sctp", "icmp", "icmp6",
    "igmp", "igrp", "pim", "vrrp", "carp", "esp", "ah", "atalk", "aarp", "decnet", "lat", "sca", "moprc", "mopdl", "iso",
    "clnp", "esis", "isis", "stp", "ipx", "netbeui", "l1", "l2", "iih", "lsp", "snp", "csnp", "psnp", "vlan", "mpls",
    "pppoed", "pppoes", "geneve", "vpi", "vci", "lane", "oam", "oamf4", "type", "subtype", "ra", "ta", "addr1", "addr2",
    "addr3", "addr4", "tcpflags", "icmptype",
];

/// Returns the error of a filter with its position: the word that libpcap's message quotes, or the first word that no
/// filter can have after the words before it.
pub(super) fn filter_error(text: &str, link: Linktype, message: String) -> Error {
    let span = quoted_word(text, &message).or_else(|| misplaced_word(text, link, &message)).unwrap_or(0..text.len());
    let message = message.strip_prefix("can't parse filter expression: ").unwrap_or(&message).to_owned();
    Error::Filter { message, span }
}

/// Returns the span of the first filter word that the message quotes, except keywords.
fn quoted_word(text: &str, message: &str) -> Option<Range<usize>> {
    let is_distinctive = |word: &Range<usize>| {
        let word = &text[word.clone()];
        !KEYWORDS.contains(&word) && word.chars().any(char::is_alphanumeric)
    };
    let quoted: Vec<&str> =
        word_spans(message).into_iter().map(|word| message[word].trim_end_matches([':', '.'])).collect();
    word_spans(text).into_iter().filter(is_distinctive).find(|word| quoted.contains(&&text[word.clone()]))
}

/// Returns the first word that no filter can continue from; the end of the text if there is none. Applies to syntax
/// errors only.
fn misplaced_word(text: &str, link: Linktype, message: &str) -> Option<Range<usize>> {
    if !message.contains("syntax error") {
        return None;
    }
    let dead = Capture::dead(link).ok()?;
    let mut before = String::new();
    let mut open = 0usize;
    for word in word_spans(text) {
        let written = text.get(word.clone())?;
        open = match written {
            "(" => open + 1,
            ")" => open.saturating_sub(1),
            _ => open,
        };
        before.push(' ');
        before.push_str(if is_host_name(written) { "1.2.3.4" } else { written });
        let closing = ")".repeat(open);
        let is_valid_with = |end: &str| parses(&dead, &format!("{before} {end} {closing}"));
        if !COMPLETIONS.iter().any(|end| is_valid_with(end)) {
            return Some(word);
        }
    }
    Some(text.len()..text.len())
}

/// Returns whether a filter is syntactically valid.
fn parses(dead: &Capture<Dead>, text: &str) -> bool {
    dead.compile(text, false).err().is_none_or(|error| !error.to_string().contains("syntax error"))
}

/// Returns whether a word is neither a keyword nor a number, so that libpcap would resolve it as a host name.
fn is_host_name(word: &str) -> bool {
    word.starts_with(|char: char| char.is_ascii_alphabetic()) && !KEYWORDS.contains(&word)
}

/// Returns the spans of a filter's words and operator characters.
fn word_spans(text: &str) -> Vec<Range<usize>> {
    let is_word = |char: char| char.is_alphanumeric() || ".:_-/\\".contains(char);
    let mut words: Vec<Range<usize>> = Vec::new();
    let mut continues = false;
    for (at, char) in text.char_indices() {
        let end = at + char.len_utf8();
        match (is_word(char), words.last_mut()) {
            (true, Some(word)) if continues => word.end = end,
            _ if char.is_whitespace() => {}
            _ => words.push(at..end),
        }
        continues = is_word(char);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the part of a filter that its error refers to.
    fn rejected(text: &str) -> &str {
        let dead = Capture::dead(Linktype::ETHERNET).expect("libpcap");
        let error = dead.compile(text, true).map(drop).expect_err("an error");
        match filter_error(text, Linktype::ETHERNET, crate::live::device::error_text(&error)) {
            Error::Filter { span, .. } => &text[span],
            other => panic!("{other}"),
        }
    }

    #[test]
    fn errors_have_a_position() {
        for (text, part) in [
            ("tcp port 80 foo bar", "foo"),
            ("tcp port 80 or or udp", "or"),
            ("port 99999", "99999"),
            ("tcp port", ""),
            ("(tcp port 80", ""),
            ("tcp port 80)", ")"),
            ("ip proto nonsense", "nonsense"),
            ("tcp[0", ""),
            ("host 1.2.3.4 and == 3", "=="),
        ] {
            let found = rejected(text);
            assert!(found == part || part == "==" && found == "=", "{text}: {found:?}");
        }
    }
}
