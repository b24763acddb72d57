//! What is made of every interface of ours compiles, and says the same as its schema.

use backplane_bindgen::{BindgenError, File, Language, Sides, generate};
use backplane_descriptor::canonical::{hash, to_pretty_json};
use backplane_descriptor::{Interface, InterfaceError};
use backplane_test_support::{target_dir, workspace};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The committed schemas of the plugins, and that of the fixture.
fn schemas() -> Vec<Interface> {
    let plugins = fs::read_dir(workspace().join("plugins")).expect("there are plugins");
    let folders = plugins.map(|it| it.expect("a folder").path().join("api/interfaces"));
    let folders = folders.chain([workspace().join("tests/fixtures/kinds-api/interfaces")]);
    let files = folders.filter_map(|it| fs::read_dir(it).ok()).flatten();
    let mut files: Vec<PathBuf> = files.map(|it| it.expect("a file").path()).collect();
    files.sort();
    assert!(files.len() > 25, "{files:?}");
    files
        .iter()
        .map(|file| parse(&fs::read(file).expect("a schema")).expect("it is valid"))
        .collect()
}

fn parse(json: &[u8]) -> Result<Interface, InterfaceError> {
    Interface::parse(json)
}

/// A name for a folder or a module.
fn label(interface: &Interface) -> String {
    format!("{}_{}", interface.id, interface.version).replace(['.', '-'], "_")
}

fn write(folder: &Path, files: &[File]) {
    for file in files {
        let path = folder.join(&file.path);
        fs::create_dir_all(path.parent().expect("it is in a folder")).expect("a folder");
        fs::write(path, &file.text).expect("a file");
    }
}

fn make(interface: &Interface, language: Language) -> Vec<File> {
    generate(interface, language, Sides::BOTH).unwrap_or_else(|error| panic!("{}: {error}", interface.id))
}

fn succeed(command: &mut Command) -> String {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{command:?} cannot be run: {error}"));
    let (said, printed) = (
        String::from_utf8_lossy(&output.stderr),
        String::from_utf8_lossy(&output.stdout),
    );
    assert!(output.status.success(), "{command:?}:\n{printed}\n{said}");
    printed.into_owned()
}

#[test]
fn c_is_good_c99_and_good_cpp() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut sources = Vec::new();
    for interface in schemas() {
        let own = folder.path().join(label(&interface));
        let files = make(&interface, Language::C);
        write(&own, &files);
        sources.extend(
            files
                .iter()
                .filter(|it| it.path.ends_with(".c"))
                .map(|it| own.join(&it.path)),
        );
    }
    let include = format!("-I{}", workspace().join("sdk/c/include").display());
    let strict = ["-O1", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", &include];
    succeed(Command::new("cc").arg("-std=c99").args(strict).args(&sources));
    succeed(
        Command::new("c++")
            .args(["-std=c++11", "-x", "c++"])
            .args(strict)
            .args(&sources),
    );
}

#[test]
fn nim_compiles() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut program = String::new();
    for interface in schemas() {
        let files = make(&interface, Language::Nim);
        write(&folder.path().join(label(&interface)), &files);
        let module = files[0].path.trim_end_matches(".nim");
        program += &format!("import {0}/{module} as {0}_all\n", label(&interface));
        program += &format!("discard {}_all.{}Id\n", label(&interface), camel(module));
    }
    fs::write(folder.path().join("main.nim"), program).expect("a file");
    succeed(
        Command::new("nim")
            .args([
                "c",
                "--hints:off",
                "--warnings:off",
                "--skipParentCfg",
                "--threads:on",
                "--mm:arc",
                "-d:useMalloc",
            ])
            .arg(format!("--path:{}", workspace().join("sdk/nim").display()))
            .arg(format!("--nimcache:{}", folder.path().join("cache").display()))
            .arg(format!("--out:{}", folder.path().join("main").display()))
            .arg(folder.path().join("main.nim")),
    );
}

/// `waku_relay` as `wakuRelay`.
fn camel(name: &str) -> String {
    let mut out = String::new();
    let mut after = false;
    for each in name.chars() {
        match each {
            '_' => after = true,
            each if after => {
                out.extend(each.to_uppercase());
                after = false;
            }
            each => out.push(each),
        }
    }
    out
}

