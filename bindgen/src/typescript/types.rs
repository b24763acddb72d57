//! Types, and how they are written in JSON.

use crate::model::has_parts;
use crate::text::{c_literal, line};
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

/// A type as TypeScript writes it.
pub(super) fn ty(of: &Type) -> String {
    match of {
        Type::Unit => "null".to_owned(),
        Type::Bool => "boolean".to_owned(),
        Type::U64 | Type::I64 => "bigint".to_owned(),
        Type::U8 | Type::U16 | Type::U32 | Type::I8 | Type::I16 | Type::I32 | Type::F64 => {
            "number".to_owned()
        }
        Type::Text => "string".to_owned(),
        Type::Bytes | Type::Fixed(_) | Type::Blob => "Uint8Array".to_owned(),
        // A call in JSON takes and gives all of a stream.
        Type::List(item) | Type::Stream(item) => match ty(item) {
            item if item.contains('|') => format!("({item})[]"),
            item => format!("{item}[]"),
        },
        Type::Map(item) => format!("Map<string, {}>", ty(item)),
        Type::Option(inner) => format!("{} | null", ty(inner)),
        named => name(named).unwrap_or_default().to_owned(),
    }
}

/// The constant that encodes a named type.
pub(super) fn codec_name(name: &str) -> String {
    format!("codecOf{name}")
}

/// The expression that encodes a type.
pub(super) fn codec(of: &Type) -> String {
    match of {
        Type::Unit => "codec.unit".to_owned(),
        Type::Bool => "codec.bool".to_owned(),
        Type::U8 => "codec.integer(0, 0xff)".to_owned(),
        Type::U16 => "codec.integer(0, 0xffff)".to_owned(),
        Type::U32 => "codec.integer(0, 0xffffffff)".to_owned(),
        Type::I8 => "codec.integer(-0x80, 0x7f)".to_owned(),
        Type::I16 => "codec.integer(-0x8000, 0x7fff)".to_owned(),
        Type::I32 => "codec.integer(-0x80000000, 0x7fffffff)".to_owned(),
        Type::U64 => "codec.u64".to_owned(),
        Type::I64 => "codec.i64".to_owned(),
        Type::F64 => "codec.f64".to_owned(),
        Type::Text => "codec.text".to_owned(),
        Type::Bytes | Type::Blob => "codec.bytes".to_owned(),
        Type::Fixed(len) => format!("codec.fixed({len})"),
        Type::List(item) | Type::Stream(item) => format!("codec.list({})", codec(item)),
        Type::Map(item) => format!("codec.map({})", codec(item)),
        Type::Option(inner) => format!("codec.option({})", codec(inner)),
        named => codec_name(name(named).unwrap_or_default()),
    }
}

/// A comment for people, which nothing in it ends.
pub(super) fn docs(out: &mut String, indent: &str, docs: &str) {
    let docs = docs.trim().replace("*/", "* /");
    if docs.is_empty() {
        return;
    }
    line!(out, "{indent}/**");
    for text in docs.lines() {
        line!(out, "{}", format!("{indent} * {}", text.trim_end()).trim_end());
    }
    line!(out, "{indent} */");
}

/// The type and its codec.
pub(super) fn declaration(out: &mut String, of: &Type) {
    let Some(name) = name(of).filter(|_| has_parts(of)) else {
        return;
    };
    match of {
        Type::Record(record) => {
            docs(out, "", &record.docs);
            fields(out, name, name, &record.fields, false);
        }
        Type::Enum(names) => {
            docs(out, "", &names.docs);
            let cases: Vec<String> = names.cases.iter().map(|it| c_literal(&it.name)).collect();
            line!(out, "export type {name} = {};", cases.join(" | "));
            let made = format!("codec.choice([{}], {})", cases.join(", "), c_literal(name));
            constant(out, name, &made);
        }
        Type::Union(union) => {
            docs(out, "", &union.docs);
            line!(out, "export type {name} =");
            for (number, case) in union.cases.iter().enumerate() {
                docs(out, "  ", &case.docs);
                let end = if number + 1 == union.cases.len() { ";" } else { "" };
                let label = c_literal(&case.name);
                match case.ty {
                    Type::Unit => line!(out, "  | {{ kind: {label} }}{end}"),
                    ref ty => line!(out, "  | {{ kind: {label}; value: {} }}{end}", self::ty(ty)),
                }
            }
            let case = |case: &backplane_descriptor::UnionCase| match case.ty {
                Type::Unit => format!("{}: null", case.name),
                ref ty => format!("{}: {}", case.name, codec(ty)),
            };
            let cases: Vec<String> = union.cases.iter().map(case).collect();
            constant(
                out,
                name,
                &format!(
                    "codec.union<{name}>({}, {{ {} }})",
                    c_literal(name),
                    cases.join(", ")
                ),
            );
        }
        _ => {}
    }
}

fn constant(out: &mut String, name: &str, made: &str) {
    line!(out, "const {}: Codec<{name}> = {made};\n", codec_name(name));
}

/// The type of the parameters of a method: what has a default may be left out.
pub(super) fn params(out: &mut String, name: &str, method: &str, params: &[Field]) {
    fields(out, name, method, params, true);
}

fn fields(out: &mut String, name: &str, place: &str, fields: &[Field], sent: bool) {
    line!(out, "export interface {name} {{");
    for field in fields {
        docs(out, "  ", &field.docs);
        let optional = if field.is_optional() { "?" } else { "" };
        // What arrives has every field; what is sent may leave some out.
        let optional = if sent { optional } else { optional_of_record(field) };
        line!(out, "  {}{optional}: {};", field.name, ty(&field.ty));
    }
    line!(out, "}}");
    let field = |field: &Field| format!("{}: [{}, {}]", field.name, codec(&field.ty), field.is_optional());
    let made: Vec<String> = fields.iter().map(field).collect();
    constant(
        out,
        name,
        &format!(
            "codec.record<{name}>({}, {{ {} }})",
            c_literal(place),
            made.join(", ")
        ),
    );
}

/// A record is sent and received: its optional fields may be undefined.
fn optional_of_record(field: &Field) -> &'static str {
    if field.is_optional() { "?" } else { "" }
}
