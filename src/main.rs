//! The program: parses the command line, runs the command, returns the exit code.

mod args;
mod command;

use clap::Parser;
use std::process::ExitCode;

/// Allocator. It is faster than the C library's for many small allocations.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match args::CommandLine::try_parse() {
        Ok(line) => command::run(line),
        Err(error) => {
            match args::usage_error(&error) {
                Some(message) => command::print_message(&message),
                // Help and version. A closed pipe is ignored.
                None => drop(error.print()),
            }
            if error.use_stderr() { ExitCode::from(2) } else { ExitCode::SUCCESS }
        }
    }
}
