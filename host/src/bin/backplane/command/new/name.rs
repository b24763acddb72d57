//! Which names a plugin can have.

use super::Language;
use crate::exit::Failure;
use backplane_descriptor::is_module_name;

/// The longest name: with what is put behind it, it still is the id of an interface.
const LONGEST: usize = 48;

/// What cargo takes for no name of a package, or what the new packages depend on.
const TAKEN: [&str; 60] = [
    "abstract",
    "alloc",
    "as",
    "async",
    "await",
    "backplane-sdk",
    "become",
    "box",
    "break",
    "const",
    "continue",
    "core",
    "crate",
    "do",
    "dyn",
    "else",
    "enum",
    "extern",
    "false",
    "final",
    "fn",
    "for",
    "gen",
    "if",
    "impl",
    "in",
    "let",
    "loop",
    "macro",
    "match",
    "mod",
    "move",
    "mut",
    "override",
    "priv",
    "proc-macro",
    "pub",
    "ref",
    "return",
    "self",
    "static",
    "std",
    "struct",
    "super",
    "test",
    "thiserror",
    "tokio",
    "trait",
    "true",
    "try",
    "type",
    "typeof",
    "union",
    "unsafe",
    "unsized",
    "use",
    "virtual",
    "where",
    "while",
    "yield",
];

/// Whether a new plugin can have this name.
pub(super) fn check(name: &str, language: Language) -> Result<(), Failure> {
    let refused = |why: &str| {
        Err(Failure::usage(format!(
            "{name:?} cannot be the name of a plugin: {why}"
        )))
    };
    if name.len() > LONGEST {
        return refused(&format!(
            "it has {} bytes, and {LONGEST} are the most",
            name.len()
        ));
    }
    if !is_module_name(name) {
        let why = "it must be lower-case letters, digits and '-', beginning with a letter";
        return match near(name) {
            Some(near) => refused(&format!("{why}, as in {near:?}")),
            None => refused(why),
        };
    }
    if name.ends_with('-') || name.contains("--") {
        return refused("a '-' stands between letters or digits");
    }
    if language == Language::Rust && TAKEN.contains(&name) {
        return refused("in Rust, it means something else already");
    }
    Ok(())
}

/// The name that was probably meant.
fn near(name: &str) -> Option<String> {
    let mut near = String::new();
    for each in name.chars() {
        match each {
            'a'..='z' | '0'..='9' => near.push(each),
            'A'..='Z' => {
                if near.ends_with(|last: char| last.is_ascii_lowercase()) {
                    near.push('-');
                }
                near.push(each.to_ascii_lowercase());
            }
            '-' | '_' | ' ' | '.' if !near.is_empty() && !near.ends_with('-') => near.push('-'),
            _ => {}
        }
    }
    let near = near.trim_matches('-').to_owned();
    is_module_name(&near).then_some(near)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(name: &str) -> String {
        match check(name, Language::Rust) {
            Err(Failure::Because(_, message)) => message,
            other => panic!("{name}: {other:?}"),
        }
    }

    #[test]
    fn a_refusal_says_what_would_do() {
        assert!(check("my-plugin2", Language::Rust).is_ok());
        assert_eq!(
            refusal("MyPlugin"),
            "\"MyPlugin\" cannot be the name of a plugin: it must be lower-case letters, digits and '-', beginning with a letter, as in \"my-plugin\""
        );
        for (name, end) in [
            ("my_plugin", "as in \"my-plugin\""),
            ("2nd", "beginning with a letter"),
            ("", "beginning with a letter"),
            ("../up", "as in \"up\""),
            ("a/b", "as in \"ab\""),
            ("over-", "between letters or digits"),
            ("a--b", "between letters or digits"),
            ("tokio", "means something else already"),
            ("fn", "means something else already"),
        ] {
            let refusal = refusal(name);
            assert!(refusal.ends_with(end), "{refusal}");
        }
        assert!(refusal(&"a".repeat(49)).ends_with("it has 49 bytes, and 48 are the most"));
    }

    #[test]
    fn what_means_something_in_rust_is_free_elsewhere() {
        assert!(TAKEN.is_sorted());
        assert!(check("union", Language::C).is_ok());
    }
}
