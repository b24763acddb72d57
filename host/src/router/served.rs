//! What a module asks of the host, and tells it, whichever way that came.

use super::own_thread::own_copy;
use super::{Caller, door, pass, route};
use backplane_plugin_api::{Args, CallContext, Reply, status};
use std::sync::atomic::Ordering;

impl Caller {
    pub(super) fn check_running(&self) -> Result<(), Reply> {
        if self.stopped.load(Ordering::Acquire) {
            let message = format!("{} has stopped", self.slot.name);
            return Err(Reply::error(status::STOPPING, message));
        }
        Ok(())
    }

    /// Binds an interface and gives the number of the binding.
    pub(crate) fn resolve(&self, interface: &[u8], requirement: &[u8]) -> Result<u64, Reply> {
        self.check_running()?;
        let text = |bytes| {
            std::str::from_utf8(bytes)
                .map_err(|_| Reply::error(status::BAD_ARGUMENTS, "interface and requirement are UTF-8"))
        };
        self.bind_as(text(interface)?, text(requirement)?)
    }

    /// Calls a method of a bound interface.
    pub(crate) fn call(
        &self,
        binding: u64,
        method: u32,
        context: Option<&CallContext>,
        args: &Args,
        reply: &mut Reply,
    ) -> Result<i32, Reply> {
        self.check_running()?;
        let bound = self.binding(binding);
        let no_binding = || Reply::error(status::NOT_FOUND, format!("there is no binding {binding}"));
        Ok(route(
            self,
            bound.ok_or_else(no_binding)?,
            method,
            context,
            args,
            reply,
        ))
    }

    /// Publishes an event.
    pub(crate) fn publish(
        &self,
        interface: u32,
        event: u32,
        context: Option<&CallContext>,
        args: &Args,
        reply: &mut Reply,
    ) -> Result<i32, Reply> {
        self.check_running()?;
        let (interface, event) = (interface as usize, event as usize);
        let context = context.unwrap_or(&CallContext::ROOT);
        door::published(self, (interface, event), args, |args| {
            self.emit(interface, event, context, args, reply)
        })
    }

    /// Answers a call that it has deferred.
    pub(crate) fn complete(&self, ticket: u64, reply: Reply) {
        let reply = if self.unmapped_later.is_some() {
            own_copy(&self.core, reply)
        } else {
            reply
        };
        // The code, and the message that only a panic needs.
        let mut ended = (status::OK, String::new());
        let of = self.core.calls.complete_with(self, ticket, |asked, generation| {
            let mut reply = asked.late(generation, reply);
            pass::check_answer(&self.slot, &mut reply);
            ended.0 = reply.status;
            if reply.status == status::PANICKED {
                ended.1 = reply.message();
            }
            reply
        });
        if let Some((slot, generation)) = of {
            let (code, message) = ended;
            pass::count(&self.core, &slot, generation, code, || message);
        }
    }
}