/// The interfaces are compared by a program that is built with the contracts.
#[test]
fn rust_says_the_same_as_the_schema() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let (mut modules, mut rows, mut expected) = (String::new(), String::new(), String::new());
    for interface in schemas() {
        let files = make(&interface, Language::Rust);
        let text = &files
            .iter()
            .find(|it| it.path == "src/lib.rs")
            .expect("a contract")
            .text;
        let name = text
            .lines()
            .find_map(|line| line.strip_prefix("pub trait "))
            .expect("a trait");
        let (module, name) = (label(&interface), name.trim_end_matches(" {"));
        write(
            folder,
            &[File {
                path: format!("src/{module}.rs"),
                text: text.clone(),
            }],
        );
        modules += &format!("mod {module};\n");
        rows += &format!("    show(<{module}::{name}Interface as Interface>::TY);\n");
        expected += &format!("{} {}\n", interface.id, hex::encode(hash(&interface)));
    }
    let main = format!(
        "{modules}use backplane_sdk::Interface;\nuse backplane_sdk::descriptor::{{canonical::hash, fixed::InterfaceTy}};\n\
         fn show(ty: &InterfaceTy) {{\n    let model = ty.to_model().unwrap();\n    print!(\"{{}} \", model.id);\n    \
         hash(&model).iter().for_each(|byte| print!(\"{{byte:02x}}\"));\n    println!();\n}}\n\
         fn main() {{\n{rows}}}\n"
    );
    let manifest = format!(
        "[package]\nname = \"bindgen-golden\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[dependencies]\n\
         backplane-sdk = {{ path = {:?} }}\n[workspace]\n[lints.rust]\ndead_code = \"allow\"\n",
        workspace().join("sdk")
    );
    let files = [("src/main.rs", main), ("Cargo.toml", manifest)];
    let files = files.map(|(path, text)| File {
        path: path.to_owned(),
        text,
    });
    write(folder, &files);
    fs::copy(workspace().join("Cargo.lock"), folder.join("Cargo.lock")).expect("a lock file");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command
        .args(["run", "--quiet", "--offline", "--target-dir"])
        .arg(target_dir())
        .current_dir(folder);
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&name);
        }
    }
    command
        .env("CARGO_PROFILE_DEV_DEBUG", "line-tables-only")
        .env_remove("CARGO_TARGET_DIR");
    assert_eq!(succeed(&mut command), expected);
}

#[test]
fn the_committed_contract_is_what_its_schema_makes() {
    let folder = workspace().join("tests/fixtures/kinds-api");
    let path = folder.join("interfaces/fixture.kinds-1.0.0.json");
    let schema = parse(&fs::read(&path).expect("a schema")).expect("it is valid");
    let made = make(&schema, Language::Rust).pop().expect("a contract").text;
    let committed = folder.join("src/generated.rs");
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, to_pretty_json(&schema)).expect("a file");
        fs::write(&committed, &made).expect("a file");
    }
    assert_eq!(
        fs::read_to_string(committed).expect("a file"),
        made,
        "UPDATE=1 writes it"
    );
}

#[test]
fn the_same_schema_gives_the_same_text() {
    for interface in schemas() {
        for language in [Language::Rust, Language::C, Language::Nim, Language::TypeScript] {
            assert_eq!(make(&interface, language), make(&interface, language));
        }
    }
}

#[test]
fn one_side_alone_leaves_out_the_other() {
    let schemas = schemas();
    let chat = schemas
        .iter()
        .find(|it| it.id == "chat.room")
        .expect("it is ours");
    let (client, server) = (
        Sides {
            client: true,
            server: false,
        },
        Sides {
            client: false,
            server: true,
        },
    );
    let paths = |sides| -> Vec<String> {
        let files = generate(chat, Language::C, sides).expect("files");
        files.into_iter().map(|it| it.path).collect()
    };
    assert_eq!(
        paths(client),
        [
            "chat_room.h",
            "chat_room.c",
            "chat_room_client.h",
            "chat_room_client.c"
        ]
    );
    assert_eq!(
        paths(server),
        [
            "chat_room.h",
            "chat_room.c",
            "chat_room_server.h",
            "chat_room_server.c"
        ]
    );
    let nim = |sides| {
        generate(chat, Language::Nim, sides)
            .expect("files")
            .remove(0)
            .text
    };
    assert!(!nim(client).contains("template serveChatRoom") && nim(client).contains("ChatRoomClient"));
    assert!(nim(server).contains("template serveChatRoom") && !nim(server).contains("ChatRoomClient"));
    assert_eq!(
        generate(chat, Language::TypeScript, server),
        Err(BindgenError::NoServer)
    );
}

