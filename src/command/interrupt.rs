//! Ctrl-C and SIGTERM: what has come so far is told, then the program ends.

use overhear::source::Stop;
use std::process;

/// The exit code of a program that SIGINT ended, by the shells' convention.
const INTERRUPTED: i32 = 130;

/// From now on the first of these signals is a wish to stop; the second ends the program where it stands.
pub(super) fn stops(stop: &Stop) {
    let stop = stop.clone();
    // Without a handler a signal still ends the program, if less kindly.
    let _ = ctrlc::set_handler(move || {
        if stop.is_set() {
            process::exit(INTERRUPTED);
        }
        stop.stop();
    });
}
