//! What a manifest is refused for.

use super::*;

fn entry(path: &str, size: u64) -> Entry {
    let sha256 = Digest::of(b"");
    let path = path.to_owned();
    Entry { path, size, sha256 }
}

fn manifest(entries: Vec<Entry>) -> Manifest {
    let plugin = PluginManifest::parse(br#"{"name":"a","version":"1.0.0"}"#).unwrap();
    Manifest::of(&plugin, entries)
}

fn good() -> Manifest {
    let library = entry("libraries/linux-x86_64/liba.so", 3);
    manifest(vec![library, entry(PLUGIN, 2)])
}

#[test]
fn it_has_one_form_as_text() {
    let json = good().to_json();
    assert_eq!(
        String::from_utf8_lossy(&json),
        "{\"format\":1,\"name\":\"a\",\"version\":\"1.0.0\",\"license\":\"\",\"provides\":[],\"requires\":[],\"entries\":[\
         {\"path\":\"libraries/linux-x86_64/liba.so\",\"size\":3,\"sha256\":\"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"},\
         {\"path\":\"plugin.json\",\"size\":2,\"sha256\":\"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"}]}\n"
    );
    assert_eq!(Manifest::parse(&json).unwrap(), good());
    let spaced = [b" ", &*json].concat();
    assert!(matches!(
        Manifest::parse(&spaced),
        Err(PackageError::NotCanonical { .. })
    ));
    assert!(matches!(
        Manifest::parse(&json[..9]),
        Err(PackageError::Json { .. })
    ));
}

#[test]
fn a_library_is_found_by_its_target() {
    let manifest = good();
    assert_eq!(manifest.targets().collect::<Vec<_>>(), ["linux-x86_64"]);
    assert_eq!(manifest.library("linux-x86_64").unwrap().0, "liba.so");
    assert!(manifest.library("linux-aarch64").is_none());
}

#[test]
fn each_rule_is_named_when_it_is_broken() {
    let refused = |change: fn(&mut Manifest)| {
        let mut manifest = good();
        change(&mut manifest);
        manifest.check().unwrap_err().to_string()
    };
    let library = "libraries/linux-x86_64/liba.so";
    assert_eq!(
        refused(|it| it.format = 2),
        "the package has format 2, this program knows 1: use a newer one"
    );
    assert_eq!(
        refused(|it| it.name = "../a".to_owned()),
        "manifest.json: name: \"../a\" is not the name of a plugin"
    );
    assert_eq!(
        refused(|it| it.version.pre = semver::Prerelease::new(&"a".repeat(64)).unwrap()),
        "manifest.json: version: 70 bytes, at most 64 are allowed"
    );
    assert_eq!(
        refused(|it| it.entries.reverse()),
        format!("manifest.json: entries: \"{library}\" is not in its order")
    );
    assert_eq!(
        refused(|it| it.entries[0].size = limits::LIBRARY + 1),
        format!("entry \"{library}\" has 268435457 bytes, at most 268435456 are allowed")
    );
    assert_eq!(
        refused(|it| it.entries[0].path = "libraries/../a.so".to_owned()),
        "entry \"libraries/../a.so\": it leads upwards"
    );
    assert_eq!(
        refused(|it| drop(it.entries.remove(0))),
        "the package has no library"
    );
    assert_eq!(
        refused(|it| drop(it.entries.remove(1))),
        "the package has no entry \"plugin.json\""
    );
    assert_eq!(
        refused(|it| it.entries.insert(0, entry("libraries/linux-x86_64/a.so", 0))),
        "there are two libraries for the target linux-x86_64"
    );
    assert_eq!(
        refused(|it| it.entries.insert(1, entry("manifest.json", 0))),
        "entry \"manifest.json\" is not in the manifest"
    );
    assert_eq!(
        refused(|it| it.entries = (0..65).map(|i| entry(&format!("licenses/{i:02}"), 0)).collect()),
        "manifest.json: entries: 65 of them, at most 64 are allowed"
    );
    assert_eq!(
        refused(|it| it.entries = ["a", "b", "c"]
            .map(|t| entry(&format!("libraries/{t}/a.so"), limits::LIBRARY))
            .into()),
        "with entry \"libraries/c/a.so\" the package unpacks to 805306368 bytes, at most 536870912 are allowed"
    );
}
