//! Decode options of a command line.

use super::output::escape_paths;
use super::{print_message, redaction};
use crate::args::DecodeArgs;
use dissectors::host_names::{HostName, HostNames, NameSource};
use overhear::analysis::{DecodeOptions, NameResolution, limits};
use overhear::source::{KeyLogs, read_hosts_file};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// Variable of the environment that names a key log.
pub(super) const KEY_LOG_VARIABLE: &str = "SSLKEYLOGFILE";

/// Returns the decode options of all passes. Reads the hosts files, key logs and private keys, and prints notes about them and about .proto
/// files that are not read. An error if a hosts file, key log or private key cannot be read.
pub(super) fn decode_options(args: &DecodeArgs) -> Result<DecodeOptions, String> {
    args.problems().for_each(print_message);
    let mut host_names = HostNames::with_limit(limits::HOST_NAME_BYTES);
    args.hosts.iter().try_for_each(|path| add_hosts_file(path, &mut host_names))?;
    note_limit(&host_names);
    let names =
        NameResolution { flags: args.name_flags(), hosts_files: args.hosts.clone(), host_names: Arc::new(host_names) };
    let schemas = args.schemas();
    let mut key_logs = read_key_logs(&args.keylog)?;
    args.tls_keys.iter().try_for_each(|path| add_private_keys(path, &mut key_logs))?;
    let (secrets, key_logs) = (key_logs.secrets(), Arc::new(Mutex::new(key_logs)));
    let saves_secrets = false;
    let (decode_as, shows_passwords) = (args.decode_as.clone(), args.show_secrets);
    let redactor = redaction::redactor(&args.redaction)?;
    Ok(DecodeOptions { decode_as, names, schemas, secrets, key_logs, saves_secrets, shows_passwords, redactor })
}

/// Returns the files that decode options name: hosts files, key logs and private keys.
pub(super) fn decode_files(args: &DecodeArgs) -> Vec<PathBuf> {
    let settings = args.redaction.redact_settings.iter();
    let named = [&args.hosts, &args.keylog, &args.tls_keys].into_iter().flatten().chain(settings).cloned();
    named.chain(key_log_of_environment()).collect()
}

fn key_log_of_environment() -> Option<PathBuf> {
    std::env::var_os(KEY_LOG_VARIABLE).filter(|path| !path.is_empty()).map(PathBuf::from)
}

/// Reads the key logs of the command line and of the environment.
fn read_key_logs(paths: &[PathBuf]) -> Result<KeyLogs, String> {
    let mut logs = KeyLogs::default();
    for path in paths {
        logs.open(path).map_err(|error| format!("{}: {error}", escape_paths([path.as_path()])))?;
    }
    if let Some(path) = key_log_of_environment().filter(|path| !paths.contains(path)) {
        let name = escape_paths([path.as_path()]);
        match logs.open(&path) {
            Ok(()) => print_message(&format!("{KEY_LOG_VARIABLE}: TLS secrets of {name}")),
            // The variable is of all programs that log secrets, which create the file when they need it.
            Err(error) => {
                print_message(&format!("{KEY_LOG_VARIABLE}: {name}: {error}; no TLS secrets are read from it"))
            }
        }
    }
    let malformed = logs.malformed().filter_map(|(path, count)| malformed_message([path], count));
    malformed.for_each(|message| print_message(&message));
    for path in logs.unfinished() {
        print_message(&format!(
            "{}: no end of the pipe within 5 s; further secrets are not read",
            escape_paths([path])
        ));
    }
    if logs.is_full() {
        print_message("key logs: the limit of 64 MiB is reached; further secrets are not read");
    }
    Ok(logs)
}

fn add_private_keys(path: &Path, secrets: &mut KeyLogs) -> Result<(), String> {
    let name = escape_paths([path]);
    if !secrets.add_private_keys(path).map_err(|error| format!("{name}: {error}"))? {
        print_message(&format!("{name}: the limit of private keys is reached; further ones are not read"));
    }
    Ok(())
}

/// Returns a message if lines of secrets are malformed.
pub(super) fn malformed_message<'p>(paths: impl IntoIterator<Item = &'p Path>, count: usize) -> Option<String> {
    let lines = if count == 1 { "line" } else { "lines" };
    (count > 0).then(|| format!("{}: {count} malformed {lines} of TLS secrets skipped", escape_paths(paths)))
}

fn add_hosts_file(path: &Path, host_names: &mut HostNames) -> Result<(), String> {
    let name = escape_paths([path]);
    let notes = read_hosts_file(path, |host| {
        let source = NameSource::HostsFile(name.as_str().into(), host.number);
        host_names.give(host.address, HostName { name: host.name.into(), source });
    });
    let notes = notes.map_err(|error| format!("{name}: {error}"))?;
    notes.iter().for_each(|note| print_message(&format!("{name}: {note}")));
    Ok(())
}

/// Prints a message if names were dropped.
pub(super) fn note_limit(host_names: &HostNames) {
    if host_names.is_full() {
        let limit = limits::HOST_NAME_BYTES >> 20;
        print_message(&format!("host names: the limit of {limit} MiB is reached; further names are not shown"));
    }
}
