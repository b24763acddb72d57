//! C: structs and their encoding, typed calls, and a table of functions that is the server.

mod client;
mod codec;
mod server;
mod shapes;
mod types;

use crate::model::{self, label};
use crate::names::{self, Names, snake};
use crate::text::line;
use crate::{BindgenError, File, Language, Sides};
use backplane_descriptor::{Interface, Type};

pub(crate) fn generate(interface: &Interface, sides: Sides) -> Result<Vec<File>, BindgenError> {
    let unit = Unit {
        interface,
        prefix: names::file(&interface.id),
        types: model::types(interface),
    };
    unit.check_names()?;
    let mut files = vec![
        unit.file(".h", types::header(&unit)),
        unit.file(".c", codec::source(&unit)),
    ];
    if sides.client {
        files.push(unit.file("_client.h", client::header(&unit)));
        files.push(unit.file("_client.c", client::source(&unit)));
    }
    if sides.server {
        files.push(unit.file("_server.h", server::header(&unit)));
        files.push(unit.file("_server.c", server::source(&unit)));
    }
    Ok(files)
}

/// What is being written.
struct Unit<'a> {
    interface: &'a Interface,
    /// What every name begins with.
    prefix: String,
    /// The types that have parts, the inner ones first.
    types: Vec<&'a Type>,
}

