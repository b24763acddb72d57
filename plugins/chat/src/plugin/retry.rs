//! Patience with a module that is away for a moment.

use std::time::Duration;

use crate::{
    ChatError, PortError,
    limits::{AWAY_FIRST_PAUSE, AWAY_LONGEST_PAUSE, AWAY_TRIES},
};

/// How long to go on trying; one for each thing that is tried.
#[derive(Debug)]
pub(crate) struct Patience {
    tries_left: u32,
    pause: Duration,
}

impl Patience {
    /// [`AWAY_TRIES`] tries.
    pub(crate) const fn new() -> Self {
        Self {
            tries_left: AWAY_TRIES,
            pause: AWAY_FIRST_PAUSE,
        }
    }

    /// Whether to try again after this failure, having waited.
    pub(crate) async fn goes_on(&mut self, error: &ChatError) -> bool {
        match self.pause_after(error) {
            Some(pause) => {
                tokio::time::sleep(pause).await;
                true
            }
            None => false,
        }
    }

    /// How long to wait before the next try: only where a module was not there or did not answer in time, and
    /// not without end.
    fn pause_after(&mut self, error: &ChatError) -> Option<Duration> {
        self.tries_left = self.tries_left.saturating_sub(1);
        if self.tries_left == 0 || !is_away(error) {
            return None;
        }
        let pause = self.pause;
        self.pause = AWAY_LONGEST_PAUSE.min(pause * 2);
        Some(pause)
    }
}

fn is_away(error: &ChatError) -> bool {
    let (ChatError::Relay(cause) | ChatError::History(cause)) = error else {
        return false;
    };
    matches!(cause, PortError::Unavailable(_) | PortError::Timeout)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How often something is tried that always fails so.
    fn tries(error: &ChatError) -> u32 {
        let mut patience = Patience::new();
        let mut tries = 1;
        let mut last = Duration::ZERO;
        while let Some(pause) = patience.pause_after(error) {
            assert!(
                last <= pause && pause <= AWAY_LONGEST_PAUSE,
                "{pause:?} after {last:?}"
            );
            (tries, last) = (tries + 1, pause);
        }
        tries
    }

    #[test]
    fn a_module_that_stays_away_is_given_up() {
        let away = PortError::Unavailable("storage.kv: it stopped".into());
        assert_eq!(tries(&ChatError::History(away)), AWAY_TRIES);
        assert_eq!(tries(&ChatError::Relay(PortError::Timeout)), AWAY_TRIES);
    }

    #[test]
    fn a_refusal_is_final() {
        let refused = PortError::Refused("the disk is full".into());
        assert_eq!(tries(&ChatError::History(refused)), 1);
        assert_eq!(tries(&ChatError::Empty { field: "text" }), 1);
    }
}
