//! Each rule, the versions that follow, and what a person reads.

mod properties;

use super::*;
use crate::example::{self, enumeration, field, record, union};
use crate::{Field, Type};
use semver::Version;
use serde_json::{Value, json};

type Edit = fn(&mut Interface);

fn edited(edit: impl FnOnce(&mut Interface)) -> Interface {
    let mut interface = base();
    edit(&mut interface);
    interface
}

/// The example, with a record in a request and sets on each side.
fn base() -> Interface {
    let mut interface = example::interface();
    let kind = enumeration("kind", &["plain", "rich"]);
    let mode = union("mode", vec![("now", Type::Unit), ("at", Type::U64)]);
    let options = vec![
        field("kind", kind),
        field("mode", mode),
        with_default(field("tries", Type::U8), json!(3)),
        field("name", Type::Text),
    ];
    let options = Type::List(Box::new(record("options", options)));
    interface.methods[0].params.push(field("with", options));
    interface
}

fn with_default(field: Field, default: Value) -> Field {
    Field {
        default: Some(default),
        ..field
    }
}

fn fields(ty: &mut Type) -> &mut Vec<Field> {
    match ty {
        Type::Record(record) => &mut record.fields,
        Type::List(inner) => fields(inner),
        _ => panic!("{ty:?} has no fields"),
    }
}

fn request(interface: &mut Interface) -> &mut Vec<Field> {
    fields(&mut interface.methods[0].params[2].ty)
}

fn event(interface: &mut Interface) -> &mut Vec<Field> {
    fields(&mut interface.events[0].body)
}

