//! `backplane new`, and then the commands of the guide.

use crate::guide::{Language, commands};
use crate::project::Project;
use backplane_test_support::Outside;
use serde_json::json;
use std::fs;
use std::time::Instant;

/// Runs the commands of the guide in a language, from an empty folder on: the plugin that they make is installed, runs and
/// answers. `version` is the file in which its version stands.
fn from_nothing(column: usize, place: &str, version: &str) {
    let outside = Outside::open();
    let place = outside.path().join(place);
    let mut project = Project::new(&place);
    let guide = Language::read(column).commands();
    let (begun, mut answer) = (Instant::now(), String::new());
    for command in &guide {
        match &**command {
            "cd hello" => {
                project.enter(&place.join("hello"));
                if project.path("Cargo.toml").exists() {
                    outside.share_target(&project.path(""));
                }
            }
            "backplane run" => project.start(),
            command => answer = project.run(command),
        }
    }
    assert_eq!(answer, "Hello, Ada!\n");
    println!("{}: {:.1} s", guide[0], begun.elapsed().as_secs_f64());

    let readme = project.text("README.md");
    assert_eq!(
        commands(&readme),
        guide[2..],
        "the README says the same as the guide"
    );
    assert_eq!(project.json("backplane list")[0]["version"], "0.1.0");
    let refused = project.refused(r#"backplane call hello.greeter.greet '{"name": ""}'"#);
    assert!(refused.starts_with("backplane: "), "{refused}");
    for command in checks(&project.text(".github/workflows/ci.yml")) {
        project.run(&command);
    }

    // The next version takes the count over, and the host never stops serving.
    project.replace(version, "0.1.0", "0.2.0");
    project.run(&guide[2]);
    let at = |start: &str| {
        guide
            .iter()
            .find(|it| it.starts_with(start))
            .unwrap()
            .replace("0.1.0", "0.2.0")
    };
    project.run(&at("backplane pack"));
    project.run(&at("backplane sign"));
    let swapped = project.json(&(at("backplane install") + " --swap"));
    assert_eq!(swapped["swapped"][0]["to"], "0.2.0");
    assert_eq!(project.json("backplane call hello.greeter.count"), json!(1));
    assert_eq!(project.json("backplane modules")[0]["version"], "0.2.0");
    project.stop();
}

/// The commands of a CI file but for those that have a machine of their own to set up, and for the lints, for which all
/// that a plugin depends on would be checked again.
fn checks(ci: &str) -> Vec<String> {
    let steps = ci.lines().filter_map(|line| line.trim().strip_prefix("- run: "));
    let checks = steps.filter(|step| !step.contains("sudo") && !step.contains("clippy"));
    let checks: Vec<String> = checks.map(str::to_owned).collect();
    assert!(checks.len() >= 2, "{ci}");
    checks
}

#[test]
fn from_an_empty_folder_to_a_plugin_in_rust_that_answers() {
    from_nothing(0, "", "plugin/Cargo.toml");
}

#[test]
fn from_an_empty_folder_to_a_plugin_in_c_that_answers() {
    from_nothing(1, "c", "plugin.c");
}

#[test]
fn from_an_empty_folder_to_a_plugin_in_nim_that_answers() {
    from_nothing(2, "nim", "plugin.nim");
}

#[test]
fn a_folder_that_is_there_and_names_that_do_not_do_are_refused_with_a_sentence() {
    let outside = Outside::open();
    let project = Project::new(&outside.path().join("refused"));
    fs::create_dir(project.path("mine")).unwrap();
    fs::write(project.path("mine/notes"), "precious").unwrap();
    let taken = "backplane: mine is there already, and nothing in it is touched: choose another name, or another folder to run this in\n";
    assert_eq!(project.refused("backplane new mine --lang c"), taken);
    assert_eq!(fs::read_dir(project.path("mine")).unwrap().count(), 1);
    for (arguments, refusal) in [
        ("MyPlugin", "as in \"my-plugin\""),
        ("../up", "as in \"up\""),
        ("new-one --sdk nowhere", "--sdk nowhere: the SDK is not there"),
        ("new-one --lang cobol", "[possible values: rust, c, nim]"),
    ] {
        let refused = project.refused(&format!("backplane new {arguments}"));
        assert!(refused.contains(refusal), "{refused}");
    }
    assert_eq!(fs::read_dir(project.path("")).unwrap().count(), 1);
}

#[test]
fn scripts_are_told_what_was_made_and_where_the_sdk_is() {
    let outside = Outside::open();
    let project = Project::new(&outside.path().join("told"));
    let made = project.json("backplane new my-filter --lang c --sdk ../backplane/sdk");
    assert_eq!(
        (&made["language"], &made["folder"]),
        (&json!("c"), &json!("my-filter"))
    );
    assert_eq!(made["sdk"], "../../backplane");
    for file in made["files"].as_array().unwrap() {
        let path = format!("my-filter/{}", file.as_str().unwrap());
        let text = project.text(&path);
        assert!(
            !text.contains("plugin-name") && !text.contains("plugin_name"),
            "{path}"
        );
    }
    assert!(!project.path("my-filter/backplane").exists());
    project.run("make -C my-filter test");
}
