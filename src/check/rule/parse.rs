//! Parser of rules: turns keywords and values into a rule or an error.

use super::compared::ComparedRule;
use super::count::CountRule;
use super::each::EachRule;
use super::followed_by::FollowedByRule;
use super::notes::NotesRule;
use super::order::OrderRule;
use super::snapshot::SnapshotRule;
use super::statistic::{STATISTICS, Statistic, StatisticRule};
use super::{Rule, RuleKind, RuleUnit};
use crate::check::bound::{Bound, format_quantity, parse_quantity, split_bound};
use crate::check::rule_source::{RuleError, RuleSource, RuleValue};
use crate::diff::{ComparisonSettings, DifferenceKind};
use crate::filter::ast::{Condition, Operand, OperandKind, Span};
use crate::filter::{self, Comparison, Diagnostic, Filter, NumericExpr};
use crate::naming;
use dissectors::field::Severity;
use dissectors::{Field, Wants, fields, message_fields};

/// Keyword of each kind of rule, and the options that may accompany it.
#[rustfmt::skip]
const RULE_KEYWORDS: [(&str, &[&str]); 17] = [
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
    ("no_slower_than", &["limit", "min_difference", "any_host", "where"]),
    ("same_as", &["ignore", "min_difference", "any_host", "where"]),
];

impl Rule {
    /// Parses a rule. Appends warnings about valid but probably mistaken filters to `warnings`.
    pub fn parse(source: &RuleSource, warnings: &mut Vec<RuleError>) -> Result<Rule, RuleError> {
        let kinds: Vec<_> = RULE_KEYWORDS.iter().filter(|(kind, _)| source.values(kind).is_some()).collect();
        let &&(keyword, options) = match kinds.as_slice() {
            [kind] => kind,
            [] => {
                let names: Vec<_> = RULE_KEYWORDS.iter().map(|(kind, _)| *kind).collect();
                return Err(RuleError::in_rule(format!("missing rule: expected one of {}", names.join(", "))));
            }
            [first, second, ..] => {
                return Err(RuleError::in_keyword(
                    second.0,
                    format!("{} and {} are separate rules", first.0, second.0),
                ));
            }
        };
        let is_unexpected = |key: &str| key != keyword && !options.contains(&key);
        if let Some((key, _)) = source.keywords.iter().find(|(key, _)| is_unexpected(key)) {
            let is_known = RULE_KEYWORDS.iter().any(|(_, options)| options.contains(&key.as_str()));
            let options = options.join(", ");
            let message = match is_known {
                true => format!("{key} cannot be combined with {keyword}; options: {options}"),
                false => format!("unknown option {key} of {keyword}; options: {options}"),
            };
            return Err(RuleError::in_keyword(key, message));
        }
        let condition = source.text("where")?;
        let condition =
            condition.map(|text| Ok((text, parse_filter(source, "where", 0, text, warnings)?))).transpose()?;
        let (kind, mut text) = match keyword {
            "none" | "some" => parse_none_or_some(source, keyword, warnings)?,
            "count" => parse_count(source, warnings)?,
            "each" if source.values("followed_by").is_some() => parse_followed_by(source, warnings)?,
            "each" => parse_each(source, warnings)?,
            "order" => parse_order(source, warnings)?,
            "answered" | "orderly" => {
                if source.values(keyword) != Some(&[RuleValue::Boolean(true)]) {
                    return Err(RuleError::in_value(keyword, 0, format!("expected {keyword} = true")));
                }
                (if keyword == "answered" { RuleKind::Answered } else { RuleKind::Orderly }, keyword.to_owned())
            }
            "no_notes_above" => parse_notes(source)?,
            "snapshot" => parse_snapshot(source)?,
            "no_slower_than" | "same_as" => parse_compared(source, keyword)?,
            _ => parse_statistic(source, keyword, condition.as_ref().map(|(_, filter)| filter))?,
        };
        if let Some((condition, _)) = &condition {
            text = format!("{text} where {condition}");
        }
        let rule = Rule { text, kind, condition: condition.map(|(_, filter)| filter) };
        if let Some(filter) = rule.condition.as_ref().filter(|_| !rule.evaluates_calls()) {
            add_frame_warnings(RuleUnit::Frame, &[("where", 0, filter)], warnings);
        }
        Ok(rule)
    }
}

