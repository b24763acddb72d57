//! What a bundle file says, and what is said about one that is wrong.

use super::*;
use proptest::prelude::*;
use std::path::{Path, PathBuf};
use std::time::Duration;

fn parse(text: &str) -> Result<Bundle, BundleError> {
    Bundle::parse(
        Path::new("bundle.toml"),
        text.as_bytes(),
        Path::new("/app"),
        Some(Path::new("/data")),
    )
}

const FULL: &str = r#"
[host]
data-dir = "state"
plugins = ["plugins", "/usr/lib/backplane"]
socket = "run/control.sock"
start-timeout-ms = 1500
stop-timeout-ms = 2500
drain-timeout-ms = 3500
max-retired = 3

[modules.waku]
plugin = "libwaku_plugin.so"
version = "^0.1"
sha256 = "00112233445566778899AABBCCDDEEFF00112233445566778899aabbccddeeff"
placement = "native"
grants = ["storage.kv", "wallet.sign.verify"]
on-failure = "stop-host"
critical = true
may-stop-host = true
restart-limit = 2
restart-window-s = 60
restart-backoff-ms = 10
restart-backoff-max-ms = 20
after-restarts = "stop-host"

[modules.waku.config]
cluster-id = 99

[modules.chat]
"#;

#[test]
fn every_key_is_read() {
    let bundle = parse(FULL).unwrap();
    let host = &bundle.host;
    assert_eq!(host.data_dir, Path::new("/app/state"));
    assert_eq!(
        host.plugins,
        [PathBuf::from("/app/plugins"), "/usr/lib/backplane".into()]
    );
    assert_eq!(host.socket, Path::new("/app/run/control.sock"));
    let timeouts = [host.start_timeout, host.stop_timeout, host.drain_timeout];
    assert_eq!(timeouts, [1500, 2500, 3500].map(Duration::from_millis));
    assert_eq!(host.max_retired, 3);
    let waku = &bundle.modules["waku"];
    assert_eq!(waku.plugin, PluginRef::File("libwaku_plugin.so".into()));
    assert_eq!(waku.version, "^0.1".parse().unwrap());
    assert_eq!(
        waku.sha256.unwrap().to_string(),
        "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
    );
    assert_eq!(
        waku.grants.0,
        [
            "storage.kv".parse().unwrap(),
            "wallet.sign.verify".parse().unwrap()
        ]
    );
    assert_eq!(waku.on_failure, OnFailure::StopHost);
    assert!(waku.critical && waku.may_stop_host);
    assert_eq!(
        waku.restart,
        RestartPolicy {
            limit: 2,
            window: Duration::from_secs(60),
            backoff: Duration::from_millis(10),
            backoff_max: Duration::from_millis(20),
            then: AfterRestarts::StopHost,
        }
    );
    assert_eq!(
        serde_json::to_value(&waku.config).unwrap(),
        serde_json::json!({"cluster-id": 99})
    );
}

#[test]
fn what_is_not_there_has_its_default() {
    let bundle = parse("[modules.chat]").unwrap();
    assert_eq!(bundle.host, HostConfig::new("/app".into(), "/data".into()));
    assert_eq!(bundle.host.socket, Path::new("/data/backplane.sock"));
    let json = serde_json::to_value(&bundle).unwrap();
    let expected = serde_json::json!({
        "host": {
            "data-dir": "/data", "plugins": [], "socket": "/data/backplane.sock", "start-timeout-ms": 10000,
            "stop-timeout-ms": 10000, "drain-timeout-ms": 5000, "max-retired": 8,
        },
        "modules": {"chat": {
            "plugin": "chat", "version": "*", "placement": "native", "grants": [], "on-failure": "restart",
            "critical": false, "may-stop-host": false, "restart-limit": 3, "restart-window-s": 60,
            "restart-backoff-ms": 200, "restart-backoff-max-ms": 30000, "after-restarts": "stop-dependents",
            "config": {},
        }},
    });
    assert_eq!(json, expected);
}

