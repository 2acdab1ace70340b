//! Input of a command line: captures and an optional display filter.

use super::output::escape_paths;
use super::print_message;
use crate::args::{CaptureArgs, InputArgs, is_file};
use overhear::filter::Filter;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Display filter and its source text.
pub(super) type FilterWithText = (Filter, String);

/// Capture files and an optional display filter.
pub(super) struct CaptureInput {
    pub(super) paths: Vec<PathBuf>,
    pub(super) filter: Option<FilterWithText>,
}

impl CaptureInput {
    /// Separates the captures from the filter. Returns an error message if either is invalid; prints the filter's
    /// warnings.
    pub(super) fn new(input: InputArgs) -> Result<CaptureInput, String> {
        let InputArgs { words, read, filter, decode, .. } = input;
        CaptureInput::of(CaptureArgs { words, read, filter, decode })
    }

    /// The same for the arguments of commands that do not capture themselves.
    pub(super) fn of(captures: CaptureArgs) -> Result<CaptureInput, String> {
        let mut paths = captures.read;
        let mut words = captures.words;
        if let Some(text) = captures.filter {
            paths.extend(words.into_iter().map(PathBuf::from));
            return Ok(CaptureInput { paths, filter: Some(parse_filter(text)?) });
        }
        let first = usize::from(paths.is_empty());
        let captures = capture_count(&words, first)?;
        let rest = words.split_off(captures.min(words.len()));
        if let ([word], []) = (words.as_slice(), paths.as_slice())
            && is_quoted_filter(word)
        {
            return Err(format!("{}: missing capture file before the filter", escape_paths([Path::new(word)])));
        }
        paths.extend(words.into_iter().map(PathBuf::from));
        let Some(text) = join_words(&rest) else {
            paths.extend(rest.into_iter().map(PathBuf::from));
            return Ok(CaptureInput { paths, filter: None });
        };
        match Filter::new(&text) {
            Ok(filter) => {
                print_warnings(&filter, &text);
                Ok(CaptureInput { paths, filter: Some((filter, text)) })
            }
            Err(_) if rest.iter().all(looks_like_capture) => {
                paths.extend(rest.into_iter().map(PathBuf::from));
                Ok(CaptureInput { paths, filter: None })
            }
            Err(fault) => {
                let name = escape_paths([Path::new(&text)]);
                let found = if Path::new(&text).is_dir() { "a directory" } else { "no such file" };
                Err(format!("{name}: {found}, and not a valid filter: {}", fault.display(&text)))
            }
        }
    }
}

/// Returns the number of arguments that are captures; a filter begins after them. The first `least` arguments are captures. Words
/// that are files and also a filter are an error: neither is ignored.
fn capture_count(words: &[OsString], least: usize) -> Result<usize, String> {
    let is_filter = |words: &[OsString]| join_words(words).is_some_and(|text| Filter::new(&text).is_ok());
    let leading = least + words.iter().skip(least).take_while(|word| is_file(word)).count();
    for count in least..=leading {
        let rest = words.get(count..).unwrap_or_default();
        if rest.is_empty() || !is_filter(rest) {
            continue;
        }
        if !rest.iter().all(|word| is_file(word)) {
            return Ok(count);
        }
        if !rest.iter().any(looks_like_capture) {
            let name = escape_paths([Path::new(&join_words(rest).unwrap_or_default())]);
            return Err(format!(
                "{name}: both a file and a display filter; ./{name} is the file, -Y {name} the filter"
            ));
        }
    }
    let last = words.iter().rposition(|word| is_file(word)).map_or(0, |last| last + 1);
    Ok(last.max(least))
}

/// Interfaces, an optional display filter, and an optional file for the packets.
#[cfg(feature = "live")]
pub(super) struct LiveInput {
    pub(super) listen: crate::args::LiveArgs,
    pub(super) filter: Option<FilterWithText>,
    pub(super) write: Option<PathBuf>,
}

/// Returns the input of a command line that names interfaces.
#[cfg(feature = "live")]
pub(super) fn live_input(input: InputArgs) -> Result<LiveInput, String> {
    if let Some(file) = input.words.iter().find(|word| is_file(word) && looks_like_capture(word)) {
        return Err(format!("{}: a capture file cannot be combined with -i", escape_paths([Path::new(file)])));
    }
    let words = match join_words(&input.words) {
        None if !input.words.is_empty() => return Err("invalid filter: not UTF-8".into()),
        words => words,
    };
    let filter = match (input.filter, words) {
        (Some(_), Some(words)) => {
            return Err(format!("{}: duplicate filter: -Y already gives one", escape_paths([Path::new(&words)])));
        }
        (Some(text), None) => Some(parse_filter(text)?),
        (None, Some(words)) => Some(parse_filter(words)?),
        (None, None) => None,
    };
    Ok(LiveInput { listen: input.live, filter, write: input.write })
}

/// Parses a filter and prints its warnings.
fn parse_filter(text: String) -> Result<FilterWithText, String> {
    let filter = Filter::new(&text).map_err(|fault| fault.display(&text).to_string())?;
    print_warnings(&filter, &text);
    Ok((filter, text))
}

/// Prints a filter's warnings.
fn print_warnings(filter: &Filter, text: &str) {
    filter
        .warnings()
        .iter()
        .chain(filter.frame_warnings())
        .for_each(|warning| print_message(&warning.display(text).to_string()));
}

/// Joins words with spaces. Returns `None` if there are no words or one is not UTF-8.
fn join_words(words: &[OsString]) -> Option<String> {
    let words: Option<Vec<&str>> = words.iter().map(|word| word.to_str()).collect();
    words.filter(|words| !words.is_empty()).map(|words| words.join(" "))
}

/// Returns whether an argument is not a file but a valid filter of several words.
fn is_quoted_filter(word: &OsString) -> bool {
    let text = word.to_str().filter(|text| text.contains(' ') && !is_file(word));
    text.is_some_and(|text| Filter::new(text).is_ok())
}

/// Returns whether an argument has the form of a capture's name: a directory part or a usual extension.
fn looks_like_capture(word: &OsString) -> bool {
    let extensions = ["pcap", "pcapng", "cap", "dmp", "gz", "zst", "lz4"];
    let path = Path::new(word);
    let extension = path.extension().and_then(|extension| extension.to_str());
    path.components().count() > 1 || extension.is_some_and(|extension| extensions.contains(&extension))
}
