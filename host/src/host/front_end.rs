//! Someone outside the modules who calls and listens.

use super::{Core, HostError, json_streams};
use crate::bundle::Grants;
use crate::clock;
use crate::events::EventStream;
use crate::permissions::Permits;
use crate::registry::Slot;
use crate::router::Caller;
use backplane_descriptor::transcode::{cbor_to_json, json_to_cbor};
use backplane_descriptor::{Codec, Interface, Method, Overflow, nearest};
use backplane_plugin_api::{CallContext, status};
use backplane_sdk::{Binding, CallError, Client, EventSpec, HostHandle, Sender, Stream, Value};
use semver::VersionReq;
use serde_json::Value as Json;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Someone outside the modules who calls and listens: a user interface, a control socket, a test. Modules see
/// its name as that of the caller. Usable from any thread.
pub struct FrontEnd {
    core: Arc<Core>,
    caller: Arc<Caller>,
    /// Bindings that calls by name have made, by interface and slot.
    bound: Mutex<HashMap<(String, u16), u64>>,
}

impl FrontEnd {
    pub(super) fn new(core: &Arc<Core>, name: &str, grants: &Grants) -> Result<Self, HostError> {
        if core.module(name).is_some() {
            return Err(HostError::Name(name.to_owned(), "a module has it".to_owned()));
        }
        let slot = core.slot(name)?;
        core.note_grants(name, grants, |_| {
            "by the program that made this front end".to_owned()
        });
        let permits = Arc::new(Permits::of_front_end(grants));
        let caller = Caller::new(Arc::clone(core), slot, Codec::Cbor, permits, Vec::new(), None);
        Ok(Self {
            core: Arc::clone(core),
            caller,
            bound: Mutex::default(),
        })
    }

    fn host(&self) -> HostHandle {
        // SAFETY: the table is static, and the handle retains the caller.
        unsafe { HostHandle::new(self.caller.host()) }
    }

    /// A typed client of an interface, from any module that provides a version that fits.
    ///
    /// # Errors
    /// Not granted, or nobody provides it.
    pub fn client<C: Client>(&self) -> Result<C, CallError> {
        let interface = C::INTERFACE;
        let requirement = format!("^{}", interface.version);
        let number = self
            .caller
            .resolve(interface.id.as_bytes(), requirement.as_bytes())
            .map_err(|reply| host_error(&reply))?;
        Ok(C::new(Binding::new(self.host(), number)))
    }

    /// A stream to hand to a method, and where its items are written.
    pub fn channel<T: Value>(&self) -> (Sender<T>, Stream<T>) {
        Stream::channel_in(self.host())
    }

    /// Subscribes to an event, which need not have a publisher yet.
    ///
    /// # Errors
    /// Not granted.
    pub fn subscribe<E: EventSpec>(
        &self,
        overflow: Overflow,
        depth: u32,
    ) -> Result<Subscription<E>, CallError> {
        if !self.caller.permits.hears(E::INTERFACE.id, E::NAME) {
            let target = format!("{}.{}", E::INTERFACE.id, E::NAME);
            let refusal = self.caller.refuse("hear", E::INTERFACE.id, &target);
            return Err(host_error(&refusal));
        }
        let stream = EventStream::of(&self.core, E::INTERFACE.id, E::NAME, overflow, depth);
        Ok(Subscription {
            stream,
            event: std::marker::PhantomData,
        })
    }

    /// Calls `interface.method` with JSON arguments: an object with the parameters, a list of them in their
    /// order, or one value where there is one parameter. The deadline is the method's own. A list stands for a
    /// stream of arguments; a stream in the answer is collected to a list, within the same deadline.
    ///
    /// # Errors
    /// The status and message of the call, or the interface's own error as JSON.
    pub async fn call_json(&self, target: &str, args: &Json) -> Result<Json, CallError<Json>> {
        self.call_json_within(target, args, None).await
    }

    /// The same with another deadline than the method's own.
    ///
    /// # Errors
    /// As [`FrontEnd::call_json`].
    pub async fn call_json_within(
        &self,
        target: &str,
        args: &Json,
        deadline: Option<Duration>,
    ) -> Result<Json, CallError<Json>> {
        let (interface, slot, index, method) = self.find(target)?;
        let mut attachments = Vec::new();
        let params = named(&method, args);
        let payload = json_to_cbor(&method.params_type(), &params, &mut attachments)
            .map_err(|error| refusal(status::BAD_ARGUMENTS, format!("{target}: {error}")))?;
        let binding = self.bind(&interface, &slot)?;
        let (host, context) = (self.host(), context(deadline, &method));
        let (attachments, write) =
            json_streams::outgoing(&host, &method.params_type(), &payload, attachments, context)
                .map_err(|error| of_stream(target, &error))?;
        let binding = Binding::new(host.clone(), binding);
        let binding = deadline.map_or_else(|| binding.clone(), |deadline| binding.with_deadline(deadline));
        let call = async {
            let reply = binding.call_raw(index, &payload, &attachments).await;
            // What nobody has taken nobody needs to write.
            drop(attachments);
            reply
        };
        let (reply, ()) = tokio::join!(call, write);
        let attachments = match reply.status {
            status::OK => json_streams::incoming(&host, &method.returns, &reply, context).await,
            _ => Ok(reply
                .attachments
                .as_slice()
                .iter()
                .map(|it| it.as_bytes().to_vec())
                .collect()),
        };
        let attachments = attachments.map_err(|error| of_stream(target, &error))?;
        let attachments: Vec<&[u8]> = attachments.iter().map(Vec::as_slice).collect();
        let read = |ty: &backplane_descriptor::Type| {
            cbor_to_json(ty, reply.payload.as_bytes(), &attachments).map_err(|error| {
                refusal(
                    status::INTERNAL,
                    format!("{target} answered what is not of its type: {error}"),
                )
            })
        };
        match (reply.status, &method.error) {
            (status::OK, _) => read(&method.returns),
            (status::FAILED, Some(error)) => Err(CallError::Interface(read(error)?)),
            (code, _) => Err(refusal(code, reply.message())),
        }
    }

