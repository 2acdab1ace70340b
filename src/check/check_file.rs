//! Check files: TOML files that name captures and the rules that must hold for them.
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

use super::rule::Rule;
use super::rule_source::{RuleError, RuleSource, RuleValue};
use super::source_location;
use std::ops::Range;
use std::path::{Component, Path};
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

/// Published JSON schema of check files.
pub const SCHEMA: &str = include_str!("../../docs/checks.schema.json");

/// Parsed check file.
pub struct CheckFile {
    /// Path as given by the user.
    pub path: String,
    /// Capture patterns, relative to the directory of the check file.
    pub captures: Vec<String>,
    /// Capture defects that do not fail a check.
    pub allow: AllowedDefects,
    /// Checks of all captures.
    pub checks: Vec<Check>,
    /// Checks of the captures that match a pattern.
    pub pattern_checks: Vec<(String, Vec<Check>)>,
}

/// Named rule.
pub struct Check {
    /// Name of the check.
    pub name: String,
    /// Rule that must hold.
    pub rule: Rule,
    /// Line in the check file; `None` for a rule of the command line.
    pub line: Option<usize>,
}

/// Capture defects that do not fail a check.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AllowedDefects {
    /// The file does not exist.
    pub missing: bool,
    /// The capture has no frames.
    pub empty: bool,
    /// The capture ends within a record.
    pub truncated: bool,
    /// Frames have a link type that is not supported.
    pub unsupported: bool,
}

impl AllowedDefects {
    /// Allows the defect of this name. Returns whether the name is known.
    pub fn allow(&mut self, word: &str) -> bool {
        match word {
            "missing" => self.missing = true,
            "empty" => self.empty = true,
            "truncated" => self.truncated = true,
            "unsupported" => self.unsupported = true,
            _ => return false,
        }
        true
    }
}

/// Parses a check file. Returns all errors, each with file, line and column, or the file and its warnings.
pub fn parse(path: &str, source: &str) -> Result<(CheckFile, Vec<String>), Vec<String>> {
    let mut parser = CheckFileParser { path, source, errors: Vec::new(), warnings: Vec::new() };
    let table = match DeTable::parse(source) {
        Ok(table) => table,
        Err(error) => {
            parser.add_error(error.span().unwrap_or(0..0), error.message());
            return Err(parser.errors);
        }
    };
    let file = parser.parse_file(table.get_ref());
    if parser.errors.is_empty() { Ok((file, parser.warnings)) } else { Err(parser.errors) }
}

/// Parser of one check file.
struct CheckFileParser<'s> {
    path: &'s str,
    source: &'s str,
    /// Formatted errors.
    errors: Vec<String>,
    /// Formatted warnings.
    warnings: Vec<String>,
}

/// Returns the entries of a table in source order.
fn sorted_entries<'t, 'i>(table: &'t DeTable<'i>) -> Vec<(&'t Spanned<DeString<'i>>, &'t Spanned<DeValue<'i>>)> {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    entries
}

/// Returns an error if a rule's snapshot is outside the directory of the check file. A check file from another user
/// must not write elsewhere.
fn require_within_directory(rule: Rule) -> Result<Rule, RuleError> {
    let is_within = |part| matches!(part, Component::Normal(_) | Component::CurDir);
    match rule.snapshot_path() {
        Some(path) if !Path::new(path).components().all(is_within) => {
            Err(RuleError::in_value("snapshot", 0, "expected a path within the directory of the check file"))
        }
        _ => Ok(rule),
    }
}

