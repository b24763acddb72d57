//! The types.

use super::{Unit, literal};
use crate::names::{nim_member, pascal};
use crate::text::{comment, line};
use backplane_descriptor::{Field, Type};

pub(super) fn write(out: &mut String, unit: &Unit<'_>) {
    let named = |ty: &&&Type| matches!(ty, Type::Record(_) | Type::Enum(_) | Type::Union(_));
    let params = unit.interface.methods.iter().any(|it| !it.params.is_empty());
    if params || unit.types.iter().any(|ty| named(&ty)) {
        line!(out, "\ntype");
    }
    for ty in unit.types.iter().filter(named) {
        declaration(out, unit, ty);
    }
    for method in unit.interface.methods.iter().filter(|it| !it.params.is_empty()) {
        line!(out, "  {}Params* = object", pascal(&method.name));
        line!(out, "    ## The parameters of {}.", method.name);
        fields(out, unit, &method.params);
    }
    line!(out);
}

fn declaration(out: &mut String, unit: &Unit<'_>, ty: &Type) {
    let name = unit.ty(ty);
    match ty {
        Type::Record(record) => {
            line!(out, "  {name}* = object");
            comment(out, "    ##", &record.docs);
            fields(out, unit, &record.fields);
        }
        Type::Enum(names) => {
            line!(out, "  {name}* {{.pure.}} = enum");
            comment(out, "    ##", &names.docs);
            cases(out, names.cases.iter().map(|it| (&*it.name, &*it.docs)));
        }
        Type::Union(union) => {
            line!(out, "  {name}Case* {{.pure.}} = enum");
            cases(out, union.cases.iter().map(|it| (&*it.name, &*it.docs)));
            line!(out, "  {name}* = object");
            comment(out, "    ##", &union.docs);
            line!(out, "    case which*: {name}Case");
            for case in &union.cases {
                let member = nim_member(&case.name);
                match case.ty {
                    Type::Unit => line!(out, "    of {name}Case.{member}: discard"),
                    ref ty => line!(out, "    of {name}Case.{member}: {member}*: {}", unit.ty(ty)),
                }
            }
        }
        _ => {}
    }
}

fn fields(out: &mut String, unit: &Unit<'_>, fields: &[Field]) {
    for field in fields {
        line!(out, "    {}*: {}", nim_member(&field.name), unit.ty(&field.ty));
        comment(out, "      ##", &field.docs);
    }
    if fields.is_empty() {
        line!(out, "    discard");
    }
}

fn cases<'a>(out: &mut String, cases: impl Iterator<Item = (&'a str, &'a str)>) {
    for (name, docs) in cases {
        line!(out, "    {} = {}", nim_member(name), literal(name));
        comment(out, "      ##", docs);
    }
}
