//! Ctrl-C and SIGTERM: the program reports the frames read so far and exits.

use overhear::source::StopSignal;
use std::process;

/// Exit code of a program that SIGINT ended, by shell convention.
const SIGINT_EXIT_CODE: i32 = 130;

/// Installs the signal handler. The first signal sets `stop`; the second exits immediately.
pub(super) fn install_handler(stop: &StopSignal) {
    let stop = stop.clone();
    // If the handler cannot be installed, a signal still ends the program, without a report.
    let _ = ctrlc::set_handler(move || {
        if stop.is_set() {
            process::exit(SIGINT_EXIT_CODE);
        }
        stop.stop();
    });
}
