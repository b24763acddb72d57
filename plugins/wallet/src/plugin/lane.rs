//! Blocking work, so much at a time, so much waiting.

use std::sync::Arc;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use wallet_api::WalletError;

/// Runs blocking work off the async threads.
pub(crate) struct Lane {
    /// One permit for each piece of work that runs or waits.
    places: Arc<Semaphore>,
    /// One permit for each that runs.
    turns: Arc<Semaphore>,
    waiting: usize,
}

impl Lane {
    pub(crate) fn new(parallel: usize, waiting: usize) -> Self {
        Self {
            places: Arc::new(Semaphore::new(parallel + waiting)),
            turns: Arc::new(Semaphore::new(parallel)),
            waiting,
        }
    }

    /// Runs `work` when its turn has come. Work that has begun runs to its end, and keeps its place until then,
    /// also when nobody waits for it any more.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, WalletError> + Send + 'static,
    ) -> Result<T, WalletError> {
        let place = Arc::clone(&self.places).try_acquire_owned();
        let place = place.map_err(|_| WalletError::Overloaded {
            waiting: u32::try_from(self.waiting).unwrap_or(u32::MAX),
        })?;
        let turn = Arc::clone(&self.turns).acquire_owned().await;
        let turn = turn.map_err(|_| WalletError::Stopping)?;
        let job = spawn_blocking(move || {
            let _held = (place, turn);
            work()
        });
        match job.await.map_err(tokio::task::JoinError::try_into_panic) {
            Ok(result) => result,
            Err(Ok(panic)) => std::panic::resume_unwind(panic),
            Err(Err(_)) => Err(WalletError::Stopping),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;
    use std::time::Duration;
    use tokio::time::timeout;

    const DEADLINE: Duration = Duration::from_secs(10);

    #[tokio::test]
    async fn what_does_not_fit_is_refused_and_an_abandoned_call_keeps_its_place() {
        let lane = Lane::new(1, 1);
        let (release, gate) = mpsc::channel::<()>();
        let (begun, has_begun) = tokio::sync::oneshot::channel();
        let mut first = Box::pin(lane.run(move || {
            begun.send(()).ok();
            gate.recv().ok();
            Ok(1)
        }));
        tokio::select! {
            _ = &mut first => panic!("it waits for the gate"),
            started = timeout(DEADLINE, has_begun) => started.unwrap().unwrap(),
        }
        drop(first);
        let mut second = Box::pin(lane.run(|| Ok(2)));
        assert!(timeout(Duration::from_millis(20), &mut second).await.is_err());
        assert_eq!(
            lane.run(|| Ok(3)).await,
            Err(WalletError::Overloaded { waiting: 1 })
        );
        release.send(()).unwrap();
        assert_eq!(timeout(DEADLINE, second).await.unwrap(), Ok(2));
        assert_eq!(timeout(DEADLINE, lane.run(|| Ok(4))).await.unwrap(), Ok(4));
    }

    #[tokio::test]
    async fn a_panic_goes_on_in_the_caller_and_gives_the_place_back() {
        let lane = Arc::new(Lane::new(1, 0));
        let other = Arc::clone(&lane);
        let job = tokio::spawn(async move { other.run::<()>(|| panic!("as the test wants")).await });
        assert!(timeout(DEADLINE, job).await.unwrap().unwrap_err().is_panic());
        assert_eq!(lane.run(|| Ok(1)).await, Ok(1));
    }
}
