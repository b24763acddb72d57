use std::{collections::HashSet, io::Write as _};

use super::*;
use crate::flags::*;

fn read(arguments: &[&str], environment: &[(&str, &str)]) -> Result<Settings, SettingsError> {
    let arguments = [&["wakunode"], arguments]
        .concat()
        .into_iter()
        .map(OsString::from);
    let environment = environment
        .iter()
        .map(|(name, value)| (name.into(), value.into()));
    Settings::read(arguments, environment).map(|(settings, _)| settings)
}

fn given(arguments: &[&str]) -> Settings {
    read(arguments, &[]).unwrap()
}

fn refusal(arguments: &[&str]) -> String {
    read(arguments, &[]).map(drop).unwrap_err().to_string()
}

fn file(text: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

fn all<'a>(settings: &'a Settings, flag: &Flag) -> Vec<&'a str> {
    settings.values(flag).collect()
}

#[test]
fn every_row_of_the_table_is_a_flag_with_a_sound_default() {
    command().debug_assert();
    let mut names = HashSet::new();
    for flag in flags::all() {
        assert!(names.insert(flag.name), "{} is there twice", flag.name);
        assert!(flag.list || flag.default.len() <= 1, "{}", flag.name);
        for default in flag.default {
            value::check(flag.kind, default).unwrap_or_else(|problem| panic!("{}: {problem}", flag.name));
        }
    }
    given(&[]);
}

#[test]
fn values_stand_behind_an_equals_sign_a_colon_or_a_space() {
    for arguments in [
        &["--tcp-port=1234"][..],
        &["--tcp-port:1234"],
        &["--tcp-port", "1234"],
        &["--TCP-Port:1234"],
        &["--tcp-port=1", "--tcp-port=1234"],
    ] {
        assert_eq!(given(arguments).port(&TCP_PORT), 1234, "{arguments:?}");
    }
    let address = "/ip4/127.0.0.1/tcp/1";
    assert_eq!(
        given(&[&format!("--storenode:{address}")]).text(&STORENODE),
        Some(address)
    );
    assert_eq!(given(&["--nat:extip:1.2.3.4"]).text(&NAT), Some("extip:1.2.3.4"));
    assert_eq!(given(&["--storenode="]).text(&STORENODE), None);
}

#[test]
fn a_switch_stands_alone_or_has_one_of_the_usual_words() {
    for (argument, expected) in [
        ("--store", true),
        ("--store=true", true),
        ("--store:TRUE", true),
        ("--store=yes", true),
        ("--store=1", true),
        ("--store=on", true),
        ("--store=false", false),
        ("--store:off", false),
        ("--store=n", false),
    ] {
        assert_eq!(given(&[argument]).switch(&STORE), Some(expected), "{argument}");
    }
    assert_eq!(given(&["--store", "--relay=false"]).switch(&STORE), Some(true));
    assert_eq!(
        (given(&[]).switch(&RELAY), given(&[]).switch(&RLN_RELAY)),
        (Some(true), None)
    );
    assert_eq!(
        refusal(&["--store=maybe"]),
        "--store: \"maybe\" is neither true nor false (from the command line)"
    );
}

