//! `fields`: what can be printed, by name and meaning.

use super::json::{self, Lines};
use dissectors::{Field, Kind, PROTOCOLS, field, fields};
use std::fmt::Write as _;

/// A part of the list of fields.
pub struct Manual {
    found: Vec<&'static Field>,
    /// Asked for by its exact name: told in full.
    exact: bool,
}

impl Manual {
    /// The field of this name; else the fields in whose name the text occurs, then those in whose title or meaning a word
    /// begins with it, whatever its case. None if there are none.
    #[must_use]
    pub fn search(text: &str) -> Option<Manual> {
        if let Some(field) = field(text) {
            return Some(Manual { found: vec![field], exact: true });
        }
        let text = text.to_lowercase();
        let place = |field: &Field| match field {
            _ if begins_a_word(field.name, &text) => Some(0),
            _ if field.name.to_lowercase().contains(&text) => Some(1),
            _ if begins_a_word(field.title, &text) || begins_a_word(field.doc, &text) => Some(2),
            _ => None,
        };
        let mut found: Vec<_> = fields().filter(|field| place(field).is_some()).collect();
        found.sort_by_key(|field| place(field));
        if found.is_empty() { None } else { Some(Manual { found, exact: false }) }
    }

    /// All fields.
    #[must_use]
    pub fn all() -> Manual {
        Manual { found: fields().collect(), exact: false }
    }

    /// The fields as text: a line each, or one in full.
    #[must_use]
    pub fn text(&self) -> String {
        let mut out = String::new();
        match self.found.first() {
            Some(field) if self.exact => {
                in_full(&mut out, field);
                let prefix = format!("{}.", field.name);
                let under: Vec<_> = fields().filter(|field| field.name.starts_with(&prefix)).collect();
                if !under.is_empty() {
                    let _ = writeln!(out, "\nunder it:");
                    under.iter().for_each(|field| in_a_line(&mut out, field));
                }
            }
            _ => self.found.iter().for_each(|field| in_a_line(&mut out, field)),
        }
        out
    }

    /// The fields as objects.
    #[must_use]
    pub fn json(&self, lines: Lines) -> String {
        let mut out = String::from(lines.begin());
        for (nth, field) in self.found.iter().enumerate() {
            lines.before(nth as u64, &mut out);
            object(&mut out, field);
            lines.after(&mut out);
        }
        out.push_str(lines.end());
        out
    }
}

/// The page docs/fields.md: all fields, protocol by protocol, in Markdown.
#[must_use]
pub fn manual() -> String {
    let mut out = String::from(
        "# Fields\n\n\
         Every fact that overhear can print (`-e`), by protocol. This page is what the declarations print: \
         `overhear fields -T markdown`.\n\n\
         Names are Wireshark's with Wireshark's meaning; those marked *ours* Wireshark does not have. Fields marked\n\
         *later* are known only when later frames have been read: a capture is read twice to print them.\n",
    );
    for protocol in PROTOCOLS {
        let Some(own) = protocol.fields.first() else { continue };
        let _ = writeln!(out, "\n## {}: {}\n\n| field | type | meaning |\n|---|---|---|", own.name, own.title);
        for field in protocol.fields {
            let marks = match (field.ours, field.later) {
                (false, false) => "",
                (true, false) => " *ours*",
                (false, true) => " *later*",
                (true, true) => " *ours, later*",
            };
            let meaning = doc(field).replace('|', "\\|");
            let _ = write!(out, "| `{}`{marks} | {} | {meaning}", field.name, field.kind.word());
            for (nth, (number, name)) in field.values.iter().enumerate() {
                let _ = write!(out, "{}{number} {name}", if nth == 0 { " Values: " } else { ", " });
            }
            out.push_str(if field.values.is_empty() { " |\n" } else { ". |\n" });
        }
    }
    out
}

