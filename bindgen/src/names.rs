//! Names of the schema as names of a language.

use crate::{BindgenError, Language, limits};
use std::collections::HashMap;

/// `RelayMessage` as `relay_message`.
pub(crate) fn snake(name: &str) -> String {
    let mut out = String::new();
    let mut before = '_';
    for each in name.chars() {
        if each.is_ascii_uppercase() && (before.is_ascii_lowercase() || before.is_ascii_digit()) {
            out.push('_');
        }
        out.push(each.to_ascii_lowercase());
        before = each;
    }
    out
}

/// `relay_message` as `RelayMessage`.
pub(crate) fn pascal(name: &str) -> String {
    let capital = |word: &str| {
        let mut chars = word.chars();
        let first = chars.next().map(|it| it.to_ascii_uppercase());
        first.into_iter().chain(chars).collect::<String>()
    };
    name.split(['_', '.', '-']).map(capital).collect()
}

/// `relay_message` as `relayMessage`.
pub(crate) fn camel(name: &str) -> String {
    let pascal = pascal(name);
    let mut chars = pascal.chars();
    let first = chars.next().map(|it| it.to_ascii_lowercase());
    first.into_iter().chain(chars).collect()
}

/// `waku.relay` as `waku_relay`.
pub(crate) fn file(id: &str) -> String {
    id.replace(['.', '-'], "_")
}

/// Whether a name can be that of something in most languages.
pub(crate) fn is_plain(name: &str) -> bool {
    let mut chars = name.chars();
    chars
        .next()
        .is_some_and(|it| it.is_ascii_alphabetic() || it == '_')
        && chars.all(|it| it.is_ascii_alphanumeric() || it == '_')
}

/// The names of one file: each means one thing.
pub(crate) struct Names {
    language: Language,
    taken: HashMap<String, String>,
}

impl Names {
    pub(crate) fn new(language: Language) -> Self {
        let taken = HashMap::new();
        Self { language, taken }
    }

    /// Takes `name` for `item` of the schema.
    pub(crate) fn claim(&mut self, name: &str, item: &str) -> Result<(), BindgenError> {
        let refuse = |problem: String| Err(BindgenError::item(self.language, item, problem));
        if name.len() > limits::NAME {
            return refuse(format!(
                "its name there has {} bytes, at most {} are allowed",
                name.len(),
                limits::NAME
            ));
        }
        let key = match self.language {
            // Nim looks at the case of the first letter alone, and passes over underscores.
            Language::Nim => name[..1].to_owned() + &name[1..].replace('_', "").to_lowercase(),
            _ => name.to_owned(),
        };
        match self.taken.insert(key, item.to_owned()) {
            Some(other) if other != item => refuse(format!("its name there, {name}, is that of {other} too")),
            _ => Ok(()),
        }
    }
}

/// What C, C++ or the headers of the SDK use already.
const C_WORDS: &str = " alignas alignof and and_eq asm auto bitand bitor bool break case catch char char16_t char32_t \
    class compl const const_cast constexpr continue decltype default delete do double dynamic_cast else enum explicit \
    export extern false float for friend goto if inline int long mutable namespace new noexcept not not_eq nullptr \
    operator or or_eq private protected public register reinterpret_cast restrict return short signed sizeof static \
    static_assert static_cast struct switch template this thread_local throw true try typedef typeid typename union \
    unsigned using virtual void volatile wchar_t while xor xor_eq errno NULL stdin stdout stderr unix linux ";
const NIM_WORDS: &str = " addr and as asm bind block break case cast concept const continue converter defer discard \
    distinct div do elif else end enum except export finally for from func if import in include interface is isnot \
    iterator let macro method mixin mod nil not notin object of or out proc ptr raise ref return shl shr static \
    template try tuple type using var when while xor yield ";
const RUST_WORDS: &str = " as async await break const continue dyn else enum extern false fn for if impl in let loop \
    match mod move mut pub ref return static struct trait true type unsafe use where while abstract become box do \
    final gen macro override priv try typeof unsized virtual yield ";

fn is_word(words: &str, name: &str) -> bool {
    words.contains(&format!(" {name} "))
}

/// A member of a struct, or a parameter, in C.
pub(crate) fn c_member(name: &str) -> String {
    if is_word(C_WORDS, name) {
        format!("{name}_")
    } else {
        name.to_owned()
    }
}

/// A member or a parameter in Nim.
pub(crate) fn nim_member(name: &str) -> String {
    if is_word(NIM_WORDS, name) {
        format!("`{name}`")
    } else {
        name.to_owned()
    }
}

/// A name of Rust that may be written raw; `None` where it cannot.
pub(crate) fn rust_member(name: &str) -> Option<String> {
    match name {
        "self" | "super" | "crate" | "Self" | "_" => None,
        name if is_word(RUST_WORDS, name) => Some(format!("r#{name}")),
        name => Some(name.to_owned()),
    }
}
