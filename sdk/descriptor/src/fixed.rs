//! Descriptors as constants, and their JSON, rendered while the plugin is compiled.
//!
//! The SDK's macros write these constants. [`render`] gives the same JSON that [`Manifest`](crate::Manifest)
//! and [`Interface`](crate::Interface) read: a record, enum or union stands in full where it is used first,
//! and any other use is a reference to its name.

mod model;
mod names;
mod render;

pub use render::{render, render_interface, rendered_interface_len, rendered_len};

/// The constant form of [`Type`](crate::Type).
#[derive(Debug, Clone, Copy)]
pub enum Ty {
    /// A type that is known by its name alone, for example `u32`.
    Plain(&'static str),
    /// A type that has one parameter, for example `list`.
    Of(&'static str, &'static Ty),
    /// Exactly so many bytes.
    Fixed(u32),
    /// Named fields.
    Record(Named<FieldTy>),
    /// One of a set of names.
    Enum(Named<CaseTy>),
    /// One of a set of named types.
    Union(Named<FieldTy>),
}

/// A named type with its parts.
#[derive(Debug, Clone, Copy)]
pub struct Named<T: 'static> {
    /// The name of the type.
    pub name: &'static str,
    /// What it is, for people.
    pub docs: &'static str,
    /// The fields or cases.
    pub parts: &'static [T],
}

/// A field, a parameter or a union case.
#[derive(Debug, Clone, Copy)]
pub struct FieldTy {
    /// Its name.
    pub name: &'static str,
    /// What it is, for people.
    pub docs: &'static str,
    /// Its type.
    pub ty: &'static Ty,
    /// Its default as JSON, or empty.
    pub default: &'static str,
}

/// A case of an enum.
#[derive(Debug, Clone, Copy)]
pub struct CaseTy {
    /// Its name.
    pub name: &'static str,
    /// What it means, for people.
    pub docs: &'static str,
}

/// The constant form of [`Method`](crate::Method).
#[derive(Debug, Clone, Copy)]
pub struct MethodTy {
    /// Its name.
    pub name: &'static str,
    /// What it does, for people.
    pub docs: &'static str,
    /// The parameters.
    pub params: &'static [FieldTy],
    /// What it answers.
    pub returns: &'static Ty,
    /// The interface's own error.
    pub error: Option<&'static Ty>,
    /// Whether it answers at once on the caller's thread.
    pub inline: bool,
    /// Whether the host notes each call of it.
    pub sensitive: bool,
    /// The default deadline in milliseconds.
    pub deadline_ms: u32,
}

/// The constant form of [`Event`](crate::Event).
#[derive(Debug, Clone, Copy)]
pub struct EventTy {
    /// Its name.
    pub name: &'static str,
    /// When it happens, for people.
    pub docs: &'static str,
    /// What it carries.
    pub body: &'static Ty,
    /// Whether a new subscriber gets the last one at once.
    pub retained: bool,
}

/// The constant form of [`Interface`](crate::Interface).
#[derive(Debug, Clone, Copy)]
pub struct InterfaceTy {
    /// The id.
    pub id: &'static str,
    /// The version of the contract.
    pub version: &'static str,
    /// What it is for, for people.
    pub docs: &'static str,
    /// The methods.
    pub methods: &'static [MethodTy],
    /// The events.
    pub events: &'static [EventTy],
}

/// The constant form of [`Requirement`](crate::Requirement).
#[derive(Debug, Clone, Copy)]
pub struct RequirementTy {
    /// The id of the interface.
    pub interface: &'static str,
    /// Which versions will do.
    pub version: &'static str,
    /// Whether the plugin also runs without it.
    pub optional: bool,
}

/// The constant form of [`Subscription`](crate::Subscription).
#[derive(Debug, Clone, Copy)]
pub struct SubscriptionTy {
    /// The id of the interface that has the event.
    pub interface: &'static str,
    /// Which versions will do.
    pub version: &'static str,
    /// The name of the event.
    pub event: &'static str,
    /// `block`, `drop-oldest` or `drop-newest`.
    pub overflow: &'static str,
    /// How many events the queue holds.
    pub depth: u32,
}

/// The constant form of [`State`](crate::State).
#[derive(Debug, Clone, Copy)]
pub struct StateTy {
    /// The schema version that the plugin writes.
    pub version: u32,
    /// The schema versions that it reads.
    pub reads: &'static [u32],
}

/// The constant form of [`Manifest`](crate::Manifest).
#[derive(Debug, Clone, Copy)]
pub struct ManifestTy {
    /// The name of the module.
    pub name: &'static str,
    /// The version of the plugin.
    pub version: &'static str,
    /// What it is, for people.
    pub docs: &'static str,
    /// The licence, as an SPDX expression.
    pub license: &'static str,
    /// The interfaces that it provides.
    pub provides: &'static [&'static InterfaceTy],
    /// The interfaces that it calls.
    pub requires: &'static [RequirementTy],
    /// The events that it wants.
    pub subscribes: &'static [SubscriptionTy],
    /// The configuration.
    pub config: &'static Ty,
    /// The state that a successor can take over.
    pub state: Option<StateTy>,
    /// What only one generation may hold.
    pub exclusive: &'static [&'static str],
    /// Whether the library may be unmapped.
    pub clean_unload: bool,
}

#[cfg(test)]
mod tests;
