//! Descriptors as constants, and their JSON, rendered while the plugin is compiled.
//!
//! The SDK's macros write these constants. [`render`] gives the same JSON that [`Manifest`](crate::Manifest)
//! and [`Interface`](crate::Interface) read.

mod model;

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

/// The length of [`render`]'s JSON in bytes.
pub const fn rendered_len(manifest: &ManifestTy) -> usize {
    let mut out = Json { bytes: [], len: 0 };
    out.manifest(manifest);
    out.len
}

/// The JSON of `manifest`; `N` is its [`rendered_len`].
pub const fn render<const N: usize>(manifest: &ManifestTy) -> [u8; N] {
    let mut out = Json {
        bytes: [0; N],
        len: 0,
    };
    out.manifest(manifest);
    out.bytes
}

/// The length of [`render_interface`]'s JSON in bytes.
pub const fn rendered_interface_len(interface: &InterfaceTy) -> usize {
    let mut out = Json { bytes: [], len: 0 };
    out.interface(interface);
    out.len
}

/// The JSON of `interface`; `N` is its [`rendered_interface_len`].
pub const fn render_interface<const N: usize>(interface: &InterfaceTy) -> [u8; N] {
    let mut out = Json {
        bytes: [0; N],
        len: 0,
    };
    out.interface(interface);
    out.bytes
}

/// Counts bytes, and keeps those that fit: with `N` = 0 it only counts.
struct Json<const N: usize> {
    bytes: [u8; N],
    len: usize,
}

/// Writes a JSON array of `$list` with `$each` for an entry; `for` is not allowed in constants.
macro_rules! array {
    ($self:ident, $list:expr, $item:ident => $each:expr) => {{
        $self.raw("[");
        let list = $list;
        let mut index = 0;
        while index < list.len() {
            if index > 0 {
                $self.raw(",");
            }
            let $item = &list[index];
            $each;
            index += 1;
        }
        $self.raw("]");
    }};
}

impl<const N: usize> Json<N> {
    const fn byte(&mut self, byte: u8) {
        if self.len < N {
            self.bytes[self.len] = byte;
        }
        self.len += 1;
    }

    const fn raw(&mut self, text: &str) {
        let bytes = text.as_bytes();
        let mut index = 0;
        while index < bytes.len() {
            self.byte(bytes[index]);
            index += 1;
        }
    }

    const fn text(&mut self, text: &str) {
        self.byte(b'"');
        let bytes = text.as_bytes();
        let mut index = 0;
        while index < bytes.len() {
            match bytes[index] {
                b'"' => self.raw("\\\""),
                b'\\' => self.raw("\\\\"),
                b'\n' => self.raw("\\n"),
                control @ 0..0x20 => {
                    self.raw("\\u00");
                    self.byte(if control < 0x10 { b'0' } else { b'1' });
                    self.byte(b"0123456789abcdef"[(control % 16) as usize]);
                }
                byte => self.byte(byte),
            }
            index += 1;
        }
        self.byte(b'"');
    }

    const fn number(&mut self, number: u32) {
        if number >= 10 {
            self.number(number / 10);
        }
        self.byte(b'0' + (number % 10) as u8);
    }

    const fn key(&mut self, key: &str) {
        self.raw(",\"");
        self.raw(key);
        self.raw("\":");
    }

    /// Begins an object with a name and its docs, and leaves it open.
    const fn named(&mut self, name: &str, docs: &str) {
        self.raw("{\"name\":");
        self.text(name);
        if !docs.is_empty() {
            self.key("docs");
            self.text(docs);
        }
    }

    const fn ty(&mut self, ty: &Ty) {
        match ty {
            Ty::Plain(name) => self.text(name),
            Ty::Of(name, inner) => {
                self.raw("{\"");
                self.raw(name);
                self.raw("\":");
                self.ty(inner);
                self.raw("}");
            }
            Ty::Fixed(len) => {
                self.raw("{\"fixed\":");
                self.number(*len);
                self.raw("}");
            }
            Ty::Record(named) => self.parts("record", "fields", named),
            Ty::Union(named) => self.parts("union", "cases", named),
            Ty::Enum(named) => {
                self.raw("{\"enum\":");
                self.named(named.name, named.docs);
                self.key("cases");
                array!(self, named.parts, case => {
                    self.named(case.name, case.docs);
                    self.raw("}");
                });
                self.raw("}}");
            }
        }
    }

