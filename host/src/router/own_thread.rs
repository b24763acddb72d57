//! Calls into a module whose code runs on one thread only, because its library will be unmapped.

use super::pass::{Whom, run_here};
use super::{Asker, copy_args};
use crate::host::Core;
use crate::registry::{Generation, Job, Slot};
use backplane_plugin_api::{Args, Buf, Call, Reply, Slice, status};
use std::sync::Arc;

/// The job that runs a call which has its ticket already.
pub(super) fn on_own_thread(
    core: &Arc<Core>,
    slot: &Arc<Slot>,
    generation: Arc<Generation>,
    call: Call,
    asker: Asker,
    ticket: u64,
) -> Job {
    let (core, slot) = (Arc::clone(core), Arc::clone(slot));
    let (payload, attachments) = copy_args(&call.args);
    // SAFETY: the caller's name outlives the call that we are in.
    let caller = unsafe { call.caller.as_bytes() }.to_vec();
    let Call {
        kind,
        interface,
        method,
        context,
        sequence,
        lost,
        ..
    } = call;
    Box::new(move || {
        let attachments: Vec<Slice> = attachments.iter().map(|it| Slice::new(it)).collect();
        let args = Args {
            payload: Slice::new(&payload),
            attachments: attachments.as_ptr(),
            attachment_count: attachments.len(),
        };
        let caller = String::from_utf8_lossy(&caller);
        let mut call = Generation::describe(kind, interface, method, context, &caller, args);
        (call.sequence, call.lost) = (sequence, lost);
        let mut reply = Reply::EMPTY;
        let code = run_here(
            &core,
            &slot,
            Whom::Attached(&generation),
            call,
            (asker, ticket),
            &mut reply,
        );
        if code != status::PENDING {
            // The call was attached when it was queued, so that this ends both of its sides.
            core.calls
                .complete(&generation.caller, ticket, own_copy(&core, reply));
        }
    })
}

/// The same answer in the host's own memory: the plugin's may be unmapped before the caller has read it.
///
/// The reading end of a stream is the host's already, and goes into a buffer that the plugin does not free.
pub(super) fn own_copy(core: &Core, reply: Reply) -> Reply {
    let copy = |bytes: &[u8]| {
        let stream = core.streams.carry(bytes);
        stream.unwrap_or_else(|| bytes.to_vec().into())
    };
    let attachments = reply.attachments.as_slice().iter();
    let attachments: Vec<Buf> = attachments.map(|it| copy(it.as_bytes())).collect();
    Reply {
        attachments: attachments.into(),
        ..Reply::new(reply.status, reply.payload.as_bytes().to_vec())
    }
}