#[test]
fn each_rule_asks_for_its_bump() {
    use Bump::{Major, Minor, Patch};
    let rules: &[(Edit, Bump, &str)] = &[
        (|it| it.docs.clear(), Patch, "chat.room: the docs changed"),
        (
            |it| it.methods[0].docs.clear(),
            Patch,
            "method send: the docs changed",
        ),
        (
            |it| event(it)[1].docs.clear(),
            Patch,
            "event message: body.at: the docs changed",
        ),
        (
            |it| it.methods[0].deadline_ms = 1,
            Patch,
            "method send: the deadline changed from 5000 to 1 ms",
        ),
        (
            |it| it.methods[0].sensitive = true,
            Patch,
            "method send: became sensitive",
        ),
        (
            |it| it.methods[0].params.swap(0, 1),
            Patch,
            "method send: the order of the parameters changed",
        ),
        (
            |it| request(it).swap(0, 1),
            Patch,
            "method send: parameter with[]: the order of the fields changed",
        ),
        (
            |it| request(it)[0].ty = enumeration("sort", &["plain", "rich"]),
            Patch,
            "method send: parameter with[].kind: the type kind is called sort now",
        ),
        (
            |it| {
                let mut method = it.methods[1].clone();
                method.name = "close".to_owned();
                it.methods.push(method);
            },
            Minor,
            "method close: was added",
        ),
        (
            |it| {
                let mut event = it.events[0].clone();
                event.name = "edited".to_owned();
                it.events.push(event);
            },
            Minor,
            "event edited: was added",
        ),
        (|it| drop(it.methods.pop()), Major, "method clear: was removed"),
        (|it| drop(it.events.pop()), Major, "event message: was removed"),
        (
            |it| it.methods[1].name = "wipe".to_owned(),
            Major,
            "method clear: was renamed to wipe",
        ),
        (
            |it| it.methods.swap(0, 1),
            Major,
            "method send: was moved from number 0 to 1",
        ),
        (
            |it| {
                let mut method = it.methods[1].clone();
                method.name = "first".to_owned();
                it.methods.insert(0, method);
            },
            Major,
            "method first: was added as number 0, which is taken: append it",
        ),
        (
            |it| {
                it.methods[0]
                    .params
                    .push(field("x", Type::Option(Box::new(Type::U8))))
            },
            Minor,
            "method send: parameter x was added (optional)",
        ),
        (
            |it| {
                it.methods[0]
                    .params
                    .push(with_default(field("x", Type::U8), json!(1)))
            },
            Minor,
            "method send: parameter x was added (optional)",
        ),
        (
            |it| it.methods[0].params.push(field("x", Type::U8)),
            Major,
            "method send: parameter x was added (required)",
        ),
        (
            |it| drop(it.methods[0].params.remove(0)),
            Major,
            "method send: parameter to was removed",
        ),
        (
            |it| it.methods[0].params[0].ty = Type::Bytes,
            Major,
            "method send: parameter to: the type changed from text to bytes",
        ),
        (
            |it| it.methods[0].params[0].ty = Type::Option(Box::new(Type::Text)),
            Major,
            "method send: parameter to: the type changed from text to option<text>",
        ),
        (
            |it| it.methods[0].returns = Type::Fixed(20),
            Major,
            "method send: reply: the type changed from bytes32 to bytes20",
        ),
        (
            |it| event(it).push(with_default(field("x", Type::U8), json!(1))),
            Minor,
            "event message: body: field x was added (optional)",
        ),
        (
            |it| event(it).push(field("x", Type::U8)),
            Major,
            "event message: body: field x was added (required)",
        ),
        (
            |it| drop(event(it).remove(0)),
            Major,
            "event message: body: field id was removed",
        ),
        (
            |it| request(it)[2].default = Some(json!(4)),
            Minor,
            "method send: parameter with[].tries: the default changed",
        ),
        (
            |it| event(it)[1].default = Some(json!(8)),
            Minor,
            "event message: body.at: the default changed",
        ),
        (
            |it| request(it)[3].default = Some(json!("x")),
            Minor,
            "method send: parameter with[].name: became optional",
        ),
        (
            |it| request(it)[2].default = None,
            Major,
            "method send: parameter with[].tries: became required",
        ),
        (
            |it| event(it)[0].default = Some(json!(format!("0x{}", "00".repeat(32)))),
            Major,
            "event message: body.id: became optional",
        ),
        (
            |it| event(it)[1].default = None,
            Minor,
            "event message: body.at: became required",
        ),
        (
            |it| request(it)[0].ty = enumeration("kind", &["plain", "rich", "sticker"]),
            Major,
            "method send: parameter with[].kind: case sticker was added to a closed set",
        ),
        (
            |it| request(it)[0].ty = enumeration("kind", &["plain"]),
            Major,
            "method send: parameter with[].kind: case rich was removed",
        ),
        (
            |it| request(it)[0].ty = enumeration("kind", &["rich", "plain"]),
            Patch,
            "method send: parameter with[].kind: the order of the cases changed",
        ),
        (
            |it| request(it)[1].ty = union("mode", vec![("now", Type::Unit)]),
            Major,
            "method send: parameter with[].mode: case at was removed",
        ),
        (
            |it| request(it)[1].ty = union("mode", vec![("now", Type::Unit), ("at", Type::I64)]),
            Major,
            "method send: parameter with[].mode.at: the type changed from u64 to i64",
        ),
        (
            |it| it.methods[1].error = Some(Type::Text),
            Major,
            "method clear: the error text was added",
        ),
        (
            |it| it.methods[0].error = None,
            Major,
            "method send: the error chat_error was removed",
        ),
        (
            |it| it.methods[0].error = Some(Type::Text),
            Major,
            "method send: error: the type changed from chat_error to text",
        ),
        (
            |it| it.methods[0].inline = true,
            Minor,
            "method send: became inline",
        ),
        (
            |it| it.methods[1].inline = false,
            Major,
            "method clear: is not inline any more",
        ),
        (
            |it| it.events[0].retained = false,
            Major,
            "event message: is not retained any more",
        ),
        (
            |it| it.id = "chat.hall".to_owned(),
            Major,
            "chat.room: became another interface: chat.hall",
        ),
    ];
    for (edit, bump, text) in rules {
        let changes = diff(&base(), &edited(edit));
        let most = changes.iter().map(|change| change.bump).max();
        assert_eq!(most, Some(*bump), "{text}: {changes:#?}");
        assert!(
            changes.iter().any(|change| change.to_string() == *text),
            "{text}: {changes:#?}"
        );
    }
    let back = diff(&edited(|it| it.events[0].retained = false), &base());
    assert_eq!(
        (back.len(), back[0].bump, back[0].what.as_str()),
        (1, Minor, "became retained")
    );
}

