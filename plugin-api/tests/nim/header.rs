//! What the C header says, as far as cbindgen writes it.

/// A constant, a struct or a type of functions, in the order of the header.
pub(crate) struct Header {
    /// The comment at the top.
    pub(crate) introduction: Vec<String>,
    pub(crate) constants: Vec<Constant>,
    pub(crate) types: Vec<Named>,
}

pub(crate) struct Constant {
    pub(crate) docs: Vec<String>,
    pub(crate) name: String,
    pub(crate) value: String,
}

pub(crate) struct Named {
    pub(crate) docs: Vec<String>,
    pub(crate) name: String,
    pub(crate) kind: Kind,
}

pub(crate) enum Kind {
    Struct(Vec<Field>),
    Function(Function),
}

pub(crate) struct Field {
    pub(crate) docs: Vec<String>,
    pub(crate) name: String,
    pub(crate) ty: Type,
}

pub(crate) enum Type {
    Plain(String),
    Pointer(Box<Type>),
    Array(String, Box<Type>),
    Function(Function),
}

pub(crate) struct Function {
    pub(crate) params: Vec<(String, Type)>,
    pub(crate) returns: Box<Type>,
}

pub(crate) fn parse(text: &str) -> Header {
    let (top, rest) = text.split_once("#ifndef").expect("the header has a guard");
    let mut header = Header {
        introduction: top.lines().map(comment).collect(),
        constants: Vec::new(),
        types: Vec::new(),
    };
    let mut docs = Vec::new();
    let mut lines = rest.lines();
    while let Some(line) = lines.next() {
        if line.starts_with("//") {
            docs.push(comment(line));
        } else if let Some(define) = line.strip_prefix("#define BACKPLANE_") {
            constant(&mut header, define, std::mem::take(&mut docs));
        } else if line == "typedef struct {" {
            let (fields, name) = fields(&mut lines);
            let (docs, kind) = (std::mem::take(&mut docs), Kind::Struct(fields));
            header.types.push(Named { docs, name, kind });
        } else if let Some(declaration) = line.strip_prefix("typedef ") {
            let (name, ty) = declaration_of(declaration.trim_end_matches(';'));
            let Type::Function(function) = ty else {
                panic!("{line}: only functions are named without a struct")
            };
            let (docs, kind) = (std::mem::take(&mut docs), Kind::Function(function));
            header.types.push(Named { docs, name, kind });
        } else if line.is_empty() {
            docs.clear();
        } else if line.contains("__cplusplus") {
            break;
        }
    }
    header
}

fn comment(line: &str) -> String {
    let text = line.trim().trim_start_matches('/');
    text.strip_prefix(' ').unwrap_or(text).to_owned()
}

/// Macros without a value, and those of the compiler, have no counterpart.
fn constant(header: &mut Header, define: &str, docs: Vec<String>) {
    if let Some((name, value)) = define.split_once(' ')
        && !value.starts_with("__")
    {
        header.constants.push(Constant {
            docs,
            name: format!("BACKPLANE_{name}"),
            value: value.trim_matches(['(', ')']).replace("<<", "shl"),
        });
    }
}

/// The fields up to the end of the struct, and its name.
fn fields<'a>(lines: &mut impl Iterator<Item = &'a str>) -> (Vec<Field>, String) {
    let (mut fields, mut docs, mut declaration) = (Vec::new(), Vec::new(), String::new());
    for line in lines {
        let line = line.trim();
        if let Some(name) = line.strip_prefix("} ") {
            return (fields, name.trim_end_matches(';').to_owned());
        }
        if line.starts_with("//") {
            docs.push(comment(line));
            continue;
        }
        declaration += line;
        declaration.push(' ');
        if line.ends_with(';') {
            let (name, ty) = declaration_of(declaration.trim().trim_end_matches(';'));
            let docs = std::mem::take(&mut docs);
            fields.push(Field { docs, name, ty });
            declaration.clear();
        }
    }
    panic!("a struct has no end")
}

/// `uint32_t size`, `const uint8_t *ptr`, `uint16_t chain[N]`, `void (*free)(uint8_t *ptr)`.
fn declaration_of(text: &str) -> (String, Type) {
    if let Some((returns, rest)) = text.split_once("(*") {
        let (name, params) = rest
            .split_once(")(")
            .expect("parameters follow the name of a function");
        let params = params.strip_suffix(')').expect("the parameters end");
        let params = params.split(',').map(|it| declaration_of(it.trim())).collect();
        let (_, returns) = declaration_of(&format!("{} result", returns.trim()));
        return (
            name.to_owned(),
            Type::Function(Function {
                params,
                returns: Box::new(returns),
            }),
        );
    }
    if let Some(text) = text.strip_suffix(']') {
        let (text, len) = text.split_once('[').expect("an array has a length");
        let (name, of) = declaration_of(text);
        return (name, Type::Array(len.to_owned(), Box::new(of)));
    }
    let text = text.trim().trim_start_matches("const ");
    let at = text.rfind([' ', '*']).expect("a type stands before a name") + 1;
    let (ty, name) = text.split_at(at);
    let stars = ty.matches('*').count();
    let plain = ty.trim_matches([' ', '*']).replace(" *const", "");
    let ty = (0..stars).fold(Type::Plain(plain), |ty, _| Type::Pointer(Box::new(ty)));
    (name.to_owned(), ty)
}
