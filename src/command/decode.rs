//! Decode options of a command line.

use super::output::escape_paths;
use super::print_message;
use crate::args::DecodeArgs;
use dissectors::host_names::{HostName, HostNames, NameSource};
use overhear::analysis::{DecodeOptions, NameResolution, limits};
use overhear::source::read_hosts_file;
use std::path::Path;
use std::sync::Arc;

/// Returns the decode options of all passes. Reads the hosts files, and prints notes about them and about .proto files that
/// are not read. An error if a hosts file cannot be read.
pub(super) fn decode_options(args: &DecodeArgs) -> Result<DecodeOptions, String> {
    args.problems().for_each(print_message);
    let mut host_names = HostNames::with_limit(limits::HOST_NAME_BYTES);
    args.hosts.iter().try_for_each(|path| add_hosts_file(path, &mut host_names))?;
    note_limit(&host_names);
    let names =
        NameResolution { flags: args.name_flags(), hosts_files: args.hosts.clone(), host_names: Arc::new(host_names) };
    let schemas = args.schemas();
    Ok(DecodeOptions { decode_as: args.decode_as.clone(), names, schemas, ..DecodeOptions::default() })
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
