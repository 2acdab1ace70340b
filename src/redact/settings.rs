//! Settings of the user: own names and patterns, and the key of the marks.

use regex::bytes::Regex;
use toml::de::{DeTable, DeValue};

/// What the user adds to the secrets that are known.
#[derive(Debug, Default)]
pub struct RedactSettings {
    /// Names whose values are secrets: of headers, parameters, form fields and members.
    pub names: Vec<String>,
    /// Regular expressions; what they match is a secret, or their first group.
    pub patterns: Vec<Regex>,
    /// Text from which the marks are derived. Without it, marks differ in each run.
    pub key: Option<String>,
}

impl RedactSettings {
    /// Parses a file: `names` and `patterns` are lists of texts, `key` is a text.
    ///
    /// # Errors
    ///
    /// The text is not TOML, or has other settings.
    pub fn parse(text: &str) -> Result<RedactSettings, String> {
        let table = DeTable::parse(text).map_err(|error| error.message().to_owned())?;
        let mut settings = RedactSettings::default();
        for (name, value) in table.get_ref() {
            match (name.get_ref().as_ref(), value.get_ref()) {
                ("names", DeValue::Array(_)) => settings.names = texts("names", value.get_ref())?,
                ("patterns", DeValue::Array(_)) => {
                    for pattern in texts("patterns", value.get_ref())? {
                        let regex = Regex::new(&pattern);
                        let regex = regex.map_err(|error| format!("patterns: invalid regular expression: {error}"))?;
                        settings.patterns.push(regex);
                    }
                }
                ("key", DeValue::String(key)) => settings.key = Some(key.to_string()),
                (name @ ("names" | "patterns"), _) => return Err(format!("{name}: expected a list of texts")),
                ("key", _) => return Err("key: expected a text".into()),
                (other, _) => return Err(format!("unknown setting {other:?}; known are names, patterns and key")),
            }
        }
        Ok(settings)
    }
}

fn texts(name: &str, value: &DeValue<'_>) -> Result<Vec<String>, String> {
    let DeValue::Array(values) = value else { return Ok(Vec::new()) };
    let text = |value: &DeValue<'_>| match value {
        DeValue::String(text) if !text.is_empty() => Ok(text.to_string()),
        _ => Err(format!("{name}: expected a list of texts")),
    };
    values.iter().map(|value| text(value.get_ref())).collect()
}
