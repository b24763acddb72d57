//! Types, each with `#[record]`.

use super::{TAKEN, default_attribute, member, refuse};
use crate::BindgenError;
use crate::names::{pascal, rust_member};
use crate::text::{comment, line};
use backplane_descriptor::{Field, Type};

/// The name of a type that has one.
pub(super) fn name(ty: &Type) -> Option<&str> {
    match ty {
        Type::Record(record) => Some(&record.name),
        Type::Enum(names) => Some(&names.name),
        Type::Union(union) => Some(&union.name),
        _ => None,
    }
}

/// A type as Rust writes it.
pub(super) fn ty(of: &Type) -> String {
    match of {
        Type::Unit => "()".to_owned(),
        Type::Bool => "bool".to_owned(),
        Type::U8 => "u8".to_owned(),
        Type::U16 => "u16".to_owned(),
        Type::U32 => "u32".to_owned(),
        Type::U64 => "u64".to_owned(),
        Type::I8 => "i8".to_owned(),
        Type::I16 => "i16".to_owned(),
        Type::I32 => "i32".to_owned(),
        Type::I64 => "i64".to_owned(),
        Type::F64 => "f64".to_owned(),
        Type::Text => "String".to_owned(),
        Type::Bytes => "Bytes".to_owned(),
        Type::Fixed(len) => format!("Fixed<{len}>"),
        Type::Blob => "Blob".to_owned(),
        Type::List(item) => format!("Vec<{}>", ty(item)),
        Type::Map(item) => format!("BTreeMap<String, {}>", ty(item)),
        Type::Option(inner) => format!("Option<{}>", ty(inner)),
        Type::Stream(item) => format!("Stream<{}>", ty(item)),
        named => name(named).unwrap_or_default().to_owned(),
    }
}

/// The declaration of a type that has a name.
pub(super) fn write(out: &mut String, ty: &Type) -> Result<(), BindgenError> {
    let Some(name) = name(ty) else { return Ok(()) };
    if TAKEN.contains(&name) || rust_member(name).as_deref() != Some(name) {
        return refuse(format!("the type {name}"), "its name means something else");
    }
    let docs = match ty {
        Type::Record(record) => &record.docs,
        Type::Enum(names) => &names.docs,
        Type::Union(union) => &union.docs,
        _ => "",
    };
    comment(out, "///", docs);
    line!(out, "#[record]\n#[derive({})]", derives(ty));
    match ty {
        Type::Record(record) => {
            line!(out, "pub struct {name} {{");
            for field in &record.fields {
                self::field(out, name, field)?;
            }
        }
        Type::Enum(names) => {
            line!(out, "pub enum {name} {{");
            for each in &names.cases {
                comment(out, "    ///", &each.docs);
                line!(out, "    {},", case(&format!("the enum {name}"), &each.name)?);
            }
        }
        Type::Union(union) => {
            let item = format!("the union {name}");
            if union.cases.iter().all(|case| case.ty == Type::Unit) {
                return refuse(item, "none of its cases carries anything, which makes it an enum");
            }
            line!(out, "pub enum {name} {{");
            for each in &union.cases {
                comment(out, "    ///", &each.docs);
                let carried = match &each.ty {
                    Type::Unit => String::new(),
                    ty => format!("({})", self::ty(ty)),
                };
                line!(out, "    {}{carried},", case(&item, &each.name)?);
            }
        }
        _ => {}
    }
    line!(out, "}}\n");
    Ok(())
}

fn field(out: &mut String, owner: &str, field: &Field) -> Result<(), BindgenError> {
    let item = format!("the field {} of the record {owner}", field.name);
    comment(out, "    ///", &field.docs);
    let default = default_attribute(&item, field)?;
    if !default.is_empty() {
        line!(out, "    {}", default.trim_end());
    }
    line!(out, "    pub {}: {},", member(&item, &field.name)?, ty(&field.ty));
    Ok(())
}

/// A case as a variant, whose name the SDK turns back.
pub(super) fn case(item: &str, name: &str) -> Result<String, BindgenError> {
    let variant = pascal(name);
    if variant == "Self" || turned_back(&variant) != name {
        return refuse(
            format!("the case {name} of {item}"),
            format!("the variant {variant} would be called {}", turned_back(&variant)),
        );
    }
    Ok(variant)
}

/// What the macros make of the name of a variant.
fn turned_back(variant: &str) -> String {
    let mut out = String::new();
    for (index, each) in variant.char_indices() {
        if each.is_uppercase() && index > 0 {
            out.push('_');
        }
        out.extend(each.to_lowercase());
    }
    out
}

fn derives(ty: &Type) -> &'static str {
    if holds(ty, &|it| matches!(it, Type::Stream(_))) {
        "Debug"
    } else if holds(ty, &|it| *it == Type::F64) {
        "Debug, Clone, PartialEq"
    } else {
        "Debug, Clone, PartialEq, Eq"
    }
}

fn holds(ty: &Type, wanted: &dyn Fn(&Type) -> bool) -> bool {
    wanted(ty)
        || match ty {
            Type::List(inner) | Type::Map(inner) | Type::Option(inner) => holds(inner, wanted),
            Type::Record(record) => record.fields.iter().any(|field| holds(&field.ty, wanted)),
            Type::Union(union) => union.cases.iter().any(|case| holds(&case.ty, wanted)),
            _ => false,
        }
}
