//! How whoever reads what never ends is asked to end it.

use mio::Waker;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// A wish that reading ends. Whoever waits for bytes or packets wakes up and takes what has come so far for all.
/// Clones are the same wish.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<Wish>);

#[derive(Debug, Default)]
struct Wish {
    is_made: AtomicBool,
    sleepers: Mutex<Vec<Waker>>,
}

impl Stop {
    /// Asks to end; from any thread.
    pub fn stop(&self) {
        self.0.is_made.store(true, Ordering::SeqCst);
        let sleepers = self.0.sleepers.lock().unwrap_or_else(PoisonError::into_inner);
        // Who cannot be woken looks by itself before long.
        sleepers.iter().for_each(|sleeper| drop(sleeper.wake()));
    }

    /// Whether somebody has asked.
    #[must_use]
    pub fn is_set(&self) -> bool {
        self.0.is_made.load(Ordering::SeqCst)
    }

    /// Lets a sleeper be woken.
    pub(crate) fn wake(&self, sleeper: Waker) {
        self.0.sleepers.lock().unwrap_or_else(PoisonError::into_inner).push(sleeper);
    }
}
