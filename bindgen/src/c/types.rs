//! The header of the types.

use super::{Unit, case, is_struct};
use crate::model::label;
use crate::names::c_member;
use crate::text::{c_literal, comment, line};
use backplane_descriptor::{Field, Type};

pub(super) fn header(unit: &Unit<'_>) -> String {
    let mut out = String::new();
    constants(&mut out, unit);
    for ty in &unit.types {
        declaration(&mut out, unit, ty);
    }
    for method in &unit.interface.methods {
        if !method.params.is_empty() {
            let name = format!("{}_params", method.name);
            line!(out, "// The parameters of {}.", method.name);
            record(&mut out, unit, &name, &method.params);
        }
    }
    for ty in &unit.types {
        functions(&mut out, unit, ty, &label(ty));
    }
    for method in &unit.interface.methods {
        params_functions(&mut out, unit, &method.name, &method.params);
    }
    let what = "The types of the interface, and how they are encoded.";
    unit.header("h", what, &["<backplane_sdk.h>"], &out)
}

fn constants(out: &mut String, unit: &Unit<'_>) {
    let interface = unit.interface;
    comment(out, "//", &interface.docs);
    line!(
        out,
        "#define {} {}",
        unit.constant("id"),
        c_literal(&interface.id)
    );
    line!(
        out,
        "#define {} {}\n",
        unit.constant("version"),
        c_literal(&interface.version.to_string())
    );
    line!(out, "// The interface as JSON, for the `provides` of a manifest.");
    let descriptor = serde_json::to_string(interface).unwrap_or_default();
    line!(
        out,
        "#define {} {}\n",
        unit.constant("descriptor"),
        literal_lines(&descriptor)
    );
    for (number, method) in interface.methods.iter().enumerate() {
        comment(out, "//", &method.docs);
        line!(
            out,
            "#define {} {number}u",
            unit.constant(&format!("method_{}", method.name))
        );
    }
    for (number, event) in interface.events.iter().enumerate() {
        comment(out, "//", &event.docs);
        line!(
            out,
            "#define {} {number}u",
            unit.constant(&format!("event_{}", event.name))
        );
    }
    line!(out);
}

/// A long literal as many short ones, one a line.
fn literal_lines(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let pieces = chars
        .chunks(80)
        .map(|it| c_literal(&it.iter().collect::<String>()));
    pieces
        .map(|piece| format!("\\\n    {piece} "))
        .collect::<String>()
        .trim_end()
        .to_owned()
}

/// Writes `typedef struct { ... }` of fields.
fn record(out: &mut String, unit: &Unit<'_>, name: &str, fields: &[Field]) {
    line!(out, "typedef struct {{");
    for field in fields {
        comment(out, "    //", &field.docs);
        match &field.ty {
            Type::Fixed(len) => line!(out, "    // {len} bytes."),
            Type::Stream(item) => line!(out, "    // The name of a stream of {}.", label(item)),
            _ => {}
        }
        line!(out, "    {} {};", unit.ty(&field.ty), c_member(&field.name));
    }
    if fields.is_empty() {
        line!(out, "    // A struct of C holds something.\n    char nothing;");
    }
    line!(out, "}} {};\n", unit.name(name));
}

fn declaration(out: &mut String, unit: &Unit<'_>, ty: &Type) {
    let name = unit.name(&label(ty));
    match ty {
        Type::List(item) => {
            line!(
                out,
                "typedef struct {{\n    {} *items;\n    size_t count;\n}} {name};\n",
                unit.ty(item)
            );
        }
        Type::Map(item) => {
            let entry = format!("{name}_entry");
            line!(
                out,
                "typedef struct {{\n    backplane_slice key;\n    {} value;\n}} {entry};\n",
                unit.ty(item)
            );
            line!(out, "// A key that is there twice stands twice.");
            line!(
                out,
                "typedef struct {{\n    {entry} *entries;\n    size_t count;\n}} {name};\n"
            );
        }
        Type::Option(inner) => {
            line!(
                out,
                "typedef struct {{\n    bool present;\n    {} value;\n}} {name};\n",
                unit.ty(inner)
            );
        }
        Type::Record(of) => {
            comment(out, "//", &of.docs);
            record(out, unit, &label(ty), &of.fields);
        }
        Type::Enum(names) => {
            comment(out, "//", &names.docs);
            let cases = names.cases.iter().map(|it| (&*it.name, &*it.docs));
            cases_enum(out, unit, &names.name, cases, &name);
        }
        Type::Union(union) => {
            let cases = union.cases.iter().map(|it| (&*it.name, &*it.docs));
            cases_enum(out, unit, &union.name, cases, &format!("{name}_case"));
            comment(out, "//", &union.docs);
            line!(out, "typedef struct {{\n    {name}_case which;");
            let members = || union.cases.iter().filter(|case| case.ty != Type::Unit);
            if members().next().is_some() {
                line!(out, "    union {{");
                for case in members() {
                    line!(out, "        {} {};", unit.ty(&case.ty), c_member(&case.name));
                }
                line!(out, "    }} as;");
            }
            line!(out, "}} {name};\n");
        }
        _ => {}
    }
}

fn cases_enum<'a>(
    out: &mut String,
    unit: &Unit<'_>,
    ty: &str,
    cases: impl Iterator<Item = (&'a str, &'a str)>,
    name: &str,
) {
    line!(out, "typedef enum {{");
    for (number, (each, docs)) in cases.enumerate() {
        comment(out, "    //", docs);
        line!(out, "    {} = {number},", case(unit, ty, each));
    }
    // A comma at the end is an extension in C++03 alone.
    line!(out, "}} {name};\n");
}

fn functions(out: &mut String, unit: &Unit<'_>, ty: &Type, label: &str) {
    let name = unit.name(label);
    line!(
        out,
        "bool {}(backplane_writer *out, const {name} *value);",
        unit.name(&format!("write_{label}"))
    );
    line!(
        out,
        "bool {}(backplane_reader *in, {name} *value);",
        unit.name(&format!("read_{label}"))
    );
    if let Type::Record(record) = ty {
        defaults(out, &name, &record.fields);
    }
}

fn params_functions(out: &mut String, unit: &Unit<'_>, method: &str, fields: &[Field]) {
    if fields.is_empty() {
        return;
    }
    let name = unit.name(&format!("{method}_params"));
    line!(
        out,
        "bool {}(backplane_writer *out, const {name} *value);",
        unit.name(&format!("write_{method}_params"))
    );
    line!(
        out,
        "bool {}(backplane_reader *in, {name} *value);",
        unit.name(&format!("read_{method}_params"))
    );
    defaults(out, &name, fields);
}

fn defaults(out: &mut String, name: &str, fields: &[Field]) {
    if fields.iter().any(Field::is_optional) {
        line!(
            out,
            "// All zero but for the fields that have a default. `memory` may be null where no default is a list."
        );
        line!(
            out,
            "bool {name}_defaults({name} *value, backplane_arena *memory);"
        );
    }
}

/// The parameter of a function for a value; empty for nothing.
pub(super) fn value_param(unit: &Unit<'_>, ty: &Type, name: &str) -> String {
    match ty {
        Type::Unit => String::new(),
        ty => format!(", {}", unit.param(ty, name)),
    }
}

/// The same value as an lvalue.
pub(super) fn lvalue(ty: &Type, name: &str) -> String {
    if is_struct(ty) {
        format!("(*{name})")
    } else {
        name.to_owned()
    }
}
