//! The page about `bundle.toml` shows a bundle that is one, with every key there is.

use backplane_host::bundle::{Bundle, RestartPolicy, settings};
use std::path::Path;

const PAGE: &str = include_str!("../../docs/bundle.md");

/// The TOML block of the page.
fn example() -> &'static str {
    let (_, block) = PAGE
        .split_once("```toml file=bundle.toml\n")
        .expect("the page shows a bundle");
    let (block, _) = block.split_once("\n```").expect("its block ends");
    block
}

fn bundle() -> Bundle {
    Bundle::parse(
        Path::new("docs/bundle.md"),
        example().as_bytes(),
        Path::new("/app"),
        None,
    )
    .expect("it is a bundle")
}

/// The keys of the tables whose headings are `heading`, from the page.
fn keys_of(heading: &str) -> Vec<&'static str> {
    let (_, section) = PAGE
        .split_once(&format!("\n## {heading}\n"))
        .expect("the page has the heading");
    let section = section
        .split_once("\n## ")
        .map_or(section, |(section, _)| section);
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.filter_map(|row| row.split_once('`'))
        .map(|(key, _)| key)
        .collect()
}

#[test]
fn the_example_of_the_page_is_a_bundle_with_the_defaults_that_the_page_states() {
    let Bundle { host, modules } = bundle();
    let timeouts = [host.start_timeout, host.stop_timeout, host.drain_timeout];
    let defaults = [
        settings::START_TIMEOUT,
        settings::STOP_TIMEOUT,
        settings::DRAIN_TIMEOUT,
    ];
    assert_eq!(timeouts, defaults);
    assert_eq!(host.max_retired, settings::MAX_RETIRED);
    assert_eq!(host.socket, host.data_dir.join(settings::SOCKET_NAME));
    assert_eq!(modules["waku"].restart, RestartPolicy::default());
    assert_eq!(modules["waku"].on_failure, modules["chat"].on_failure);
    assert!(modules["chat"].grants.allows("waku.relay"));
    assert!(!modules["chat"].grants.allows("wallet.keys"));
}

#[test]
fn every_key_of_the_tables_stands_in_the_example_and_none_is_missing() {
    let json = serde_json::to_value(bundle()).expect("a bundle is JSON");
    let host = json["host"].as_object().expect("a table");
    let mut stated = keys_of("[host]");
    stated.sort_unstable();
    assert_eq!(stated, host.keys().map(String::as_str).collect::<Vec<_>>());

    // The one module of the example that is pinned has the key that is left out otherwise.
    let storage = json["modules"]["storage"].as_object().expect("a table");
    let mut stated = keys_of("[modules.NAME]");
    stated.sort_unstable();
    assert_eq!(stated, storage.keys().map(String::as_str).collect::<Vec<_>>());

    for key in keys_of("[host]").into_iter().chain(keys_of("[modules.NAME]")) {
        let shown = example()
            .lines()
            .any(|line| line.strip_prefix(key).is_some_and(|rest| rest.starts_with(" =")))
            || key == "config";
        assert!(shown, "{key}");
    }
}
