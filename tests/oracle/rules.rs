//! The rules that explain differences: fields, versions, a condition, a number of cells and a reason.

use std::collections::BTreeMap;

use crate::ask::{BETWEEN, Table};
use crate::compare::Difference;

/// The first line of the file.
pub(crate) const COLUMNS: &str = "fields\ttshark\tcondition\tcells\treason";

/// One line of rules.tsv.
#[derive(Debug)]
pub(crate) struct Rule {
    /// Line number in the file, for messages.
    pub(crate) line: usize,
    /// Names or globs.
    pub(crate) fields: Vec<String>,
    versions: Vec<String>,
    /// All of them must hold.
    conditions: Vec<Condition>,
    /// Maximum number of cells that it may cover, for each version.
    pub(crate) cells: usize,
    /// A sentence.
    pub(crate) reason: String,
}

/// A property of a differing cell.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Condition {
    /// `in A,B`: the capture has one of these names or matches one of these globs.
    In(Vec<String>),
    /// `missing`: overhear has no value.
    Missing,
    /// `extra`: tshark has no value.
    Extra,
    /// `different`: both have a value.
    Different,
    /// `prefix P,Q`: overhear's frame.protocols, without a last `data` or `media`, is that of tshark up to one of these.
    Prefix(Vec<String>),
    /// `less-data`: overhear's frame.protocols is that of tshark and a last `data`.
    LessData,
    /// `backslash`: overhear's text is that of tshark with every backslash doubled.
    Backslash,
    /// `absent-under P,Q`: only tshark has one of these protocols in the frame, and overhear's values are the first ones
    /// of tshark, or none.
    AbsentUnder(Vec<String>),
    /// `from-request`: overhear repeats the value that both have in the frame of http.request_in, where tshark has none.
    FromRequest,
    /// `bits-added M`: overhear's number is that of tshark and bits of M.
    BitsAdded(u64),
    /// `first-values`: overhear's values are the first ones of tshark.
    FirstValues,
    /// `with-preference P`: overhear's value is that of tshark with `-o P`.
    WithPreference(String),
}

/// What a condition may read besides the two values.
pub(crate) struct Around<'a> {
    /// The whole table of overhear.
    pub(crate) ours: &'a Table,
    /// The whole table of tshark.
    pub(crate) theirs: &'a Table,
    /// Whether tshark with a preference has overhear's value in this cell.
    pub(crate) otherwise: &'a dyn Fn(&str, &Difference) -> bool,
}

/// All rules.
#[derive(Debug, Default)]
pub(crate) struct Rules {
    /// In the order of the file; the first that covers a cell applies.
    pub(crate) rules: Vec<Rule>,
}

impl Rules {
    /// Reads the file; returns every error.
    pub(crate) fn parse(text: &str) -> Result<Rules, Vec<String>> {
        let mut rules = Vec::new();
        let mut errors = Vec::new();
        if text.lines().next() != Some(COLUMNS) {
            errors.push(format!("rules.tsv:1: expected {COLUMNS:?}"));
        }
        for (number, line) in text.lines().enumerate().skip(1) {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            match Rule::parse(number + 1, line) {
                Ok(rule) => rules.push(rule),
                Err(why) => errors.push(format!("rules.tsv:{}: {why}", number + 1)),
            }
        }
        if errors.is_empty() { Ok(Rules { rules }) } else { Err(errors) }
    }

    /// The index of the rule that covers a difference.
    pub(crate) fn covers(&self, capture: &str, version: &str, it: &Difference, around: &Around) -> Option<usize> {
        self.rules.iter().position(|rule| {
            rule.applies_to(version)
                && rule.fields.iter().any(|field| glob(field, it.field))
                && rule.conditions.iter().all(|condition| condition.holds(capture, it, around))
        })
    }

    /// Rules that cover more cells than they state, or none although every capture they name was compared.
    pub(crate) fn complaints(
        &self,
        version: &str,
        covered: &BTreeMap<usize, usize>,
        is_compared: impl Fn(&str) -> bool,
    ) -> Vec<String> {
        let rules = self.rules.iter().enumerate().filter(|(_, rule)| rule.applies_to(version));
        let complaints = rules.filter_map(|(at, rule)| {
            let cells = covered.get(&at).copied().unwrap_or(0);
            let why = match cells {
                0 if rule.captures().iter().all(|pattern| is_compared(pattern)) => "stale: covers nothing".to_owned(),
                cells if cells > rule.cells => format!("covers {cells} cells, at most {} are allowed", rule.cells),
                _ => return None,
            };
            Some(format!("rules.tsv:{}: tshark {version}: {why}: {}", rule.line, rule.reason))
        });
        complaints.collect()
    }
}

impl Rule {
    fn parse(line: usize, text: &str) -> Result<Rule, String> {
        let parts: Vec<&str> = text.split('\t').collect();
        let &[fields, versions, condition, cells, reason] = parts.as_slice() else {
            return Err(format!("expected 5 columns, found {}", parts.len()));
        };
        let cells = cells.parse().ok().filter(|&cells| cells > 0);
        let cells = cells.ok_or_else(|| "expected a number of cells".to_owned())?;
        let reason = reason.trim();
        if reason.is_empty() || reason.starts_with('?') {
            return Err("the reason is missing".to_owned());
        }
        let list = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let versions = list(versions);
        if versions.iter().any(|version| !version.starts_with(|c: char| c.is_ascii_digit())) {
            return Err("expected prefixes of versions, such as 4.0 4.4".to_owned());
        }
        let conditions = condition.split("; ").map(Condition::parse).collect::<Result<Vec<_>, _>>()?;
        Ok(Rule { line, fields: list(fields), versions, conditions, cells, reason: reason.to_owned() })
    }

