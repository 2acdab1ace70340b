//! JSON output: every object has unique keys, on every capture.

use crate::common;
use overhear::analysis::{Analyzer, Task};
use overhear::report::{DissectedFrame, JsonFraming, JsonReport, Report};
use overhear::source::Capture;
use serde_json::Value;
use std::io::Cursor;

/// Number of keys in a text: of strings that a colon follows.
fn written_keys(text: &str) -> usize {
    let (mut keys, mut in_string, mut bytes) = (0, false, text.bytes().peekable());
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' => drop(bytes.next()),
            b'"' if in_string => {
                in_string = false;
                keys += usize::from(bytes.peek() == Some(&b':'));
            }
            b'"' => in_string = true,
            _ => {}
        }
    }
    keys
}

/// Number of keys in a parsed value, in which a repeated key has replaced the one before.
fn parsed_keys(value: &Value) -> usize {
    match value {
        Value::Object(members) => members.len() + members.values().map(parsed_keys).sum::<usize>(),
        Value::Array(items) => items.iter().map(parsed_keys).sum(),
        _ => 0,
    }
}

#[test]
fn a_repeated_key_is_counted() {
    for (text, written, parsed) in [
        (r#"{"a":1,"b":["a:",{"a":"\":"}]}"#, 3, 3),
        (r#"{"a":1,"a":2}"#, 2, 1),
        (r#"{"x":{"a":1,"b":0,"a":2}}"#, 4, 3),
    ] {
        let value = serde_json::from_str(text).expect("JSON");
        assert_eq!((written_keys(text), parsed_keys(&value)), (written, parsed), "{text}");
    }
}

#[test]
fn keys_are_unique_in_every_object_of_every_capture() {
    let captures = common::captures();
    assert!(captures.len() >= 90, "only {} captures were found", captures.len());
    for (name, bytes) in captures {
        let Ok(mut capture) = Capture::from_reader(&*name, Cursor::new(bytes)) else { continue };
        let mut analyzer = Analyzer::new(Task { wants: dissectors::Wants::everything(), ..Task::default() });
        let mut report = JsonReport::new(None, JsonFraming::Ndjson);
        // A damaged capture is read up to its damage.
        while let Ok(Some(frame)) = capture.next() {
            let mut row = Vec::new();
            let dissected = DissectedFrame { frame: &frame, relative: 0, tree: analyzer.dissect(&frame) };
            report.frame(&dissected, &mut row).expect("memory");
            analyzer.events();
            let text = std::str::from_utf8(&row).expect("UTF-8");
            let value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{name}: {error}: {text}"));
            assert_eq!(written_keys(text), parsed_keys(&value), "{name}, frame {}: {text}", frame.number);
        }
    }
}
