//! Constants as JSON, in constants.

use super::names::Names;
use super::{FieldTy, InterfaceTy, ManifestTy, MethodTy, Named, SubscriptionTy, Ty};

/// The length of [`render`]'s JSON in bytes.
///
/// # Panics
/// If two types of an interface, or of the configuration, have one name: in a constant, an error of the compiler
/// that says which.
pub const fn rendered_len(manifest: &ManifestTy) -> usize {
    let mut out = Json::<0>::new();
    out.manifest(manifest);
    out.len
}

/// The JSON of `manifest`; `N` is its [`rendered_len`].
///
/// # Panics
/// As [`rendered_len`].
pub const fn render<const N: usize>(manifest: &ManifestTy) -> [u8; N] {
    let mut out = Json::<N>::new();
    out.manifest(manifest);
    out.bytes
}

/// The length of [`render_interface`]'s JSON in bytes.
///
/// # Panics
/// If two types of the interface have one name: in a constant, an error of the compiler that says which.
pub const fn rendered_interface_len(interface: &InterfaceTy) -> usize {
    let mut out = Json::<0>::new();
    out.interface(interface);
    out.len
}

/// The JSON of `interface`; `N` is its [`rendered_interface_len`].
///
/// # Panics
/// As [`rendered_interface_len`].
pub const fn render_interface<const N: usize>(interface: &InterfaceTy) -> [u8; N] {
    let mut out = Json::<N>::new();
    out.interface(interface);
    out.bytes
}

/// Counts bytes, and keeps those that fit: with `N` = 0 it only counts.
struct Json<const N: usize> {
    bytes: [u8; N],
    len: usize,
    /// The named types of the present scope.
    names: Names,
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
    const fn new() -> Self {
        Self {
            bytes: [0; N],
            len: 0,
            names: Names::new(),
        }
    }

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

    const fn ty(&mut self, ty: &'static Ty) {
        if let Some(name) = self.names.written(ty) {
            self.raw("{\"ref\":");
            self.text(name);
            self.raw("}");
            return;
        }
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

    const fn fields(&mut self, fields: &'static [FieldTy]) {
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
        self.names = Names::new();
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
        if method.sensitive {
            self.raw(",\"sensitive\":true");
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
        self.names = Names::new();
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