/// A schema with one method that takes a parameter `it` of this type.
fn taking(name: &str, field: &str) -> Interface {
    let json = format!(
        r#"{{"id": "demo.odd", "version": "1.0.0", "methods": [{{"name": "{name}", "params": [{field}],
            "returns": "unit", "deadline_ms": 1000}}], "events": []}}"#
    );
    parse(json.as_bytes()).expect("it is valid")
}

#[test]
fn what_a_language_cannot_say_is_refused_by_its_name() {
    use Language::{C, Nim, Rust, TypeScript};
    let record = |name: &str, field: &str| {
        format!(
            r#"{{"name": "it", "type": {{"record": {{"name": "{name}", "fields": [{{"name": "{field}", "type": "u8"}}]}}}}}}"#
        )
    };
    let choice =
        |cases: &str| format!(r#"{{"name": "it", "type": {{"enum": {{"name": "E", "cases": [{cases}]}}}}}}"#);
    let plain = "its name is not of ASCII letters, digits and '_' alone, with no digit in front, so there is nothing for it in ";
    let refused = [
        (C, taking("a-b", ""), format!("the method a-b: {plain}C")),
        (TypeScript, taking("get", &record("R", "ä")), format!("the field ä of the record R: {plain}TypeScript")),
        (Nim, taking("get", r#"{"name": "it", "type": "unit"}"#), "the parameter it of the method get: it is of the type unit, which says nothing, so there is nothing for it in Nim".to_owned()),
        (Rust, taking("get", r#"{"name": "it", "type": {"list": "unit"}}"#), "list<unit> in the parameter it of the method get: it is of the type unit, which says nothing, so there is nothing for it in Rust".to_owned()),
        (C, taking("get", &choice("")), "the enum E: it has no case, so there is no value of it, so there is nothing for it in C".to_owned()),
        (C, taking("get", r#"{"name": "it", "type": "blob", "default": "0x00"}"#), "the parameter it of the method get: it has a default, and holds a blob, so there is nothing for it in C".to_owned()),
        (C, taking("get", &record("GetParams", "x")), "the method get: its name there, demo_odd_get_params, is that of the type GetParams too, so there is nothing for it in C".to_owned()),
        (Nim, taking("get", &record("Reader", "x")), "the type Reader: its name there, Reader, is that of Reader of the SDK or of Nim too, so there is nothing for it in Nim".to_owned()),
        (Nim, taking("get", &record("Rec", "a__b")), "a__b of the type Rec: an underscore stands at an end of its name, or beside another, so there is nothing for it in Nim".to_owned()),
        (Nim, taking("get", r#"{"name": "it", "type": {"fixed": 65537}}"#), "the method get: it holds 65537 fixed bytes, at most 65536 are allowed, so there is nothing for it in Nim".to_owned()),
        (Rust, taking("get", &record("Vec", "x")), "the type Vec: its name means something else, so there is nothing for it in Rust".to_owned()),
        (Rust, taking("get", &choice(r#"{"name": "v1_1"}"#)), "the case v1_1 of the enum E: the variant V11 would be called v11, so there is nothing for it in Rust".to_owned()),
        (Rust, taking("get", r#"{"name": "it", "type": {"option": "u8"}, "default": 5}"#), "the parameter it of the method get: its default is 5, and `#[default]` takes literals, lists of them and cases, so there is nothing for it in Rust".to_owned()),
        (TypeScript, taking("get", &record("Promise", "x")), "the type Promise: its name there, Promise, is that of Promise of the language or of backplane.ts too, so there is nothing for it in TypeScript".to_owned()),
    ];
    for (language, schema, expected) in refused {
        let error = generate(&schema, language, Sides::BOTH).expect_err(&expected);
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn what_is_no_schema_is_refused() {
    let refused = [
        (
            "{}",
            "the schema is not valid: missing field `id` at line 1 column 2",
        ),
        (
            r#"{"id": "Odd", "version": "1.0.0", "methods": [], "events": []}"#,
            "the schema is not valid: id: \"Odd\" is not an interface id",
        ),
        (
            r#"{"id": "odd", "version": "1.0.0", "methods": [], "events": [{"name": "e", "body": {"stream": "u8"}}]}"#,
            "the schema is not valid: event e: a stream is a parameter, a result, or a field of a record there; here it cannot be",
        ),
    ];
    for (json, expected) in refused {
        assert_eq!(parse(json.as_bytes()).expect_err(json).to_string(), expected);
    }
}
