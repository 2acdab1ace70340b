//! Lookup of fields by name.

mod old_names;

use dissectors::{Field, column, field, fields};
pub use old_names::current_name;
use old_names::replacement;

/// Returns the field with a name: a field of Wireshark 4.4, a field of overhear, or a column in any version's spelling
/// (`_ws.col.protocol`, `_ws.col.Protocol`, `_ws.col.def_src`, `_ws.col.Source`).
#[must_use]
pub fn find(name: &str) -> Option<&'static Field> {
    field(name).or_else(|| column_named(name))
}

/// Returns the field with a name of this or of an earlier version of Wireshark.
#[must_use]
pub fn find_in_any_version(name: &str) -> Option<&'static Field> {
    find(name).or_else(|| find(&current_name(name)?))
}

/// Returns the column with a name in the spelling of any version of Wireshark.
fn column_named(name: &str) -> Option<&'static Field> {
    let rest = name.strip_prefix("_ws.col.")?;
    Some(match rest.to_ascii_lowercase().as_str() {
        "number" | "no." | "no" => &column::NUMBER,
        "time" | "cls_time" => &column::TIME,
        "source" | "def_src" => &column::SOURCE,
        "destination" | "def_dst" => &column::DESTINATION,
        "protocol" => &column::PROTOCOL_NAME,
        "length" | "packet_length" => &column::LENGTH,
        "info" | "information" => &column::INFO,
        _ => return None,
    })
}

/// Returns up to four field names similar to `name`, the most similar first; none if no name is similar.
#[must_use]
pub fn nearest(name: &str) -> Vec<&'static str> {
    // No field name is half as long, and the cost of a comparison is the product of both lengths.
    if name.len() > 128 {
        return Vec::new();
    }
    let name = name.to_lowercase();
    let last = name.rsplit('.').next().unwrap_or(&name);
    let mut similar: Vec<(f64, &'static str)> = fields()
        .filter_map(|field| {
            let whole = strsim::normalized_damerau_levenshtein(&name, field.name);
            // An equal last part counts: `syn` matches tcp.flags.syn, `http.uri` matches http.request.uri.
            let end = field.name.rsplit('.').next().unwrap_or(field.name);
            let same_end = if end == last { 0.6 + whole * 0.4 } else { 0.0 };
            let similarity = whole.max(same_end);
            (similarity >= 0.6).then_some((similarity, field.name))
        })
        .collect();
    similar.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    similar.dedup_by_key(|(_, name)| *name);
    similar.into_iter().take(4).map(|(_, name)| name).collect()
}

/// The protocols of Wireshark by their names in display filters, one a line, written by `make protocols`.
const PROTOCOLS: &str = include_str!("naming/protocols.txt");

/// The fields of Wireshark that overhear does not record, of the protocols that it reads, one a line, written by
/// `make protocols`.
const UNRECORDED_FIELDS: &str = include_str!("naming/fields.txt");

/// The protocol of Wireshark that a name is, or that a field of this name has, if overhear does not read it.
#[must_use]
pub fn unread_protocol(name: &str) -> Option<&str> {
    if find(name).is_some() {
        return None;
    }
    let dots = name.match_indices('.').map(|(at, _)| at);
    let is_protocol = |name: &&str| PROTOCOLS.lines().any(|line| line == *name);
    let mut prefixes = std::iter::once(name.len()).chain(dots.rev()).filter_map(|end| name.get(..end));
    prefixes.find(is_protocol).filter(|name| find(name).is_none())
}

/// Returns why a name is that of no field, if the reason is known: overhear does not read the protocol or record the
/// field, or Wireshark has removed the field.
#[must_use]
pub fn unread(name: &str) -> Option<String> {
    if let Some(hint) = replacement(name) {
        return Some(format!("unknown field {name}: {hint}"));
    }
    if find(name).is_none() && UNRECORDED_FIELDS.lines().any(|line| line == name) {
        return Some(format!("{name} is a field of Wireshark that overhear does not record"));
    }
    let current = current_name(name);
    let name = current.as_deref().unwrap_or(name);
    let protocol = unread_protocol(name)?;
    Some(match protocol == name {
        true => format!("{name} is a protocol that overhear does not read"),
        false => format!("{name} is a field of {protocol}, a protocol that overhear does not read"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn similar_names_are_found() {
        assert_eq!(nearest("tcp.srcprt").first(), Some(&"tcp.srcport"));
        assert_eq!(nearest("syn").first(), Some(&"tcp.flags.syn"));
        assert_eq!(nearest("TCP.Stream").first(), Some(&"tcp.stream"));
        assert!(nearest("entirely.unlike.anything").is_empty());
        assert!(nearest(&"tcp.port".repeat(1 << 20)).is_empty());
    }

    #[test]
    fn protocols_of_wireshark_that_are_not_read_are_known_by_name() {
        for (name, protocol) in [
            ("sip", Some("sip")),
            ("sip.nofield", Some("sip")),
            ("bt-dht.bencoded", Some("bt-dht")),
            ("tcp", None),
            ("tcp.nofield", None),
            ("nosuch", None),
            ("nosuch.sip", None),
            ("sipx", None),
            ("", None),
            (".", None),
            ("#", None),
        ] {
            assert_eq!(unread_protocol(name), protocol, "{name}");
        }
        assert_eq!(unread("sip.a").as_deref(), Some("sip.a is a field of sip, a protocol that overhear does not read"));
        let unrecorded = "ip.geoip.country is a field of Wireshark that overhear does not record";
        assert_eq!(unread("ip.geoip.country").as_deref(), Some(unrecorded));
        assert_eq!(unread("ip.src"), None);
        assert_eq!(unread("sip").as_deref(), Some("sip is a protocol that overhear does not read"));
    }

    #[test]
    fn columns_are_found_in_either_spelling() {
        for (old, new) in [
            ("_ws.col.Protocol", "_ws.col.protocol"),
            ("_ws.col.Info", "_ws.col.info"),
            ("_ws.col.Source", "_ws.col.def_src"),
            ("_ws.col.No.", "_ws.col.number"),
            ("_ws.col.Length", "_ws.col.packet_length"),
        ] {
            assert_eq!(find(old).map(|field| field.id), field(new).map(|field| field.id), "{old}");
        }
    }
}
