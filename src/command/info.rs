//! `info`: facts about capture files, each read once without dissecting its frames.

use super::output::Output;
use super::overwrite::refuse_inputs;
use super::progress::ReadProgressBar;
use super::{CommandOutcome, finish_output, interrupt, print_message, redaction};
use crate::args::{FactsFormat, InfoArgs};
use overhear::report::{JsonFraming, json_line};
use overhear::source::{Capture, OpenOptions};
use overhear::statistics::{FileFacts, facts_json, facts_text};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

pub(super) fn run_info(args: InfoArgs) -> io::Result<CommandOutcome> {
    let read = args.files.iter().chain(&args.redaction.redact_settings).map(PathBuf::as_path);
    let opened = refuse_inputs("-o", args.output.as_deref(), read).and_then(|()| redaction::redactor(&args.redaction));
    let redactor = match opened {
        Ok(redactor) => redactor,
        Err(message) => return Ok(CommandOutcome::Error(message)),
    };
    let mut out = match Output::create(args.output.as_deref()) {
        Ok(out) => out,
        Err(message) => return Ok(CommandOutcome::Error(message)),
    };
    let options = OpenOptions { section_log: true, ..OpenOptions::default() };
    if args.files.iter().any(|path| path == Path::new("-") || !path.is_file()) {
        interrupt::install_handler(&options.stop);
    }
    let framing = match args.format {
        FactsFormat::Text => None,
        FactsFormat::Json => Some(JsonFraming::Array),
        FactsFormat::Ndjson => Some(JsonFraming::Ndjson),
    };
    out.write_all(framing.map_or("", JsonFraming::begin).as_bytes())?;
    let (mut has_errors, mut count) = (false, 0);
    for path in &args.files {
        let Some(mut facts) = read_facts(path, &options, out.is_file()) else {
            has_errors = true;
            continue;
        };
        // A record that was incomplete when the run was interrupted.
        facts.error = facts.error.filter(|_| !options.stop.is_set());
        if let Some(redactor) = &redactor {
            facts.redact(redactor);
        }
        let mut text = String::new();
        match framing {
            None if count > 0 => text = format!("\n{}", facts_text(&facts)),
            None => text = facts_text(&facts),
            Some(framing) => {
                framing.before(count, &mut text);
                text.push_str(&json_line(&facts_json(&facts)));
                framing.after(&mut text);
            }
        }
        out.write_all(text.as_bytes())?;
        count += 1;
        if let Some(error) = &facts.error {
            out.flush()?;
            print_message(&error.to_string());
            has_errors = true;
        }
    }
    out.write_all(framing.map_or("", JsonFraming::end).as_bytes())?;
    finish_output(out, has_errors)
}

/// Reads the facts of a file. Prints a message if it cannot be opened.
fn read_facts(path: &Path, options: &OpenOptions, is_file: bool) -> Option<FileFacts> {
    let capture = Capture::open_with([path.to_owned()], options.clone());
    let capture = capture.map_err(|error| print_message(&error.to_string())).ok()?;
    let mut bar = ReadProgressBar::new(is_file, 1);
    let facts = FileFacts::read(capture, |capture| bar.count_frame(|| capture.progress()));
    bar.clear();
    Some(facts)
}
