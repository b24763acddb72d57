//! Which named types stand in a text already, in constants.

use super::{CaseTy, FieldTy, Named, Ty};

/// How many names are remembered; a further type stands in full wherever it is used.
const LIMIT: usize = 256;

/// The named types of a scope that are written.
#[derive(Clone, Copy)]
pub(super) struct Names {
    types: [Option<&'static Ty>; LIMIT],
    len: usize,
}

impl Names {
    pub(super) const fn new() -> Self {
        Self {
            types: [None; LIMIT],
            len: 0,
        }
    }

    /// The name of `ty` if that is written already; from now on it is.
    ///
    /// # Panics
    /// If the name is that of another type.
    pub(super) const fn written(&mut self, ty: &'static Ty) -> Option<&'static str> {
        let Some(name) = name(ty) else { return None };
        let mut index = 0;
        while index < self.len {
            if let Some(known) = self.types[index]
                && let Some(other) = self::name(known)
                && same_text(name, other)
            {
                if same(ty, known) {
                    return Some(name);
                }
                refuse(name);
            }
            index += 1;
        }
        if self.len < LIMIT {
            self.types[self.len] = Some(ty);
            self.len += 1;
        }
        None
    }
}

const fn name(ty: &Ty) -> Option<&'static str> {
    match ty {
        Ty::Record(named) | Ty::Union(named) => Some(named.name),
        Ty::Enum(named) => Some(named.name),
        Ty::Plain(_) | Ty::Of(..) | Ty::Fixed(_) => None,
    }
}

/// Ends the compilation; the text is put together by hand, as constants have no formatting.
const fn refuse(name: &str) -> ! {
    const BEFORE: &[u8] = b"two types of one interface, or of the configuration, are called ";
    const ROOM: usize = 256;
    let name = name.as_bytes();
    let mut text = [0; ROOM];
    let mut len = 0;
    while len < ROOM && len < BEFORE.len() + name.len() {
        text[len] = if len < BEFORE.len() {
            BEFORE[len]
        } else {
            name[len - BEFORE.len()]
        };
        len += 1;
    }
    match str::from_utf8(text.split_at(len).0) {
        Ok(text) => panic!("{}", text),
        Err(_) => panic!("two types of one interface, or of the configuration, have one name"),
    }
}

/// Whether two types are one, docs included: a reference must not lose any of it.
const fn same(a: &Ty, b: &Ty) -> bool {
    match (a, b) {
        (Ty::Plain(a), Ty::Plain(b)) => same_text(a, b),
        (Ty::Of(a, inner), Ty::Of(b, other)) => same_text(a, b) && same(inner, other),
        (Ty::Fixed(a), Ty::Fixed(b)) => *a == *b,
        (Ty::Record(a), Ty::Record(b)) | (Ty::Union(a), Ty::Union(b)) => same_fields(a, b),
        (Ty::Enum(a), Ty::Enum(b)) => same_cases(a, b),
        _ => false,
    }
}

const fn same_fields(a: &Named<FieldTy>, b: &Named<FieldTy>) -> bool {
    let mut same_so_far =
        same_text(a.name, b.name) && same_text(a.docs, b.docs) && a.parts.len() == b.parts.len();
    let mut index = 0;
    while same_so_far && index < a.parts.len() {
        let (a, b) = (&a.parts[index], &b.parts[index]);
        same_so_far = same_text(a.name, b.name)
            && same_text(a.docs, b.docs)
            && same_text(a.default, b.default)
            && same(a.ty, b.ty);
        index += 1;
    }
    same_so_far
}

const fn same_cases(a: &Named<CaseTy>, b: &Named<CaseTy>) -> bool {
    let mut same_so_far =
        same_text(a.name, b.name) && same_text(a.docs, b.docs) && a.parts.len() == b.parts.len();
    let mut index = 0;
    while same_so_far && index < a.parts.len() {
        let (a, b) = (&a.parts[index], &b.parts[index]);
        same_so_far = same_text(a.name, b.name) && same_text(a.docs, b.docs);
        index += 1;
    }
    same_so_far
}

const fn same_text(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut index = 0;
    while index < a.len() && index < b.len() && a[index] == b[index] {
        index += 1;
    }
    index == a.len() && index == b.len()
}
