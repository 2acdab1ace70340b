//! What a command line names: captures, and the filter that may stand behind them.

use super::output::shown;
use super::tell;
use crate::args::Input;
use overhear::filter::Filter;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// A filter, and how it was written.
pub(super) type Wanted = (Filter, String);

/// Captures, and what of them is meant.
pub(super) struct Named {
    pub(super) paths: Vec<PathBuf>,
    pub(super) filter: Option<Wanted>,
}

impl Named {
    /// Tells captures from a filter, and what is wrong with either. What the filter says and hardly means is told.
    pub(super) fn new(input: Input) -> Result<Named, String> {
        let mut paths = input.read;
        let mut words = input.words;
        if let Some(text) = input.filter {
            paths.extend(words.into_iter().map(PathBuf::from));
            return Ok(Named { paths, filter: Some(read(text)?) });
        }
        // The filter begins behind the last word that is a capture; without any, the first word is one.
        let captures = words.iter().rposition(is_capture).map_or(0, |last| last + 1);
        let captures = if paths.is_empty() { captures.max(1) } else { captures };
        let rest = words.split_off(captures.min(words.len()));
        if let ([only], []) = (words.as_slice(), paths.as_slice())
            && is_filter_alone(only)
        {
            return Err(format!("{}: a capture is missing before the filter", shown([Path::new(only)])));
        }
        paths.extend(words.into_iter().map(PathBuf::from));
        let Some(text) = joined(&rest) else {
            paths.extend(rest.into_iter().map(PathBuf::from));
            return Ok(Named { paths, filter: None });
        };
        match Filter::new(&text) {
            Ok(filter) => {
                warn(&filter, &text);
                Ok(Named { paths, filter: Some((filter, text)) })
            }
            Err(_) if rest.iter().all(is_named_as_capture) => {
                paths.extend(rest.into_iter().map(PathBuf::from));
                Ok(Named { paths, filter: None })
            }
            Err(fault) => {
                let named = shown([Path::new(&text)]);
                Err(format!("{named}: there is no such file, and as a filter: {}", fault.shown(&text)))
            }
        }
    }
}

/// The filter of a command line that names interfaces and no captures, and how they are listened to.
#[cfg(feature = "live")]
pub(super) fn filter_alone(input: Input) -> Result<(Option<Wanted>, crate::args::Listen), String> {
    if let Some(file) = input.words.iter().find(|word| is_capture(word) && is_named_as_capture(word)) {
        return Err(format!("{}: a file is not read while an interface is listened to", shown([Path::new(file)])));
    }
    let words = match joined(&input.words) {
        None if !input.words.is_empty() => return Err("the filter is no text".into()),
        words => words,
    };
    let filter = match (input.filter, words) {
        (Some(_), Some(words)) => {
            return Err(format!("{}: there is a filter already, that of -Y", shown([Path::new(&words)])));
        }
        (Some(text), None) => Some(read(text)?),
        (None, Some(words)) => Some(read(words)?),
        (None, None) => None,
    };
    Ok((filter, input.listen))
}

/// Reads a filter.
fn read(text: String) -> Result<Wanted, String> {
    let filter = Filter::new(&text).map_err(|fault| fault.shown(&text).to_string())?;
    warn(&filter, &text);
    Ok((filter, text))
}

fn warn(filter: &Filter, text: &str) {
    filter
        .warnings()
        .iter()
        .chain(filter.warnings_of_frames())
        .for_each(|warning| tell(&warning.shown(text).to_string()));
}

/// Words with spaces between; none if there are none, or one of them is no text.
fn joined(words: &[OsString]) -> Option<String> {
    let words: Option<Vec<&str>> = words.iter().map(|word| word.to_str()).collect();
    words.filter(|words| !words.is_empty()).map(|words| words.join(" "))
}

/// Whether a word that names no file is a filter of several words.
fn is_filter_alone(word: &OsString) -> bool {
    let text = word.to_str().filter(|text| text.contains(' ') && !is_capture(word));
    text.is_some_and(|text| Filter::new(text).is_ok())
}

fn is_capture(word: &OsString) -> bool {
    word == "-" || Path::new(word).exists()
}

/// Whether a word that names no file can hardly be meant as anything else.
fn is_named_as_capture(word: &OsString) -> bool {
    let endings = ["pcap", "pcapng", "cap", "dmp", "gz", "zst", "lz4"];
    let path = Path::new(word);
    let ending = path.extension().and_then(|ending| ending.to_str());
    path.components().count() > 1 || ending.is_some_and(|ending| endings.contains(&ending))
}
