//! A rule as it was written, in a check file or on a command line, before anything of it is understood.

use crate::filter::ast::Span;
use crate::filter::{Fault, Filter};

/// What a rule says: words such as `each` and `satisfies`, each with its values, in the order they were written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Draft {
    /// The words and their values.
    pub said: Vec<(String, Vec<Value>)>,
}

/// A value behind a word.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A text: a filter, a bound, a name.
    Text(String),
    /// A whole number.
    Number(i64),
    /// Yes or no.
    Yes(bool),
}

/// What is wrong with a rule, or hardly meant, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// The word it is about; empty if it is about the rule.
    pub key: String,
    /// Which of its values; none if it is about the word itself.
    pub nth: Option<usize>,
    /// Which characters of it, in bytes; the whole value if none.
    pub span: Option<Span>,
    /// What is wrong.
    pub message: String,
}

impl Wrong {
    /// Something wrong with the whole rule.
    pub(super) fn rule(message: impl Into<String>) -> Wrong {
        Wrong::word("", message)
    }

    /// Something wrong with a word.
    pub(super) fn word(key: &str, message: impl Into<String>) -> Wrong {
        Wrong { key: key.into(), nth: None, span: None, message: message.into() }
    }

    /// Something wrong with a value.
    pub(super) fn of(key: &str, nth: usize, message: impl Into<String>) -> Wrong {
        Wrong { key: key.into(), nth: Some(nth), span: None, message: message.into() }
    }

    /// What a filter is told to have wrong, which begins at this byte of the value.
    pub(super) fn fault(key: &str, nth: usize, fault: Fault) -> Wrong {
        Wrong { key: key.into(), nth: Some(nth), span: Some(fault.span), message: fault.message }
    }
}

impl Draft {
    /// Adds a word with texts.
    #[must_use]
    pub fn with(mut self, key: &str, texts: &[&str]) -> Draft {
        self.said.push((key.into(), texts.iter().map(|text| Value::Text((*text).into())).collect()));
        self
    }

    /// The values of a word.
    pub(super) fn values(&self, key: &str) -> Option<&[Value]> {
        self.said.iter().find(|(word, _)| word == key).map(|(_, values)| values.as_slice())
    }

    /// The texts of a word.
    pub(super) fn texts(&self, key: &str) -> Result<Vec<&str>, Wrong> {
        let mut texts = Vec::new();
        for (nth, value) in self.values(key).unwrap_or_default().iter().enumerate() {
            match value {
                Value::Text(text) => texts.push(text.as_str()),
                _ => return Err(Wrong::of(key, nth, format!("{key} wants text"))),
            }
        }
        Ok(texts)
    }

    /// The only text of a word, if it is there.
    pub(super) fn text(&self, key: &str) -> Result<Option<&str>, Wrong> {
        match self.texts(key)?.as_slice() {
            _ if self.values(key).is_none() => Ok(None),
            [only] => Ok(Some(only)),
            _ => Err(Wrong::of(key, 0, format!("{key} wants one text"))),
        }
    }

    /// The text of a word that must be there.
    pub(super) fn must(&self, key: &str) -> Result<&str, Wrong> {
        self.text(key)?.ok_or_else(|| Wrong::rule(format!("{key} is missing")))
    }

    /// The number of a word, if it is there: how many of something.
    pub(super) fn number(&self, key: &str) -> Result<Option<u64>, Wrong> {
        let wrong = || Wrong::of(key, 0, format!("{key} wants a number that is not negative"));
        match self.values(key) {
            None => Ok(None),
            Some([Value::Number(number)]) => u64::try_from(*number).map(Some).map_err(|_| wrong()),
            Some([Value::Text(text)]) => text.parse().map(Some).map_err(|_| wrong()),
            Some(_) => Err(wrong()),
        }
    }

    /// A text read as a filter.
    pub(super) fn filter(&self, key: &str, nth: usize, text: &str) -> Result<Filter, Wrong> {
        if text.trim().is_empty() {
            return Err(Wrong::of(key, nth, format!("{key} wants a filter")));
        }
        Filter::new_strict(text).map_err(|fault| Wrong::fault(key, nth, fault))
    }
}
