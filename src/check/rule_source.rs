//! Source of a rule: the keywords and values of a check file or a command line, not yet parsed.

use crate::filter::ast::Span;
use crate::filter::{Diagnostic, Filter};

/// Keywords of a rule, such as `each` and `satisfies`, each with its values, in source order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RuleSource {
    /// Keywords and their values.
    pub keywords: Vec<(String, Vec<RuleValue>)>,
}

/// Value of a keyword.
#[derive(Clone, Debug, PartialEq)]
pub enum RuleValue {
    /// String: a filter, a bound or a name.
    Text(String),
    /// Integer.
    Number(i64),
    /// Boolean.
    Boolean(bool),
}

/// Error or warning about a rule, with its position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleError {
    /// Keyword in question; empty for the whole rule.
    pub keyword: String,
    /// Index of the value in question; `None` for the keyword itself.
    pub value_index: Option<usize>,
    /// Byte range within the value; `None` for the whole value.
    pub span: Option<Span>,
    /// Error message.
    pub message: String,
}

impl RuleError {
    /// Creates an error about the whole rule.
    pub(super) fn in_rule(message: impl Into<String>) -> RuleError {
        RuleError::in_keyword("", message)
    }

    /// Creates an error about a keyword.
    pub(super) fn in_keyword(key: &str, message: impl Into<String>) -> RuleError {
        RuleError { keyword: key.into(), value_index: None, span: None, message: message.into() }
    }

    /// Creates an error about a value.
    pub(super) fn in_value(key: &str, nth: usize, message: impl Into<String>) -> RuleError {
        RuleError { keyword: key.into(), value_index: Some(nth), span: None, message: message.into() }
    }

    /// Creates an error from a filter error in a value.
    pub(super) fn from_diagnostic(key: &str, nth: usize, diagnostic: Diagnostic) -> RuleError {
        RuleError {
            keyword: key.into(),
            value_index: Some(nth),
            span: Some(diagnostic.span),
            message: diagnostic.message,
        }
    }
}

impl RuleSource {
    /// Adds a keyword with string values.
    #[must_use]
    pub fn with_keyword(mut self, key: &str, texts: &[&str]) -> RuleSource {
        self.keywords.push((key.into(), texts.iter().map(|text| RuleValue::Text((*text).into())).collect()));
        self
    }

    /// Returns the values of a keyword, or `None` if the keyword is absent.
    pub(super) fn values(&self, key: &str) -> Option<&[RuleValue]> {
        self.keywords.iter().find(|(keyword, _)| keyword == key).map(|(_, values)| values.as_slice())
    }

    /// Returns the strings of a keyword, or an error if a value has another type.
    pub(super) fn texts(&self, key: &str) -> Result<Vec<&str>, RuleError> {
        let mut texts = Vec::new();
        for (nth, value) in self.values(key).unwrap_or_default().iter().enumerate() {
            match value {
                RuleValue::Text(text) => texts.push(text.as_str()),
                _ => return Err(RuleError::in_value(key, nth, format!("expected a string for {key}"))),
            }
        }
        Ok(texts)
    }

    /// Returns the single string of a keyword, or `None` if the keyword is absent.
    pub(super) fn text(&self, key: &str) -> Result<Option<&str>, RuleError> {
        match self.texts(key)?.as_slice() {
            _ if self.values(key).is_none() => Ok(None),
            [text] => Ok(Some(text)),
            _ => Err(RuleError::in_value(key, 0, format!("expected one string for {key}"))),
        }
    }

    /// Returns the single string of a required keyword.
    pub(super) fn required_text(&self, key: &str) -> Result<&str, RuleError> {
        self.text(key)?.ok_or_else(|| RuleError::in_rule(format!("missing {key}")))
    }

    /// Returns the count of a keyword, or `None` if the keyword is absent.
    pub(super) fn count(&self, key: &str) -> Result<Option<u64>, RuleError> {
        let invalid = || RuleError::in_value(key, 0, format!("expected a non-negative integer for {key}"));
        match self.values(key) {
            None => Ok(None),
            Some([RuleValue::Number(number)]) => u64::try_from(*number).map(Some).map_err(|_| invalid()),
            Some([RuleValue::Text(text)]) => text.parse().map(Some).map_err(|_| invalid()),
            Some(_) => Err(invalid()),
        }
    }

    /// Parses a value as a display filter.
    pub(super) fn parse_filter(&self, key: &str, nth: usize, text: &str) -> Result<Filter, RuleError> {
        if text.trim().is_empty() {
            return Err(RuleError::in_value(key, nth, format!("expected a filter for {key}")));
        }
        Filter::new_strict(text).map_err(|diagnostic| RuleError::from_diagnostic(key, nth, diagnostic))
    }
}
