//! `fields`: the list of fields, with names and descriptions.

use super::json::{self, JsonFraming};
use dissectors::{Field, FieldKind, PROTOCOLS, field, fields};
use std::fmt::Write as _;

/// A selection from the list of all fields.
pub struct FieldManual {
    fields: Vec<&'static Field>,
    /// Whether the search was the exact name of a field: it is printed in full.
    exact: bool,
}

impl FieldManual {
    /// Finds the field with this name. Otherwise finds the fields whose name contains the text, followed by those with a
    /// word in title or description that starts with it, ignoring case. None if nothing is found.
    #[must_use]
    pub fn search(text: &str) -> Option<FieldManual> {
        if let Some(field) = field(text) {
            return Some(FieldManual { fields: vec![field], exact: true });
        }
        let text = text.to_lowercase();
        let rank = |field: &Field| match field {
            _ if starts_word(field.name, &text) => Some(0),
            _ if field.name.to_lowercase().contains(&text) => Some(1),
            _ if starts_word(field.title, &text) || starts_word(field.doc, &text) => Some(2),
            _ => None,
        };
        let mut found: Vec<_> = fields().filter(|field| rank(field).is_some()).collect();
        found.sort_by_key(|field| rank(field));
        if found.is_empty() { None } else { Some(FieldManual { fields: found, exact: false }) }
    }

    /// Returns all fields.
    #[must_use]
    pub fn all() -> FieldManual {
        FieldManual { fields: fields().collect(), exact: false }
    }

    /// Returns the fields as text: one line each, or a single field in full.
    #[must_use]
    pub fn text(&self) -> String {
        let mut out = String::new();
        match self.fields.first() {
            Some(field) if self.exact => {
                write_full(&mut out, field);
                let prefix = format!("{}.", field.name);
                let subfields: Vec<_> = fields().filter(|field| field.name.starts_with(&prefix)).collect();
                if !subfields.is_empty() {
                    let _ = writeln!(out, "\nsubfields:");
                    subfields.iter().for_each(|field| write_line(&mut out, field));
                }
            }
            _ => self.fields.iter().for_each(|field| write_line(&mut out, field)),
        }
        out
    }

    /// Returns the fields as JSON objects.
    #[must_use]
    pub fn json(&self, lines: JsonFraming) -> String {
        let mut out = String::from(lines.begin());
        for (nth, field) in self.fields.iter().enumerate() {
            lines.before(nth as u64, &mut out);
            write_object(&mut out, field);
            lines.after(&mut out);
        }
        out.push_str(lines.end());
        out
    }
}

/// Returns the page docs/fields.md in Markdown: all fields, by protocol.
#[must_use]
pub fn fields_page() -> String {
    let mut out = String::from(
        "# Fields\n\n\
         Every field that overhear can print (`-e`), by protocol. `overhear fields -T markdown` generates this page.\n\n\
         Names and meanings are Wireshark's. Fields marked *ours* exist in overhear only. Fields marked *later* depend on\n\
         later frames: a capture is read twice to print them.\n",
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
            let _ = write!(out, "| `{}`{marks} | {} | {meaning}", field.name, field.kind.type_name());
            for (nth, (number, name)) in field.values.iter().enumerate() {
                let _ = write!(out, "{}{number} {name}", if nth == 0 { " Values: " } else { ", " });
            }
            out.push_str(if field.values.is_empty() { " |\n" } else { ". |\n" });
        }
    }
    out
}

/// Returns whether a word starts with the lower-case `text`: `uri` in `the URI of a request`, not in `security`.
fn starts_word(prose: &str, text: &str) -> bool {
    let prose = prose.to_lowercase();
    let inside = |at: usize| prose.get(..at).is_some_and(|before| before.ends_with(char::is_alphanumeric));
    prose.match_indices(text).any(|(at, _)| !inside(at))
}

fn write_line(out: &mut String, field: &Field) {
    let _ = writeln!(out, "{:<40}  {:<17}  {}", field.name, field.kind.type_name(), doc(field));
}

fn write_full(out: &mut String, field: &Field) {
    let _ = writeln!(out, "{}\n    {}\n", field.name, doc(field));
    let _ = writeln!(out, "title       {}", field.title);
    let _ = write!(out, "type        {}", field.kind.type_name());
    if let FieldKind::Note(severity) = field.kind {
        let _ = write!(out, " ({})", severity.name());
    }
    let _ = writeln!(out, "\nname        {}", if field.ours { "overhear's own" } else { "as in Wireshark" });
    if field.later {
        let _ = writeln!(out, "known       after later frames: the capture is read twice to print it");
    }
    if field.hidden {
        let _ = writeln!(out, "in the tree no: another field there has the same value");
    }
    for (nth, (number, name)) in field.values.iter().enumerate() {
        let _ = writeln!(out, "{}{number:>5}  {name}", if nth == 0 { "values " } else { "       " });
    }
}

fn write_object(out: &mut String, field: &Field) {
    out.push('{');
    for (nth, (key, text)) in
        [("name", field.name), ("title", field.title), ("type", field.kind.type_name()), ("doc", doc(field))]
            .into_iter()
            .enumerate()
    {
        json::write_key(out, key, nth == 0);
        json::write_string(out, text);
    }
    if let FieldKind::Note(severity) = field.kind {
        json::write_key(out, "severity", false);
        json::write_string(out, severity.name());
    }
    let _ = write!(out, ",\"ours\":{},\"later\":{},\"hidden\":{}", field.ours, field.later, field.hidden);
    if !field.values.is_empty() {
        json::write_key(out, "values", false);
        out.push('{');
        for (nth, (number, name)) in field.values.iter().enumerate() {
            json::write_key(out, &number.to_string(), nth == 0);
            json::write_string(out, name);
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
    fn a_search_finds_names_and_descriptions() {
        let text = FieldManual::search("HANDSHAKE").expect("found").text();
        assert!(text.contains("tcp.analysis.initial_rtt"), "{text}");
        assert!(FieldManual::search("no such words anywhere").is_none());
    }

    #[test]
    fn names_are_listed_before_descriptions() {
        let found = FieldManual::search("uri").expect("found").fields;
        let named = found.iter().take_while(|field| field.name.contains("uri")).count();
        assert!(found[0].name == "http.request.uri" && found[named..].iter().all(|field| !field.name.contains("uri")));
        assert!(starts_word("the URI of a request", "uri") && starts_word("(uri)", "uri"));
        assert!(!starts_word("a security policy", "uri"));
    }

    #[test]
    fn a_field_with_the_exact_name_is_printed_in_full() {
        let text = FieldManual::search("tcp.checksum.status").expect("found").text();
        assert!(text.contains("values     0  Bad") && text.contains("as in Wireshark"), "{text}");
        let text = FieldManual::search("tcp.completeness").expect("found").text();
        assert!(text.contains("read twice") && text.contains("tcp.completeness.rst"), "{text}");
    }

    #[test]
    fn the_page_has_each_field_once() {
        let page = fields_page();
        for field in fields() {
            assert_eq!(page.matches(&format!("| `{}`", field.name)).count(), 1, "{}", field.name);
        }
    }

    #[test]
    fn the_list_is_available_as_json() {
        let value: serde_json::Value =
            serde_json::from_str(&FieldManual::all().json(JsonFraming::Array)).expect("it is JSON");
        assert_eq!(value.as_array().map(Vec::len), Some(fields().count()));
    }
}
