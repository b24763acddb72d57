//! What all languages look at in an interface.

use crate::names::{is_plain, snake};
use crate::{BindgenError, Language};
use backplane_descriptor::signature::type_name;
use backplane_descriptor::transcode::json_to_cbor;
use backplane_descriptor::{Field, Interface, Type};
use std::collections::HashSet;

/// The types of the interface that have parts, each once, the inner ones first.
pub(crate) fn types(interface: &Interface) -> Vec<&Type> {
    let (mut seen, mut found) = (HashSet::new(), Vec::new());
    interface
        .types()
        .for_each(|ty| collect(ty, &mut seen, &mut found));
    found
}

fn collect<'a>(ty: &'a Type, seen: &mut HashSet<String>, found: &mut Vec<&'a Type>) {
    if !has_parts(ty) && !matches!(ty, Type::Stream(_)) || !seen.insert(type_name(ty)) {
        return;
    }
    parts(ty, &mut |part| collect(part, seen, found));
    if has_parts(ty) {
        found.push(ty);
    }
}

/// Whether a type is made of others or of names.
pub(crate) const fn has_parts(ty: &Type) -> bool {
    matches!(
        ty,
        Type::List(_) | Type::Map(_) | Type::Option(_) | Type::Record(_) | Type::Enum(_) | Type::Union(_)
    )
}

fn parts<'a>(ty: &'a Type, visit: &mut dyn FnMut(&'a Type)) {
    match ty {
        Type::List(inner) | Type::Map(inner) | Type::Option(inner) | Type::Stream(inner) => visit(inner),
        Type::Record(record) => record.fields.iter().for_each(|field| visit(&field.ty)),
        Type::Union(union) => union.cases.iter().for_each(|case| visit(&case.ty)),
        _ => {}
    }
}

/// A type as a part of a name, for example `list_of_text`.
pub(crate) fn label(ty: &Type) -> String {
    match ty {
        Type::List(item) => format!("list_of_{}", label(item)),
        Type::Map(item) => format!("map_of_{}", label(item)),
        Type::Option(inner) => format!("option_of_{}", label(inner)),
        Type::Stream(item) => format!("stream_of_{}", label(item)),
        Type::Record(record) => snake(&record.name),
        Type::Enum(names) => snake(&names.name),
        Type::Union(union) => snake(&union.name),
        plain => type_name(plain),
    }
}

/// The CBOR of a field's default; `None` where it has none, or null.
pub(crate) fn default_of(field: &Field) -> Option<Vec<u8>> {
    let default = field.default.as_ref().filter(|it| !it.is_null())?;
    json_to_cbor(&field.ty, default, &mut Vec::new()).ok()
}

/// Refuses what no language has a form for.
pub(crate) fn check(interface: &Interface, language: Language) -> Result<(), BindgenError> {
    let check = Check { language };
    for method in &interface.methods {
        let item = format!("the method {}", method.name);
        check.name(&item, &method.name)?;
        check.fields(&item, "parameter", &method.params)?;
        check.ty(&item, &method.returns)?;
        if let Some(error) = &method.error {
            check.not_unit(&format!("the error of {item}"), error)?;
            check.ty(&item, error)?;
        }
    }
    for event in &interface.events {
        let item = format!("the event {}", event.name);
        check.name(&item, &event.name)?;
        check.ty(&item, &event.body)?;
    }
    Ok(())
}

struct Check {
    language: Language,
}

impl Check {
    fn name(&self, item: &str, name: &str) -> Result<(), BindgenError> {
        if is_plain(name) {
            return Ok(());
        }
        let problem = "its name is not of ASCII letters, digits and '_' alone, with no digit in front";
        Err(BindgenError::item(self.language, item, problem))
    }

    fn not_unit(&self, item: &str, ty: &Type) -> Result<(), BindgenError> {
        if *ty != Type::Unit {
            return Ok(());
        }
        Err(BindgenError::item(
            self.language,
            item,
            "it is of the type unit, which says nothing",
        ))
    }

    fn fields(&self, owner: &str, what: &str, fields: &[Field]) -> Result<(), BindgenError> {
        for field in fields {
            let item = format!("the {what} {} of {owner}", field.name);
            self.name(&item, &field.name)?;
            self.not_unit(&item, &field.ty)?;
            if field.default.is_some() && holds_blob(&field.ty) {
                return Err(BindgenError::item(
                    self.language,
                    item,
                    "it has a default, and holds a blob",
                ));
            }
            self.ty(&item, &field.ty)?;
        }
        Ok(())
    }

    /// `item` is where the type stands.
    fn ty(&self, item: &str, ty: &Type) -> Result<(), BindgenError> {
        match ty {
            Type::List(inner) | Type::Map(inner) | Type::Option(inner) | Type::Stream(inner) => {
                self.not_unit(&format!("{} in {item}", type_name(ty)), inner)?;
                self.ty(item, inner)
            }
            Type::Record(record) => {
                let item = format!("the record {}", record.name);
                self.name(&item, &record.name)?;
                self.fields(&item, "field", &record.fields)
            }
            Type::Enum(names) => {
                let item = format!("the enum {}", names.name);
                self.cases(&item, &names.name, names.cases.iter().map(|it| &*it.name))
            }
            Type::Union(union) => {
                let item = format!("the union {}", union.name);
                self.cases(&item, &union.name, union.cases.iter().map(|it| &*it.name))?;
                union.cases.iter().try_for_each(|case| self.ty(&item, &case.ty))
            }
            _ => Ok(()),
        }
    }

    fn cases<'a>(
        &self,
        item: &str,
        name: &str,
        mut cases: impl ExactSizeIterator<Item = &'a str>,
    ) -> Result<(), BindgenError> {
        self.name(item, name)?;
        if cases.len() == 0 {
            return Err(BindgenError::item(
                self.language,
                item,
                "it has no case, so there is no value of it",
            ));
        }
        cases.try_for_each(|case| self.name(&format!("the case {case} of {item}"), case))
    }
}

fn holds_blob(ty: &Type) -> bool {
    let mut found = *ty == Type::Blob;
    parts(ty, &mut |part| found |= holds_blob(part));
    found
}
