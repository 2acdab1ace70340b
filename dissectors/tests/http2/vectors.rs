//! Stories of other encoders, from `VECTORS_DIR`, or from `vectors` beside `CORPUS_DIR`: each block has the stated headers.

use super::frames::*;
use crate::http::host::{SessionInput, c, wants_fields};
use overhear_dissectors::http2::{NAME, VALUE};
use serde_json::Value;
use std::path::{Path, PathBuf};

fn vectors() -> Option<PathBuf> {
    let named = std::env::var_os("VECTORS_DIR").map(PathBuf::from);
    let corpus = std::env::var_os("CORPUS_DIR").map(PathBuf::from);
    let beside = || Some(corpus?.parent()?.join("vectors"));
    named.or_else(beside).map(|folder| folder.join("hpack")).filter(|folder| folder.is_dir())
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

fn headers(case: &Value) -> Vec<(String, String)> {
    let pair = |(name, value): (&String, &Value)| (name.clone(), value.as_str().unwrap().to_owned());
    let lines = case["headers"].as_array().unwrap().iter();
    lines.flat_map(|line| line.as_object().unwrap().iter().map(pair).collect::<Vec<_>>()).collect()
}

/// Checks a story; returns the number of its blocks.
fn check(path: &Path) -> usize {
    let story: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let cases = story["cases"].as_array().unwrap();
    let wires: Vec<Vec<u8>> = cases.iter().filter_map(|case| Some(unhex(case["wire"].as_str()?))).collect();
    let frames = wires.iter().enumerate().map(|(nth, wire)| c(frame(HEADERS, END, 2 * nth as u32 + 1, wire)));
    let steps: Vec<SessionInput> = prefaces().into_iter().chain(frames).collect();
    let output = run_bare(&steps, &wants_fields(&[&NAME, &VALUE]), &|_| false);
    let (names, values) = (output.values("http2.header.name"), output.values("http2.header.value"));
    let expected: Vec<(String, String)> =
        cases.iter().filter(|case| case["wire"].is_string()).flat_map(headers).collect();
    let found: Vec<(&str, &str)> = names.into_iter().zip(values).collect();
    assert_eq!(found.len(), expected.len(), "{}", path.display());
    for ((name, value), (expected_name, expected_value)) in found.iter().zip(&expected) {
        let escaped = expected_value.replace('\\', "\\\\");
        assert_eq!((*name, *value), (expected_name.as_str(), escaped.as_str()), "{}", path.display());
    }
    wires.len()
}

#[test]
fn the_stories_of_other_encoders_are_decoded() {
    let Some(folder) = vectors() else {
        return eprintln!("SKIPPED: stories of HPACK: neither VECTORS_DIR nor CORPUS_DIR has them");
    };
    let mut blocks = 0;
    for encoder in std::fs::read_dir(folder).unwrap() {
        for story in std::fs::read_dir(encoder.unwrap().path()).unwrap() {
            blocks += check(&story.unwrap().path());
        }
    }
    assert!(blocks > 500, "{blocks}");
}
