//! Writes JSON value by value, without building objects in memory.

use super::json::write_string;
use super::time_format::push_fraction;

/// JSON text in the making. Characters that could control a terminal are escaped.
#[derive(Debug, Default)]
pub(crate) struct JsonWriter {
    pub(crate) text: String,
    /// Whether the last value has another after it: a comma separates them.
    needs_comma: bool,
}

impl JsonWriter {
    fn separate(&mut self) {
        if std::mem::replace(&mut self.needs_comma, true) {
            self.text.push(',');
        }
    }

    /// Begins an object or an array.
    pub(crate) fn begin(&mut self, bracket: char) {
        self.separate();
        self.text.push(bracket);
        self.needs_comma = false;
    }

    /// Ends an object or an array.
    pub(crate) fn end(&mut self, bracket: char) {
        self.text.push(bracket);
        self.needs_comma = true;
    }

    /// Writes the name of the value that follows.
    pub(crate) fn key(&mut self, name: &'static str) {
        debug_assert!(name.bytes().all(|byte| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\'));
        self.separate();
        self.text.push('"');
        self.text.push_str(name);
        self.text.push_str("\":");
        self.needs_comma = false;
    }

    /// Writes a string.
    pub(crate) fn string(&mut self, text: &str) {
        self.separate();
        write_string(&mut self.text, text);
    }

    /// Writes a number.
    pub(crate) fn number(&mut self, number: impl itoa::Integer) {
        self.separate();
        self.text.push_str(itoa::Buffer::new().format(number));
    }

    /// Writes nanoseconds as milliseconds with up to six decimals.
    pub(crate) fn millis(&mut self, nanos: i64) {
        self.separate();
        if nanos < 0 {
            self.text.push('-');
        }
        let nanos = nanos.unsigned_abs();
        self.text.push_str(itoa::Buffer::new().format(nanos / 1_000_000));
        let rest = nanos % 1_000_000;
        if rest > 0 {
            push_fraction(&mut self.text, rest, 6);
            self.text.truncate(self.text.trim_end_matches('0').len());
        }
    }

    /// Writes JSON as it is.
    pub(crate) fn json(&mut self, json: &str) {
        self.separate();
        self.text.push_str(json);
    }

    /// Writes a name with a string.
    pub(crate) fn pair(&mut self, name: &'static str, text: &str) {
        self.key(name);
        self.string(text);
    }

    /// Writes `{"name": ..., "value": ...}`.
    pub(crate) fn named_value(&mut self, name: &str, value: &str) {
        self.separate();
        self.text.push_str("{\"name\":");
        write_string(&mut self.text, name);
        self.text.push_str(",\"value\":");
        write_string(&mut self.text, value);
        self.text.push('}');
    }

    /// Writes a name with a Boolean value.
    pub(crate) fn flag(&mut self, name: &'static str, value: bool) {
        self.key(name);
        self.json(if value { "true" } else { "false" });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_separated_and_durations_are_exact() {
        let mut json = JsonWriter::default();
        json.begin('{');
        json.pair("a", "x\u{1b}\"");
        json.key("b");
        json.begin('[');
        [45_000, 7_600_001, -1_500_000, 0, 2_000_000].into_iter().for_each(|nanos| json.millis(nanos));
        json.number(7_u64);
        json.end(']');
        json.flag("c", true);
        json.key("d");
        json.begin('[');
        json.named_value("\t", "");
        json.named_value("e", "f");
        json.end(']');
        json.end('}');
        assert_eq!(
            json.text,
            r#"{"a":"x\u001b\"","b":[0.045,7.600001,-1.5,0,2,7],"c":true,"d":[{"name":"\t","value":""},{"name":"e","value":"f"}]}"#
        );
    }
}