/// Parses a filter and appends its warnings.
fn parse_filter(
    source: &RuleSource,
    key: &str,
    nth: usize,
    text: &str,
    warnings: &mut Vec<RuleError>,
) -> Result<Filter, RuleError> {
    let filter = source.parse_filter(key, nth, text)?;
    warnings.extend(filter.warnings().iter().map(|warning| RuleError::from_diagnostic(key, nth, warning.clone())));
    Ok(filter)
}

/// Appends the warnings of filters that combine fields which no single frame has. A call may have them all.
fn add_frame_warnings(unit: RuleUnit, filters: &[(&str, usize, &Filter)], warnings: &mut Vec<RuleError>) {
    for (key, nth, filter) in filters.iter().filter(|_| unit != RuleUnit::Call) {
        warnings.extend(
            filter.frame_warnings().iter().map(|warning| RuleError::from_diagnostic(key, *nth, warning.clone())),
        );
    }
}

/// Returns the unit of a rule: that of `per`, else calls if the rule reads fields of requests and responses, else frames.
/// A rule that reads a note of their protocol evaluates frames, because malformed data may belong to no call.
fn parse_unit(source: &RuleSource, wants: &[Wants], allowed: &[RuleUnit]) -> Result<RuleUnit, RuleError> {
    let Some(name) = source.text("per")? else {
        let reads = |field: &Field| wants.iter().any(|wants| wants.field(field));
        let is_note = |field: &Field| matches!(field.kind, dissectors::FieldKind::Note(_));
        let of_messages = message_fields().flat_map(|(protocol, _)| protocol.fields.iter().copied());
        let mut of_messages = of_messages.filter(|field| reads(field)).peekable();
        let is_call = of_messages.peek().is_some() && !of_messages.any(is_note);
        return Ok(if is_call { RuleUnit::Call } else { RuleUnit::Frame });
    };
    allowed.iter().copied().find(|unit| unit.name() == name).ok_or_else(|| {
        let names: Vec<_> = allowed.iter().map(|unit| unit.name()).collect();
        RuleError::in_value("per", 0, format!("expected one of {} for per", names.join(", ")))
    })
}

/// All units.
const UNITS: [RuleUnit; 3] = [RuleUnit::Frame, RuleUnit::Call, RuleUnit::Stream];

/// Parses `none` or `some`. Returns the kind and the text of the rule, as all parsers of a kind do.
fn parse_none_or_some(
    source: &RuleSource,
    keyword: &str,
    warnings: &mut Vec<RuleError>,
) -> Result<(RuleKind, String), RuleError> {
    let text = source.required_text(keyword)?;
    let filter = parse_filter(source, keyword, 0, text, warnings)?;
    let unit = parse_unit(source, &[filter.wants()], &UNITS)?;
    add_frame_warnings(unit, &[(keyword, 0, &filter)], warnings);
    let bound = if keyword == "none" {
        Bound::on_count(Comparison::Equal, 0)
    } else {
        Bound::on_count(Comparison::GreaterOrEqual, 1)
    };
    Ok((RuleKind::Count(CountRule { unit, text: text.into(), filter, bound }), format!("{keyword} {text}")))
}

/// Parses `count = "FILTER == 3"` or `count = "FILTER", exactly = 3`.
fn parse_count(source: &RuleSource, warnings: &mut Vec<RuleError>) -> Result<(RuleKind, String), RuleError> {
    let text = source.required_text("count")?;
    let options = [
        ("exactly", Comparison::Equal),
        ("at_least", Comparison::GreaterOrEqual),
        ("at_most", Comparison::LessOrEqual),
    ];
    let mut bound = None;
    for (option, comparison) in options {
        let Some(number) = source.count(option)? else { continue };
        if bound.replace(Bound::on_count(comparison, number)).is_some() {
            return Err(RuleError::in_keyword(option, "expected only one of exactly, at_least and at_most"));
        }
    }
    let (text, bound) = match bound {
        Some(bound) => (text, bound),
        None => split_count(text)?,
    };
    let filter = parse_filter(source, "count", 0, text, warnings)?;
    if (bound.comparison, bound.number) == (Comparison::GreaterOrEqual, 0) {
        warnings.push(RuleError::in_keyword("count", "warning: a count is never negative, so this rule always holds"));
    }
    let unit = parse_unit(source, &[filter.wants()], &UNITS)?;
    add_frame_warnings(unit, &[("count", 0, &filter)], warnings);
    Ok((RuleKind::Count(CountRule { unit, text: text.into(), filter, bound }), format!("count {text} {bound}")))
}

