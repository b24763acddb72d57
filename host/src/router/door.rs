//! The door of a module that speaks JSON.
//!
//! Between modules values are CBOR. What goes into such a module, and what comes out of it, is translated here, by
//! the descriptor of the interface as its provider has it: arguments, results, the errors of interfaces and the
//! bodies of events. Blobs lie inside the JSON, so that the module never sees an attachment. Messages for people
//! and exported state stay as they are.
//!
//! What the module says is read as strictly as what a person says: a key that the type does not have is refused.

use super::{Asker, Caller};
use crate::events::Data;
use crate::limits;
use crate::registry::Generation;
use backplane_descriptor::transcode::{TranscodeError, cbor_to_json, has_stream, json_to_cbor};
use backplane_descriptor::{Codec, Method, Type};
use backplane_plugin_api::{Args, Buf, Call, Reply, Slice, kind, status};

/// A value in one of the codecs.
struct Message {
    payload: Vec<u8>,
    blobs: Vec<Vec<u8>>,
}

/// Why a value does not get through.
#[derive(Debug, thiserror::Error)]
enum Problem {
    #[error("not JSON: {0}")]
    Json(#[from] serde_json::Error),
    #[error("{0}")]
    Type(#[from] TranscodeError),
    #[error("{0} bytes long, at most {limit} are allowed", limit = limits::PAYLOAD)]
    Size(usize),
    #[error("{0} blobs, at most {limit} are allowed", limit = limits::ATTACHMENTS)]
    Blobs(usize),
    #[error("it has a stream, and one of the two speaks JSON, which has none")]
    Stream,
    #[error("attachments came along, which JSON does not have: bytes are 0x and hexadecimal digits")]
    Attachments,
}

impl Problem {
    /// The answer that says so; `fault` is the status where the size is not the reason.
    fn refuse(self, fault: i32, what: &str) -> Reply {
        let code = match self {
            Self::Size(_) | Self::Blobs(_) => status::TOO_LARGE,
            Self::Stream => status::UNSUPPORTED,
            Self::Json(_) | Self::Type(_) | Self::Attachments => fault,
        };
        Reply::error(code, format!("{what}: {self}"))
    }
}

impl Message {
    /// Translates a value of the type `ty`, which lies at `place`, to the codec `to`.
    fn translate(to: Codec, ty: &Type, place: &str, value: &[u8], blobs: &[&[u8]]) -> Result<Self, Problem> {
        let at = |error: TranscodeError| error.within(place);
        if has_stream(ty) {
            return Err(Problem::Stream);
        }
        let message = match to {
            Codec::Cbor if value.len() > limits::PAYLOAD => return Err(Problem::Size(value.len())),
            Codec::Cbor if !blobs.is_empty() => return Err(Problem::Attachments),
            Codec::Cbor => {
                let json = serde_json::from_slice(value)?;
                let mut blobs = Vec::new();
                let payload = json_to_cbor(ty, &json, &mut blobs).map_err(at)?;
                Self { payload, blobs }
            }
            Codec::Json => {
                let json = cbor_to_json(ty, value, blobs).map_err(at)?;
                Self {
                    payload: json.to_string().into_bytes(),
                    blobs: Vec::new(),
                }
            }
        };
        match (message.payload.len(), message.blobs.len()) {
            (len, _) if len > limits::PAYLOAD => Err(Problem::Size(len)),
            (_, count) if count > limits::ATTACHMENTS => Err(Problem::Blobs(count)),
            _ => Ok(message),
        }
    }

    /// The same for what somebody passes for the length of a call.
    #[cold]
    fn translate_args(to: Codec, ty: &Type, place: &str, args: &Args) -> Result<Self, Problem> {
        // SAFETY: whoever passes the arguments keeps them valid for the call that we are in.
        let (value, blobs) = unsafe { (args.payload.as_bytes(), args.attachments()) };
        // SAFETY: as above, for each attachment.
        let blobs: Vec<&[u8]> = blobs.iter().map(|it| unsafe { it.as_bytes() }).collect();
        Self::translate(to, ty, place, value, &blobs)
    }

    /// Runs `work` with the value as arguments.
    fn lend<R>(&self, work: impl FnOnce(Args) -> R) -> R {
        let blobs: Vec<Slice> = self.blobs.iter().map(|it| Slice::new(it)).collect();
        work(Args {
            payload: Slice::new(&self.payload),
            attachments: blobs.as_ptr(),
            attachment_count: blobs.len(),
        })
    }
}

/// A method as its provider describes it.
struct Door<'a> {
    provider: &'a str,
    /// `interface.method`.
    name: String,
    method: &'a Method,
}

impl<'a> Door<'a> {
    fn of(generation: &'a Generation, interface: u32, method: u32) -> Result<Self, Reply> {
        let provider = &*generation.caller.slot.name;
        let described = generation.plugin.manifest().provides.get(interface as usize);
        let found = described.and_then(|it| Some((it, it.methods.get(method as usize)?)));
        let Some((interface, method)) = found else {
            let message = format!(
                "{provider} has no method {method} in its interface {interface}; it may be of a later version"
            );
            return Err(Reply::error(status::UNSUPPORTED, message));
        };
        Ok(Self {
            provider,
            name: format!("{}.{}", interface.id, method.name),
            method,
        })
    }

