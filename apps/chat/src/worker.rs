//! Carries effects out. What is sent stays in order; everything else runs beside it.

use std::{future::Future, sync::Arc, time::Duration};

use tokio::{
    sync::mpsc,
    task::{JoinError, JoinHandle, JoinSet},
    time::timeout,
};

use crate::{
    event::{Effect, Outcome},
    limits::{EXIT_DEADLINE, MAX_QUEUED_SENDS, MAX_REQUESTS, REQUEST_DEADLINE, SWAP_DEADLINE},
    session::{Session, SessionError},
};

/// The tasks at work for one session.
pub(crate) struct Worker<S> {
    session: Arc<S>,
    outcomes: mpsc::Sender<Outcome>,
    ordered: mpsc::Sender<Effect>,
    lane: JoinHandle<()>,
    requests: JoinSet<()>,
}

impl<S: Session> Worker<S> {
    /// Starts the tasks; what comes of the effects arrives at the receiver.
    pub(crate) fn new(session: Arc<S>) -> (Self, mpsc::Receiver<Outcome>) {
        let (outcomes, results) = mpsc::channel(MAX_QUEUED_SENDS);
        let (ordered, mut queue) = mpsc::channel(MAX_QUEUED_SENDS);
        let lane = tokio::spawn({
            let (session, outcomes) = (Arc::clone(&session), outcomes.clone());
            async move {
                while let Some(effect) = queue.recv().await {
                    // Nobody listens any more while leaving; the rest is sent all the same.
                    let _ = outcomes.send(carry_out(&*session, effect).await).await;
                }
            }
        });
        (
            Self {
                session,
                outcomes,
                ordered,
                lane,
                requests: JoinSet::new(),
            },
            results,
        )
    }

    /// Begins an effect. An outcome at once means that there was no room for it.
    pub(crate) fn begin(&mut self, effect: Effect) -> Option<Outcome> {
        if matches!(effect, Effect::Send(_) | Effect::SetNick(_) | Effect::LoadNick) {
            let refused = self.ordered.try_send(effect).err()?;
            return Some(refuse(refused.into_inner(), MAX_QUEUED_SENDS));
        }
        if self.requests.len() >= MAX_REQUESTS {
            return Some(refuse(effect, MAX_REQUESTS));
        }
        let (session, outcomes) = (Arc::clone(&self.session), self.outcomes.clone());
        self.requests.spawn(async move {
            let _ = outcomes.send(carry_out(&*session, effect).await).await;
        });
        None
    }

    /// Waits until a task ends; `Err` when one panicked. Nothing is lost when the future is dropped.
    pub(crate) async fn watch(&mut self) -> Result<(), JoinError> {
        tokio::select! {
            ended = &mut self.lane => ended,
            Some(ended) = self.requests.join_next() => ended,
        }
    }

    /// Lets what is being sent go out, within a deadline, and ends the rest.
    pub(crate) async fn finish(self, mut results: mpsc::Receiver<Outcome>) {
        results.close();
        drop(self.ordered);
        let abort = self.lane.abort_handle();
        if timeout(EXIT_DEADLINE, self.lane).await.is_err() {
            abort.abort();
        }
    }
}

async fn carry_out<S: Session>(session: &S, effect: Effect) -> Outcome {
    match effect {
        Effect::Send(text) => Outcome::Sent(within(REQUEST_DEADLINE, session.send(&text)).await),
        Effect::LoadNick => Outcome::NickLoaded(within(REQUEST_DEADLINE, session.nick()).await),
        Effect::SetNick(nick) => Outcome::NickSet(within(REQUEST_DEADLINE, session.set_nick(&nick)).await),
        Effect::Connect(address) => {
            let result = within(REQUEST_DEADLINE, session.connect(&address)).await;
            Outcome::Connected(address, result)
        }
        Effect::LoadHistory { before, limit } => {
            Outcome::History(within(REQUEST_DEADLINE, session.history(before.as_deref(), limit)).await)
        }
        Effect::Peers { show } => Outcome::Peers(show, within(REQUEST_DEADLINE, session.peers()).await),
        Effect::Modules { show } => Outcome::Modules(show, within(REQUEST_DEADLINE, session.modules()).await),
        Effect::Swap { module, target } => {
            let result = within(SWAP_DEADLINE, session.swap(&module, &target)).await;
            Outcome::Swapped(module, result)
        }
    }
}

fn refuse(effect: Effect, limit: usize) -> Outcome {
    let busy = SessionError::Busy { limit };
    match effect {
        Effect::Send(_) => Outcome::Sent(Err(busy)),
        Effect::LoadNick => Outcome::NickLoaded(Err(busy)),
        Effect::SetNick(_) => Outcome::NickSet(Err(busy)),
        Effect::Connect(address) => Outcome::Connected(address, Err(busy)),
        Effect::LoadHistory { .. } => Outcome::History(Err(busy)),
        Effect::Peers { show } => Outcome::Peers(show, Err(busy)),
        Effect::Modules { show } => Outcome::Modules(show, Err(busy)),
        Effect::Swap { module, .. } => Outcome::Swapped(module, Err(busy)),
    }
}

async fn within<T>(
    deadline: Duration,
    work: impl Future<Output = Result<T, SessionError>>,
) -> Result<T, SessionError> {
    let seconds = deadline.as_secs();
    timeout(deadline, work)
        .await
        .unwrap_or(Err(SessionError::Timeout { seconds }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fakes::FakeSession;

    #[tokio::test]
    async fn what_finds_no_room_is_refused_at_once_with_the_limit() {
        let (session, _events) = FakeSession::new(0);
        let (mut worker, _results) = Worker::new(session);
        // The tasks don't run before this test waits.
        for _ in 0..MAX_QUEUED_SENDS {
            assert!(worker.begin(Effect::Send("x".into())).is_none());
        }
        for _ in 0..MAX_REQUESTS {
            assert!(worker.begin(Effect::Peers { show: true }).is_none());
        }
        let Some(Outcome::Sent(Err(busy))) = worker.begin(Effect::Send("x".into())) else {
            panic!("not refused")
        };
        assert_eq!(
            busy.to_string(),
            "too many requests are under way, the limit is 64"
        );
        let peers = worker.begin(Effect::Peers { show: true });
        assert!(matches!(
            peers,
            Some(Outcome::Peers(true, Err(SessionError::Busy { limit: 16 })))
        ));
    }

    #[tokio::test]
    async fn leaving_does_not_wait_for_a_send_that_hangs() {
        let (session, _events) = FakeSession::new(0);
        let (mut worker, results) = Worker::new(session);
        assert!(worker.begin(Effect::Send("hang".into())).is_none());
        let started = std::time::Instant::now();
        worker.finish(results).await;
        let waited = started.elapsed();
        assert!(
            waited >= EXIT_DEADLINE && waited < EXIT_DEADLINE * 5,
            "{waited:?}"
        );
    }

    #[tokio::test]
    async fn a_request_that_hangs_ends_with_its_deadline() {
        let hangs = std::future::pending::<Result<(), _>>();
        let error = within(Duration::from_secs(1), hangs).await.unwrap_err();
        assert_eq!(error.to_string(), "no answer within 1 s");
    }
}
