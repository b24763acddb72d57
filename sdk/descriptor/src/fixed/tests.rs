use super::*;
use crate::{Interface, Manifest, Type, example};

const LEN: usize = rendered_interface_len(&example::FIXED);
static JSON: [u8; LEN] = render_interface(&example::FIXED);

static U8: Ty = Ty::Plain("u8");
static U16: Ty = Ty::Plain("u16");
static CODE: Ty = Ty::Enum(Named {
    name: "Code",
    docs: "A code.",
    parts: &[CaseTy {
        name: "busy",
        docs: "",
    }],
});
static OTHER_CODE: Ty = Ty::Enum(Named {
    name: "Code",
    docs: "A code.",
    parts: &[CaseTy {
        name: "bus",
        docs: "",
    }],
});
static CODES: Ty = Ty::Of("list", &CODE);
static PAGE: Ty = record("Page", &[part("a", &U8), part("codes", &CODES)]);
static ERROR: Ty = Ty::Union(Named {
    name: "Error",
    docs: "",
    parts: &[part("at", &PAGE), part("code", &CODE)],
});

const fn part(name: &'static str, ty: &'static Ty) -> FieldTy {
    FieldTy {
        name,
        docs: "",
        ty,
        default: "",
    }
}

const fn record(name: &'static str, parts: &'static [FieldTy]) -> Ty {
    let docs = "";
    Ty::Record(Named { name, docs, parts })
}

const fn method(name: &'static str, returns: &'static Ty) -> MethodTy {
    MethodTy {
        name,
        docs: "",
        params: &[],
        returns,
        error: Some(&ERROR),
        inline: false,
        sensitive: true,
        deadline_ms: 1,
    }
}

const fn interface(methods: &'static [MethodTy]) -> InterfaceTy {
    InterfaceTy {
        id: "a.b",
        version: "1.0.0",
        docs: "",
        methods,
        events: &[],
    }
}

/// Renders the interface whose two methods answer `first` and `second`.
fn render_both(first: &'static Ty, second: &'static Ty) -> usize {
    let methods = vec![method("first", first), method("second", second)];
    rendered_interface_len(&interface(methods.leak()))
}

#[test]
fn constants_read_back_as_the_model() {
    let interface: Interface = serde_json::from_slice(&JSON).unwrap();
    assert_eq!(interface, example::interface());
    assert_eq!(example::FIXED.to_model().unwrap(), interface);
}

#[test]
fn a_named_type_is_rendered_once() {
    static REPEATS: InterfaceTy = interface(&[method("first", &PAGE), method("second", &CODES)]);
    const LEN: usize = rendered_interface_len(&REPEATS);
    static JSON: [u8; LEN] = render_interface(&REPEATS);
    let text = str::from_utf8(&JSON).unwrap();
    for name in ["Page", "Code", "Error"] {
        let defined = format!(r#"{{"name":"{name}""#);
        assert_eq!(text.matches(&defined).count(), 1, "{text}");
    }
    assert!(
        text.contains(r#""returns":{"list":{"ref":"Code"}},"error":{"ref":"Error"}"#),
        "{text}"
    );
    let read: Interface = serde_json::from_str(text).unwrap();
    assert_eq!(read, REPEATS.to_model().unwrap());
    assert_eq!(
        serde_json::to_value(&read).unwrap(),
        text.parse::<serde_json::Value>().unwrap()
    );
}

#[test]
fn the_names_of_an_interface_are_not_those_of_the_configuration() {
    static CONFIG: Ty = record("Page", &[part("code", &CODE)]);
    static ONE: InterfaceTy = interface(&[method("first", &PAGE)]);
    static OTHER: InterfaceTy = InterfaceTy {
        id: "c.d",
        ..interface(&[method("first", &PAGE)])
    };
    static MANIFEST: ManifestTy = ManifestTy {
        name: "a",
        version: "1.0.0",
        docs: "",
        license: "",
        provides: &[&ONE, &OTHER],
        requires: &[],
        subscribes: &[],
        config: &CONFIG,
        state: None,
        exclusive: &[],
        clean_unload: false,
    };
    const LEN: usize = rendered_len(&MANIFEST);
    static JSON: [u8; LEN] = render(&MANIFEST);
    let manifest = Manifest::parse(&JSON).unwrap();
    assert_eq!(manifest.provides[0], ONE.to_model().unwrap());
    assert_eq!(manifest.provides[1], OTHER.to_model().unwrap());
    let Type::Record(config) = manifest.config else {
        panic!("{:?}", manifest.config);
    };
    assert_eq!(config.fields[0].name, "code");
}

#[test]
#[should_panic(expected = "two types of one interface, or of the configuration, are called Page")]
fn two_types_of_one_name_do_not_compile() {
    static OTHER: Ty = record("Page", &[part("a", &U16), part("codes", &CODES)]);
    render_both(&PAGE, &OTHER);
}

#[test]
#[should_panic(expected = "are called Page")]
fn a_difference_that_lies_within_does_not_compile_either() {
    static OTHER_CODES: Ty = Ty::Of("list", &OTHER_CODE);
    static OTHER: Ty = record("Page", &[part("a", &U8), part("codes", &OTHER_CODES)]);
    render_both(&PAGE, &OTHER);
}

#[test]
#[should_panic(expected = "are called Code")]
fn two_kinds_of_one_name_do_not_compile() {
    static OTHER: Ty = record("Code", &[]);
    render_both(&CODE, &OTHER);
}

#[test]
fn more_types_than_are_remembered_read_back_all_the_same() {
    let types: Vec<Ty> = (0..300)
        .map(|number| record(format!("R{number}").leak(), &[]))
        .collect();
    let types: &'static [Ty] = types.leak();
    let methods: Vec<MethodTy> = types.iter().chain(types).map(|ty| method("m", ty)).collect();
    let interface = interface(methods.leak());
    const ROOM: usize = 1 << 17;
    let len = rendered_interface_len(&interface);
    let text = render_interface::<ROOM>(&interface);
    let read: Interface = serde_json::from_slice(&text[..len]).unwrap();
    assert_eq!(read, interface.to_model().unwrap());
}