/// Splits a filter from its bound, the last comparison with a number. Returns an error if the comparison may belong to
/// the filter, as in `status == 200`.
fn split_count(text: &str) -> Result<(&str, Bound), RuleError> {
    let Some(split) = split_bound(text) else {
        Filter::new_strict(text).map_err(|diagnostic| RuleError::from_diagnostic("count", 0, diagnostic))?;
        return Err(RuleError::in_value("count", 0, format!("missing bound: \"{} == 3\", or exactly 3", text.trim())));
    };
    if Filter::new(text).is_ok() && !ends_in_presence(text) {
        let (before, number) = (split.before, split.number);
        return Err(RuleError::in_value(
            "count",
            0,
            format!(
                "ambiguous: {} is a complete filter; \
                 \"{} == 3\" counts its matches, \"({before}) == {number}\" counts the matches of {before}",
                text.trim(),
                text.trim()
            ),
        ));
    }
    let number = parse_quantity(split.number, false).map_err(|message| {
        let span = Span { start: split.number_start, end: split.number_start + split.number.len() };
        RuleError { span: Some(span), ..RuleError::in_value("count", 0, message) }
    })?;
    Ok((split.before, Bound { comparison: split.comparison, number, is_duration: false }))
}

/// Returns whether the left side of a filter's last comparison has no value of its own, so that its number is a bound:
/// a protocol, or a field such as `http.request` that only groups other fields.
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
    let Some(Operand { kind: OperandKind::Word(word), .. }) = last(&condition) else { return false };
    let Some(field) = naming::find(word) else { return false };
    match field.kind {
        dissectors::FieldKind::Protocol => true,
        dissectors::FieldKind::Bool => field.hidden && has_subfields(field),
        _ => false,
    }
}

/// Returns whether other field names consist of this field's name, a dot and more.
fn has_subfields(field: &Field) -> bool {
    fields().any(|part| part.name.strip_prefix(field.name).is_some_and(|rest| rest.starts_with('.')))
}

/// Parses `each` with `satisfies`.
fn parse_each(source: &RuleSource, warnings: &mut Vec<RuleError>) -> Result<(RuleKind, String), RuleError> {
    if source.values("within").is_some() {
        return Err(RuleError::in_keyword("within", "within requires followed_by"));
    }
    let (text, satisfies_text) = (source.required_text("each")?, source.required_text("satisfies")?);
    let each = parse_filter(source, "each", 0, text, warnings)?;
    let satisfies = parse_filter(source, "satisfies", 0, satisfies_text, warnings)?;
    let unit = parse_unit(source, &[each.wants(), satisfies.wants()], &UNITS)?;
    add_frame_warnings(unit, &[("each", 0, &each), ("satisfies", 0, &satisfies)], warnings);
    let rule_text = format!("each {text} satisfies {satisfies_text}");
    Ok((RuleKind::Each(EachRule { unit, text: text.into(), each, satisfies }), rule_text))
}

