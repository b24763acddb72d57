//! What plugin authors use to write a module, and embedders to call one.
//!
//! ```
//! use backplane_sdk::prelude::*;
//!
//! /// Greets people.
//! #[interface(id = "demo.greeter", version = "1.0.0")]
//! pub trait Greeter {
//!     /// Greets `name`.
//!     async fn greet(&self, name: String) -> String;
//!     /// Somebody was greeted.
//!     #[event]
//!     fn greeted(name: String);
//! }
//!
//! struct Hello {
//!     events: GreeterEvents,
//! }
//!
//! #[module(name = "hello", provides(Greeter))]
//! impl Module for Hello {
//!     async fn start(context: Context, _: ()) -> Result<Self, Error> {
//!         Ok(Self { events: context.events() })
//!     }
//! }
//!
//! impl Greeter for Hello {
//!     async fn greet(&self, name: String) -> String {
//!         self.events.greeted(&name).await.ok();
//!         format!("Hello, {name}!")
//!     }
//! }
//! ```

mod attachment;
pub mod awake;
mod blob;
mod client;
mod control;
mod current;
mod event;
mod host;
mod module;
#[cfg(feature = "pipe")]
#[doc(hidden)]
pub mod pipe;
mod serve;
mod shim;
mod stream;
#[cfg(feature = "test")]
pub mod test;
mod trace;
mod value;

#[doc(hidden)]
pub use attachment::Attachment;
pub use backplane_descriptor as descriptor;
pub use backplane_macros::{interface, module, record};
pub use backplane_plugin_api as plugin_api;
pub use blob::Blob;
pub use client::{Answer, Binding, CallError, Calling, Client, InterfaceError, NoError};
pub use control::DependencyLost;
pub use current::{
    caller as current_caller, caller_name as current_caller_name, context as current_context,
    with_caller_name as with_current_caller_name,
};
pub use event::{Emitter, Event, EventSpec, Events};
pub use host::{HostHandle, ReplyFuture};
pub use module::{Context, Error, Module, Plug};
pub use serve::{Incoming, Interface, Outcome, Serve};
#[doc(hidden)]
pub use stream::{Chunk, ReadEnd, WriteEnd, open as open_stream};
pub use stream::{Closed, Sender, Stream};
pub use value::{Bytes, CodecError, Fixed, Value};

/// What a plugin author imports.
pub mod prelude {
    pub use crate::{
        Blob, Bytes, CallError, Client as _, Context, Error, Event, Fixed, Module, NoError, Sender, Stream,
        interface, module, record,
    };
}

/// What the macros write. Not for authors.
#[doc(hidden)]
pub mod generated {
    pub use crate::shim::{declaration, table};
    pub use crate::value::{decode, encode, not_unit};
    pub use backplane_descriptor::fixed::*;
    pub use backplane_plugin_api::{AbiTables, LayoutRecord, PluginDeclaration, Reply};
    pub use serde;
}
