//! Small things that all macros need.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Attribute, Expr, Lit, Meta};

/// The doc comment of an item, its lines joined, without the blank that follows the slashes.
pub(crate) fn docs(attributes: &[Attribute]) -> String {
    let mut lines = Vec::new();
    for attribute in attributes {
        if let Meta::NameValue(meta) = &attribute.meta
            && meta.path.is_ident("doc")
            && let Expr::Lit(value) = &meta.value
            && let Lit::Str(text) = &value.lit
        {
            let text = text.value();
            lines.push(text.strip_prefix(' ').unwrap_or(&text).trim_end().to_owned());
        }
    }
    lines.join("\n").trim().to_owned()
}

/// `RelayMessage` as `relay_message`.
pub(crate) fn snake_case(name: &str) -> String {
    let mut out = String::new();
    for (index, c) in name.char_indices() {
        if c.is_uppercase() && index > 0 {
            out.push('_');
        }
        out.extend(c.to_lowercase());
    }
    out
}

/// `relay_message` as `RelayMessage`.
pub(crate) fn pascal_case(name: &str) -> String {
    let capital = |word: &str| {
        let mut chars = word.chars();
        chars
            .next()
            .map(|first| first.to_uppercase().chain(chars).collect::<String>())
            .unwrap_or_default()
    };
    name.split('_').map(capital).collect()
}

/// Takes the attribute `name` out of `attributes`.
pub(crate) fn take(attributes: &mut Vec<Attribute>, name: &str) -> Option<Attribute> {
    let index = attributes
        .iter()
        .position(|attribute| attribute.path().is_ident(name))?;
    Some(attributes.remove(index))
}

/// A default as the expression that makes it, and as JSON.
pub(crate) struct Default {
    pub(crate) make: TokenStream,
    pub(crate) json: String,
}

/// Takes `#[default(...)]` out of `attributes`.
pub(crate) fn take_default(attributes: &mut Vec<Attribute>) -> syn::Result<Option<Default>> {
    let Some(attribute) = take(attributes, "default") else {
        return Ok(None);
    };
    default_of(&attribute.parse_args()?).map(Some)
}

fn default_of(expr: &Expr) -> syn::Result<Default> {
    let unsupported = || {
        syn::Error::new_spanned(
            expr,
            "a default is a literal, a list of literals or a case of an enum",
        )
    };
    match expr {
        Expr::Lit(literal) => match &literal.lit {
            Lit::Str(text) => Ok(Default {
                make: quote!(::core::convert::Into::into(#text)),
                json: json_text(&text.value()),
            }),
            Lit::Bool(value) => Ok(Default {
                make: quote!(#value),
                json: value.value.to_string(),
            }),
            Lit::Int(value) => Ok(Default {
                make: quote!(#value),
                json: value.base10_digits().to_owned(),
            }),
            Lit::Float(value) => Ok(Default {
                make: quote!(#value),
                json: value.base10_digits().to_owned(),
            }),
            _ => Err(unsupported()),
        },
        Expr::Unary(unary) if matches!(unary.op, syn::UnOp::Neg(_)) => {
            let inner = default_of(&unary.expr)?;
            let make = inner.make;
            Ok(Default {
                make: quote!(-#make),
                json: format!("-{}", inner.json),
            })
        }
        Expr::Array(list) => {
            let items = list
                .elems
                .iter()
                .map(default_of)
                .collect::<syn::Result<Vec<_>>>()?;
            let makes = items.iter().map(|item| &item.make);
            let json: Vec<_> = items.iter().map(|item| item.json.as_str()).collect();
            Ok(Default {
                make: quote!(::std::vec![#(#makes),*]),
                json: format!("[{}]", json.join(",")),
            })
        }
        Expr::Path(path) => {
            let last = path.path.segments.last().ok_or_else(unsupported)?;
            Ok(Default {
                make: quote!(#path),
                json: json_text(&snake_case(&last.ident.to_string())),
            })
        }
        _ => Err(unsupported()),
    }
}

fn json_text(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
