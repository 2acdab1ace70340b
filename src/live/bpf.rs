//! Where a capture filter is wrong. libpcap says what, and seldom where.

use super::error::Error;
use pcap::{Capture, Dead, Linktype};
use std::ops::Range;

/// What may complete the beginning of a filter: with one of these behind it, whatever can go on is whole.
const ENDS: [&str; 12] = [
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

/// The words of the language: pcap-filter(7).
#[rustfmt::skip]
const WORDS: [&str; 89] = [
    "host", "net", "port", "portrange", "proto", "protochain", "gateway", "mask", "src", "dst", "dir", "and", "or", "not",
    "less", "greater", "broadcast", "multicast", "inbound", "outbound", "ifname", "ifindex", "on", "len", "byte", "link",
    "ether", "fddi", "tr", "wlan", "slip", "ppp", "ip", "ip6", "arp", "rarp", "tcp", "udp", "sctp", "icmp", "icmp6",
    "igmp", "igrp", "pim", "vrrp", "carp", "esp", "ah", "atalk", "aarp", "decnet", "lat", "sca", "moprc", "mopdl", "iso",
    "clnp", "esis", "isis", "stp", "ipx", "netbeui", "l1", "l2", "iih", "lsp", "snp", "csnp", "psnp", "vlan", "mpls",
    "pppoed", "pppoes", "geneve", "vpi", "vci", "lane", "oam", "oamf4", "type", "subtype", "ra", "ta", "addr1", "addr2",
    "addr3", "addr4", "tcpflags", "icmptype",
];

/// An error of a filter, with the characters it is about: what it repeats, or the word with which no filter
/// goes on after those before it.
pub(super) fn fault(text: &str, link: Linktype, said: String) -> Error {
    let at = repeated(text, &said).or_else(|| misplaced(text, link, &said)).unwrap_or(0..text.len());
    let said = said.strip_prefix("can't parse filter expression: ").unwrap_or(&said).to_owned();
    Error::Filter { said, at }
}

/// The place of what an error repeats of the filter, if that is more than a word of the language.
fn repeated(text: &str, said: &str) -> Option<Range<usize>> {
    let repeats = |word: &Range<usize>| {
        let word = &text[word.clone()];
        !WORDS.contains(&word) && word.chars().any(char::is_alphanumeric)
    };
    let said: Vec<&str> = words(said).into_iter().map(|word| said[word].trim_end_matches([':', '.'])).collect();
    words(text).into_iter().filter(repeats).find(|word| said.contains(&&text[word.clone()]))
}

/// The first word with which no filter goes on; the end, if one does.
fn misplaced(text: &str, link: Linktype, said: &str) -> Option<Range<usize>> {
    if !said.contains("syntax error") {
        return None;
    }
    let dead = Capture::dead(link).ok()?;
    let mut before = String::new();
    let mut open = 0usize;
    for word in words(text) {
        let written = text.get(word.clone())?;
        open = match written {
            "(" => open + 1,
            ")" => open.saturating_sub(1),
            _ => open,
        };
        before.push(' ');
        before.push_str(if is_name(written) { "1.2.3.4" } else { written });
        let closing = ")".repeat(open);
        let goes_on = |end: &str| parses(&dead, &format!("{before} {end} {closing}"));
        if !ENDS.iter().any(|end| goes_on(end)) {
            return Some(word);
        }
    }
    Some(text.len()..text.len())
}

/// Whether a filter is well formed, whatever it means.
fn parses(dead: &Capture<Dead>, text: &str) -> bool {
    dead.compile(text, false).err().is_none_or(|error| !error.to_string().contains("syntax error"))
}

/// Whether a word is none of the language's and no number, so that it would be looked up as the name of a host.
fn is_name(word: &str) -> bool {
    word.starts_with(|char: char| char.is_ascii_alphabetic()) && !WORDS.contains(&word)
}

/// The places of a filter's words and signs.
fn words(text: &str) -> Vec<Range<usize>> {
    let is_word = |char: char| char.is_alphanumeric() || ".:_-/\\".contains(char);
    let mut words: Vec<Range<usize>> = Vec::new();
    let mut joins = false;
    for (at, char) in text.char_indices() {
        let end = at + char.len_utf8();
        match (is_word(char), words.last_mut()) {
            (true, Some(word)) if joins => word.end = end,
            _ if char.is_whitespace() => {}
            _ => words.push(at..end),
        }
        joins = is_word(char);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The characters at which a filter is wrong.
    fn wrong(text: &str) -> &str {
        let dead = Capture::dead(Linktype::ETHERNET).expect("libpcap");
        let error = dead.compile(text, true).map(drop).expect_err("it is wrong");
        match fault(text, Linktype::ETHERNET, crate::live::device::said(&error)) {
            Error::Filter { at, .. } => &text[at],
            other => panic!("{other}"),
        }
    }

    #[test]
    fn what_is_wrong_is_pointed_at() {
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
            let found = wrong(text);
            assert!(found == part || part == "==" && found == "=", "{text}: {found:?}");
        }
    }
}