impl CheckFileParser<'_> {
    /// Adds an error at a byte range.
    fn add_error(&mut self, range: Range<usize>, message: &str) {
        self.errors.push(source_location::format_error(self.path, self.source, range, message));
    }

    /// Parses the top-level table.
    fn parse_file(&mut self, table: &DeTable<'_>) -> CheckFile {
        let mut file = CheckFile {
            path: self.path.to_owned(),
            captures: Vec::new(),
            allow: AllowedDefects::default(),
            checks: Vec::new(),
            pattern_checks: Vec::new(),
        };
        for (key, value) in sorted_entries(table) {
            match (key.get_ref().as_ref(), value.get_ref()) {
                ("captures", _) => file.captures = self.parse_patterns(value),
                ("allow", _) => {
                    for (name, range) in self.parse_texts("allow", value) {
                        if !file.allow.allow(&name) {
                            self.add_error(
                                range,
                                &format!("expected missing, empty, truncated or unsupported, found {name}"),
                            );
                        }
                    }
                }
                ("checks", DeValue::Table(checks)) => file.checks = self.parse_checks(checks),
                ("in", DeValue::Table(patterns)) => {
                    for (pattern, checks) in sorted_entries(patterns) {
                        self.check_pattern(pattern.get_ref(), pattern.span());
                        match checks.get_ref() {
                            DeValue::Table(checks) => {
                                file.pattern_checks.push((pattern.get_ref().to_string(), self.parse_checks(checks)))
                            }
                            _ => self.add_error(checks.span(), "expected a table of checks: [in.\"PATTERN\"]"),
                        }
                    }
                }
                (name @ ("checks" | "in"), _) => self.add_error(value.span(), &format!("expected a table: [{name}]")),
                (name, _) => {
                    let message = format!("unknown key {name}; expected captures, allow, checks or in");
                    self.add_error(key.span(), &message);
                }
            }
        }
        if self.errors.is_empty()
            && file.checks.is_empty()
            && file.pattern_checks.iter().all(|(_, checks)| checks.is_empty())
        {
            self.add_error(0..0, "no checks: expected [checks] with one line per check");
        }
        file
    }

    /// Parses the patterns of `captures`.
    fn parse_patterns(&mut self, value: &Spanned<DeValue<'_>>) -> Vec<String> {
        let texts = self.parse_texts("captures", value);
        texts.iter().for_each(|(pattern, range)| self.check_pattern(pattern, range.clone()));
        texts.into_iter().map(|(pattern, _)| pattern).collect()
    }

    /// Adds an error if a pattern is invalid.
    fn check_pattern(&mut self, pattern: &str, range: Range<usize>) {
        if let Err(error) = glob::Pattern::new(pattern) {
            self.add_error(range, &format!("invalid pattern {pattern}: {}", error.msg));
        }
    }

    /// Parses a string or an array of strings.
    fn parse_texts(&mut self, name: &str, value: &Spanned<DeValue<'_>>) -> Vec<(String, Range<usize>)> {
        let all = match value.get_ref() {
            DeValue::Array(array) => array.iter().collect(),
            _ => vec![value],
        };
        let mut texts = Vec::new();
        for value in all {
            match value.get_ref().as_str() {
                Some(text) => texts.push((text.to_owned(), value.span())),
                None => self.add_error(value.span(), &format!("expected a string or an array of strings for {name}")),
            }
        }
        texts
    }

    /// Parses a table of checks.
    fn parse_checks(&mut self, table: &DeTable<'_>) -> Vec<Check> {
        let mut checks = Vec::new();
        for (name, rule) in sorted_entries(table) {
            let DeValue::Table(keywords) = rule.get_ref() else {
                self.add_error(rule.span(), "expected a rule, such as { count = \"http.request == 3\" }");
                continue;
            };
            if let Some(rule) = self.parse_rule(name.span(), keywords) {
                let line = Some(source_location::line_number(self.source, name.span().start));
                checks.push(Check { name: name.get_ref().to_string(), rule, line });
            }
        }
        checks
    }

    /// Parses a rule. `name` is the byte range of its name.
    fn parse_rule(&mut self, name: Range<usize>, keywords: &DeTable<'_>) -> Option<Rule> {
        let mut source = RuleSource::default();
        for (keyword, value) in sorted_entries(keywords) {
            let all: Vec<_> = match value.get_ref() {
                DeValue::Array(array) => array.iter().collect(),
                _ => vec![value],
            };
            let mut values = Vec::new();
            for value in all {
                values.push(match value.get_ref() {
                    DeValue::String(text) => RuleValue::Text(text.to_string()),
                    DeValue::Boolean(boolean) => RuleValue::Boolean(*boolean),
                    DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
                        Ok(number) => RuleValue::Number(number),
                        Err(_) => {
                            self.add_error(value.span(), "number too large");
                            return None;
                        }
                    },
                    other => {
                        let message = format!("expected a string, found {}", other.type_str());
                        self.add_error(value.span(), &message);
                        return None;
                    }
                });
            }
            source.keywords.push((keyword.get_ref().to_string(), values));
        }
        let mut warnings = Vec::new();
        let rule = Rule::parse(&source, &mut warnings);
        for warning in warnings {
            let range = self.error_range(name.clone(), keywords, &warning);
            self.warnings.push(source_location::format_error(self.path, self.source, range, &warning.message));
        }
        match rule.and_then(require_within_directory) {
            Ok(rule) => Some(rule),
            Err(error) => {
                let range = self.error_range(name, keywords, &error);
                self.add_error(range, &error.message);
                None
            }
        }
    }

    /// Returns the byte range of an error. `name` is the range of the rule's name.
    fn error_range(&self, name: Range<usize>, keywords: &DeTable<'_>, error: &RuleError) -> Range<usize> {
        let entry = keywords.iter().find(|(keyword, _)| keyword.get_ref() == error.keyword.as_str());
        let Some((keyword, value)) = entry else { return name };
        let Some(nth) = error.value_index else { return keyword.span() };
        let value = match value.get_ref() {
            DeValue::Array(array) => array.get(nth).unwrap_or(value),
            _ => value,
        };
        match error.span {
            Some(span) => source_location::map_into_token(self.source, value.span(), span),
            None => value.span(),
        }
    }
}