/// Whether lower-case `text` occurs where a word begins: `uri` in `the URI of a request`, not in `security`.
fn begins_a_word(prose: &str, text: &str) -> bool {
    let prose = prose.to_lowercase();
    let inside = |at: usize| prose.get(..at).is_some_and(|before| before.ends_with(char::is_alphanumeric));
    prose.match_indices(text).any(|(at, _)| !inside(at))
}

fn in_a_line(out: &mut String, field: &Field) {
    let _ = writeln!(out, "{:<40}  {:<17}  {}", field.name, field.kind.word(), doc(field));
}

fn in_full(out: &mut String, field: &Field) {
    let _ = writeln!(out, "{}\n    {}\n", field.name, doc(field));
    let _ = writeln!(out, "title       {}", field.title);
    let _ = write!(out, "type        {}", field.kind.word());
    if let Kind::Note(severity) = field.kind {
        let _ = write!(out, " ({})", severity.word());
    }
    let _ = writeln!(out, "\nname        {}", if field.ours { "overhear's own" } else { "as in Wireshark" });
    if field.later {
        let _ = writeln!(out, "known       when later frames have been read: captures are read twice to print it");
    }
    if field.hidden {
        let _ = writeln!(out, "in the tree no, another field there says the same");
    }
    for (nth, (number, name)) in field.values.iter().enumerate() {
        let _ = writeln!(out, "{}{number:>5}  {name}", if nth == 0 { "values " } else { "       " });
    }
}

fn object(out: &mut String, field: &Field) {
    out.push('{');
    for (nth, (key, text)) in
        [("name", field.name), ("title", field.title), ("type", field.kind.word()), ("doc", doc(field))]
            .into_iter()
            .enumerate()
    {
        json::key(out, key, nth == 0);
        json::string(out, text);
    }
    if let Kind::Note(severity) = field.kind {
        json::key(out, "severity", false);
        json::string(out, severity.word());
    }
    let _ = write!(out, ",\"ours\":{},\"later\":{},\"hidden\":{}", field.ours, field.later, field.hidden);
    if !field.values.is_empty() {
        json::key(out, "values", false);
        out.push('{');
        for (nth, (number, name)) in field.values.iter().enumerate() {
            json::key(out, &number.to_string(), nth == 0);
            json::string(out, name);
        }
        out.push('}');
    }
    out.push('}');
}

fn doc(field: &Field) -> &'static str {
    field.doc.trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_finds_names_and_meanings() {
        let text = Manual::search("HANDSHAKE").expect("found").text();
        assert!(text.contains("tcp.analysis.initial_rtt"), "{text}");
        assert!(Manual::search("no such words anywhere").is_none());
    }

    #[test]
    fn names_are_found_first_and_then_words() {
        let found = Manual::search("uri").expect("found").found;
        let named = found.iter().take_while(|field| field.name.contains("uri")).count();
        assert!(found[0].name == "http.request.uri" && found[named..].iter().all(|field| !field.name.contains("uri")));
        assert!(begins_a_word("the URI of a request", "uri") && begins_a_word("(uri)", "uri"));
        assert!(!begins_a_word("a security policy", "uri"));
    }

    #[test]
    fn an_exact_name_is_told_in_full() {
        let text = Manual::search("tcp.checksum.status").expect("found").text();
        assert!(text.contains("values     0  Bad") && text.contains("as in Wireshark"), "{text}");
        let text = Manual::search("tcp.completeness").expect("found").text();
        assert!(text.contains("read twice") && text.contains("tcp.completeness.rst"), "{text}");
    }

    #[test]
    fn the_page_has_every_field_once() {
        let page = manual();
        for field in fields() {
            assert_eq!(page.matches(&format!("| `{}`", field.name)).count(), 1, "{}", field.name);
        }
    }

    #[test]
    fn the_list_is_json_too() {
        let value: serde_json::Value = serde_json::from_str(&Manual::all().json(Lines::Array)).expect("it is JSON");
        assert_eq!(value.as_array().map(Vec::len), Some(fields().count()));
    }
}
