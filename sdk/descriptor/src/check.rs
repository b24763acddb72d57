//! Whether an interface can be what it says.

use crate::{Field, Interface, Type, transcode::check_json};
use std::collections::HashSet;

/// The most methods, and the most events, of an interface.
const MEMBER_LIMIT: usize = 1024;
/// The longest name of a method, event, parameter, type, field or case, in bytes.
const NAME_LIMIT: usize = 128;
/// How deep types may lie in each other: as deep as values may.
pub(crate) const DEPTH_LIMIT: usize = 64;

/// Where a rule is broken, and which.
type Breach = (String, String);

/// Checks names, their uniqueness and defaults.
pub(crate) fn check_interface(interface: &Interface) -> Result<(), Breach> {
    let methods = interface.methods.iter().map(|method| method.name.as_str());
    let events = interface.events.iter().map(|event| event.name.as_str());
    check_count("methods", methods.len())?;
    check_count("events", events.len())?;
    unique("methods", methods)?;
    unique("events", events)?;
    for method in &interface.methods {
        let path = format!("method {}", method.name);
        check_fields(&path, &method.params, 1)?;
        check_type(&format!("{path}: reply"), &method.returns)?;
        if let Some(error) = &method.error {
            check_type(&format!("{path}: error"), error)?;
        }
    }
    for event in &interface.events {
        check_type(&format!("event {}", event.name), &event.body)?;
    }
    Ok(())
}

/// Checks names, their uniqueness and defaults.
pub(crate) fn check_type(path: &str, ty: &Type) -> Result<(), Breach> {
    check_nested(path, ty, 0)
}

fn check_nested(path: &str, ty: &Type, depth: usize) -> Result<(), Breach> {
    if depth > DEPTH_LIMIT {
        return Err((
            path.to_owned(),
            format!("types lie deeper than {DEPTH_LIMIT} levels in each other"),
        ));
    }
    match ty {
        Type::List(inner) | Type::Map(inner) | Type::Option(inner) | Type::Stream(inner) => {
            check_nested(path, inner, depth + 1)
        }
        Type::Record(record) => {
            check_name(path, &record.name)?;
            check_fields(&format!("{path}: {}", record.name), &record.fields, depth + 1)
        }
        Type::Enum(names) => {
            check_name(path, &names.name)?;
            unique(
                &format!("{path}: {}", names.name),
                names.cases.iter().map(|case| case.name.as_str()),
            )
        }
        Type::Union(union) => {
            check_name(path, &union.name)?;
            let path = format!("{path}: {}", union.name);
            unique(&path, union.cases.iter().map(|case| case.name.as_str()))?;
            union
                .cases
                .iter()
                .try_for_each(|case| check_nested(&path, &case.ty, depth + 1))
        }
        _ => Ok(()),
    }
}

fn check_fields(path: &str, fields: &[Field], depth: usize) -> Result<(), Breach> {
    unique(path, fields.iter().map(|field| field.name.as_str()))?;
    for field in fields {
        check_nested(path, &field.ty, depth)?;
        if let Some(default) = &field.default
            && let Err(error) = check_json(&field.ty, default)
        {
            return Err((path.to_owned(), format!("the default of {}: {error}", field.name)));
        }
    }
    Ok(())
}

fn check_count(what: &str, count: usize) -> Result<(), Breach> {
    if count > MEMBER_LIMIT {
        return Err((
            what.to_owned(),
            format!("{count} entries, at most {MEMBER_LIMIT} are allowed"),
        ));
    }
    Ok(())
}

fn check_name(path: &str, name: &str) -> Result<(), Breach> {
    if name.is_empty() || name.len() > NAME_LIMIT || name.chars().any(char::is_control) {
        let problem = format!("a name must have 1 to {NAME_LIMIT} bytes and no control character");
        return Err((path.to_owned(), problem));
    }
    Ok(())
}

fn unique<'a>(path: &str, names: impl Iterator<Item = &'a str>) -> Result<(), Breach> {
    let mut seen = HashSet::new();
    for name in names {
        check_name(path, name)?;
        if !seen.insert(name) {
            return Err((path.to_owned(), format!("{name} is there twice")));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example::{self, enumeration, field, record, union};
    use serde_json::json;

    #[test]
    fn the_example_is_valid() {
        assert_eq!(check_interface(&example::interface()), Ok(()));
    }

    #[test]
    fn a_name_that_is_there_twice_is_refused() {
        let mut interface = example::interface();
        interface.methods[1].name = "send".to_owned();
        let (path, problem) = check_interface(&interface).unwrap_err();
        assert_eq!(
            (path.as_str(), problem.as_str()),
            ("methods", "send is there twice")
        );
        let twice = [
            record("r", vec![field("a", Type::U8), field("a", Type::U8)]),
            enumeration("r", &["a", "a"]),
            union("r", vec![("a", Type::U8), ("a", Type::Unit)]),
        ];
        for ty in twice {
            let ty = Type::List(Box::new(ty));
            assert_eq!(
                check_type("config", &ty),
                Err(("config: r".to_owned(), "a is there twice".to_owned()))
            );
        }
    }

    #[test]
    fn a_default_of_another_type_is_refused() {
        let port = Field {
            default: Some(json!("http")),
            ..field("port", Type::U16)
        };
        let breach = check_type("config", &record("config", vec![port])).unwrap_err();
        assert_eq!(breach.0, "config: config");
        assert_eq!(
            breach.1,
            "the default of port: value: expected u16, found a string"
        );
    }

    #[test]
    fn a_name_without_letters_and_a_type_without_bottom_are_refused() {
        assert!(check_type("config", &record("", vec![])).is_err());
        assert!(check_type("config", &record("a\u{1b}", vec![])).is_err());
        let deep = (0..=DEPTH_LIMIT).fold(Type::U8, |ty, _| Type::List(Box::new(ty)));
        assert!(check_type("config", &deep).unwrap_err().1.contains("64 levels"));
    }
}