    /// Whether the rule is for this version of tshark: `4.0` is for 4.0.17, not for 4.01.
    pub(crate) fn applies_to(&self, version: &str) -> bool {
        self.versions.iter().any(|prefix| {
            version.strip_prefix(prefix.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        })
    }

    /// Names and globs of the captures that the rule is for; `*` if it names none.
    pub(crate) fn captures(&self) -> Vec<&str> {
        let mut named = self.conditions.iter().filter_map(|condition| match condition {
            Condition::In(captures) => Some(captures.iter().map(String::as_str).collect()),
            _ => None,
        });
        named.next_back().unwrap_or_else(|| vec!["*"])
    }
}

impl Condition {
    fn parse(text: &str) -> Result<Condition, String> {
        let (name, rest) = text.split_once(' ').unwrap_or((text, ""));
        let list = || rest.split(',').map(str::to_owned).collect::<Vec<_>>();
        match (name, rest) {
            ("in", _) if !rest.is_empty() => Ok(Condition::In(list())),
            ("missing", "") => Ok(Condition::Missing),
            ("extra", "") => Ok(Condition::Extra),
            ("different", "") => Ok(Condition::Different),
            ("prefix", _) if !rest.is_empty() => Ok(Condition::Prefix(list())),
            ("absent-under", _) if !rest.is_empty() => Ok(Condition::AbsentUnder(list())),
            ("less-data", "") => Ok(Condition::LessData),
            ("backslash", "") => Ok(Condition::Backslash),
            ("from-request", "") => Ok(Condition::FromRequest),
            ("first-values", "") => Ok(Condition::FirstValues),
            ("bits-added", _) => rest
                .parse()
                .map(Condition::BitsAdded)
                .map_err(|_| format!("expected a mask in decimal, found {rest:?}")),
            ("with-preference", _) if rest.contains(':') => Ok(Condition::WithPreference(rest.to_owned())),
            _ => Err(format!("unknown condition {text:?}")),
        }
    }

    fn holds(&self, capture: &str, it: &Difference, around: &Around) -> bool {
        let row = it.frame.wrapping_sub(1);
        let is_cut = || it.theirs.strip_prefix(&it.ours).is_some_and(|rest| rest.starts_with(BETWEEN));
        match self {
            Condition::In(captures) => captures.iter().any(|pattern| glob(pattern, capture)),
            Condition::Missing => it.ours.is_empty(),
            Condition::Extra => it.theirs.is_empty(),
            Condition::Different => !it.ours.is_empty() && !it.theirs.is_empty(),
            Condition::Prefix(missing) => {
                let shown = [":data", ":media"].iter().find_map(|last| it.ours.strip_suffix(last));
                let ours = shown.unwrap_or(&it.ours);
                let rest = it.theirs.strip_prefix(ours).and_then(|rest| rest.strip_prefix(':'));
                let first = rest.and_then(|rest| rest.split(':').next());
                it.field == "frame.protocols" && first.is_some_and(|first| missing.iter().any(|name| name == first))
            }
            Condition::LessData => it.field == "frame.protocols" && it.ours.strip_suffix(":data") == Some(&it.theirs),
            Condition::Backslash => it.theirs.contains('\\') && it.ours == it.theirs.replace('\\', r"\\"),
            Condition::AbsentUnder(protocols) => {
                let has = |table: &Table, name: &str| {
                    table.cell("frame.protocols", row).split(':').any(|layer| layer == name)
                };
                let absent = protocols.iter().any(|name| has(around.theirs, name) && !has(around.ours, name));
                absent && (it.ours.is_empty() || is_cut())
            }
            Condition::FirstValues => is_cut(),
            Condition::FromRequest => it.theirs.is_empty() && repeats_the_request(it, row, around),
            Condition::BitsAdded(mask) => match (it.ours.parse::<u64>(), it.theirs.parse::<u64>()) {
                (Ok(ours), Ok(theirs)) => ours & theirs == theirs && ours != theirs && (ours ^ theirs) & !mask == 0,
                _ => false,
            },
            Condition::WithPreference(preference) => (around.otherwise)(preference, it),
        }
    }
}

/// Ascending numbers with ranges: `1-3,7`.
pub(crate) fn ranges(numbers: &[usize]) -> String {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for number in numbers {
        match runs.last_mut() {
            Some((_, to)) if *to + 1 >= *number => *to = *number,
            _ => runs.push((*number, *number)),
        }
    }
    let written = runs.iter().map(|(from, to)| if from == to { from.to_string() } else { format!("{from}-{to}") });
    written.collect::<Vec<_>>().join(",")
}

/// Whether both programs have each of overhear's values in a frame that http.request_in names.
fn repeats_the_request(it: &Difference, row: usize, around: &Around) -> bool {
    let named = around.ours.cell("http.request_in", row);
    let requests: Vec<usize> = named.split(BETWEEN).filter_map(|frame| frame.parse().ok()).collect();
    it.ours.split(BETWEEN).all(|one| {
        requests.iter().filter_map(|frame| frame.checked_sub(1)).any(|request| {
            let request_values = around.ours.cell(it.field, request);
            request_values == around.theirs.cell(it.field, request)
                && request_values.split(BETWEEN).any(|value| value == one)
        })
    })
}

/// Whether a name matches a pattern with `*` for any text.
pub(crate) fn glob(pattern: &str, name: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else {
        return pattern == name;
    };
    let Some(mut name) = name.strip_prefix(head) else {
        return false;
    };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let tail = parts.pop().unwrap_or("");
    for part in parts {
        match name.find(part) {
            Some(at) => name = name.get(at + part.len()..).unwrap_or(""),
            None => return false,
        }
    }
    name.ends_with(tail)
}
