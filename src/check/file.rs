//! Check files: TOML in which captures are named, and what must hold of them.
//!
//! ```toml
//! captures = ["login*.pcap"]
//! allow = ["truncated"]
//!
//! [checks]
//! "three requests" = { count = "http.request == 3" }
//!
//! [in."login-slow.pcap"]
//! "quick, all the same" = { p95 = "http.time < 2s" }
//! ```

use super::draft::{Draft, Value, Wrong};
use super::place;
use super::rule::Rule;
use std::ops::Range;
use std::path::{Component, Path};
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

/// The schema of check files, as it is published.
pub const SCHEMA: &str = include_str!("../../docs/checks.schema.json");

/// A check file.
pub struct File {
    /// As it was named.
    pub path: String,
    /// Patterns of captures, as they stand in the file, relative to its folder.
    pub captures: Vec<String>,
    /// What of a capture is let pass.
    pub allow: Allow,
    /// What must hold of each of them.
    pub checks: Vec<Check>,
    /// What must hold of the captures of a pattern.
    pub only: Vec<(String, Vec<Check>)>,
}

/// What must hold, by name.
pub struct Check {
    /// Its name.
    pub name: String,
    /// What must hold.
    pub rule: Rule,
    /// The line of the file in which it stands; none of a command line.
    pub line: Option<usize>,
}

/// What a capture may be without failing for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Allow {
    /// Not there.
    pub missing: bool,
    /// Without any frame.
    pub empty: bool,
    /// Cut short.
    pub truncated: bool,
}

impl Allow {
    /// Allows what a word says; returns whether there is such a word.
    pub fn add(&mut self, word: &str) -> bool {
        match word {
            "missing" => self.missing = true,
            "empty" => self.empty = true,
            "truncated" => self.truncated = true,
            _ => return false,
        }
        true
    }
}

/// Reads a check file. All that is wrong is told, each with file, line and characters; so is what is allowed and hardly
/// meant, which comes second where nothing is wrong.
pub fn read(path: &str, source: &str) -> Result<(File, Vec<String>), Vec<String>> {
    let mut reader = Reader { path, source, wrong: Vec::new(), remarks: Vec::new() };
    let table = match DeTable::parse(source) {
        Ok(table) => table,
        Err(error) => {
            reader.wrong(error.span().unwrap_or(0..0), error.message());
            return Err(reader.wrong);
        }
    };
    let file = reader.file(table.get_ref());
    if reader.wrong.is_empty() { Ok((file, reader.remarks)) } else { Err(reader.wrong) }
}

struct Reader<'s> {
    path: &'s str,
    source: &'s str,
    wrong: Vec<String>,
    remarks: Vec<String>,
}

/// The entries of a table in the order they are written.
fn entries<'t, 'i>(table: &'t DeTable<'i>) -> Vec<(&'t Spanned<DeString<'i>>, &'t Spanned<DeValue<'i>>)> {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    entries
}

/// A snapshot is written where whoever runs a check file of others expects it.
fn within_folder(rule: Rule) -> Result<Rule, Wrong> {
    let is_within = |part| matches!(part, Component::Normal(_) | Component::CurDir);
    match rule.snapshot() {
        Some(path) if !Path::new(path).components().all(is_within) => {
            Err(Wrong::of("snapshot", 0, "a snapshot lies in the folder of its check file, or below"))
        }
        _ => Ok(rule),
    }
}