/// Parses `each` with `followed_by`.
fn parse_followed_by(source: &RuleSource, warnings: &mut Vec<RuleError>) -> Result<(RuleKind, String), RuleError> {
    let (text, next_text) = (source.required_text("each")?, source.required_text("followed_by")?);
    for key in ["satisfies", "per"] {
        if source.values(key).is_some() {
            return Err(RuleError::in_keyword(key, format!("{key} cannot be combined with followed_by")));
        }
    }
    let each = parse_filter(source, "each", 0, text, warnings)?;
    let next = parse_filter(source, "followed_by", 0, next_text, warnings)?;
    add_frame_warnings(RuleUnit::Frame, &[("each", 0, &each), ("followed_by", 0, &next)], warnings);
    let mut rule_text = format!("each {text} followed by {next_text}");
    let mut within = None;
    if let Some(time) = source.text("within")? {
        let nanos = parse_quantity(time.trim(), true).map_err(|message| RuleError::in_value("within", 0, message))?;
        rule_text = format!("{rule_text} within {}", format_quantity(nanos, true));
        within = Some(i64::try_from(nanos).unwrap_or(i64::MAX));
    }
    Ok((RuleKind::FollowedBy(FollowedByRule { text: text.into(), each, next, within }), rule_text))
}

/// Parses `order`.
fn parse_order(source: &RuleSource, warnings: &mut Vec<RuleError>) -> Result<(RuleKind, String), RuleError> {
    let texts = source.texts("order")?;
    if texts.len() < 2 {
        return Err(RuleError::in_value("order", 0, "expected two or more filters for order"));
    }
    let by_stream = match source.text("per")? {
        None | Some("stream") => true,
        Some("capture") => false,
        Some(_) => return Err(RuleError::in_value("per", 0, "expected stream or capture for per")),
    };
    let mut steps = Vec::new();
    for (nth, text) in texts.iter().enumerate() {
        let filter = parse_filter(source, "order", nth, text, warnings)?;
        add_frame_warnings(RuleUnit::Frame, &[("order", nth, &filter)], warnings);
        steps.push(((*text).to_owned(), filter));
    }
    Ok((RuleKind::Order(OrderRule { steps, by_stream }), format!("order {}", texts.join(", then "))))
}

/// Parses a statistic, such as `p95 = "http.time < 50ms"`. `condition` is the filter of `where`.
fn parse_statistic(
    source: &RuleSource,
    keyword: &str,
    condition: Option<&Filter>,
) -> Result<(RuleKind, String), RuleError> {
    let Some(&(keyword, statistic)) = STATISTICS.iter().find(|(name, _)| *name == keyword) else {
        return Err(RuleError::in_rule(format!("unknown rule {keyword}")));
    };
    let text = source.required_text(keyword)?;
    let Some(split) = split_bound(text) else {
        let message = format!("expected a field and a bound, such as {keyword} = \"http.time < 50ms\"");
        return Err(RuleError::in_value(keyword, 0, message));
    };
    let measure = NumericExpr::new(split.before)
        .map_err(|diagnostic: Diagnostic| RuleError::from_diagnostic(keyword, 0, diagnostic))?;
    let is_duration = measure.is_duration();
    let number = parse_quantity(split.number, is_duration).map_err(|message| {
        let span = Span { start: split.number_start, end: split.number_start + split.number.len() };
        RuleError { span: Some(span), ..RuleError::in_value(keyword, 0, message) }
    })?;
    let mut wants = vec![measure.wants()];
    wants.extend(condition.map(Filter::wants));
    let unit = parse_unit(source, &wants, &[RuleUnit::Frame, RuleUnit::Call])?;
    let bound = Bound { comparison: split.comparison, number, is_duration };
    let rule_text = format!("{keyword} {} {bound}", split.before);
    Ok((
        RuleKind::Statistic(StatisticRule {
            unit,
            name: statistic_name(statistic, keyword),
            statistic,
            measure,
            bound,
        }),
        rule_text,
    ))
}

