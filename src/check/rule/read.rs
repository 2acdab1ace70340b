//! Rules read: words and texts become what can be judged, or it is told what is wrong with them.

use super::each::Each;
use super::followed::Followed;
use super::notes::Notes;
use super::order::Order;
use super::select::Select;
use super::snapshot::Snapshot;
use super::values::{STATISTICS, Statistic, Values};
use super::{Kind, Rule, Unit};
use crate::check::bound::{Bound, quantity, shown, split};
use crate::check::draft::{Draft, Value, Wrong};
use crate::filter::ast::{Condition, Operand, Span, What};
use crate::filter::{self, Fault, Filter, Is, Measure};
use crate::naming;
use dissectors::field::Severity;
use dissectors::{Field, Wants, fields, http};

/// The kinds of rules, and the words that may stand beside each.
#[rustfmt::skip]
const KINDS: [(&str, &[&str]); 15] = [
    ("none", &["per"]),
    ("some", &["per"]),
    ("count", &["exactly", "at_least", "at_most", "per"]),
    ("each", &["satisfies", "followed_by", "within", "per"]),
    ("order", &["per"]),
    ("sum", &["where", "per"]),
    ("min", &["where", "per"]),
    ("max", &["where", "per"]),
    ("median", &["where", "per"]),
    ("p95", &["where", "per"]),
    ("p99", &["where", "per"]),
    ("answered", &["where"]),
    ("orderly", &["where"]),
    ("no_notes_above", &["where"]),
    ("snapshot", &["fields", "without", "where"]),
];

impl Rule {
    /// Reads a rule; what it says and hardly means is added to `remarks`.
    pub fn read(draft: &Draft, remarks: &mut Vec<Wrong>) -> Result<Rule, Wrong> {
        let kinds: Vec<_> = KINDS.iter().filter(|(kind, _)| draft.values(kind).is_some()).collect();
        let &&(word, beside) = match kinds.as_slice() {
            [only] => only,
            [] => {
                let names: Vec<_> = KINDS.iter().map(|(kind, _)| *kind).collect();
                return Err(Wrong::rule(format!("a rule is missing: one of {}", names.join(", "))));
            }
            [one, two, ..] => return Err(Wrong::word(two.0, format!("{} and {} are two rules", one.0, two.0))),
        };
        if let Some((key, _)) = draft.said.iter().find(|(key, _)| key != word && !beside.contains(&key.as_str())) {
            let is_known = KINDS.iter().any(|(_, beside)| beside.contains(&key.as_str()));
            let not = if is_known { "does not go with" } else { "is nothing that goes with" };
            return Err(Wrong::word(key, format!("{key} {not} {word}; there is {}", beside.join(", "))));
        }
        let only = draft.text("where")?;
        let only = only.map(|text| Ok((text, read(draft, "where", 0, text, remarks)?))).transpose()?;
        let (kind, mut text) = match word {
            "none" | "some" => select(draft, word, remarks)?,
            "count" => count(draft, remarks)?,
            "each" if draft.values("followed_by").is_some() => followed(draft, remarks)?,
            "each" => each(draft, remarks)?,
            "order" => order(draft, remarks)?,
            "answered" | "orderly" => {
                if draft.values(word) != Some(&[Value::Yes(true)]) {
                    return Err(Wrong::of(word, 0, format!("{word} = true was wanted")));
                }
                (if word == "answered" { Kind::Answered } else { Kind::Orderly }, word.to_owned())
            }
            "no_notes_above" => notes(draft)?,
            "snapshot" => snapshot(draft)?,
            _ => values(draft, word, only.as_ref().map(|(_, filter)| filter))?,
        };
        if let Some((only, _)) = &only {
            text = format!("{text} where {only}");
        }
        let rule = Rule { text, kind, only: only.map(|(_, filter)| filter) };
        if let Some(only) = rule.only.as_ref().filter(|_| !rule.is_of_calls()) {
            warn(Unit::Frame, &[("where", 0, only)], remarks);
        }
        Ok(rule)
    }
}

/// Reads a filter.
fn read(draft: &Draft, key: &str, nth: usize, text: &str, remarks: &mut Vec<Wrong>) -> Result<Filter, Wrong> {
    let filter = draft.filter(key, nth, text)?;
    remarks.extend(filter.warnings().iter().map(|warning| Wrong::fault(key, nth, warning.clone())));
    Ok(filter)
}