impl Reader<'_> {
    fn wrong(&mut self, range: Range<usize>, message: &str) {
        self.wrong.push(place::shown(self.path, self.source, range, message));
    }

    fn file(&mut self, table: &DeTable<'_>) -> File {
        let mut file = File {
            path: self.path.to_owned(),
            captures: Vec::new(),
            allow: Allow::default(),
            checks: Vec::new(),
            only: Vec::new(),
        };
        for (key, value) in entries(table) {
            match (key.get_ref().as_ref(), value.get_ref()) {
                ("captures", _) => file.captures = self.patterns(value),
                ("allow", _) => {
                    for (word, range) in self.texts("allow", value) {
                        if !file.allow.add(&word) {
                            self.wrong(range, &format!("{word} cannot be allowed; missing, empty and truncated can"));
                        }
                    }
                }
                ("checks", DeValue::Table(checks)) => file.checks = self.checks(checks),
                ("in", DeValue::Table(only)) => {
                    for (pattern, checks) in entries(only) {
                        self.pattern(pattern.get_ref(), pattern.span());
                        match checks.get_ref() {
                            DeValue::Table(checks) => {
                                file.only.push((pattern.get_ref().to_string(), self.checks(checks)))
                            }
                            _ => self.wrong(checks.span(), "checks were wanted: [in.\"PATTERN\"] and a line for each"),
                        }
                    }
                }
                (name @ ("checks" | "in"), _) => self.wrong(value.span(), &format!("{name} is a table: [{name}]")),
                (name, _) => {
                    let message = format!("there is no {name} here; there are captures, allow, checks and in");
                    self.wrong(key.span(), &message);
                }
            }
        }
        if self.wrong.is_empty() && file.checks.is_empty() && file.only.iter().all(|(_, checks)| checks.is_empty()) {
            self.wrong(0..0, "nothing is checked: [checks] and a line for each");
        }
        file
    }

    fn patterns(&mut self, value: &Spanned<DeValue<'_>>) -> Vec<String> {
        let texts = self.texts("captures", value);
        texts.iter().for_each(|(pattern, range)| self.pattern(pattern, range.clone()));
        texts.into_iter().map(|(pattern, _)| pattern).collect()
    }

    fn pattern(&mut self, pattern: &str, range: Range<usize>) {
        if let Err(error) = glob::Pattern::new(pattern) {
            self.wrong(range, &format!("{pattern} is no pattern of names: {}", error.msg));
        }
    }

    /// The texts of a value that is a text or a list of them.
    fn texts(&mut self, name: &str, value: &Spanned<DeValue<'_>>) -> Vec<(String, Range<usize>)> {
        let all = match value.get_ref() {
            DeValue::Array(array) => array.iter().collect(),
            _ => vec![value],
        };
        let mut texts = Vec::new();
        for value in all {
            match value.get_ref().as_str() {
                Some(text) => texts.push((text.to_owned(), value.span())),
                None => self.wrong(value.span(), &format!("{name} is a list of texts")),
            }
        }
        texts
    }

    fn checks(&mut self, table: &DeTable<'_>) -> Vec<Check> {
        let mut checks = Vec::new();
        for (name, rule) in entries(table) {
            let DeValue::Table(words) = rule.get_ref() else {
                self.wrong(rule.span(), "a rule was wanted, such as { count = \"http.request == 3\" }");
                continue;
            };
            if let Some(rule) = self.rule(name.span(), words) {
                let line = Some(place::line_of(self.source, name.span().start));
                checks.push(Check { name: name.get_ref().to_string(), rule, line });
            }
        }
        checks
    }

    fn rule(&mut self, name: Range<usize>, words: &DeTable<'_>) -> Option<Rule> {
        let mut draft = Draft::default();
        for (word, value) in entries(words) {
            let all: Vec<_> = match value.get_ref() {
                DeValue::Array(array) => array.iter().collect(),
                _ => vec![value],
            };
            let mut values = Vec::new();
            for value in all {
                values.push(match value.get_ref() {
                    DeValue::String(text) => Value::Text(text.to_string()),
                    DeValue::Boolean(yes) => Value::Yes(*yes),
                    DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
                        Ok(number) => Value::Number(number),
                        Err(_) => {
                            self.wrong(value.span(), "the number is too large");
                            return None;
                        }
                    },
                    other => {
                        let message = format!("a text was wanted, not {}", other.type_str());
                        self.wrong(value.span(), &message);
                        return None;
                    }
                });
            }
            draft.said.push((word.get_ref().to_string(), values));
        }
        let mut remarks = Vec::new();
        let rule = Rule::read(&draft, &mut remarks);
        for remark in remarks {
            let range = self.range(name.clone(), words, &remark);
            self.remarks.push(place::shown(self.path, self.source, range, &remark.message));
        }
        match rule.and_then(within_folder) {
            Ok(rule) => Some(rule),
            Err(wrong) => {
                let range = self.range(name, words, &wrong);
                self.wrong(range, &wrong.message);
                None
            }
        }
    }

    /// Where in the file that stands which is wrong.
    fn range(&self, name: Range<usize>, words: &DeTable<'_>, wrong: &Wrong) -> Range<usize> {
        let Some((word, value)) = words.iter().find(|(word, _)| word.get_ref() == wrong.key.as_str()) else {
            return name;
        };
        let Some(nth) = wrong.nth else { return word.span() };
        let value = match value.get_ref() {
            DeValue::Array(array) => array.get(nth).unwrap_or(value),
            _ => value,
        };
        match wrong.span {
            Some(span) => place::within(self.source, value.span(), span),
            None => value.span(),
        }
    }
}