#[test]
fn the_same_contract_has_no_changes() {
    assert_eq!(diff(&base(), &base()), []);
    assert!(check(&base(), &base()).is_ok());
    let spelled = edited(|it| it.methods[0].params[1].default = Some(Value::Null));
    assert_eq!(diff(&base(), &spelled), [], "null is what an option defaults to");
}

#[test]
fn a_configuration_is_compared_as_a_request() {
    let old = record("config", vec![field("port", Type::U16)]);
    let new = record(
        "config",
        vec![field("port", Type::U32), field("host", Type::Text)],
    );
    let texts: Vec<String> = diff_types("config", &old, &new)
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        texts,
        [
            "config: field host was added (required)",
            "config.port: the type changed from u16 to u32",
        ]
    );
}

#[test]
fn versions_follow_cargos_rule() {
    let patch: Edit = |it| it.docs.clear();
    let minor: Edit = |it| it.methods[0].inline = true;
    let major: Edit = |it| drop(it.methods.pop());
    let cases = [
        ("1.2.3", patch, "1.2.4"),
        ("1.2.3", minor, "1.3.0"),
        ("1.2.3", major, "2.0.0"),
        ("0.2.3", patch, "0.2.4"),
        ("0.2.3", minor, "0.2.4"),
        ("0.2.3", major, "0.3.0"),
        ("0.0.3", patch, "0.0.4"),
        ("0.0.3", major, "0.0.4"),
        ("2.0.0-beta.1", major, "2.0.0"),
    ];
    for (version, edit, required) in cases {
        let at = |version: &str| edited(|it| it.version = Version::parse(version).unwrap());
        let old = at(version);
        let mut new = at(version);
        edit(&mut new);
        let required = Version::parse(required).unwrap();
        assert_eq!(required_version(&old, &new), required, "{version}");
        assert!(check(&old, &new).is_err(), "{version}");
        new.version = required;
        assert_eq!(check(&old, &new), Ok(()), "{version}");
    }
}

#[test]
fn a_refusal_is_one_sentence_to_act_on() {
    let old = edited(|it| {
        it.methods[0].params.truncate(1);
        it.version = Version::new(1, 0, 0);
    });
    let mut new = old.clone();
    new.version = Version::new(1, 0, 1);
    new.methods[0]
        .params
        .push(field("reply_to", Type::Option(Box::new(Type::Fixed(32)))));
    assert_eq!(
        check(&old, &new).unwrap_err().to_string(),
        "chat.room 1.0.0 → 1.0.1: method send: parameter reply_to was added (optional): \
         bump the version to 1.1.0"
    );
    new.methods[1].inline = false;
    new.events.clear();
    assert_eq!(
        check(&old, &new).unwrap_err().to_string(),
        "chat.room 1.0.0 → 1.0.1: method clear: is not inline any more (and 1 more): \
         bump the version to 2.0.0"
    );
    assert_eq!(
        check(&new, &old).unwrap_err().to_string(),
        "chat.room 1.0.1 → 1.0.0: the version goes back: it must be at least 2.0.0"
    );
}

#[test]
fn a_pre_release_of_what_is_needed_will_do() {
    let at = |version: &str, inline| {
        edited(|it| {
            it.version = Version::parse(version).unwrap();
            it.methods[0].inline = inline;
        })
    };
    assert_eq!(check(&at("1.2.0", false), &at("1.3.0-rc.1", true)), Ok(()));
    assert!(check(&at("1.2.0", false), &at("1.2.1-rc.1", true)).is_err());
    assert_eq!(check(&at("1.3.0-rc.1", true), &at("1.3.0-rc.2", false)), Ok(()));
    assert!(check(&at("1.3.0-rc.1", true), &at("1.3.0-rc.1", false)).is_err());
}