/// What filters hardly mean of what is judged: many a thing that a call has no frame has.
fn warn(unit: Unit, filters: &[(&str, usize, &Filter)], remarks: &mut Vec<Wrong>) {
    for (key, nth, filter) in filters.iter().filter(|_| unit != Unit::Call) {
        remarks.extend(filter.warnings_of_frames().iter().map(|warning| Wrong::fault(key, *nth, warning.clone())));
    }
}

/// What is judged: what is written, or else calls where the fields are those of requests and responses, and frames
/// where not. Notes are of frames: what is too odd to be read belongs to no call.
fn unit(draft: &Draft, looks_at: &[Wants], may: &[Unit]) -> Result<Unit, Wrong> {
    let Some(word) = draft.text("per")? else {
        let looks_at = |field: &Field| looks_at.iter().any(|wants| wants.field(field));
        let is_note = |field: &Field| matches!(field.kind, dissectors::Kind::Note(_));
        let mut of_http = fields().filter(|field| looks_at(field) && field.protocol == http::HTTP.id).peekable();
        let is_call = of_http.peek().is_some() && !of_http.any(is_note);
        return Ok(if is_call { Unit::Call } else { Unit::Frame });
    };
    may.iter().copied().find(|unit| unit.word() == word).ok_or_else(|| {
        let names: Vec<_> = may.iter().map(|unit| unit.word()).collect();
        Wrong::of("per", 0, format!("per is one of {}", names.join(", ")))
    })
}

const UNITS: [Unit; 3] = [Unit::Frame, Unit::Call, Unit::Stream];

fn select(draft: &Draft, word: &str, remarks: &mut Vec<Wrong>) -> Result<(Kind, String), Wrong> {
    let text = draft.must(word)?;
    let filter = read(draft, word, 0, text, remarks)?;
    let unit = unit(draft, &[filter.wants()], &UNITS)?;
    warn(unit, &[(word, 0, &filter)], remarks);
    let bound = if word == "none" { Bound::count(Is::Equal, 0) } else { Bound::count(Is::GreaterOrEqual, 1) };
    Ok((Kind::Select(Select { unit, text: text.into(), filter, bound }), format!("{word} {text}")))
}

/// `count = "FILTER == 3"`, or `count = "FILTER", exactly = 3`.
fn count(draft: &Draft, remarks: &mut Vec<Wrong>) -> Result<(Kind, String), Wrong> {
    let text = draft.must("count")?;
    let words = [("exactly", Is::Equal), ("at_least", Is::GreaterOrEqual), ("at_most", Is::LessOrEqual)];
    let mut bound = None;
    for (word, is) in words {
        let Some(number) = draft.number(word)? else { continue };
        if bound.replace(Bound::count(is, number)).is_some() {
            return Err(Wrong::word(word, "one of exactly, at_least and at_most is enough"));
        }
    }
    let (text, bound) = match bound {
        Some(bound) => (text, bound),
        None => counted(text)?,
    };
    let filter = read(draft, "count", 0, text, remarks)?;
    if (bound.is, bound.number) == (Is::GreaterOrEqual, 0) {
        remarks.push(Wrong::word("count", "warning: nothing is counted to less than 0, so it always holds"));
    }
    let unit = unit(draft, &[filter.wants()], &UNITS)?;
    warn(unit, &[("count", 0, &filter)], remarks);
    Ok((Kind::Select(Select { unit, text: text.into(), filter, bound }), format!("count {text} {bound}")))
}

/// Takes a filter and a bound behind it apart. The last comparison with a number is the bound; but where that could as
/// well belong to the filter, as in `status == 200`, it is not guessed.
fn counted(text: &str) -> Result<(&str, Bound), Wrong> {
    let Some(split) = split(text) else {
        Filter::new_strict(text).map_err(|fault| Wrong::fault("count", 0, fault))?;
        return Err(Wrong::of("count", 0, format!("how many is missing: \"{} == 3\", or exactly 3", text.trim())));
    };
    if Filter::new(text).is_ok() && !ends_in_presence(text) {
        let (before, number) = (split.before, split.number);
        return Err(Wrong::of(
            "count",
            0,
            format!(
                "{} is a filter by itself, so it is not clear what is counted: \
                 \"{} == 3\" counts what it finds, \"({before}) == {number}\" counts what has {before}",
                text.trim(),
                text.trim()
            ),
        ));
    }
    let number = quantity(split.number, false).map_err(|message| {
        let span = Span { start: split.at, end: split.at + split.number.len() };
        Wrong { span: Some(span), ..Wrong::of("count", 0, message) }
    })?;
    Ok((split.before, Bound { is: split.is, number, of_time: false }))
}

