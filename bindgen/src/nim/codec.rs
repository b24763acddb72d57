//! How the types are encoded.

use super::{Unit, literal};
use crate::model::{default_of, label};
use crate::names::{nim_member, pascal};
use crate::text::line;
use backplane_descriptor::{Enum, Field, Type, Union};

pub(super) fn write(out: &mut String, unit: &Unit<'_>) {
    for ty in &unit.types {
        let label = pascal(&label(ty));
        match ty {
            Type::Record(record) => fields(out, unit, &record.name, &label, &unit.ty(ty), &record.fields),
            Type::Enum(of) => enumeration(out, of, &unit.ty(ty), &label),
            Type::Union(of) => union(out, unit, of, &unit.ty(ty), &label),
            ty => shape(out, unit, ty, &label),
        }
    }
    for method in unit.interface.methods.iter().filter(|it| !it.params.is_empty()) {
        let ty = format!("{}Params", pascal(&method.name));
        fields(out, unit, &method.name, &ty, &ty, &method.params);
    }
}

fn begin_write(out: &mut String, label: &str, ty: &str) {
    line!(out, "proc write{label}*(writer: var Writer, value: {ty}) =");
}

fn begin_read(out: &mut String, label: &str, ty: &str) {
    line!(out, "proc read{label}*(reader: var Reader): {ty} =");
}

/// Lists, maps and options.
fn shape(out: &mut String, unit: &Unit<'_>, ty: &Type, label: &str) {
    let (Type::List(inner) | Type::Map(inner) | Type::Option(inner)) = ty else {
        return;
    };
    let full = unit.ty(ty);
    let (written, read) = match ty {
        Type::List(_) => (
            format!(
                "  writer.writeArray(value.len)\n  for item in value: {}",
                unit.write(inner, "item")
            ),
            format!("  for _ in reader.items: result.add({})", unit.read(inner)),
        ),
        Type::Map(_) => (
            format!(
                "  writer.writeMap(value.len)\n  for key, item in value:\n    writer.writeText(key)\n    {}",
                unit.write(inner, "item")
            ),
            format!(
                "  for key in reader.entries:\n    let name = key.toString\n    result[name] = {}",
                unit.read(inner)
            ),
        ),
        _ => (
            format!(
                "  if value.isNone: writer.writeNull()\n  else: {}",
                unit.write(inner, "value.get")
            ),
            format!("  if not reader.takeNull(): result = some({})", unit.read(inner)),
        ),
    };
    begin_write(out, label, &full);
    line!(out, "{written}\n");
    begin_read(out, label, &full);
    line!(out, "{read}\n");
}

/// A record, or the parameters of a method. `name` is what messages call it.
fn fields(out: &mut String, unit: &Unit<'_>, name: &str, label: &str, ty: &str, fields: &[Field]) {
    let at = |rest: &str| literal(&format!("{}.{name}{rest}", unit.interface.id));
    for field in fields {
        default(out, unit, ty, field);
    }
    begin_write(out, label, ty);
    line!(out, "  writer.writeMap({})", fields.len());
    for field in fields {
        line!(out, "  writer.writeText({})", literal(&field.name));
        line!(
            out,
            "  {}",
            unit.write(&field.ty, &format!("value.{}", nim_member(&field.name)))
        );
    }
    line!(out);
    begin_read(out, label, ty);
    if !fields.is_empty() {
        line!(out, "  var seen: array[{}, bool]", fields.len());
    }
    line!(out, "  reader.at({})\n  for key in reader.entries:", at(""));
    for (number, field) in fields.iter().enumerate() {
        let start = if number == 0 { "if" } else { "elif" };
        line!(out, "    {start} key == {}:", literal(&field.name));
        line!(out, "      reader.at({})", at(&format!(".{}", field.name)));
        line!(
            out,
            "      if seen[{number}]: reader.refuse(problemDuplicate)\n      seen[{number}] = true"
        );
        line!(
            out,
            "      result.{} = {}",
            nim_member(&field.name),
            unit.read(&field.ty)
        );
    }
    match fields.is_empty() {
        true => line!(out, "    reader.skip()"),
        false => line!(out, "    else: reader.skip()"),
    }
    for (number, field) in fields.iter().enumerate() {
        if default_of(field).is_some() {
            let member = nim_member(&field.name);
            line!(
                out,
                "  if not seen[{number}]: result.{member} = default{ty}{}()",
                pascal(&field.name)
            );
        } else if !field.is_optional() {
            line!(
                out,
                "  if not seen[{number}]:\n    reader.at({})",
                at(&format!(".{}", field.name))
            );
            line!(out, "    reader.refuse(problemMissing)");
        }
    }
    line!(out);
    if fields.iter().any(|field| default_of(field).is_some()) {
        line!(
            out,
            "proc default{ty}*(): {ty} =\n  ## One whose fields have their defaults, where they have any."
        );
        for field in fields.iter().filter(|field| default_of(field).is_some()) {
            line!(
                out,
                "  result.{} = default{ty}{}()",
                nim_member(&field.name),
                pascal(&field.name)
            );
        }
        line!(out);
    }
}

