//! Which messages of the chat are our own, so that no line comes back to where it was said.

use crate::limits::PENDING;
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

/// Texts that we handed to the chat, and that it has not told us of yet.
#[derive(Debug, Default)]
pub(crate) struct Ours(Mutex<VecDeque<String>>);

impl Ours {
    /// The chat is about to get this text from us.
    pub(crate) fn add(&self, text: &str) {
        let mut texts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if texts.len() == PENDING {
            texts.pop_front();
        }
        texts.push_back(text.to_owned());
    }

    /// Whether a text is ours; it is forgotten then.
    pub(crate) fn take(&self, text: &str) -> bool {
        let mut texts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = texts.iter().position(|ours| ours == text);
        at.and_then(|at| texts.remove(at)).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_ours_is_known_once_and_not_for_ever() {
        let ours = Ours::default();
        ours.add("a");
        ours.add("a");
        assert!(ours.take("a") && ours.take("a") && !ours.take("a"));
        (0..=PENDING).for_each(|number| ours.add(&number.to_string()));
        assert!(!ours.take("0") && ours.take("1"));
    }
}