    const fn parts(&mut self, kind: &str, key: &str, named: &Named<FieldTy>) {
        self.raw("{\"");
        self.raw(kind);
        self.raw("\":");
        self.named(named.name, named.docs);
        self.key(key);
        self.fields(named.parts);
        self.raw("}}");
    }

    const fn fields(&mut self, fields: &[FieldTy]) {
        array!(self, fields, field => {
            self.named(field.name, field.docs);
            self.key("type");
            self.ty(field.ty);
            if !field.default.is_empty() {
                self.key("default");
                self.raw(field.default);
            }
            self.raw("}");
        });
    }

    const fn interface(&mut self, interface: &InterfaceTy) {
        self.raw("{\"id\":");
        self.text(interface.id);
        self.key("version");
        self.text(interface.version);
        if !interface.docs.is_empty() {
            self.key("docs");
            self.text(interface.docs);
        }
        self.key("methods");
        array!(self, interface.methods, method => self.method(method));
        self.key("events");
        array!(self, interface.events, event => {
            self.named(event.name, event.docs);
            self.key("body");
            self.ty(event.body);
            if event.retained {
                self.raw(",\"retained\":true");
            }
            self.raw("}");
        });
        self.raw("}");
    }

    const fn method(&mut self, method: &MethodTy) {
        self.named(method.name, method.docs);
        self.key("params");
        self.fields(method.params);
        self.key("returns");
        self.ty(method.returns);
        if let Some(error) = method.error {
            self.key("error");
            self.ty(error);
        }
        if method.inline {
            self.raw(",\"inline\":true");
        }
        self.key("deadline_ms");
        self.number(method.deadline_ms);
        self.raw("}");
    }

    const fn manifest(&mut self, manifest: &ManifestTy) {
        self.named(manifest.name, manifest.docs);
        self.key("version");
        self.text(manifest.version);
        self.key("license");
        self.text(manifest.license);
        self.key("provides");
        array!(self, manifest.provides, interface => self.interface(interface));
        self.key("requires");
        array!(self, manifest.requires, required => {
            self.raw("{\"interface\":");
            self.text(required.interface);
            self.key("version");
            self.text(required.version);
            if required.optional {
                self.raw(",\"optional\":true");
            }
            self.raw("}");
        });
        self.key("subscribes");
        array!(self, manifest.subscribes, subscription => self.subscription(subscription));
        self.key("config");
        self.ty(manifest.config);
        if let Some(state) = &manifest.state {
            self.key("state");
            self.raw("{\"version\":");
            self.number(state.version);
            self.key("reads");
            array!(self, state.reads, version => self.number(*version));
            self.raw("}");
        }
        self.key("exclusive");
        array!(self, manifest.exclusive, resource => self.text(resource));
        self.key("unload");
        self.text(if manifest.clean_unload { "clean" } else { "never" });
        self.raw("}");
    }

    const fn subscription(&mut self, subscription: &SubscriptionTy) {
        self.raw("{\"interface\":");
        self.text(subscription.interface);
        self.key("version");
        self.text(subscription.version);
        self.key("event");
        self.text(subscription.event);
        self.key("overflow");
        self.text(subscription.overflow);
        self.key("depth");
        self.number(subscription.depth);
        self.raw("}");
    }
}

#[cfg(test)]
mod tests {
    use super::{render_interface, rendered_interface_len};
    use crate::{Interface, example};

    const LEN: usize = rendered_interface_len(&example::FIXED);
    static JSON: [u8; LEN] = render_interface(&example::FIXED);

    #[test]
    fn constants_read_back_as_the_model() {
        let interface: Interface = serde_json::from_slice(&JSON).unwrap();
        assert_eq!(interface, example::interface());
        assert_eq!(example::FIXED.to_model().unwrap(), interface);
    }
}
