//! Who goes first where there is not a processor for each thread.

/// Lets the other threads of the program go first: this one, and those that it begins, get a third of what one of them
/// does. Who may not, or cannot, goes on as before.
#[cfg(target_os = "linux")]
pub fn step_back() {
    // nice(2): of this thread alone, on Linux.
    let _ = rustix::process::nice(5);
}

/// Elsewhere it would be the whole process that steps back.
#[cfg(not(target_os = "linux"))]
pub fn step_back() {}
