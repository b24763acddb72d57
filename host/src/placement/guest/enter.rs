//! What comes to the module from the host.

use super::super::deadline;
use super::super::end::{Breach, End, Wire};
use super::super::wire::{Ask, Frame};
use super::{Guest, Job, lock};
use crate::limits;
use crate::registry::Generation;
use backplane_plugin_api::{Args, Reply, Slice, status};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// A call while it is in the module's `call` function; lives on the stack.
pub(super) struct Pass {
    number: u64,
    deferred: bool,
}

impl Pass {
    /// The module will answer later, under this number.
    pub(super) const fn defer(&mut self) -> u64 {
        self.deferred = true;
        self.number
    }
}

impl Guest {
    fn enter(&self, number: u64, ask: &Ask<'_>) {
        let Ask::Enter {
            kind,
            interface,
            method,
            context,
            caller,
            sequence,
            lost,
            args: parts,
        } = ask
        else {
            return;
        };
        let (Some(module), Ok(streams)) = (self.module.get(), self.streams()) else {
            let refusal = Reply::error(status::UNAVAILABLE, "there is no instance yet");
            return self.answer(number, &refusal);
        };
        let (slices, ends) = streams.arguments(parts);
        if !ends.is_empty() {
            lock(&self.held).insert(number, ends);
        }
        let args = Args {
            payload: Slice::new(parts.payload),
            attachments: slices.as_ptr(),
            attachment_count: slices.len(),
        };
        let caller = String::from_utf8_lossy(caller);
        let context = deadline::from_wire(*context);
        let mut call = Generation::describe(*kind, *interface, *method, context, &caller, args);
        (call.sequence, call.lost) = (*sequence, *lost);
        let mut pass = Pass {
            number,
            deferred: false,
        };
        let pointer = &raw mut pass;
        call.token = pointer.cast();
        let mut reply = Reply::EMPTY;
        // SAFETY: the loader has checked that the table has this function; the instance lives as long as the process
        // serves calls, and what the call points to is valid until it returns.
        let code = unsafe {
            (*module.table).call.map_or(status::INTERNAL, |call_fn| {
                call_fn(module.ctx, &raw const call, &raw mut reply)
            })
        };
        // Read through the pointer that `defer` wrote through.
        // SAFETY: `pass` lives on this stack frame, and the module is done with the call's token.
        let deferred = unsafe { (*pointer).deferred };
        match code {
            status::PENDING if deferred => (),
            status::PENDING => {
                let message = "the module answered PENDING without deferring the call";
                self.answer(number, &Reply::error(status::INTERNAL, message));
            }
            code => {
                reply.status = code;
                self.answer(number, &reply);
            }
        }
    }

    fn cancel(&self, number: u64) {
        let Some(module) = self.module.get() else { return };
        // SAFETY: as in `enter`.
        unsafe {
            if let Some(cancel) = (*module.table).cancel {
                cancel(module.ctx, number);
            }
        }
    }

    /// Leaves something to the thread of the lifecycle.
    fn leave(&self, job: Job) -> Result<(), Breach> {
        self.jobs
            .try_send(job)
            .map_err(|_| Breach::Unexpected("more than one lifecycle function at a time"))
    }

    fn asked(&self, number: u64, ask: &Ask<'_>) -> Result<(), Breach> {
        match *ask {
            Ask::Enter { .. } => {
                self.enter(number, ask);
                Ok(())
            }
            Ask::Create {
                name,
                generation,
                data_dir,
                config,
            } => self.leave(Job::Create {
                number,
                name: name.to_owned(),
                generation,
                data_dir: data_dir.to_owned(),
                config: config.to_vec(),
            }),
            Ask::Start => self.leave(Job::Start(number)),
            Ask::Export => self.leave(Job::Export(number)),
            Ask::Import(schema, state) => self.leave(Job::Import(number, schema, state.to_vec())),
            Ask::Stop(deadline_ms) => self.leave(Job::Stop(number, deadline_ms)),
            Ask::RequestStop(..) | Ask::Resolve(..) | Ask::Call { .. } | Ask::Emit { .. } => {
                Err(Breach::Unexpected("a question to a host"))
            }
        }
    }
}

impl End for Guest {
    fn wire(&self) -> &Wire {
        &self.wire
    }

    fn take(self: &Arc<Self>, frame: Frame<'_>) -> Result<(), Breach> {
        match frame {
            Frame::Ask(number, ask) => self.asked(number, &ask)?,
            Frame::Answer(number, answer) => {
                let Ok(streams) = self.streams() else {
                    return Err(Breach::Unexpected("an answer"));
                };
                let reply = streams.reply(answer.status, &answer.parts);
                let on_the_spot = lock(&self.on_the_spot).remove(&number);
                match on_the_spot {
                    Some(waiting) => drop(waiting.send(reply)),
                    None => self.calls.answer(number, reply),
                }
            }
            Frame::Cancel(number) => self.cancel(number),
            Frame::Level(level) => {
                self.level.store(level, Ordering::Relaxed);
                // A host that reads nothing does not hear it, and ends this side.
                self.wire.link.send(&Frame::Alive).ok();
            }
            Frame::Items(..) | Frame::End(..) | Frame::Room(..) | Frame::Close(_) => {
                self.of_a_stream(&frame)?
            }
            Frame::Bye => self.leave(Job::Bye)?,
            Frame::Lost(loss) => self.losses.push(&self.calls, loss.to_vec()),
            Frame::Hello(_) | Frame::Welcome(_) => return Err(Breach::Unexpected("a first word")),
            Frame::Log { .. } | Frame::Alive => return Err(Breach::Unexpected("a word of a module")),
        }
        Ok(())
    }

    fn broke(self: &Arc<Self>, why: &str) {
        if let Ok(streams) = self.streams() {
            streams.end(why);
        }
        // With a full queue the thread has something to do.
        self.jobs.try_send(Job::Gone).ok();
        // It may be in the plugin, and stay there.
        std::thread::sleep(limits::PROCESS_END);
        super::main::exit(1);
    }
}

impl Guest {
    fn of_a_stream(&self, frame: &Frame<'_>) -> Result<(), Breach> {
        let Ok(streams) = self.streams() else {
            return Ok(());
        };
        match *frame {
            Frame::Items(number, items) => streams.items(number, items)?,
            Frame::End(number, code, message) => streams.ended(number, code, message),
            Frame::Room(number, bytes) => streams.room(number, bytes),
            Frame::Close(number) => streams.closed(number),
            _ => (),
        }
        Ok(())
    }
}