impl Unit<'_> {
    fn file(&self, end: &str, text: String) -> File {
        File {
            path: format!("{}{end}", self.prefix),
            text,
        }
    }

    /// A name of the file.
    fn name(&self, rest: &str) -> String {
        format!("{}_{rest}", self.prefix)
    }

    /// The name of a constant.
    fn constant(&self, rest: &str) -> String {
        self.name(rest).to_uppercase()
    }

    /// A type as C writes it.
    fn ty(&self, ty: &Type) -> String {
        match ty {
            Type::Unit => "void".to_owned(),
            Type::Bool => "bool".to_owned(),
            Type::U8 => "uint8_t".to_owned(),
            Type::U16 => "uint16_t".to_owned(),
            Type::U32 => "uint32_t".to_owned(),
            Type::U64 => "uint64_t".to_owned(),
            Type::I8 => "int8_t".to_owned(),
            Type::I16 => "int16_t".to_owned(),
            Type::I32 => "int32_t".to_owned(),
            Type::I64 => "int64_t".to_owned(),
            Type::F64 => "double".to_owned(),
            Type::Text | Type::Bytes | Type::Fixed(_) | Type::Blob => "backplane_slice".to_owned(),
            Type::Stream(_) => "backplane_buf".to_owned(),
            parts => self.name(&label(parts)),
        }
    }

    /// A parameter of a function of this type: what has parts goes by its address.
    fn param(&self, ty: &Type, name: &str) -> String {
        match is_struct(ty) {
            true => format!("const {} *{name}", self.ty(ty)),
            false => format!("{} {name}", self.ty(ty)),
        }
    }

    /// Every name that the files define, each for one thing.
    fn check_names(&self) -> Result<(), BindgenError> {
        let mut names = Names::new(Language::C);
        let mut claim = |rest: &str, item: &str| names.claim(&self.name(rest), item);
        for ty in &self.types {
            let item = format!("the type {}", backplane_descriptor::signature::type_name(ty));
            let label = label(ty);
            for name in [label.clone(), format!("read_{label}"), format!("write_{label}")] {
                claim(&name, &item)?;
            }
            let cases: Vec<&str> = match ty {
                Type::Enum(names) => names.cases.iter().map(|it| &*it.name).collect(),
                Type::Union(union) => union.cases.iter().map(|it| &*it.name).collect(),
                _ => Vec::new(),
            };
            for case in cases {
                claim(
                    &format!("{label}_{case}").to_uppercase(),
                    &format!("the case {case} of {item}"),
                )?;
            }
            claim(&format!("{label}_defaults"), &item)?;
            claim(&format!("{label}_case"), &item)?;
        }
        for method in &self.interface.methods {
            let (item, name) = (format!("the method {}", method.name), &method.name);
            for end in [
                "params",
                "answer",
                "answer_free",
                "done",
                "wait",
                "then",
                "params_defaults",
            ] {
                claim(&format!("{name}_{end}"), &item)?;
            }
            let upper = name.to_uppercase();
            let others = [
                format!("read_{name}_params"),
                format!("write_{name}_params"),
                format!("answer_{name}"),
                format!("fail_{name}"),
                format!("METHOD_{upper}"),
            ];
            others.iter().try_for_each(|other| claim(other, &item))?;
        }
        for event in &self.interface.events {
            let (item, name) = (format!("the event {}", event.name), &event.name);
            for name in [
                format!("emit_{name}"),
                format!("read_{name}_event"),
                format!("EVENT_{}", name.to_uppercase()),
            ] {
                claim(&name, &item)?;
            }
        }
        [
            "client",
            "client_resolve",
            "server",
            "serve",
            "ID",
            "VERSION",
            "DESCRIPTOR",
        ]
        .iter()
        .try_for_each(|name| claim(name, "the interface"))
    }

    /// A statement that writes `value`, an lvalue of the type.
    fn write(&self, ty: &Type, value: &str) -> String {
        match ty {
            Type::Unit => "backplane_write_null(out)".to_owned(),
            Type::Bool => format!("backplane_write_bool(out, {value})"),
            Type::U8 | Type::U16 | Type::U32 | Type::U64 => format!("backplane_write_u64(out, {value})"),
            Type::I8 | Type::I16 | Type::I32 | Type::I64 => format!("backplane_write_i64(out, {value})"),
            Type::F64 => format!("backplane_write_f64(out, {value})"),
            Type::Text => format!("backplane_write_text(out, {value})"),
            Type::Bytes => format!("backplane_write_bytes(out, {value})"),
            Type::Fixed(len) => format!("backplane_write_fixed(out, {len}u, {value})"),
            Type::Blob => format!("backplane_write_blob(out, {value})"),
            Type::Stream(_) => format!("backplane_write_stream(out, &{value})"),
            parts => format!("{}(out, &{value})", self.name(&format!("write_{}", label(parts)))),
        }
    }

    /// An expression that reads into `value`, an lvalue of the type, and says whether that went well.
    fn read(&self, ty: &Type, reader: &str, value: &str) -> String {
        match ty {
            Type::Unit => format!("backplane_read_null({reader})"),
            Type::Fixed(len) => format!("backplane_read_fixed({reader}, {len}u, &{value})"),
            Type::Blob => format!("backplane_read_attachment({reader}, &{value})"),
            Type::Stream(_) => format!("read_stream({reader}, &{value})"),
            parts if model::has_parts(parts) => {
                format!(
                    "{}({reader}, &{value})",
                    self.name(&format!("read_{}", label(parts)))
                )
            }
            plain => format!("backplane_read_{}({reader}, &{value})", label(plain)),
        }
    }

    fn introduction(&self, what: &str) -> String {
        let Interface { id, version, .. } = self.interface;
        format!("// Generated by `backplane bindgen` from {id} {version}. Do not edit.\n//\n// {what}\n\n")
    }

    /// A header with a guard around `body`.
    fn header(&self, end: &str, what: &str, includes: &[&str], body: &str) -> String {
        let guard = self.constant(&end.replace('.', "_"));
        let mut out = self.introduction(what);
        line!(out, "#ifndef {guard}\n#define {guard}\n");
        for include in includes {
            line!(out, "#include {include}");
        }
        line!(
            out,
            "\n#ifdef __cplusplus\nextern \"C\" {{\n#endif\n\n{}",
            body.trim_end()
        );
        line!(
            out,
            "\n#ifdef __cplusplus\n}}  // extern \"C\"\n#endif\n\n#endif  // {guard}"
        );
        out
    }
}

/// Whether a value is passed by its address.
fn is_struct(ty: &Type) -> bool {
    match ty {
        Type::Enum(_) => false,
        Type::Stream(_) => true,
        ty => model::has_parts(ty),
    }
}

/// The name of a constant of a case.
fn case(unit: &Unit<'_>, ty: &str, case: &str) -> String {
    unit.constant(&format!("{}_{case}", snake(ty)))
}

/// The name by which an interface is told in a message, as a literal.
fn place(unit: &Unit<'_>, rest: &str) -> String {
    crate::text::c_literal(&format!("{}.{rest}", unit.interface.id))
}