#[test]
fn a_list_is_repeated_or_an_array() {
    assert_eq!(all(&given(&["--shard=1", "--shard:2"]), &SHARD), ["1", "2"]);
    assert_eq!(all(&given(&["--shard=[1,2]"]), &SHARD), ["1", "2"]);
    let name = "WAKUNODE2_STATICNODE";
    let settings = read(&[], &[(name, r#"["/a", "/b"]"#)]).unwrap();
    assert_eq!(all(&settings, &STATICNODE), ["/a", "/b"]);
    assert_eq!(all(&read(&[], &[(name, "/a")]).unwrap(), &STATICNODE), ["/a"]);
    assert_eq!(all(&given(&[]), &DNS_ADDRS_NAME_SERVER), ["1.1.1.1", "1.0.0.1"]);
    assert_eq!(
        all(
            &given(&["--dns-addrs-name-server=9.9.9.9"]),
            &DNS_ADDRS_NAME_SERVER
        ),
        ["9.9.9.9"]
    );
    assert!(refusal(&["--shard=[1,"]).contains("\"[1,\" is not a number between 0 and 1023"));
}

#[test]
fn the_command_line_goes_before_the_environment_and_that_before_the_file() {
    let file =
        file("tcp-port = 3\nports-shift = 3\nrelay = false\nshard = [1, 0x2, \"3\"]\nnodekey = \"ab\"\n");
    let path = file.path().to_str().unwrap();
    let settings = read(
        &["--tcp-port=1"],
        &[
            ("WAKUNODE2_TCP_PORT", "2"),
            ("WAKUNODE2_PORTS_SHIFT", "2"),
            ("WAKUNODE2_CONFIG_FILE", path),
            ("WAKUNODE2_DNS_DISCOVERY_URL", ""),
        ],
    )
    .unwrap();
    assert_eq!((settings.port(&TCP_PORT), settings.port(&PORTS_SHIFT)), (1, 2));
    assert_eq!(
        (settings.switch(&RELAY), all(&settings, &SHARD)),
        (Some(false), vec!["1", "2", "3"])
    );
    assert_eq!(
        (settings.text(&NODEKEY), settings.text(&DNS_DISCOVERY_URL)),
        (Some("ab"), None)
    );
    assert!(settings.warnings.is_empty());
}

#[test]
fn an_unknown_name_is_refused_with_the_nearest_one_wherever_it_stands() {
    let text = refusal(&["--tcp-prt=1"]);
    assert!(
        text.contains("unexpected argument '--tcp-prt'") && text.contains("'--tcp-port'"),
        "{text}"
    );
    let file = file("relay = true\n\ntcp_prt = 1\n");
    let path = file.path().display().to_string();
    assert_eq!(
        refusal(&["--config-file", &path]),
        format!("{path}:3: no flag is called \"tcp_prt\"; did you mean \"tcp-port\"?")
    );
    // Another program may have set it.
    let warnings = read(&[], &[("WAKUNODE2_TCP_PRT", "1")]).unwrap().warnings;
    assert_eq!(
        warnings,
        ["no flag has the environment variable WAKUNODE2_TCP_PRT; did you mean WAKUNODE2_TCP_PORT?"]
    );
}

#[test]
fn a_wrong_value_is_told_with_its_place_and_a_secret_never() {
    let from = |text: &str| {
        let file = file(text);
        let path = file.path().display().to_string();
        refusal(&["--config-file", &path]).replace(&path, "FILE")
    };
    assert_eq!(
        from("\ntcp-port = 65536"),
        "--tcp-port: \"65536\" is not a number between 0 and 65535 (from FILE:2)"
    );
    assert_eq!(from("shard = 1.5"), "FILE:1: shard must be a list of values");
    assert_eq!(
        from("relay = [true]"),
        "FILE:1: relay must be a text, a number, or true or false"
    );
    assert!(from("relay = ").starts_with("FILE:1: "));
    assert!(from("[a]\nb = 1").contains("no flag is called \"a\""));
    assert_eq!(
        from("nodekey = [\"hidden\"]"),
        "FILE:1: nodekey must be a text, a number, or true or false"
    );
    let text = read(&[], &[("WAKUNODE2_LISTEN_ADDRESS", "localhost")])
        .map(drop)
        .unwrap_err()
        .to_string();
    assert_eq!(
        text,
        "--listen-address: \"localhost\" is not an IP address (from the environment variable WAKUNODE2_LISTEN_ADDRESS)"
    );
    assert_eq!(
        refusal(&["--log-format=XML"]),
        "--log-format: \"XML\" is none of TEXT, JSON (from the command line)"
    );
    assert!(
        refusal(&["--config-file=/nowhere/at/all"])
            .starts_with("the configuration file /nowhere/at/all cannot be read: ")
    );
}

#[test]
fn help_has_every_flag_in_a_group_and_examples() {
    let help = command().render_long_help().to_string();
    for group in GROUPS {
        assert!(help.contains(&format!("\n{}:\n", group.title)), "{}", group.title);
        for flag in group.flags {
            assert!(
                help.contains(&format!("--{} ", flag.name)) || help.contains(&format!("--{}[", flag.name)),
                "{}",
                flag.name
            );
        }
    }
    assert!(help.contains("[default: 60000]") && help.contains("wakunode --preset=twn --relay=false"));
}

#[test]
fn what_is_asked_for_beside_running_is_known() {
    let asked = |argument: &str| {
        let arguments = ["wakunode", argument].map(OsString::from);
        Settings::read(arguments, []).unwrap().1
    };
    assert_eq!(asked("--version"), Asked::Version);
    assert_eq!(
        asked("--completions=bash"),
        Asked::Completions(clap_complete::Shell::Bash)
    );
    assert_eq!(asked("generateRlnKeystore"), Asked::RlnKeystore);
    assert_eq!(asked("--store"), Asked::Run);
}