    fn find(&self, target: &str) -> Result<(Interface, Arc<Slot>, u32, Method), CallError<Json>> {
        let missing = |message: String| refusal(status::NOT_FOUND, message);
        let (id, name) = target.rsplit_once('.').ok_or_else(|| {
            missing(format!(
                "{target:?} is not of the form INTERFACE.METHOD, for example chat.room.send"
            ))
        })?;
        let slot = self.core.provider(id, &VersionReq::STAR).map_err(|message| {
            let all = self.core.interfaces();
            missing(message + &hint(id, all.iter().map(|it| it.interface.id.as_str())))
        })?;
        let interface = self.core.interface_of(&slot.name, id);
        let interface = interface.ok_or_else(|| missing(format!("no module provides {id}")))?;
        let Some((index, method)) = interface.method(name) else {
            let hint = hint(name, interface.methods.iter().map(|it| it.name.as_str()));
            return Err(missing(format!("{id} has no method {name}{hint}")));
        };
        let method = method.clone();
        Ok((interface, slot, index, method))
    }

    fn bind(&self, interface: &Interface, slot: &Arc<Slot>) -> Result<u64, CallError<Json>> {
        let mut bound = self.bound.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (interface.id.clone(), slot.index);
        if let Some(number) = bound.get(&key) {
            return Ok(*number);
        }
        let number = self.caller.bind(&interface.id, VersionReq::STAR, Some(slot));
        let number = number.map_err(|reply| refusal(reply.status, reply.message()))?;
        bound.insert(key, number);
        Ok(number)
    }
}

/// The whole of a call with its streams takes no longer.
fn context(deadline: Option<Duration>, method: &Method) -> CallContext {
    let deadline = deadline.unwrap_or(Duration::from_millis(method.deadline_ms.into()));
    let now = Duration::from_nanos(clock::now_ns());
    let deadline = u64::try_from(now.saturating_add(deadline).as_nanos());
    CallContext {
        deadline_ns: deadline.unwrap_or(u64::MAX),
        ..CallContext::ROOT
    }
}

fn of_stream(target: &str, error: &CallError) -> CallError<Json> {
    match error {
        CallError::Host { status, message } => refusal(*status, format!("{target}: {message}")),
        CallError::Interface(never) => match *never {},
    }
}

fn hint<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    nearest(name, known).map_or_else(String::new, |known| format!("; did you mean {known}?"))
}

/// An array or a bare value where an object is expected stands for the parameters in their order.
fn named(method: &Method, args: &Json) -> Json {
    let names = method.params.iter().map(|it| it.name.clone());
    match args {
        Json::Null => Json::Object(serde_json::Map::new()),
        Json::Array(values) if values.len() <= method.params.len() => names
            .zip(values.iter().cloned())
            .collect::<serde_json::Map<_, _>>()
            .into(),
        Json::Object(_) | Json::Array(_) => args.clone(),
        single => names
            .zip([single.clone()])
            .collect::<serde_json::Map<_, _>>()
            .into(),
    }
}

fn refusal(status: i32, message: String) -> CallError<Json> {
    CallError::Host { status, message }
}

fn host_error(reply: &backplane_plugin_api::Reply) -> CallError {
    CallError::Host {
        status: reply.status,
        message: reply.message(),
    }
}

/// A typed subscription of a front end. Dropping it unsubscribes.
pub struct Subscription<E> {
    stream: EventStream,
    event: std::marker::PhantomData<fn() -> E>,
}

impl<E: EventSpec> Subscription<E> {
    /// The next event as it travelled. Cancel safe.
    pub async fn next_raw(&mut self) -> crate::events::Received<'_> {
        self.stream.next().await
    }

    /// The next event. Cancel safe.
    ///
    /// # Errors
    /// The body is not of the event's type; the event is skipped.
    pub async fn next(&mut self) -> Result<backplane_sdk::Event<E::Body>, backplane_sdk::CodecError> {
        let received = self.stream.next().await;
        Ok(backplane_sdk::Event {
            body: E::Body::decode(received.payload())?,
            sequence: received.sequence(),
            lost: received.lost,
            publisher: received.publisher().to_owned(),
        })
    }
}
