//! A descriptor of each kind of thing, as constants and as the owned model, for the tests.

use crate::fixed::{CaseTy, EventTy, FieldTy, InterfaceTy, MethodTy, Named, Ty};
use crate::{Case, Enum, Event, Field, Interface, Method, Record, Type, Union, UnionCase};
use semver::Version;

static TEXT: Ty = Ty::Plain("text");
static UNIT: Ty = Ty::Plain("unit");
static ID: Ty = Ty::Fixed(32);
static REPLY_TO: Ty = Ty::Of("option", &ID);
static U64: Ty = Ty::Plain("u64");
static MESSAGE: Ty = Ty::Record(Named {
    name: "message",
    docs: "A \"quoted\" line,\nand a tab\t.",
    parts: &[
        FieldTy {
            name: "id",
            docs: "",
            ty: &ID,
            default: "",
        },
        FieldTy {
            name: "at",
            docs: "Milliseconds since 1970.",
            ty: &U64,
            default: "7",
        },
        FieldTy {
            name: "body",
            docs: "",
            ty: &BODY,
            default: "",
        },
    ],
});
static BODY: Ty = Ty::Union(Named {
    name: "body",
    docs: "",
    parts: &[
        FieldTy {
            name: "text",
            docs: "",
            ty: &TEXT,
            default: "",
        },
        FieldTy {
            name: "nothing",
            docs: "",
            ty: &UNIT,
            default: "",
        },
    ],
});
static ERROR: Ty = Ty::Enum(Named {
    name: "chat_error",
    docs: "",
    parts: &[
        CaseTy {
            name: "too_long",
            docs: "More than 4 KiB.",
        },
        CaseTy {
            name: "closed",
            docs: "",
        },
    ],
});

/// The interface as constants.
pub(crate) static FIXED: InterfaceTy = InterfaceTy {
    id: "chat.room",
    version: "1.2.0",
    docs: "Rooms.",
    methods: &[
        MethodTy {
            name: "send",
            docs: "Sends a message.",
            params: &[
                FieldTy {
                    name: "to",
                    docs: "",
                    ty: &TEXT,
                    default: "",
                },
                FieldTy {
                    name: "reply_to",
                    docs: "What it answers.",
                    ty: &REPLY_TO,
                    default: "",
                },
            ],
            returns: &ID,
            error: Some(&ERROR),
            inline: false,
            sensitive: false,
            deadline_ms: 5000,
        },
        MethodTy {
            name: "clear",
            docs: "",
            params: &[],
            returns: &UNIT,
            error: None,
            inline: true,
            sensitive: false,
            deadline_ms: 100,
        },
    ],
    events: &[EventTy {
        name: "message",
        docs: "",
        body: &MESSAGE,
        retained: true,
    }],
};

pub(crate) fn field(name: &str, ty: Type) -> Field {
    Field {
        name: name.to_owned(),
        docs: String::new(),
        ty,
        default: None,
    }
}

pub(crate) fn record(name: &str, fields: Vec<Field>) -> Type {
    Type::Record(Record {
        name: name.to_owned(),
        docs: String::new(),
        fields,
    })
}

pub(crate) fn enumeration(name: &str, cases: &[&str]) -> Type {
    let case = |name: &&str| Case {
        name: (*name).to_owned(),
        docs: String::new(),
    };
    Type::Enum(Enum {
        name: name.to_owned(),
        docs: String::new(),
        cases: cases.iter().map(case).collect(),
    })
}

pub(crate) fn union(name: &str, cases: Vec<(&str, Type)>) -> Type {
    let case = |(name, ty): (&str, Type)| UnionCase {
        name: name.to_owned(),
        docs: String::new(),
        ty,
    };
    let cases = cases.into_iter().map(case).collect();
    Type::Union(Union {
        name: name.to_owned(),
        docs: String::new(),
        cases,
    })
}

fn error() -> Type {
    let Type::Enum(mut names) = enumeration("chat_error", &["too_long", "closed"]) else {
        unreachable!("it is an enum")
    };
    names.cases[0].docs = "More than 4 KiB.".to_owned();
    Type::Enum(names)
}

/// The record that the event carries.
pub(crate) fn message() -> Type {
    let body = union("body", vec![("text", Type::Text), ("nothing", Type::Unit)]);
    let at = Field {
        docs: "Milliseconds since 1970.".to_owned(),
        default: Some(7.into()),
        ..field("at", Type::U64)
    };
    Type::Record(Record {
        name: "message".to_owned(),
        docs: "A \"quoted\" line,\nand a tab\t.".to_owned(),
        fields: vec![field("id", Type::Fixed(32)), at, field("body", body)],
    })
}

/// The interface as the owned model.
pub(crate) fn interface() -> Interface {
    let reply_to = Field {
        docs: "What it answers.".to_owned(),
        ..field("reply_to", Type::Option(Box::new(Type::Fixed(32))))
    };
    let send = Method {
        name: "send".to_owned(),
        docs: "Sends a message.".to_owned(),
        params: vec![field("to", Type::Text), reply_to],
        returns: Type::Fixed(32),
        error: Some(error()),
        inline: false,
        sensitive: false,
        deadline_ms: 5000,
    };
    let clear = Method {
        name: "clear".to_owned(),
        docs: String::new(),
        params: vec![],
        returns: Type::Unit,
        error: None,
        inline: true,
        sensitive: false,
        deadline_ms: 100,
    };
    let event = Event {
        name: "message".to_owned(),
        docs: String::new(),
        body: message(),
        retained: true,
    };
    Interface {
        id: "chat.room".to_owned(),
        version: Version::new(1, 2, 0),
        docs: "Rooms.".to_owned(),
        methods: vec![send, clear],
        events: vec![event],
    }
}
