use super::*;
use crate::example;
use semver::Version;

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn versioned(version: &str) -> Interface {
    Interface {
        version: Version::parse(version).unwrap(),
        ..example::interface()
    }
}

fn refusal(folder: &Path, interface: &Interface) -> String {
    let [checked, updated] =
        [false, true].map(|update| compare(folder, interface, update).unwrap_err().to_string());
    assert_eq!(checked, updated, "writing is no way around it");
    checked
}

#[test]
fn a_new_interface_has_to_be_committed_first() {
    let folder = folder();
    let interface = versioned("1.0.0");
    let error = compare(folder.path(), &interface, false).unwrap_err();
    assert!(matches!(error, CommittedError::Missing(_)), "{error}");
    compare(folder.path(), &interface, true).unwrap();
    compare(folder.path(), &interface, false).unwrap();
    let file = folder.path().join(format!("{}-1.0.0.json", interface.id));
    assert_eq!(fs::read_to_string(file).unwrap(), to_pretty_json(&interface));
}

#[test]
fn a_contract_does_not_change_under_its_version() {
    let folder = folder();
    let old = versioned("1.0.0");
    compare(folder.path(), &old, true).unwrap();
    let mut new = old.clone();
    let removed = new.methods.pop().unwrap().name;
    assert_eq!(
        refusal(folder.path(), &new),
        format!(
            "{} 1.0.0 → 1.0.0: method {removed}: was removed: bump the version to 2.0.0",
            old.id
        )
    );
    new.version = Version::new(1, 1, 0);
    assert!(refusal(folder.path(), &new).ends_with("bump the version to 2.0.0"));
    new.version = Version::new(2, 0, 0);
    compare(folder.path(), &new, true).unwrap();
    compare(folder.path(), &old, false).unwrap();
}

#[test]
fn docs_may_change_but_not_unseen() {
    let folder = folder();
    let mut interface = versioned("1.0.0");
    compare(folder.path(), &interface, true).unwrap();
    interface.methods[0].docs = "Other words.".to_owned();
    let error = compare(folder.path(), &interface, false).unwrap_err();
    assert!(matches!(error, CommittedError::Docs(_)), "{error}");
    compare(folder.path(), &interface, true).unwrap();
    compare(folder.path(), &interface, false).unwrap();
}

#[test]
fn a_version_does_not_go_back_behind_a_committed_one() {
    let folder = folder();
    compare(folder.path(), &versioned("1.2.0"), true).unwrap();
    assert!(refusal(folder.path(), &versioned("1.1.0")).contains("the version goes back"));
}

#[test]
fn a_damaged_file_is_named() {
    let folder = folder();
    fs::write(folder.path().join("demo-1.0.0.json"), "{").unwrap();
    assert!(refusal(folder.path(), &versioned("1.0.0")).contains("demo-1.0.0.json: EOF"));
}
