//! How the types are encoded.

use super::shapes::{enumeration, list, map, option, union};
use super::{Unit, place};
use crate::model::{self, default_of, label};
use crate::names::c_member;
use crate::text::line;
use backplane_descriptor::{Field, Interface, Type};

pub(super) fn source(unit: &Unit<'_>) -> String {
    let mut out = unit.introduction("How the types of the interface are encoded.");
    line!(out, "#include \"{}.h\"\n#include <string.h>\n", unit.prefix);
    if has_stream_field(unit.interface) {
        out += READ_STREAM;
    }
    for ty in &unit.types {
        match ty {
            Type::List(item) => list(&mut out, unit, ty, item),
            Type::Map(item) => map(&mut out, unit, ty, item),
            Type::Option(inner) => option(&mut out, unit, ty, inner),
            Type::Record(record) => {
                let label = label(ty);
                fields(&mut out, unit, &record.name, &label, &label, &record.fields);
            }
            Type::Enum(names) => enumeration(&mut out, unit, names, &label(ty)),
            Type::Union(of) => union(&mut out, unit, of, &label(ty)),
            _ => {}
        }
    }
    for method in &unit.interface.methods {
        if !method.params.is_empty() {
            let ty = format!("{}_params", method.name);
            fields(&mut out, unit, &method.name, &ty, &ty, &method.params);
        }
    }
    out.trim_end().to_owned() + "\n"
}

/// What arrives is the name of the stream, which is nobody's to free.
pub(super) const READ_STREAM: &str = "\
static bool read_stream(backplane_reader *in, backplane_buf *value) {
    backplane_slice name;
    memset(value, 0, sizeof *value);
    if (!backplane_read_attachment(in, &name)) return false;
    memcpy(&value->ptr, &name.ptr, sizeof name.ptr);
    value->len = name.len;
    return true;
}

";

/// Whether a field or parameter is a stream.
fn has_stream_field(interface: &Interface) -> bool {
    let is = |fields: &[Field]| fields.iter().any(|field| matches!(field.ty, Type::Stream(_)));
    interface.methods.iter().any(|method| is(&method.params))
        || model::types(interface)
            .iter()
            .any(|ty| matches!(ty, Type::Record(record) if is(&record.fields)))
}

pub(super) fn begin_write(out: &mut String, unit: &Unit<'_>, label: &str, ty: &str) {
    let (function, ty) = (unit.name(&format!("write_{label}")), unit.name(ty));
    line!(
        out,
        "bool {function}(backplane_writer *out, const {ty} *value) {{"
    );
}

pub(super) fn begin_read(out: &mut String, unit: &Unit<'_>, label: &str, ty: &str) {
    let (function, ty) = (unit.name(&format!("read_{label}")), unit.name(ty));
    line!(out, "bool {function}(backplane_reader *in, {ty} *value) {{");
}

pub(super) fn end_write(out: &mut String) {
    line!(out, "    return out->problem == BACKPLANE_PROBLEM_NONE;\n}}\n");
}

pub(super) fn end_read(out: &mut String) {
    line!(out, "    return in->problem == BACKPLANE_PROBLEM_NONE;\n}}\n");
}

/// A record, or the parameters of a method. `name` is what messages call it.
fn fields(out: &mut String, unit: &Unit<'_>, name: &str, label: &str, ty: &str, fields: &[Field]) {
    for field in fields {
        default(out, unit, ty, field);
    }
    begin_write(out, unit, label, ty);
    if fields.is_empty() {
        line!(out, "    (void)value;");
    }
    line!(out, "    backplane_write_map(out, {});", fields.len());
    for field in fields {
        line!(out, "    backplane_write_name(out, \"{}\");", field.name);
        line!(
            out,
            "    {};",
            unit.write(&field.ty, &format!("value->{}", c_member(&field.name)))
        );
    }
    end_write(out);
    read_fields(out, unit, name, label, ty, fields);
    if fields.iter().any(Field::is_optional) {
        let full = unit.name(ty);
        line!(
            out,
            "bool {full}_defaults({full} *value, backplane_arena *memory) {{"
        );
        line!(out, "    memset(value, 0, sizeof *value);");
        let defaults: Vec<&Field> = fields.iter().filter(|it| default_of(it).is_some()).collect();
        if defaults.is_empty() {
            line!(out, "    (void)memory;");
        }
        for field in defaults {
            line!(
                out,
                "    if (!default_{ty}_{}(value, memory)) return false;",
                field.name
            );
        }
        line!(out, "    return true;\n}}\n");
    }
}

