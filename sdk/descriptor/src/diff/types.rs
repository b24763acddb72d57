//! The difference of two types.

use super::{Bump, Change};
use crate::{Case, Field, Type, UnionCase, canonical::effective_default, signature::type_name};

/// Who writes a value, the older or the newer side: a consumer asks, a provider answers.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    Request,
    Answer,
}

pub(super) struct Walk<'a> {
    pub(super) changes: &'a mut Vec<Change>,
    pub(super) flow: Flow,
    /// What an entry is called at this level.
    pub(super) kind: &'static str,
}

impl Walk<'_> {
    fn change(&mut self, bump: Bump, path: &str, what: impl Into<String>) {
        self.changes.push(Change {
            bump,
            path: path.to_owned(),
            what: what.into(),
        });
    }

    fn docs(&mut self, path: &str, old: &str, new: &str) {
        super::docs(self.changes, path, old, new);
    }

    /// Compares the types of the value at `path`.
    pub(super) fn types(&mut self, path: &str, old: &Type, new: &Type) {
        match (old, new) {
            (Type::List(old), Type::List(new)) | (Type::Stream(old), Type::Stream(new)) => {
                self.types(&format!("{path}[]"), old, new);
            }
            (Type::Map(old), Type::Map(new)) => self.types(&format!("{path}[]"), old, new),
            (Type::Option(old), Type::Option(new)) => self.types(path, old, new),
            (Type::Record(old), Type::Record(new)) => {
                self.head(path, (&old.name, &old.docs), (&new.name, &new.docs));
                let mut walk = Walk {
                    changes: &mut *self.changes,
                    flow: self.flow,
                    kind: "field",
                };
                walk.fields(&format!("{path}."), path, &old.fields, &new.fields);
            }
            (Type::Enum(old), Type::Enum(new)) => {
                self.head(path, (&old.name, &old.docs), (&new.name, &new.docs));
                let name = |case: &Case| case.name.clone();
                for (old, new) in self.names(path, "case", &old.cases, &new.cases, name) {
                    self.docs(&format!("{path}.{}", old.name), &old.docs, &new.docs);
                }
            }
            (Type::Union(old), Type::Union(new)) => {
                self.head(path, (&old.name, &old.docs), (&new.name, &new.docs));
                let name = |case: &UnionCase| case.name.clone();
                for (old, new) in self.names(path, "case", &old.cases, &new.cases, name) {
                    let path = format!("{path}.{}", old.name);
                    self.docs(&path, &old.docs, &new.docs);
                    self.types(&path, &old.ty, &new.ty);
                }
            }
            _ if old == new => {}
            _ => {
                let what = format!("the type changed from {} to {}", type_name(old), type_name(new));
                self.change(Bump::Major, path, what);
            }
        }
    }

    /// The name and the docs of a named type.
    fn head(&mut self, path: &str, old: (&str, &str), new: (&str, &str)) {
        if old.0 != new.0 {
            self.change(
                Bump::Patch,
                path,
                format!("the type {} is called {} now", old.0, new.0),
            );
        }
        self.docs(path, old.1, new.1);
    }

    /// Compares parameters, or the fields of the record at `owner`; the path of one is `prefix` and its name.
    pub(super) fn fields(&mut self, prefix: &str, owner: &str, old: &[Field], new: &[Field]) {
        for field in new {
            if !old.iter().any(|other| other.name == field.name) {
                let (bump, how) = match field.is_optional() {
                    true => (Bump::Minor, "optional"),
                    false => (Bump::Major, "required"),
                };
                self.change(
                    bump,
                    owner,
                    format!("{} {} was added ({how})", self.kind, field.name),
                );
            }
        }
        let kind = self.kind;
        let name = |field: &Field| field.name.clone();
        let common = self.common(owner, kind, old, new, name);
        for (old, new) in common {
            let path = format!("{prefix}{}", old.name);
            self.docs(&path, &old.docs, &new.docs);
            self.types(&path, &old.ty, &new.ty);
            self.default(&path, old, new);
        }
    }

    fn default(&mut self, path: &str, old: &Field, new: &Field) {
        if type_changed(&old.ty, &new.ty) {
            return;
        }
        let loosened = if self.flow == Flow::Request {
            Bump::Minor
        } else {
            Bump::Major
        };
        let tightened = if self.flow == Flow::Request {
            Bump::Major
        } else {
            Bump::Minor
        };
        match (effective_default(old), effective_default(new)) {
            (Some(before), Some(now)) if before != now => {
                self.change(Bump::Minor, path, "the default changed");
            }
            (None, Some(_)) => self.change(loosened, path, "became optional"),
            (Some(_), None) => self.change(tightened, path, "became required"),
            _ => {}
        }
    }

    /// Compares the names of a closed set, and gives the cases that are in both.
    fn names<'a, T>(
        &mut self,
        path: &str,
        kind: &str,
        old: &'a [T],
        new: &'a [T],
        name: impl Fn(&T) -> String,
    ) -> Vec<(&'a T, &'a T)> {
        for case in new {
            if !old.iter().any(|other| name(other) == name(case)) {
                self.change(
                    Bump::Major,
                    path,
                    format!("{kind} {} was added to a closed set", name(case)),
                );
            }
        }
        self.common(path, kind, old, new, name)
    }

    /// Says what was removed or put in another order, and gives what is in both.
    fn common<'a, T>(
        &mut self,
        path: &str,
        kind: &str,
        old: &'a [T],
        new: &'a [T],
        name: impl Fn(&T) -> String,
    ) -> Vec<(&'a T, &'a T)> {
        let mut both = Vec::new();
        let mut places = Vec::new();
        for entry in old {
            match new.iter().position(|other| name(other) == name(entry)) {
                Some(place) => {
                    both.push((entry, &new[place]));
                    places.push(place);
                }
                None => self.change(Bump::Major, path, format!("{kind} {} was removed", name(entry))),
            }
        }
        if !places.is_sorted() {
            self.change(Bump::Patch, path, format!("the order of the {kind}s changed"));
        }
        both
    }
}

/// Whether the wire form differs at the outermost level, so that a default cannot be compared.
fn type_changed(old: &Type, new: &Type) -> bool {
    match (old, new) {
        (Type::Fixed(old), Type::Fixed(new)) => old != new,
        _ => std::mem::discriminant(old) != std::mem::discriminant(new),
    }
}
