//! What happens when a module fails: restart with back-off and a budget, then what the bundle says.

use super::ModuleState;
use super::drain::drain;
use super::module::{Module, Running};
use crate::bundle::{AfterRestarts, OnFailure};
use crate::host::Core;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

/// The most failures that wait for the supervisor. One more is no loss: its module is being looked after.
const FAILURES: usize = 1024;

/// A module has failed.
pub(crate) struct Failure {
    pub(crate) module: String,
    /// Which generation; one that has been exchanged since is no longer of interest. `None`: it did not start.
    pub(crate) generation: Option<u32>,
    pub(crate) message: String,
}

/// Where failures are told.
#[derive(Clone)]
pub(crate) struct Supervisor(SyncSender<Failure>);

impl Supervisor {
    /// Starts the supervisor's thread; the core is known only afterwards.
    pub(crate) fn start() -> std::io::Result<(Self, impl FnOnce(Weak<Core>))> {
        let (failures, queue) = sync_channel(FAILURES);
        let (core, known) = sync_channel(1);
        std::thread::Builder::new()
            .name("supervisor".into())
            .spawn(move || {
                if let Ok(core) = known.recv() {
                    watch(&queue, &core);
                }
            })?;
        Ok((Self(failures), move |weak| {
            // The thread waits for it, and there is one place.
            core.send(weak).ok();
        }))
    }

    /// Tells a failure; never blocks.
    pub(crate) fn tell(&self, failure: Failure) {
        self.0.try_send(failure).ok();
    }
}

fn watch(queue: &Receiver<Failure>, core: &Weak<Core>) {
    for failure in queue {
        let Some(core) = core.upgrade() else { return };
        let Some(module) = core.module(&failure.module) else {
            continue;
        };
        let name = format!("{}-restart", failure.module);
        if core.stopping() || !module.recovery.begin(failure) {
            continue;
        }
        let looked_after = Arc::clone(&module);
        let look_after = move || {
            while let Some(failure) = looked_after.recovery.next() {
                looked_after.recover(&failure);
            }
        };
        if std::thread::Builder::new().name(name).spawn(look_after).is_err() {
            module.recovery.give_up();
        }
    }
}

/// Which failure of a module is being looked after, and which is next. One that comes meanwhile takes the
/// place of the one that waits: both are of the same module, and the later one is of the later generation.
#[derive(Default)]
pub(crate) struct Recovery(Mutex<(bool, Option<Failure>)>);

impl Recovery {
    fn lock(&self) -> MutexGuard<'_, (bool, Option<Failure>)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes the failure. Whether nobody looks after the module yet.
    fn begin(&self, failure: Failure) -> bool {
        let (active, next) = &mut *self.lock();
        *next = Some(failure);
        !std::mem::replace(active, true)
    }

    /// The failure to look after; without one, nobody looks after the module any more.
    fn next(&self) -> Option<Failure> {
        let (active, next) = &mut *self.lock();
        *active = next.is_some();
        next.take()
    }

    fn give_up(&self) {
        self.lock().0 = false;
    }
}

/// What the policy says.
enum Verdict {
    RestartAfter(Duration),
    /// It is not started again, for this reason; and what happens then.
    GiveUp(AfterRestarts, String),
}

impl Module {
    /// Looks after a failure until the module runs again or is given up.
    fn recover(&self, failure: &Failure) {
        let mut message = failure.message.clone();
        let mut generation = failure.generation;
        loop {
            let mut running = self.operate();
            let current = running.instance.as_ref().map(|it| it.generation.number);
            if current != generation || self.core.stopping() {
                return;
            }
            if let Err(why) = self.take_down(&mut running, &message) {
                return tracing::warn!(module = %self.slot.name, "it failed ({message}) and goes on, because {why}");
            }
            match verdict(&mut running, &message) {
                Verdict::RestartAfter(pause) => {
                    drop(running);
                    self.core.wait_unless_stopping(pause);
                    let mut running = self.operate();
                    if running.instance.is_some() || self.core.stopping() {
                        return;
                    }
                    match self.start(&mut running, "it was restarted after a failure") {
                        Ok(()) => return,
                        Err(again) => (message, generation) = (again, None),
                    }
                }
                Verdict::GiveUp(then, reason) => {
                    self.give_up(&reason);
                    drop(running);
                    return self.lost(then, &reason);
                }
            }
        }
    }

    /// It is gone for good; what that means for the others.
    fn lost(&self, then: AfterRestarts, reason: &str) {
        self.core.tell_lost(&self.slot.name, reason);
        match then {
            AfterRestarts::Continue => (),
            AfterRestarts::StopDependents => self.stop_dependents(reason),
            AfterRestarts::StopHost => self.core.request_stop(format!("{}: {reason}", self.slot.name), 1),
        }
    }

    /// Takes the failed instance away; calls wait from now on.
    fn take_down(&self, running: &mut Running, message: &str) -> Result<(), String> {
        let Some(instance) = running.instance.take() else {
            self.slot.pause(crate::registry::Phase::Closed);
            return Ok(());
        };
        self.changed(ModuleState::Failed, message);
        let drained = drain(
            &self.core,
            &self.slot,
            &instance.generation,
            Duration::from_millis(100),
        );
        if let Err(why) = drained.and_then(|_| self.slot.exchange(None)) {
            running.instance = Some(instance);
            self.reopen();
            return Err(why);
        }
        let why = format!("failed: {message}");
        instance.generation.caller.end_streams(&why);
        if let Err(why) = instance.stop(&self.core, self.core.host.stop_timeout) {
            tracing::warn!(module = %self.slot.name, "the failed generation: {why}");
        }
        Ok(())
    }
}

fn verdict(running: &mut Running, message: &str) -> Verdict {
    let policy = running.config.restart;
    let without = match running.config.on_failure {
        OnFailure::Restart => None,
        OnFailure::Continue => Some(AfterRestarts::Continue),
        OnFailure::StopDependents => Some(AfterRestarts::StopDependents),
        OnFailure::StopHost => Some(AfterRestarts::StopHost),
    };
    let critical = running.config.critical;
    // Without a critical module there is no host.
    let or_stop = |then| if critical { AfterRestarts::StopHost } else { then };
    if let Some(then) = without.map(or_stop) {
        return Verdict::GiveUp(then, format!("it failed: {message}"));
    }
    let now = Instant::now();
    running
        .restarts
        .retain(|at| now.duration_since(*at) < policy.window);
    let count = running.restarts.len();
    if count < policy.limit as usize {
        running.restarts.push_back(now);
        let doubled = policy.backoff.saturating_mul(1 << count.min(20));
        return Verdict::RestartAfter(doubled.min(policy.backoff_max));
    }
    let reason = format!(
        "it failed after {count} restarts within {} s: {message}",
        policy.window.as_secs()
    );
    Verdict::GiveUp(or_stop(policy.then), reason)
}
