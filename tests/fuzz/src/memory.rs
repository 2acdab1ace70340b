//! Counting allocator: turns excessive memory use for a small input into a finding.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Maximum number of bytes allocated since the start of an input. The program promises less than 64 MB for a capture.
const LIMIT: usize = 56 << 20;

static ALLOCATED: AtomicUsize = AtomicUsize::new(0);
static BEFORE: AtomicUsize = AtomicUsize::new(0);

struct CountingAllocator;

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

// SAFETY: all calls are forwarded to the system allocator; only sizes are counted.
unsafe impl GlobalAlloc for CountingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATED.fetch_add(layout.size(), Ordering::Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        ALLOCATED.fetch_sub(layout.size(), Ordering::Relaxed);
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATED.fetch_add(size, Ordering::Relaxed);
        ALLOCATED.fetch_sub(layout.size(), Ordering::Relaxed);
        unsafe { System.realloc(pointer, layout, size) }
    }
}

/// Starts the count for an input.
pub fn begin() {
    BEFORE.store(ALLOCATED.load(Ordering::Relaxed), Ordering::Relaxed);
}

/// Panics if the input exceeds `LIMIT`.
pub fn check() {
    let allocated = ALLOCATED.load(Ordering::Relaxed).saturating_sub(BEFORE.load(Ordering::Relaxed));
    assert!(allocated <= LIMIT, "{allocated} bytes are allocated");
}