/// Whether the last comparison of a filter is of what is there or not, and has no number: a protocol, or `http.request`,
/// under which other fields stand.
fn ends_in_presence(text: &str) -> bool {
    fn last(condition: &Condition) -> Option<&Operand> {
        match condition {
            Condition::Or(parts) | Condition::Xor(parts) | Condition::And(parts) => parts.last().and_then(last),
            Condition::Not(inner) => last(inner),
            Condition::Compare { first, rest, .. } => match rest.as_slice() {
                [_] => Some(first),
                _ => None,
            },
            _ => None,
        }
    }
    let Ok(Some(condition)) = filter::parse(text) else { return false };
    let Some(Operand { what: What::Word(word), .. }) = last(&condition) else { return false };
    let Some(field) = naming::find(word) else { return false };
    match field.kind {
        dissectors::Kind::Protocol => true,
        dissectors::Kind::Bool => field.hidden && has_parts(field),
        _ => false,
    }
}

/// Whether other fields stand under this one by name.
fn has_parts(field: &Field) -> bool {
    fields().any(|part| part.name.strip_prefix(field.name).is_some_and(|rest| rest.starts_with('.')))
}

fn each(draft: &Draft, remarks: &mut Vec<Wrong>) -> Result<(Kind, String), Wrong> {
    if draft.values("within").is_some() {
        return Err(Wrong::word("within", "within goes with followed_by"));
    }
    let (text, then) = (draft.must("each")?, draft.must("satisfies")?);
    let each = read(draft, "each", 0, text, remarks)?;
    let satisfies = read(draft, "satisfies", 0, then, remarks)?;
    let unit = unit(draft, &[each.wants(), satisfies.wants()], &UNITS)?;
    warn(unit, &[("each", 0, &each), ("satisfies", 0, &satisfies)], remarks);
    let told = format!("each {text} satisfies {then}");
    Ok((Kind::Each(Each { unit, text: text.into(), each, satisfies }), told))
}

fn followed(draft: &Draft, remarks: &mut Vec<Wrong>) -> Result<(Kind, String), Wrong> {
    let (text, then) = (draft.must("each")?, draft.must("followed_by")?);
    for key in ["satisfies", "per"] {
        if draft.values(key).is_some() {
            return Err(Wrong::word(key, format!("{key} does not go with followed_by")));
        }
    }
    let each = read(draft, "each", 0, text, remarks)?;
    let by = read(draft, "followed_by", 0, then, remarks)?;
    warn(Unit::Frame, &[("each", 0, &each), ("followed_by", 0, &by)], remarks);
    let mut told = format!("each {text} followed by {then}");
    let mut within = None;
    if let Some(time) = draft.text("within")? {
        let nanos = quantity(time.trim(), true).map_err(|message| Wrong::of("within", 0, message))?;
        told = format!("{told} within {}", shown(nanos, true));
        within = Some(i64::try_from(nanos).unwrap_or(i64::MAX));
    }
    Ok((Kind::Followed(Followed { text: text.into(), each, by, within }), told))
}

fn order(draft: &Draft, remarks: &mut Vec<Wrong>) -> Result<(Kind, String), Wrong> {
    let texts = draft.texts("order")?;
    if texts.len() < 2 {
        return Err(Wrong::of("order", 0, "order wants two filters or more"));
    }
    let by_stream = match draft.text("per")? {
        None | Some("stream") => true,
        Some("capture") => false,
        Some(_) => return Err(Wrong::of("per", 0, "per is one of stream, capture")),
    };
    let mut steps = Vec::new();
    for (nth, text) in texts.iter().enumerate() {
        let filter = read(draft, "order", nth, text, remarks)?;
        warn(Unit::Frame, &[("order", nth, &filter)], remarks);
        steps.push(((*text).to_owned(), filter));
    }
    Ok((Kind::Order(Order { steps, by_stream }), format!("order {}", texts.join(", then "))))
}