/// Returns the name of a statistic in reports.
fn statistic_name(statistic: Statistic, keyword: &'static str) -> &'static str {
    match statistic {
        Statistic::Min => "minimum",
        Statistic::Max => "maximum",
        _ => keyword,
    }
}

/// Parses `no_notes_above`.
fn parse_notes(source: &RuleSource) -> Result<(RuleKind, String), RuleError> {
    let name = source.required_text("no_notes_above")?;
    let above = [Severity::Chat, Severity::Note, Severity::Warn].into_iter().find(|severity| severity.name() == name);
    let Some(above) = above else {
        return Err(RuleError::in_value("no_notes_above", 0, "expected chat, note or warning for no_notes_above"));
    };
    Ok((RuleKind::Notes(NotesRule { above }), format!("no notes above {name}")))
}

/// Parses `snapshot`.
fn parse_snapshot(source: &RuleSource) -> Result<(RuleKind, String), RuleError> {
    let path = source.required_text("snapshot")?;
    if path.is_empty() {
        return Err(RuleError::in_value("snapshot", 0, "expected a file name for snapshot"));
    }
    let mut selected: Vec<&'static Field> = Vec::new();
    for (nth, name) in source.texts("fields")?.iter().enumerate() {
        let found = find_fields(name, "fields", nth)?;
        found.into_iter().for_each(|field| {
            if !selected.iter().any(|other| other.id == field.id) {
                selected.push(field);
            }
        });
    }
    if selected.is_empty() {
        return Err(RuleError::in_rule("snapshot requires fields = [...], the fields to save"));
    }
    for (nth, name) in source.texts("without")?.iter().enumerate() {
        let excluded = find_fields(name, "without", nth)?;
        if !excluded.iter().any(|field| selected.iter().any(|other| other.id == field.id)) {
            return Err(RuleError::in_value("without", nth, format!("{name} is not one of the selected fields")));
        }
        selected.retain(|field| !excluded.iter().any(|other| other.id == field.id));
    }
    Ok((RuleKind::Snapshot(SnapshotRule { path: path.into(), fields: selected }), format!("snapshot {path}")))
}

/// Parses `no_slower_than` or `same_as`.
fn parse_compared(source: &RuleSource, keyword: &str) -> Result<(RuleKind, String), RuleError> {
    let base = source.required_text(keyword)?;
    if base.is_empty() {
        return Err(RuleError::in_value(keyword, 0, format!("expected a capture file for {keyword}")));
    }
    let percent = |key: &str| {
        let number = source.count(key)?.map(u32::try_from).transpose();
        number.map_err(|_| RuleError::in_value(key, 0, format!("expected a percentage for {key}")))
    };
    let is_on_durations = keyword == "no_slower_than";
    let mut settings = ComparisonSettings { limit: percent("limit")?, ..ComparisonSettings::default() };
    settings.min_difference = percent("min_difference")?.unwrap_or(settings.min_difference);
    if !is_on_durations {
        settings.ignored = vec![DifferenceKind::Slower, DifferenceKind::Faster];
    }
    for (nth, name) in source.texts("ignore")?.into_iter().enumerate() {
        let Some(kind) = DifferenceKind::of_name(name) else {
            let names: Vec<_> = DifferenceKind::ALL.iter().map(|kind| kind.name()).collect();
            let message = format!("expected one of {} for ignore", names.join(", "));
            return Err(RuleError::in_value("ignore", nth, message));
        };
        settings.ignored.push(kind);
    }
    let compares_hosts = match source.values("any_host") {
        None => true,
        Some([RuleValue::Boolean(true)]) => false,
        Some(_) => return Err(RuleError::in_value("any_host", 0, "expected any_host = true")),
    };
    let mut text = format!("{} {base}", keyword.replace('_', " "));
    if let Some(limit) = settings.limit {
        text.push_str(&format!(" within {limit} %"));
    }
    let rule = ComparedRule { base: base.into(), is_on_durations, compares_hosts, settings };
    Ok((RuleKind::Compared(rule), text))
}

/// Returns the field of a name, or all fields with a prefix such as `http.*`.
fn find_fields(name: &str, key: &str, nth: usize) -> Result<Vec<&'static Field>, RuleError> {
    let found: Vec<_> = match name.strip_suffix('*') {
        Some(prefix) => fields().filter(|field| field.name.starts_with(prefix)).collect(),
        None => naming::find_in_any_version(name).into_iter().collect(),
    };
    if !found.is_empty() {
        return Ok(found);
    }
    if let Some(message) = naming::unread(name) {
        return Err(RuleError::in_value(key, nth, message));
    }
    let near = naming::nearest(name);
    let hint = if near.is_empty() { String::new() } else { format!(" (nearest: {})", near.join(", ")) };
    Err(RuleError::in_value(key, nth, format!("unknown field {name}{hint}")))
}
