//! How lists, maps, options, enums and unions are encoded.

use super::codec::{begin_read, begin_write, end_read, end_write};
use super::{Unit, case};
use crate::model::label;
use crate::names::c_member;
use crate::text::line;
use backplane_descriptor::{Enum, Type, Union};

pub(super) fn list(out: &mut String, unit: &Unit<'_>, ty: &Type, item: &Type) {
    let label = label(ty);
    begin_write(out, unit, &label, &label);
    line!(
        out,
        "    size_t i;\n    backplane_write_array(out, value->count);"
    );
    line!(
        out,
        "    for (i = 0; i < value->count; i++) {};",
        unit.write(item, "value->items[i]")
    );
    end_write(out);
    begin_read(out, unit, &label, &label);
    line!(
        out,
        "    backplane_items items;\n    size_t room = 0;\n    memset(value, 0, sizeof *value);"
    );
    line!(
        out,
        "    backplane_read_array(in, &items);\n    while (backplane_next(in, &items)) {{"
    );
    grow(out, &unit.ty(item), "items");
    line!(
        out,
        "        if ({}) value->count++;\n    }}",
        unit.read(item, "in", "value->items[value->count]")
    );
    end_read(out);
}

fn grow(out: &mut String, ty: &str, member: &str) {
    line!(
        out,
        "        {ty} *grown = ({ty} *)backplane_grow(in, value->{member}, value->count, &room, sizeof *grown);"
    );
    line!(
        out,
        "        if (grown == NULL) return false;\n        value->{member} = grown;"
    );
}

pub(super) fn map(out: &mut String, unit: &Unit<'_>, ty: &Type, item: &Type) {
    let label = label(ty);
    begin_write(out, unit, &label, &label);
    line!(out, "    size_t i;\n    backplane_write_map(out, value->count);");
    line!(out, "    for (i = 0; i < value->count; i++) {{");
    line!(out, "        backplane_write_text(out, value->entries[i].key);");
    line!(
        out,
        "        {};\n    }}",
        unit.write(item, "value->entries[i].value")
    );
    end_write(out);
    begin_read(out, unit, &label, &label);
    line!(
        out,
        "    backplane_items items;\n    size_t room = 0;\n    memset(value, 0, sizeof *value);"
    );
    line!(
        out,
        "    backplane_read_map(in, &items);\n    while (backplane_next(in, &items)) {{"
    );
    grow(out, &format!("{}_entry", unit.ty(ty)), "entries");
    line!(
        out,
        "        if (!backplane_read_text(in, &value->entries[value->count].key)) return false;"
    );
    line!(
        out,
        "        if ({}) value->count++;\n    }}",
        unit.read(item, "in", "value->entries[value->count].value")
    );
    end_read(out);
}

pub(super) fn option(out: &mut String, unit: &Unit<'_>, ty: &Type, inner: &Type) {
    let label = label(ty);
    begin_write(out, unit, &label, &label);
    line!(
        out,
        "    return value->present ? {} : backplane_write_null(out);\n}}\n",
        unit.write(inner, "value->value")
    );
    begin_read(out, unit, &label, &label);
    line!(out, "    memset(value, 0, sizeof *value);");
    line!(
        out,
        "    if (in->problem != BACKPLANE_PROBLEM_NONE || backplane_take_null(in)) return in->problem == BACKPLANE_PROBLEM_NONE;"
    );
    line!(
        out,
        "    return value->present = {};\n}}\n",
        unit.read(inner, "in", "value->value")
    );
}

pub(super) fn enumeration(out: &mut String, unit: &Unit<'_>, names: &Enum, label: &str) {
    begin_write(out, unit, label, label);
    line!(out, "    switch (*value) {{");
    for each in &names.cases {
        let constant = case(unit, &names.name, &each.name);
        line!(
            out,
            "    case {constant}: return backplane_write_name(out, \"{}\");",
            each.name
        );
    }
    line!(
        out,
        "    }}\n    return backplane_writer_fail(out, BACKPLANE_PROBLEM_CASE);\n}}\n"
    );
    begin_read(out, unit, label, label);
    line!(
        out,
        "    backplane_slice name;\n    if (!backplane_read_text(in, &name)) return false;"
    );
    for each in &names.cases {
        line!(out, "    if (backplane_is(name, \"{}\")) {{", each.name);
        line!(
            out,
            "        *value = {};\n        return true;\n    }}",
            case(unit, &names.name, &each.name)
        );
    }
    line!(
        out,
        "    return backplane_reader_fail(in, BACKPLANE_PROBLEM_CASE);\n}}\n"
    );
}

pub(super) fn union(out: &mut String, unit: &Unit<'_>, union: &Union, label: &str) {
    begin_write(out, unit, label, label);
    line!(out, "    switch (value->which) {{");
    for each in &union.cases {
        line!(out, "    case {}:", case(unit, &union.name, &each.name));
        if each.ty == Type::Unit {
            line!(
                out,
                "        return backplane_write_name(out, \"{}\");",
                each.name
            );
            continue;
        }
        line!(
            out,
            "        backplane_write_map(out, 1);\n        backplane_write_name(out, \"{}\");",
            each.name
        );
        line!(
            out,
            "        return {};",
            unit.write(&each.ty, &format!("value->as.{}", c_member(&each.name)))
        );
    }
    line!(
        out,
        "    }}\n    return backplane_writer_fail(out, BACKPLANE_PROBLEM_CASE);\n}}\n"
    );
    begin_read(out, unit, label, label);
    line!(
        out,
        "    backplane_items rest;\n    backplane_slice name;\n    bool alone;"
    );
    line!(out, "    memset(value, 0, sizeof *value);");
    line!(
        out,
        "    if (!backplane_read_case(in, &name, &rest, &alone)) return false;"
    );
    for (number, each) in union.cases.iter().enumerate() {
        let start = if number == 0 { "    if" } else { "    } else if" };
        let unit_case = each.ty == Type::Unit;
        line!(out, "{start} (backplane_is(name, \"{}\")) {{", each.name);
        line!(
            out,
            "        value->which = {};",
            case(unit, &union.name, &each.name)
        );
        let wrong = if unit_case { "!alone" } else { "alone" };
        line!(
            out,
            "        if ({wrong}) return backplane_reader_fail(in, BACKPLANE_PROBLEM_ONE_ENTRY);"
        );
        if !unit_case {
            let value = format!("value->as.{}", c_member(&each.name));
            line!(
                out,
                "        if (!{}) return false;",
                unit.read(&each.ty, "in", &value)
            );
        }
    }
    line!(
        out,
        "    }} else {{\n        return backplane_reader_fail(in, BACKPLANE_PROBLEM_CASE);\n    }}"
    );
    line!(out, "    return backplane_end_case(in, &rest, alone);\n}}\n");
}
