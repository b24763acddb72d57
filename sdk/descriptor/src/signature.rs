//! How a person sees an interface: one line a method, and each named type once.

use crate::{Case, Event, Field, Interface, Method, Type, UnionCase};
use std::fmt::Write;

/// How far docs lie below what they explain.
const INDENT: &str = "    ";

/// The name of a type, for example `list<u32>`; a named type by its name alone.
pub fn type_name(ty: &Type) -> String {
    match ty {
        Type::Unit => "unit".to_owned(),
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
        Type::Text => "text".to_owned(),
        Type::Bytes => "bytes".to_owned(),
        Type::Fixed(len) => format!("bytes{len}"),
        Type::Blob => "blob".to_owned(),
        Type::List(item) => format!("list<{}>", type_name(item)),
        Type::Map(item) => format!("map<{}>", type_name(item)),
        Type::Option(inner) => format!("option<{}>", type_name(inner)),
        Type::Stream(item) => format!("stream<{}>", type_name(item)),
        Type::Record(record) => printable(&record.name),
        Type::Enum(names) => printable(&names.name),
        Type::Union(union) => printable(&union.name),
    }
}

/// A method, for example `send(to: text, reply_to: option<bytes32> = null) -> message_id !chat_error`.
pub fn method(method: &Method) -> String {
    let params: Vec<String> = method.params.iter().map(field).collect();
    let mut line = format!("{}({})", printable(&method.name), params.join(", "));
    if method.returns != Type::Unit {
        line += &format!(" -> {}", type_name(&method.returns));
    }
    if let Some(error) = &method.error {
        line += &format!(" !{}", type_name(error));
    }
    line
}

/// An event, for example `message(chat_message) retained`.
pub fn event(event: &Event) -> String {
    let body = if event.body == Type::Unit {
        String::new()
    } else {
        type_name(&event.body)
    };
    let retained = if event.retained { " retained" } else { "" };
    format!("{}({body}){retained}", printable(&event.name))
}

/// An interface: its methods and events with their numbers and docs, then the named types that they use.
///
/// Control characters in names and docs are shown as escapes: a descriptor may come from a stranger's file.
pub fn interface(interface: &Interface) -> String {
    let mut out = format!("{} {}\n", printable(&interface.id), interface.version);
    docs(&mut out, "", &interface.docs);
    if !interface.methods.is_empty() {
        out += "\nmethods\n";
    }
    for (number, each) in interface.methods.iter().enumerate() {
        let inline = if each.inline { ", inline" } else { "" };
        let sensitive = if each.sensitive { ", sensitive" } else { "" };
        let (shown, deadline) = (method(each), each.deadline_ms);
        line(
            &mut out,
            format_args!("  {number} {shown}  [{deadline} ms{inline}{sensitive}]"),
        );
        docs(&mut out, INDENT, &each.docs);
        for param in each.params.iter().filter(|param| !param.docs.is_empty()) {
            docs(&mut out, INDENT, &format!("{}: {}", param.name, param.docs));
        }
    }
    if !interface.events.is_empty() {
        out += "\nevents\n";
    }
    for (number, each) in interface.events.iter().enumerate() {
        line(&mut out, format_args!("  {number} {}", event(each)));
        docs(&mut out, INDENT, &each.docs);
    }
    let types = types(interface.types());
    if !types.is_empty() {
        out += "\ntypes\n";
        out += &types;
    }
    out
}

/// The records, enums and unions that `roots` use, each once, with fields, types, defaults and docs.
///
/// Of a module's configuration this is the whole of what it says.
pub fn types<'a>(roots: impl IntoIterator<Item = &'a Type>) -> String {
    let mut named = Vec::new();
    for root in roots {
        collect(root, &mut named);
    }
    let mut out = String::new();
    for ty in named {
        named_type(&mut out, ty);
    }
    out
}

/// Appends the named types within `ty` to `named`, the outer ones first.
fn collect<'a>(ty: &'a Type, named: &mut Vec<&'a Type>) {
    if matches!(ty, Type::Record(_) | Type::Enum(_) | Type::Union(_)) {
        if named.contains(&ty) {
            return;
        }
        named.push(ty);
    }
    match ty {
        Type::List(inner) | Type::Map(inner) | Type::Option(inner) | Type::Stream(inner) => {
            collect(inner, named);
        }
        Type::Record(record) => record.fields.iter().for_each(|field| collect(&field.ty, named)),
        Type::Union(union) => union.cases.iter().for_each(|case| collect(&case.ty, named)),
        _ => {}
    }
}

fn named_type(out: &mut String, ty: &Type) {
    match ty {
        Type::Record(record) => {
            line(out, format_args!("  record {}", printable(&record.name)));
            docs(out, INDENT, &record.docs);
            for each in &record.fields {
                part(out, &field(each), &each.docs);
            }
        }
        Type::Enum(names) => {
            line(out, format_args!("  enum {}", printable(&names.name)));
            docs(out, INDENT, &names.docs);
            for Case { name, docs } in &names.cases {
                part(out, &printable(name), docs);
            }
        }
        Type::Union(union) => {
            line(out, format_args!("  union {}", printable(&union.name)));
            docs(out, INDENT, &union.docs);
            for UnionCase { name, docs, ty } in &union.cases {
                let body = if *ty == Type::Unit {
                    String::new()
                } else {
                    format!("({})", type_name(ty))
                };
                part(out, &format!("{}{body}", printable(name)), docs);
            }
        }
        _ => {}
    }
}

/// A field or a case, with its docs beside it if they are short.
fn part(out: &mut String, text: &str, explanation: &str) {
    if explanation.is_empty() || explanation.contains('\n') {
        line(out, format_args!("{INDENT}{text}"));
        docs(out, "      ", explanation);
    } else {
        line(
            out,
            format_args!("{INDENT}{text}  — {}", printable(explanation.trim())),
        );
    }
}

fn field(field: &Field) -> String {
    let default = match (&field.default, &field.ty) {
        (Some(default), _) => format!(" = {}", printable(&default.to_string())),
        (None, Type::Option(_)) => " = null".to_owned(),
        _ => String::new(),
    };
    format!("{}: {}{default}", printable(&field.name), type_name(&field.ty))
}

fn docs(out: &mut String, indent: &str, docs: &str) {
    for text in docs.trim().lines() {
        match printable(text.trim()) {
            text if text.is_empty() => out.push('\n'),
            text => line(out, format_args!("{indent}{text}")),
        }
    }
}

fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = writeln!(out, "{text}");
}

/// `text` with its control characters escaped, so that it cannot steer a terminal.
fn printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for each in text.chars() {
        if each.is_control() {
            out.extend(each.escape_default())
        } else {
            out.push(each)
        }
    }
    out
}

#[cfg(test)]
mod tests;
