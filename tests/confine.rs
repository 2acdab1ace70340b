//! Privilege reduction: a child drops its privileges and tries each operation again.
#![allow(clippy::unwrap_used, clippy::panic, reason = "cargo's harness, which marks tests as such, is not used")]

#[cfg(all(target_os = "linux", feature = "live"))]
#[path = "confine/linux.rs"]
mod linux;

fn main() {
    #[cfg(all(target_os = "linux", feature = "live"))]
    linux::main();
    #[cfg(not(all(target_os = "linux", feature = "live")))]
    println!("SKIPPED: giving up rights: it is for listening, and tested on Linux");
}
