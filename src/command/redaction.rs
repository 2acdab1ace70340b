//! `--redact`: the redactor of a run, the outputs that refuse it, and what was replaced.

use super::output::escape_paths;
use super::print_message;
use crate::args::{CallsArgs, Command, CommandLine, ExportForm, RedactArgs, StreamsArgs};
use overhear::redact::{RedactSettings, Redactor};
use std::io::Read as _;
use std::sync::{Arc, OnceLock};

/// Maximum length of the file of the settings.
const MAX_SETTINGS: u64 = 1 << 20;

/// The redactor of the run: all its passes have the same marks.
static REDACTOR: OnceLock<Arc<Redactor>> = OnceLock::new();

/// Returns the redactor of the run, if secrets are redacted.
pub(super) fn redactor(args: &RedactArgs) -> Result<Option<Arc<Redactor>>, String> {
    if !args.redact {
        return Ok(None);
    }
    if let Some(redactor) = REDACTOR.get() {
        return Ok(Some(Arc::clone(redactor)));
    }
    let settings = match &args.redact_settings {
        None => RedactSettings::default(),
        Some(path) => {
            let name = escape_paths([path.as_path()]);
            let mut text = String::new();
            let file = std::fs::File::open(path).map_err(|error| format!("{name}: {error}"))?;
            let mut file = file.take(MAX_SETTINGS + 1);
            file.read_to_string(&mut text).map_err(|error| format!("{name}: {error}"))?;
            if file.limit() == 0 {
                return Err(format!("{name}: settings of more than 1 MiB are not read"));
            }
            RedactSettings::parse(&text).map_err(|error| format!("{name}: {error}"))?
        }
    };
    let redactor = Redactor::new(settings).map_err(|error| format!("--redact: no random numbers: {error}"))?;
    Ok(Some(Arc::clone(REDACTOR.get_or_init(|| Arc::new(redactor)))))
}

/// Prints what was replaced.
pub(super) fn print_summary() {
    if let Some(redactor) = REDACTOR.get() {
        print_message(&redactor.summary());
    }
}

/// Returns why a command cannot redact secrets, if it writes bytes of frames, or is the screen of interfaces.
pub(super) fn refusal(line: &CommandLine) -> Option<String> {
    let raw = |of: &str| {
        format!("{of} has raw bytes, which --redact cannot replace; `export pcapng --anonymize` writes no payload")
    };
    match &line.command {
        Some(Command::Print(args)) if args.input.decode.redaction.redact && args.input.write.is_some() => {
            Some(raw("-w"))
        }
        Some(Command::Calls(CallsArgs { rows, .. }) | Command::Streams(StreamsArgs { rows, .. }))
            if rows.input.decode.redaction.redact && rows.input.write.is_some() =>
        {
            Some(raw("-w"))
        }
        Some(Command::Follow(args)) if args.decode.redaction.redact && args.format.messages().is_none() => Some(
            "follow prints raw bytes, which --redact cannot replace; follow --http and the like print messages".into(),
        ),
        Some(Command::Export(args)) => match &args.form {
            ExportForm::Pcapng(args) | ExportForm::Pcap(args) if args.captures.decode.redaction.redact => {
                Some(raw("a capture file"))
            }
            ExportForm::Objects(args) if args.captures.decode.redaction.redact => Some(
                "export objects writes bodies as they are; --redact cannot replace secrets in files of any type".into(),
            ),
            _ => None,
        },
        Some(Command::Merge(args)) if args.decode.redaction.redact => Some(raw("a capture file")),
        Some(Command::Split(args)) if args.decode.redaction.redact => Some(raw("a capture file")),
        None if line.input.decode.redaction.redact && line.input.is_live() => {
            Some("--redact is for captures; the screen keeps the packets of interfaces as they are".into())
        }
        _ => None,
    }
}
