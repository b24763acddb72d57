//! Manifests that break a rule.

use super::*;

#[test]
fn a_manifest_that_is_too_large() {
    let source = "#include <backplane_plugin.h>\n\
                  static const char manifest[BACKPLANE_MANIFEST_LIMIT + 1] BACKPLANE_MANIFEST = \"{}\";\n";
    assert_eq!(
        Bench::new().refusal(&compile_c("large-manifest", source, &[])),
        "FILE: the manifest has 1048577 bytes, at most 1048576 are allowed: shorten its texts"
    );
}

#[test]
fn a_manifest_that_is_not_valid() {
    let bench = Bench::new();
    let cases = [
        (
            "cut-off",
            r#"{"name":"a","#,
            "EOF while parsing a value at line 1 column 12",
        ),
        (
            "no-version",
            r#"{"name":"a"}"#,
            "missing field `version` at line 1 column 12",
        ),
        (
            "unknown-key",
            r#"{"name":"a","version":"1.0.0","color":1}"#,
            "unknown field `color`, expected one of `name`, `version`, `docs`, `license`, `provides`, `requires`, \
             `subscribes`, `config`, `state`, `exclusive`, `unload`, `codec` at line 1 column 37",
        ),
        (
            "unknown-codec",
            r#"{"name":"a","version":"1.0.0","codec":"xml"}"#,
            "codec: unknown variant `xml`, expected `cbor` or `json` at line 1 column 43",
        ),
    ];
    for (name, manifest, problem) in cases {
        let path = with_manifest(name, manifest);
        assert_eq!(
            bench.refusal(&path),
            format!("FILE: the manifest is not valid: {problem}")
        );
    }
}

#[test]
fn a_module_name_that_leaves_its_folder() {
    let path = with_manifest("dots", r#"{"name":"../etc","version":"1.0.0"}"#);
    assert_eq!(
        Bench::new().refusal(&path),
        "FILE: the manifest is not valid: name: \"../etc\" is not a module name: lower-case letters, digits and \
         '-', beginning with a letter, at most 64 bytes"
    );
}

#[test]
fn a_declared_manifest_that_is_not_the_one_in_the_section() {
    let source = fs::read_to_string(workspace().join("tests/fixtures/c-hello/plugin.c")).unwrap();
    let source = source.replace("sizeof manifest - 1}", "sizeof manifest - 2}");
    assert_eq!(
        Bench::new().refusal(&compile_c("two-manifests", &source, &[])),
        "FILE: the manifest that the plugin declares is not the one in its section: build it again"
    );
}
