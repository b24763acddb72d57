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
        check_fields(&path, &method.params, Place::call())?;
        check_nested(&format!("{path}: reply"), &method.returns, Place::call())?;
        if let Some(error) = &method.error {
            check_type(&format!("{path}: error"), error)?;
        }
    }
    for event in &interface.events {
        check_type(&format!("event {}", event.name), &event.body)?;
    }
    Ok(())
}

/// Checks names, their uniqueness and defaults, of a type that holds no stream.
pub(crate) fn check_type(path: &str, ty: &Type) -> Result<(), Breach> {
    check_nested(path, ty, Place::default())
}

/// Where a type stands.
#[derive(Clone, Copy, Default)]
struct Place {
    depth: usize,
    /// Whether it may be a stream: a parameter, a result, and the fields of records there.
    stream: bool,
    /// Whether it is in the items of a stream.
    item: bool,
}

impl Place {
    const fn call() -> Self {
        Self {
            depth: 0,
            stream: true,
            item: false,
        }
    }

    /// A field of a record there.
    const fn field(self) -> Self {
        Self {
            depth: self.depth + 1,
            ..self
        }
    }

    /// Within any other type there.
    const fn within(self) -> Self {
        Self {
            stream: false,
            ..self.field()
        }
    }

    const fn item(self) -> Self {
        Self {
            item: true,
            ..self.within()
        }
    }
}

fn check_nested(path: &str, ty: &Type, place: Place) -> Result<(), Breach> {
    if place.depth > DEPTH_LIMIT {
        return Err((
            path.to_owned(),
            format!("types lie deeper than {DEPTH_LIMIT} levels in each other"),
        ));
    }
    match ty {
        Type::Stream(_) if !place.stream => Err((
            path.to_owned(),
            "a stream is a parameter, a result, or a field of a record there; here it cannot be".to_owned(),
        )),
        Type::Stream(item) => check_nested(path, item, place.item()),
        Type::Blob if place.item => Err((
            path.to_owned(),
            "an item of a stream holds no blob: bytes will do".to_owned(),
        )),
        Type::List(inner) | Type::Map(inner) | Type::Option(inner) => {
            check_nested(path, inner, place.within())
        }
        Type::Record(record) => {
            check_name(path, &record.name)?;
            check_fields(&format!("{path}: {}", record.name), &record.fields, place.field())
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
                .try_for_each(|case| check_nested(&path, &case.ty, place.within()))
        }
        _ => Ok(()),
    }
}

fn check_fields(path: &str, fields: &[Field], place: Place) -> Result<(), Breach> {
    unique(path, fields.iter().map(|field| field.name.as_str()))?;
    for field in fields {
        check_nested(path, &field.ty, place)?;
        if matches!(field.ty, Type::Stream(_)) && field.default.is_some() {
            let problem = format!("{} is a stream, which has no default", field.name);
            return Err((path.to_owned(), problem));
        }
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
    fn a_stream_stands_only_where_it_can_travel() {
        let stream = |item| Type::Stream(Box::new(item));
        let call = |ty| {
            let mut interface = example::interface();
            interface.methods[0].returns = ty;
            check_interface(&interface).map_err(|(_, problem)| problem)
        };
        let page = || record("page", vec![field("rows", stream(Type::U8))]);
        for allowed in [
            stream(Type::Bytes),
            page(),
            record("pages", vec![field("page", page())]),
        ] {
            assert_eq!(call(allowed), Ok(()));
        }
        let here = "a stream is a parameter, a result, or a field of a record there; here it cannot be";
        let refused = [
            Type::List(Box::new(stream(Type::U8))),
            Type::Option(Box::new(page())),
            Type::Map(Box::new(stream(Type::U8))),
            union("either", vec![("rows", stream(Type::U8))]),
            stream(stream(Type::U8)),
            stream(page()),
        ];
        for ty in refused {
            assert_eq!(call(ty), Err(here.to_owned()));
        }
        let blob = stream(record("row", vec![field("picture", Type::Blob)]));
        assert_eq!(
            call(blob),
            Err("an item of a stream holds no blob: bytes will do".to_owned())
        );

        let mut interface = example::interface();
        interface.events[0].body = page();
        assert_eq!(
            check_interface(&interface).map_err(|it| it.1),
            Err(here.to_owned())
        );
        let mut interface = example::interface();
        interface.methods[0].error = Some(page());
        assert_eq!(
            check_interface(&interface).map_err(|it| it.1),
            Err(here.to_owned())
        );
        assert_eq!(
            check_type("config", &page()).map_err(|it| it.1),
            Err(here.to_owned())
        );
        let mut interface = example::interface();
        interface.methods[0].params.push(Field {
            default: Some(json!([])),
            ..field("rows", stream(Type::U8))
        });
        let problem = check_interface(&interface).unwrap_err().1;
        assert_eq!(problem, "rows is a stream, which has no default");
    }

    #[test]
    fn a_name_without_letters_and_a_type_without_bottom_are_refused() {
        assert!(check_type("config", &record("", vec![])).is_err());
        assert!(check_type("config", &record("a\u{1b}", vec![])).is_err());
        let deep = (0..=DEPTH_LIMIT).fold(Type::U8, |ty, _| Type::List(Box::new(ty)));
        assert!(check_type("config", &deep).unwrap_err().1.contains("64 levels"));
    }
}