/// A function that gives the default of a field, from its encoding.
fn default(out: &mut String, unit: &Unit<'_>, ty: &str, field: &Field) {
    let Some(bytes) = default_of(field) else { return };
    let bytes: Vec<String> = bytes.iter().map(|byte| format!("0x{byte:02x}'u8")).collect();
    line!(
        out,
        "proc default{ty}{}(): {} =",
        pascal(&field.name),
        unit.ty(&field.ty)
    );
    line!(out, "  let bytes = [{}]\n  var reader: Reader", bytes.join(", "));
    line!(out, "  reader.init(bytes.toSlice)\n  {}\n", unit.read(&field.ty));
}

fn enumeration(out: &mut String, names: &Enum, ty: &str, label: &str) {
    begin_write(out, label, ty);
    line!(out, "  writer.writeText($value)\n");
    begin_read(out, label, ty);
    line!(out, "  let name = reader.readName()");
    for each in &names.cases {
        line!(
            out,
            "  if name == {}: return {ty}.{}",
            literal(&each.name),
            nim_member(&each.name)
        );
    }
    line!(out, "  reader.refuse(problemCase)\n");
}

fn union(out: &mut String, unit: &Unit<'_>, union: &Union, ty: &str, label: &str) {
    begin_write(out, label, ty);
    line!(out, "  case value.which");
    for each in &union.cases {
        let member = nim_member(&each.name);
        line!(out, "  of {ty}Case.{member}:");
        if each.ty != Type::Unit {
            line!(out, "    writer.writeMap(1)");
        }
        line!(out, "    writer.writeText({})", literal(&each.name));
        if each.ty != Type::Unit {
            line!(out, "    {}", unit.write(&each.ty, &format!("value.{member}")));
        }
    }
    line!(out);
    begin_read(out, label, ty);
    line!(out, "  var found = reader.readCase()");
    for (number, each) in union.cases.iter().enumerate() {
        let (start, member) = (if number == 0 { "if" } else { "elif" }, nim_member(&each.name));
        line!(out, "  {start} found.name == {}:", literal(&each.name));
        let wrong = if each.ty == Type::Unit {
            "not found.alone"
        } else {
            "found.alone"
        };
        line!(out, "    if {wrong}: reader.refuse(problemOneEntry)");
        match each.ty {
            Type::Unit => line!(out, "    result = {ty}(which: {ty}Case.{member})"),
            ref inner => {
                line!(
                    out,
                    "    result = {ty}(which: {ty}Case.{member}, {member}: {})",
                    unit.read(inner)
                );
            }
        }
    }
    line!(
        out,
        "  else: reader.refuse(problemCase)\n  reader.endCase(found)\n"
    );
}
