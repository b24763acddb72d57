//! The host: loader, registry, router, events, supervisor and hot swap.
//!
//! [`Host::start`] runs a [`bundle`]: it opens the plugins ([`library`]), decides who serves whom ([`plan`]),
//! and starts the modules. A [`FrontEnd`] calls and listens. The way of a call is in `router`, that of an
//! event in `events`, that of a module from start to retirement in `lifecycle`. The [`gateway`] lets another
//! program of the same owner do all that.

pub mod bundle;
mod clock;
mod events;
pub mod gateway;
mod host;
pub mod library;
mod lifecycle;
pub mod limits;
mod log;
mod permissions;
mod placement;
pub mod plan;
mod registry;
mod router;

pub use events::{EventStream, Received, SubscriptionStatus};
pub use host::{FrontEnd, Host, HostError, InterfaceReport, ModuleReport, Subscription};
pub use lifecycle::{ModuleState, StateChange, SwapReport};
pub use log::LogLine;
pub use permissions::{AuditEntry, AuditKind, PermissionKind, PermissionReport};
pub use placement::guest_main;
#[doc(hidden)]
pub use placement::wire;
