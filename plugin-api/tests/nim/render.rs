//! The same in Nim.

use crate::header::{Field, Function, Header, Kind, Named, Type};
use std::fmt::Write;

const KEYWORDS: [&str; 8] = [
    "ptr",
    "interface",
    "method",
    "defer",
    "type",
    "object",
    "end",
    "from",
];

/// The module.
pub(crate) fn module(header: &Header) -> String {
    let mut out = String::from("## Generated from the C header `backplane_plugin.h`. Do not edit.\n##\n");
    for line in header.introduction.iter().skip(2) {
        comment(&mut out, "", line);
    }
    out += "\nconst\n";
    for each in &header.constants {
        line(&mut out, format_args!("  {}* = {}", each.name, each.value));
        each.docs.iter().for_each(|docs| comment(&mut out, "    ", docs));
    }
    out += "\ntype\n";
    for each in &header.types {
        named(&mut out, each);
    }
    out
}

fn named(out: &mut String, of: &Named) {
    let name = type_name(&of.name);
    match &of.kind {
        Kind::Struct(fields) => {
            line(out, format_args!("  {name}* {{.bycopy.}} = object"));
            of.docs.iter().for_each(|docs| comment(out, "    ", docs));
            for Field { docs, name, ty } in fields {
                line(out, format_args!("    {}*: {}", field_name(name), self::ty(ty)));
                docs.iter().for_each(|docs| comment(out, "      ", docs));
            }
        }
        Kind::Function(of_function) => {
            line(out, format_args!("  {name}* = {}", function(of_function)));
            of.docs.iter().for_each(|docs| comment(out, "    ", docs));
        }
    }
}

/// What no `##` breaks: the references to other things are names of C, which are those of Nim but for their case.
fn comment(out: &mut String, indent: &str, docs: &str) {
    line(out, format_args!("{}", format!("{indent}## {docs}").trim_end()));
}

fn function(of: &Function) -> String {
    let param = |(name, ty): &(String, Type)| format!("{}: {}", field_name(name), self::ty(ty));
    let params: Vec<String> = of.params.iter().map(param).collect();
    let returns = match &*of.returns {
        Type::Plain(name) if name == "void" => String::new(),
        returns => format!(": {}", ty(returns)),
    };
    format!(
        "proc ({}){returns} {{.cdecl, gcsafe, raises: [].}}",
        params.join(", ")
    )
}

fn ty(of: &Type) -> String {
    match of {
        Type::Plain(name) => match name.as_str() {
            "size_t" => "csize_t".to_owned(),
            name if name.starts_with("backplane_") => type_name(name),
            name => name.trim_end_matches("_t").to_owned(),
        },
        Type::Pointer(to) => match &**to {
            Type::Plain(name) if name == "void" => "pointer".to_owned(),
            to => format!("ptr {}", ty(to)),
        },
        Type::Array(len, of) => format!("array[{len}, {}]", ty(of)),
        Type::Function(of) => function(of),
    }
}

/// `backplane_call_context` as `BackplaneCallContext`.
fn type_name(name: &str) -> String {
    let capital = |word: &str| word[..1].to_uppercase() + &word[1..];
    name.split('_').map(capital).collect()
}

/// `deadline_ns` as `deadlineNs`.
fn field_name(name: &str) -> String {
    let pascal = type_name(name);
    let camel = pascal[..1].to_lowercase() + &pascal[1..];
    if KEYWORDS.contains(&camel.as_str()) {
        return format!("`{camel}`");
    }
    camel
}

/// A program that prints where each field lies, for C.
pub(crate) fn layout_in_c(header: &Header) -> String {
    let mut out = String::from("#include <backplane_plugin.h>\n#include <stdio.h>\nint main(void) {\n");
    each_field(header, &mut |ty, field| {
        let value = field.map_or_else(
            || format!("sizeof({ty})"),
            |field| format!("offsetof({ty}, {field})"),
        );
        let what = field.unwrap_or("");
        line(
            &mut out,
            format_args!("printf(\"{ty} {what} %d\\n\", (int){value});"),
        );
    });
    out + "return 0;\n}\n"
}

/// The same for Nim.
pub(crate) fn layout_in_nim(header: &Header) -> String {
    let mut out = String::from("import backplane/abi\n");
    each_field(header, &mut |ty, field| {
        let name = type_name(ty);
        let value = match field {
            Some(field) => format!("offsetOf({name}, {})", field_name(field)),
            None => format!("sizeof({name})"),
        };
        let what = field.unwrap_or("");
        line(&mut out, format_args!("echo \"{ty} {what} \", {value}"));
    });
    out
}

/// Visits each struct, and each of its fields.
fn each_field(header: &Header, visit: &mut impl FnMut(&str, Option<&str>)) {
    for each in &header.types {
        if let Kind::Struct(fields) = &each.kind {
            visit(&each.name, None);
            fields
                .iter()
                .for_each(|field| visit(&each.name, Some(&field.name)));
        }
    }
}

fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = writeln!(out, "{text}");
}