/// `p95 = "http.time < 50ms"`.
fn values(draft: &Draft, word: &str, only: Option<&Filter>) -> Result<(Kind, String), Wrong> {
    let Some(&(word, statistic)) = STATISTICS.iter().find(|(name, _)| *name == word) else {
        return Err(Wrong::rule(format!("{word} is no rule")));
    };
    let text = draft.must(word)?;
    let Some(split) = split(text) else {
        return Err(Wrong::of(
            word,
            0,
            format!("{word} wants a field and a bound, such as {word} = \"http.time < 50ms\""),
        ));
    };
    let measure = Measure::new(split.before).map_err(|fault: Fault| Wrong::fault(word, 0, fault))?;
    let of_time = measure.is_duration();
    let number = quantity(split.number, of_time).map_err(|message| {
        let span = Span { start: split.at, end: split.at + split.number.len() };
        Wrong { span: Some(span), ..Wrong::of(word, 0, message) }
    })?;
    let mut wants = vec![measure.wants()];
    wants.extend(only.map(Filter::wants));
    let unit = unit(draft, &wants, &[Unit::Frame, Unit::Call])?;
    let bound = Bound { is: split.is, number, of_time };
    let told = format!("{word} {} {bound}", split.before);
    Ok((Kind::Values(Values { unit, word: named(statistic, word), statistic, measure, bound }), told))
}

/// A statistic as it is told.
fn named(statistic: Statistic, word: &'static str) -> &'static str {
    match statistic {
        Statistic::Min => "minimum",
        Statistic::Max => "maximum",
        _ => word,
    }
}

fn notes(draft: &Draft) -> Result<(Kind, String), Wrong> {
    let word = draft.must("no_notes_above")?;
    let above = [Severity::Chat, Severity::Note, Severity::Warn].into_iter().find(|severity| severity.word() == word);
    let Some(above) = above else {
        return Err(Wrong::of("no_notes_above", 0, "no_notes_above is one of chat, note, warning"));
    };
    Ok((Kind::Notes(Notes { above }), format!("no notes above {word}")))
}

fn snapshot(draft: &Draft) -> Result<(Kind, String), Wrong> {
    let path = draft.must("snapshot")?;
    if path.is_empty() {
        return Err(Wrong::of("snapshot", 0, "snapshot wants the name of a file"));
    }
    let mut chosen: Vec<&'static Field> = Vec::new();
    for (nth, name) in draft.texts("fields")?.iter().enumerate() {
        let named = matching(name, "fields", nth)?;
        named.into_iter().for_each(|field| {
            if !chosen.iter().any(|other| other.id == field.id) {
                chosen.push(field);
            }
        });
    }
    if chosen.is_empty() {
        return Err(Wrong::rule("snapshot wants fields = [...]: those that are written down"));
    }
    for (nth, name) in draft.texts("without")?.iter().enumerate() {
        let out = matching(name, "without", nth)?;
        if !out.iter().any(|field| chosen.iter().any(|other| other.id == field.id)) {
            return Err(Wrong::of("without", nth, format!("{name} is not among the fields")));
        }
        chosen.retain(|field| !out.iter().any(|other| other.id == field.id));
    }
    Ok((Kind::Snapshot(Snapshot { path: path.into(), fields: chosen }), format!("snapshot {path}")))
}

/// The fields of a name, or of all names that begin so: `http.*`.
fn matching(name: &str, key: &str, nth: usize) -> Result<Vec<&'static Field>, Wrong> {
    let found: Vec<_> = match name.strip_suffix('*') {
        Some(begin) => fields().filter(|field| field.name.starts_with(begin)).collect(),
        None => naming::find(name).into_iter().collect(),
    };
    if !found.is_empty() {
        return Ok(found);
    }
    if let Some(message) = naming::unread(name) {
        return Err(Wrong::of(key, nth, message));
    }
    let near = naming::nearest(name);
    let hint = if near.is_empty() { String::new() } else { format!(" (nearest: {})", near.join(", ")) };
    Err(Wrong::of(key, nth, format!("no field is called {name}{hint}")))
}
