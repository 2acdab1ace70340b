//! Counts what is allocated, so that an input that makes much out of little is a finding.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Bytes that may be held beyond those held when an input began. The program promises less than 64 MB for any capture.
const LIMIT: usize = 56 << 20;

static HELD: AtomicUsize = AtomicUsize::new(0);
static BEFORE: AtomicUsize = AtomicUsize::new(0);

struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

// SAFETY: everything is left to the system's allocator; only sizes are added up.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        HELD.fetch_add(layout.size(), Ordering::Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Ordering::Relaxed);
        unsafe { System.dealloc(place, layout) }
    }

    unsafe fn realloc(&self, place: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        HELD.fetch_add(size, Ordering::Relaxed);
        HELD.fetch_sub(layout.size(), Ordering::Relaxed);
        unsafe { System.realloc(place, layout, size) }
    }
}

/// Begins an input.
pub fn begin() {
    BEFORE.store(HELD.load(Ordering::Relaxed), Ordering::Relaxed);
}

/// Fails if more is held than any input may take.
pub fn check() {
    let held = HELD.load(Ordering::Relaxed).saturating_sub(BEFORE.load(Ordering::Relaxed));
    assert!(held <= LIMIT, "{held} bytes are held");
}
