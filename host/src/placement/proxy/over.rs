//! How it is found out that nobody is at the other end of a wire any more, and what becomes of all who wait.

use super::super::wire::Frame;
use super::Proxy;
use crate::lifecycle::Failure;
use crate::limits;
use std::sync::atomic::Ordering;
use std::sync::{PoisonError, Weak};

/// Asks the other side now and then whether it is there.
pub(super) async fn pulse(proxy: Weak<Proxy>) {
    loop {
        tokio::time::sleep(limits::WIRE_PULSE).await;
        let Some(proxy) = proxy.upgrade() else { return };
        if proxy.over.get().is_some() {
            return;
        }
        if proxy.lock().heard.elapsed() > limits::WIRE_SILENCE {
            let why = format!("it did not answer for {} s", limits::WIRE_SILENCE.as_secs());
            // May wait for a process to be gone.
            tokio::task::spawn_blocking(move || proxy.end(&why));
            return;
        }
        // A full queue shows in the silence.
        proxy
            .wire
            .link
            .send(&Frame::Level(proxy.caller.core.log.level()))
            .ok();
    }
}

impl Proxy {
    /// Nobody is there any more, and why. The first reason counts.
    pub(super) fn end(&self, why: &str) {
        let mut far = self.far.lock().unwrap_or_else(PoisonError::into_inner);
        if self.over.get().is_some() {
            return;
        }
        self.wire.link.close();
        let ended = far.end(limits::PROCESS_STATUS);
        let reason = ended.map_or_else(|| why.to_owned(), |ended| format!("{why}: {ended}"));
        // Under the lock of the other side, so that one is the first.
        self.over.get_or_init(|| reason.clone());
        drop(far);
        self.fail_all(&reason);
        if !self.leaving.load(Ordering::Acquire) {
            self.caller.core.supervisor.tell(Failure {
                module: self.name().to_owned(),
                generation: Some(self.generation),
                message: reason,
            });
        }
    }

    pub(super) fn fail_all(&self, reason: &str) {
        let mut state = self.lock();
        let entered = std::mem::take(&mut state.entered);
        let lifecycle = std::mem::take(&mut state.lifecycle);
        let asked = std::mem::take(&mut state.asked);
        drop(state);
        for ticket in entered {
            self.caller.complete(ticket, self.gone(reason));
        }
        for waiting in lifecycle.into_values() {
            waiting.send(self.gone(reason)).ok();
        }
        for ticket in asked.into_values() {
            self.caller.core.calls.cancel(self.caller.asker, ticket);
        }
        self.streams.end(reason);
    }
}
