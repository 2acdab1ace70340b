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
        Ok(line) => command::run(line.command),
        Err(error) => {
            // Help and version go to stdout, the rest to stderr; a closed pipe is no matter.
            let _ = error.print();
            if error.use_stderr() { ExitCode::from(2) } else { ExitCode::SUCCESS }
        }
    }
}