/// A function that sets the default of a field, from its encoding.
fn default(out: &mut String, unit: &Unit<'_>, ty: &str, field: &Field) {
    let Some(bytes) = default_of(field) else { return };
    let bytes: Vec<String> = bytes.iter().map(|byte| format!("0x{byte:02x}")).collect();
    line!(
        out,
        "static bool default_{ty}_{}({} *value, backplane_arena *memory) {{",
        field.name,
        unit.name(ty)
    );
    line!(
        out,
        "    static const uint8_t bytes[] = {{{}}};",
        bytes.join(", ")
    );
    line!(
        out,
        "    backplane_slice encoded = {{bytes, sizeof bytes}};\n    backplane_reader in;"
    );
    line!(out, "    backplane_reader_init(&in, encoded, memory);");
    line!(
        out,
        "    return {};\n}}\n",
        unit.read(&field.ty, "&in", &format!("value->{}", c_member(&field.name)))
    );
}

fn read_fields(out: &mut String, unit: &Unit<'_>, name: &str, label: &str, ty: &str, fields: &[Field]) {
    let at = |field: &Field| place(unit, &format!("{name}.{}", field.name));
    begin_read(out, unit, label, ty);
    line!(out, "    backplane_items items;\n    backplane_slice key;");
    if !fields.is_empty() {
        line!(
            out,
            "    bool seen[{}];\n    memset(seen, 0, sizeof seen);",
            fields.len()
        );
    }
    line!(
        out,
        "    memset(value, 0, sizeof *value);\n    in->where = {};",
        place(unit, name)
    );
    line!(
        out,
        "    backplane_read_map(in, &items);\n    while (backplane_next(in, &items)) {{"
    );
    line!(out, "        if (!backplane_read_text(in, &key)) return false;");
    for (number, field) in fields.iter().enumerate() {
        let start = if number == 0 {
            "        if"
        } else {
            "        } else if"
        };
        line!(out, "{start} (backplane_is(key, \"{}\")) {{", field.name);
        line!(out, "            in->where = {};", at(field));
        line!(
            out,
            "            if (seen[{number}]) return backplane_reader_fail(in, BACKPLANE_PROBLEM_DUPLICATE);"
        );
        line!(out, "            seen[{number}] = true;");
        let value = format!("value->{}", c_member(&field.name));
        line!(
            out,
            "            if (!{}) return false;",
            unit.read(&field.ty, "in", &value)
        );
    }
    match fields.is_empty() {
        true => line!(out, "        if (!backplane_skip(in)) return false;\n    }}"),
        false => line!(
            out,
            "        }} else if (!backplane_skip(in)) {{\n            return false;\n        }}\n    }}"
        ),
    }
    line!(
        out,
        "    if (in->problem != BACKPLANE_PROBLEM_NONE) return false;"
    );
    for (number, field) in fields.iter().enumerate() {
        if default_of(field).is_some() {
            line!(
                out,
                "    if (!seen[{number}] && !default_{ty}_{}(value, in->memory)) {{",
                field.name
            );
            line!(out, "        in->where = {};", at(field));
            line!(
                out,
                "        return backplane_reader_fail(in, BACKPLANE_PROBLEM_TOO_LARGE);\n    }}"
            );
        } else if !field.is_optional() {
            line!(
                out,
                "    if (!seen[{number}]) {{\n        in->where = {};",
                at(field)
            );
            line!(
                out,
                "        return backplane_reader_fail(in, BACKPLANE_PROBLEM_MISSING);\n    }}"
            );
        }
    }
    line!(out, "    return true;\n}}\n");
}
