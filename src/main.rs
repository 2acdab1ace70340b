//! The program: argv to command to exit code; nothing else.

mod args;
mod command;

use clap::Parser;
use std::process::ExitCode;

/// Faster than the C library's where many small rows are kept.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match args::CommandLine::try_parse() {
        Ok(line) => command::run(line),
        Err(error) => {
            match args::wrong_usage(&error) {
                Some(what) => command::tell(&what),
                // Help and version; a closed pipe is no matter.
                None => drop(error.print()),
            }
            if error.use_stderr() { ExitCode::from(2) } else { ExitCode::SUCCESS }
        }
    }
}