#[test]
fn the_json_of_a_bundle_is_a_bundle_again() {
    fn toml_of(json: &serde_json::Value) -> String {
        toml::to_string(&toml::Value::try_from(json).unwrap()).unwrap()
    }
    let bundle = parse(FULL).unwrap();
    let json = serde_json::to_value(&bundle).unwrap();
    let again = parse(&toml_of(&json)).unwrap();
    assert_eq!(serde_json::to_value(&again).unwrap(), json);
}

#[test]
fn what_is_wrong_is_named_with_its_place() {
    let table = [
        ("hosts = 1", r#"1:1: unknown key "hosts"; did you mean "host"?"#),
        ("host = 1", r#"1:8: "host" must be a table, not 1"#),
        (
            "[host]\ndata_dir = \"x\"",
            r#"2:1: unknown key "data_dir" in [host]; did you mean "data-dir"?"#,
        ),
        ("[host]\ncolour = 1", r#"2:1: unknown key "colour" in [host]"#),
        (
            "[host]\ndata-dir = \"~/x\"",
            r#"2:12: "data-dir" in [host]: '~' is not expanded; write the folder out"#,
        ),
        (
            "[host]\nsocket = \"\"",
            r#"2:10: "socket" in [host]: the path is empty"#,
        ),
        (
            "[host]\nplugins = \"x\"",
            r#"2:11: "plugins" in [host] must be a list of folders, not text"#,
        ),
        (
            "[host]\nplugins = [\"x\", 1]",
            r#"2:17: "plugins" in [host] must be a path, not 1"#,
        ),
        (
            "[host]\nstop-timeout-ms = 0",
            r#"2:19: "stop-timeout-ms" in [host] must be a whole number from 1 to 3600000, not 0"#,
        ),
        (
            "[host]\nmax-retired = 1.5",
            r#"2:15: "max-retired" in [host] must be a whole number from 0 to 256, not 1.5"#,
        ),
        (
            "[host]\nmax-retired = 0xffffffffffffffffffffffffffffffffffff",
            "2:15: the number is too large",
        ),
        ("modules = []", r#"1:11: "modules" must be a table, not a list"#),
        (
            "[modules]\nchat = 1",
            r#"2:1: "chat" in [modules] must be a table, not 1"#,
        ),
        (
            "[modules.Chat]",
            r#"1:10: "Chat" in [modules]: it must be a module name: lower-case letters, digits and '-', beginning with a letter, at most 64 bytes"#,
        ),
        (
            "[modules.\"../up\"]",
            r#"1:10: "../up" in [modules]: it must be a module name: lower-case letters, digits and '-', beginning with a letter, at most 64 bytes"#,
        ),
        (
            "[modules.chat]\n\n[modules.chat]",
            r#"3:10: "chat" is there twice"#,
        ),
        (
            "[modules.chat]\nversion = '1'\nversion = '2'",
            r#"3:1: "version" is there twice"#,
        ),
        (
            "[modules.chat]\n # é\ngrant = []",
            r#"3:1: unknown key "grant" in [modules.chat]; did you mean "grants"?"#,
        ),
        (
            "[modules.chat]\nplugin = \"Chat\"",
            r#"2:10: "plugin" in [modules.chat]: "Chat" is neither a file nor a plugin's name"#,
        ),
        (
            "[modules.chat]\nversion = 1",
            r#"2:11: "version" in [modules.chat] must be a version requirement such as "^0.1", not 1"#,
        ),
        (
            "[modules.chat]\nversion = \"one\"",
            r#"2:11: "version" in [modules.chat]: "one": unexpected character 'o' while parsing major version number"#,
        ),
        (
            "[modules.chat]\nsha256 = \"12\"",
            r#"2:10: "sha256" in [modules.chat]: "12": it must be 64 hexadecimal digits"#,
        ),
        (
            "[modules.chat]\nplacement = \"remote\"",
            r#"2:13: "placement" in [modules.chat]: "remote" is not implemented in this version; "native", "static" and "process" are"#,
        ),
        (
            "[modules.chat]\nplacement = \"static\"\nplugin = \"x.so\"",
            r#"3:10: "plugin" in [modules.chat]: the module has two places, the file x.so and placement = "static"; leave one of them out"#,
        ),
        (
            "[modules.chat]\nplacement = \"native\"\nprocess = {}",
            r#"3:11: "process" in [modules.chat]: the module has two places, placement = "native" and a process of its own; leave one of them out"#,
        ),
        (
            "[modules.chat]\nplacement = \"process\"\nprocess = { memory-mb = 3 }",
            r#"3:13: unknown key "memory-mb" in [modules.chat.process]; did you mean "memory-mib"?"#,
        ),
        (
            "[modules.chat]\nplacement = \"nativ\"",
            r#"2:13: "placement" in [modules.chat] must be "native", "static", "process" or "remote", not "nativ"; did you mean "native"?"#,
        ),
        (
            "[modules.chat]\ngrants = \"*\"",
            r#"2:10: "grants" in [modules.chat] must be a list of interface ids such as "storage.kv", not text"#,
        ),
        (
            "[modules.chat]\ngrants = [\n\"storage.kv\",\n\"sto*\"]",
            r#"4:1: "grants" in [modules.chat]: "sto*": there are no wildcards: name each interface, or each method, that is meant"#,
        ),
        (
            "[modules.chat]\ngrants = [\"storage..kv\"]",
            r#"2:11: "grants" in [modules.chat]: "storage..kv": it must be an interface such as storage.kv, or a method or event of one such as wallet.sign.verify"#,
        ),
        (
            "[modules.chat]\non-failure = \"stop\"",
            r#"2:14: "on-failure" in [modules.chat] must be "restart", "continue", "stop-dependents" or "stop-host", not "stop""#,
        ),
        (
            "[modules.chat]\ncritical = true\nafter-restarts = \"continue\"",
            r#"3:18: "after-restarts" in [modules.chat]: the module is critical, and after-restarts = "continue" lets the host go on without it; leave one of them out"#,
        ),
        (
            "[modules.chat]\non-failure = \"stop-dependents\"\ncritical = true",
            r#"2:14: "on-failure" in [modules.chat]: the module is critical, and on-failure = "stop-dependents" lets the host go on without it; leave one of them out"#,
        ),
        (
            "[modules.chat]\nrestart-backoff-ms = 40000",
            r#"2:22: "restart-backoff-ms" in [modules.chat]: the first wait of 40000 ms exceeds the longest of 30000 ms"#,
        ),
        (
            "[modules.chat]\nconfig = 1",
            r#"2:10: "config" in [modules.chat] must be a table, not 1"#,
        ),
        ("[modules.chat", "1:14: unclosed table, expected `]`"),
        ("é = [1,", "1:8: unclosed array, expected `]`"),
    ];
    for (text, expected) in table {
        let error = parse(text).expect_err(text).to_string();
        assert_eq!(error, format!("bundle.toml:{expected}"), "{text}");
    }
}

#[test]
fn the_limits_hold() {
    let modules = |count| {
        (0..count)
            .map(|n| format!("[modules.m{n}]\n"))
            .collect::<String>()
    };
    assert_eq!(parse(&modules(256)).unwrap().modules.len(), 256);
    let error = parse(&modules(257)).unwrap_err().to_string();
    assert_eq!(
        error,
        r#"bundle.toml:1:2: "modules": 257 modules, at most 256 are allowed"#
    );
    let error = parse(&"#".repeat((1 << 20) + 1)).unwrap_err().to_string();
    assert_eq!(error, "bundle.toml: the file is larger than 1048576 bytes");
    parse(&"#".repeat(1 << 20)).unwrap();
    let grants = vec!["\"a.b\""; 257].join(",");
    let error = parse(&format!("[modules.a]\ngrants=[{grants}]"))
        .unwrap_err()
        .to_string();
    assert_eq!(
        error,
        r#"bundle.toml:2:8: "grants" in [modules.a]: 257 entries, at most 256 are allowed"#
    );
    let deep = format!("[modules.a.config]\n{}=1", vec!["a"; 100_000].join("."));
    assert_eq!(
        parse(&deep).unwrap_err().to_string(),
        "bundle.toml: recursion limit"
    );
}

#[test]
fn a_bundle_without_a_place_for_data_is_refused() {
    let parse = |text: &str| {
        Bundle::parse(Path::new("bundle.toml"), text.as_bytes(), Path::new("/app"), None)
            .map_err(|error| error.to_string())
    };
    let missing =
        "missing key \"data-dir\" in [host]: neither XDG_DATA_HOME nor HOME says where data belongs";
    assert_eq!(parse(""), Err(format!("bundle.toml: {missing}")));
    assert_eq!(parse("\n[host]"), Err(format!("bundle.toml:2:1: {missing}")));
    assert!(parse("host.data-dir = '/d'").is_ok());
}

#[test]
fn bytes_that_are_not_text_are_placed() {
    let parsed = Bundle::parse(Path::new("b.toml"), b"[host]\n\xff", Path::new("/"), None);
    assert_eq!(
        parsed.unwrap_err().to_string(),
        "b.toml:2:1: the file is not UTF-8 text"
    );
}

#[test]
fn a_file_on_disk_is_read_and_its_folder_is_the_base() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bundle.toml");
    std::fs::write(&file, "[host]\ndata-dir = 'd'\n").unwrap();
    assert_eq!(
        Bundle::read(&file).unwrap().host.data_dir,
        folder.path().join("d")
    );
    let missing = folder.path().join("none.toml");
    let error = Bundle::read(&missing).unwrap_err().to_string();
    assert!(error.starts_with(&format!("{}: ", missing.display())), "{error}");
}

#[test]
fn an_error_about_a_module_names_the_line_of_its_key() {
    let bundle = parse("[modules.chat]\nversion = '1'\n").unwrap();
    let error = |key| bundle.module_error("chat", key, "no").to_string();
    assert_eq!(
        error("version"),
        r#"bundle.toml:2:1: "version" in [modules.chat]: no"#
    );
    assert_eq!(
        error("grants"),
        r#"bundle.toml:1:1: "grants" in [modules.chat]: no"#
    );
    assert_eq!(error(""), "bundle.toml:1:1: [modules.chat]: no");
    assert_eq!(
        bundle.module_error("none", "", "no").to_string(),
        "bundle: [modules.none]: no"
    );
}

/// Lines that look like a bundle, cut and mixed.
fn lines() -> impl Strategy<Value = String> {
    let pieces: Vec<&str> = FULL.split_inclusive(['\n', '=', '.', '"']).collect();
    prop::collection::vec(prop::sample::select(pieces), 0..40).prop_map(|pieces| pieces.concat())
}

/// Whatever the text is, the answer is a bundle, or an error that begins with the file's name.
fn answers(bytes: &[u8]) -> Result<(), TestCaseError> {
    match Bundle::parse(Path::new("b.toml"), bytes, Path::new("/"), Some(Path::new("/d"))) {
        Ok(bundle) => prop_assert!(serde_json::to_value(&bundle).is_ok()),
        Err(error) => prop_assert!(error.to_string().starts_with("b.toml:"), "{}", error),
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        answers(&bytes)?;
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in "\\PC{0,200}") {
        answers(text.as_bytes())?;
    }

    #[test]
    fn no_mixed_up_bundle_makes_the_reader_panic(text in lines()) {
        answers(text.as_bytes())?;
    }
}
