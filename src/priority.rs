//! Thread priorities, for machines with fewer processors than threads.

/// Lowers the priority of this thread and of threads it starts: under load, each gets a third of the processor time of
/// another thread. If the priority cannot be changed, it stays as it is.
#[cfg(target_os = "linux")]
pub fn lower() {
    // On Linux, nice(2) applies to the calling thread only.
    let _ = rustix::process::nice(5);
}

/// Does nothing: on other systems the priority of the whole process would change.
#[cfg(not(target_os = "linux"))]
pub fn lower() {}
