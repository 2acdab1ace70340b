//! A signal that ends reads of endless inputs.

use mio::Waker;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// A signal that ends reading. Threads waiting for bytes or packets wake up and treat the input so far as complete.
/// Clones share the signal.
#[derive(Clone, Debug, Default)]
pub struct StopSignal(Arc<StopState>);

#[derive(Debug, Default)]
struct StopState {
    is_set: AtomicBool,
    wakers: Mutex<Vec<Waker>>,
}

impl StopSignal {
    /// Sets the signal and wakes all waiting threads; callable from any thread.
    pub fn stop(&self) {
        self.0.is_set.store(true, Ordering::SeqCst);
        let wakers = self.0.wakers.lock().unwrap_or_else(PoisonError::into_inner);
        // A thread that cannot be woken checks the signal at its next timeout.
        wakers.iter().for_each(|waker| drop(waker.wake()));
    }

    /// Returns whether the signal is set.
    #[must_use]
    pub fn is_set(&self) -> bool {
        self.0.is_set.load(Ordering::SeqCst)
    }

    /// Registers a waker of a waiting thread.
    pub(crate) fn register_waker(&self, waker: Waker) {
        self.0.wakers.lock().unwrap_or_else(PoisonError::into_inner).push(waker);
    }
}
