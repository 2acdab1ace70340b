//! Request queues of the browser threads.

use super::request::BrowseRequest;
use std::collections::VecDeque;
use std::mem::discriminant;
use std::sync::{Arc, Condvar, Mutex, PoisonError};

/// A queue of pending requests. A request replaces a pending one of its kind.
#[derive(Clone, Default)]
pub(super) struct RequestQueue(Arc<(Mutex<QueueState>, Condvar)>);

#[derive(Default)]
struct QueueState {
    pending: VecDeque<BrowseRequest>,
    /// Number of requests so far. A running request with a lower number is stale.
    request_count: u64,
    is_closed: bool,
    /// Whether the queue closes once it is empty.
    is_draining: bool,
}

impl RequestQueue {
    fn update<R>(&self, change: impl FnOnce(&mut QueueState) -> R) -> R {
        let (state, changed) = &*self.0;
        let result = change(&mut state.lock().unwrap_or_else(PoisonError::into_inner));
        changed.notify_all();
        result
    }

    /// Adds a request. Replaces a pending one of its kind, and makes the running one stale.
    pub(super) fn push_replacing(&self, request: BrowseRequest) {
        self.update(|state| {
            state.request_count += 1;
            state.pending.retain(|other| discriminant(other) != discriminant(&request));
            state.pending.push_back(request);
        });
    }

    /// Adds a request and replaces none.
    pub(super) fn push(&self, request: BrowseRequest) {
        self.update(|state| state.pending.push_back(request));
    }

    /// Removes all requests, and makes the running one stale.
    pub(super) fn clear(&self) {
        self.update(|state| {
            state.request_count += 1;
            state.pending.clear();
        });
    }

    /// Closes the queue. Pending requests are dropped, and the running one is stale.
    pub(super) fn close(&self) {
        self.update(|state| state.is_closed = true);
    }

    /// Closes the queue after its pending requests are done.
    pub(super) fn close_when_done(&self) {
        self.update(|state| state.is_draining = true);
    }

    /// Waits for the next request and returns it with its number, or `None` if the queue is closed.
    pub(super) fn next(&self) -> Option<(BrowseRequest, u64)> {
        let (state, changed) = &*self.0;
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if state.is_closed {
                return None;
            }
            if let Some(request) = state.pending.pop_front() {
                return Some((request, state.request_count));
            }
            if state.is_draining {
                return None;
            }
            state = changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Whether the running request, taken with this number, has been superseded, or the queue is closed.
    pub(super) fn is_stale(&self, count: u64) -> bool {
        let state = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.is_closed || state.request_count != count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_replaces_a_pending_one_of_its_kind() {
        let queue = RequestQueue::default();
        [BrowseRequest::Frame(1), BrowseRequest::Rows { frames: vec![1], fields: Vec::new() }, BrowseRequest::Frame(2)]
            .into_iter()
            .for_each(|request| queue.push_replacing(request));
        assert!(matches!(queue.next(), Some((BrowseRequest::Rows { .. }, _))));
        let Some((BrowseRequest::Frame(2), count)) = queue.next() else { panic!("expected the request for frame 2") };
        assert!(!queue.is_stale(count));
        queue.push_replacing(BrowseRequest::Frame(3));
        assert!(queue.is_stale(count));
        queue.clear();
        queue.close();
        assert!(queue.next().is_none());
    }

    #[test]
    fn added_requests_are_all_done_before_the_queue_closes() {
        let queue = RequestQueue::default();
        [BrowseRequest::Frame(1), BrowseRequest::Frame(2)].into_iter().for_each(|request| queue.push(request));
        queue.close_when_done();
        let Some((BrowseRequest::Frame(1), count)) = queue.next() else { panic!("expected the request for frame 1") };
        assert!(!queue.is_stale(count));
        assert!(matches!(queue.next(), Some((BrowseRequest::Frame(2), _))) && queue.next().is_none());
    }
}