    /// Runs `work` with the arguments of `call` in the codec `to`; its answer comes back in the other one.
    fn pass(
        &self,
        to: Codec,
        call: &Call,
        reply: &mut Reply,
        work: impl FnOnce(Call, &mut Reply) -> i32,
    ) -> i32 {
        let params = self.method.params_type();
        match Message::translate_args(to, &params, "", &call.args) {
            Ok(message) => {
                reply.status = message.lend(|args| work(Call { args, ..*call }, reply));
                let back = match to {
                    Codec::Cbor => Codec::Json,
                    Codec::Json => Codec::Cbor,
                };
                *reply = self.answer(back, std::mem::replace(reply, Reply::EMPTY));
            }
            Err(problem) => {
                // SAFETY: the host keeps the caller's name alive for the call.
                let caller = String::from_utf8_lossy(unsafe { call.caller.as_bytes() });
                let what = format!("the arguments of {caller} to {}", self.name);
                *reply = problem.refuse(status::BAD_ARGUMENTS, &what);
            }
        }
        reply.status
    }

    /// The same answer in the codec `to`, or what is wrong with it.
    fn answer(&self, to: Codec, reply: Reply) -> Reply {
        let what = || format!("the answer of {} to {}", self.provider, self.name);
        let (ty, place) = match (reply.status, &self.method.error) {
            (status::OK, _) => (&self.method.returns, "result"),
            (status::FAILED, Some(error)) => (error, "error"),
            (status::FAILED, None) => {
                let message = format!("{}: an error of the interface, and the method has none", what());
                return Reply::error(status::INTERNAL, message);
            }
            _ => return reply,
        };
        let blobs = reply.attachments.as_slice();
        let blobs: Vec<&[u8]> = blobs.iter().map(Buf::as_bytes).collect();
        match Message::translate(to, ty, place, reply.payload.as_bytes(), &blobs) {
            Ok(Message { payload, blobs }) => Reply {
                attachments: blobs.into_iter().map(Buf::from).collect::<Vec<_>>().into(),
                ..Reply::new(reply.status, payload)
            },
            Err(problem) => problem.refuse(status::INTERNAL, &what()),
        }
    }
}

/// Runs `work`, which hands a method call to `generation`, with the arguments in the codec `to` instead of the
/// other one; the answer comes back in that other one.
#[cold] // What it needs of the stack shall cost nothing where there is no door.
pub(crate) fn cross(
    generation: &Generation,
    to: Codec,
    call: &Call,
    reply: &mut Reply,
    work: impl FnOnce(Call, &mut Reply) -> i32,
) -> i32 {
    match Door::of(generation, call.interface, call.method) {
        Ok(door) => door.pass(to, call, reply, work),
        Err(refusal) => {
            *reply = refusal;
            reply.status
        }
    }
}

/// What was asked of a module, and in which codec its answer is wanted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked {
    kind: u32,
    interface: u32,
    method: u32,
    caller: Codec,
}

impl Asked {
    pub(super) const fn new(call: &Call, asker: Asker) -> Self {
        Self {
            kind: call.kind,
            interface: call.interface,
            method: call.method,
            caller: asker.codec,
        }
    }

    /// An answer that the module of `generation` gives later than at once, as its caller wants it.
    pub(super) fn late(self, generation: &Generation, reply: Reply) -> Reply {
        let reply = match generation.plugin.manifest().codec {
            Codec::Cbor => reply,
            Codec::Json => self.translate(Codec::Cbor, generation, reply),
        };
        self.for_caller(generation, reply)
    }

    /// An answer that is CBOR, as the caller wants it.
    pub(super) fn for_caller(self, generation: &Generation, reply: Reply) -> Reply {
        match self.caller {
            Codec::Cbor => reply,
            Codec::Json => self.translate(Codec::Json, generation, reply),
        }
    }

    fn translate(self, to: Codec, generation: &Generation, reply: Reply) -> Reply {
        if self.kind == kind::EVENT {
            return reply;
        }
        match Door::of(generation, self.interface, self.method) {
            Ok(door) => door.answer(to, reply),
            Err(refusal) => refusal,
        }
    }
}

/// Runs `work` with the body of an event that `caller` publishes, as CBOR.
pub(super) fn published<R>(
    caller: &Caller,
    (interface, event): (usize, usize),
    args: &Args,
    work: impl FnOnce(&Args) -> Result<R, Reply>,
) -> Result<R, Reply> {
    if caller.asker.codec == Codec::Cbor {
        return work(args);
    }
    let Some(publisher) = caller.publishes.get(interface).and_then(|it| it.get(event)) else {
        return work(args);
    };
    let message =
        Message::translate_args(Codec::Cbor, &publisher.origin.body, "body", args).map_err(|problem| {
            let what = format!("the event {} of {}", publisher.name(), caller.slot.name);
            problem.refuse(status::BAD_ARGUMENTS, &what)
        })?;
    message.lend(|args| work(&args))
}

/// Hands the event `data` to the module of `generation`, in the codec that it speaks; `work` does it.
pub(crate) fn heard(
    generation: &Generation,
    data: &Data,
    call: Call,
    reply: &mut Reply,
    work: impl FnOnce(Call, &mut Reply) -> i32,
) -> i32 {
    if generation.plugin.manifest().codec == Codec::Cbor {
        return work(call, reply);
    }
    match Message::translate_args(Codec::Json, &data.origin.body, "body", &call.args) {
        Ok(message) => message.lend(|args| work(Call { args, ..call }, reply)),
        Err(problem) => {
            let what = format!(
                "the event {}.{} of {}",
                data.origin.interface, data.origin.event, data.origin.publisher
            );
            *reply = problem.refuse(status::BAD_ARGUMENTS, &what);
            reply.status
        }
    }
}

#[cfg(test)]
mod tests;
