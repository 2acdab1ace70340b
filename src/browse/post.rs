//! Letter boxes: what is asked and not answered yet.

use super::ask::Ask;
use std::collections::VecDeque;
use std::mem::discriminant;
use std::sync::{Arc, Condvar, Mutex, PoisonError};

/// A letter box of one who answers. A question replaces an earlier one of its kind.
#[derive(Clone, Default)]
pub(super) struct Post(Arc<(Mutex<Letters>, Condvar)>);

#[derive(Default)]
struct Letters {
    waiting: VecDeque<Ask>,
    /// Counts the questions: what is under way for an earlier one may end.
    count: u64,
    closed: bool,
    /// There will be no more letters.
    last: bool,
}

impl Post {
    fn change<R>(&self, change: impl FnOnce(&mut Letters) -> R) -> R {
        let (letters, bell) = &*self.0;
        let result = change(&mut letters.lock().unwrap_or_else(PoisonError::into_inner));
        bell.notify_all();
        result
    }

    /// Puts a question in.
    pub(super) fn put(&self, ask: Ask) {
        self.change(|letters| {
            letters.count += 1;
            letters.waiting.retain(|other| discriminant(other) != discriminant(&ask));
            letters.waiting.push_back(ask);
        });
    }

    /// Puts a question in that replaces none.
    pub(super) fn add(&self, ask: Ask) {
        self.change(|letters| letters.waiting.push_back(ask));
    }

    /// Takes all questions out: nothing is asked any more.
    pub(super) fn clear(&self) {
        self.change(|letters| {
            letters.count += 1;
            letters.waiting.clear();
        });
    }

    /// Ends all work.
    pub(super) fn close(&self) {
        self.change(|letters| letters.closed = true);
    }

    /// Lets what was asked be done, and ends then.
    pub(super) fn close_when_done(&self) {
        self.change(|letters| letters.last = true);
    }

    /// The next question, and its number; waits for one. None when there will be no more.
    pub(super) fn next(&self) -> Option<(Ask, u64)> {
        let (letters, bell) = &*self.0;
        let mut letters = letters.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if letters.closed {
                return None;
            }
            if let Some(ask) = letters.waiting.pop_front() {
                return Some((ask, letters.count));
            }
            if letters.last {
                return None;
            }
            letters = bell.wait(letters).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Whether something was asked since the question of this number was taken, or all is over.
    pub(super) fn is_stale(&self, count: u64) -> bool {
        let letters = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        letters.closed || letters.count != count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_replaces_an_earlier_one_of_its_kind() {
        let post = Post::default();
        [Ask::Frame(1), Ask::Rows { frames: vec![1], fields: Vec::new() }, Ask::Frame(2)]
            .into_iter()
            .for_each(|ask| post.put(ask));
        assert!(matches!(post.next(), Some((Ask::Rows { .. }, _))));
        let Some((Ask::Frame(2), count)) = post.next() else { panic!("the second frame was asked for") };
        assert!(!post.is_stale(count));
        post.put(Ask::Frame(3));
        assert!(post.is_stale(count));
        post.clear();
        post.close();
        assert!(post.next().is_none());
    }

    #[test]
    fn what_replaces_nothing_is_all_done_before_the_end() {
        let post = Post::default();
        [Ask::Frame(1), Ask::Frame(2)].into_iter().for_each(|ask| post.add(ask));
        post.close_when_done();
        let Some((Ask::Frame(1), count)) = post.next() else { panic!("the first was asked for") };
        assert!(!post.is_stale(count));
        assert!(matches!(post.next(), Some((Ask::Frame(2), _))) && post.next().is_none());
    }
}
