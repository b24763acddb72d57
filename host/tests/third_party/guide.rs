//! The commands by which the guide goes from nothing to a plugin that runs.

use backplane_test_support::workspace;
use std::fs;

/// The commands from an empty folder on.
pub(crate) fn from_nothing() -> Vec<String> {
    let page = fs::read_to_string(workspace().join("docs/plugin-guide.md")).unwrap();
    let (_, rest) = page.split_once("\n```sh new\n").unwrap();
    let (commands, _) = rest.split_once("\n```\n").unwrap();
    commands.lines().map(str::to_owned).collect()
}

/// The commands in the shell blocks of a page.
pub(crate) fn commands(page: &str) -> Vec<String> {
    let blocks = page.split("\n```sh\n").skip(1);
    let blocks = blocks.filter_map(|block| block.split("\n```").next());
    blocks.flat_map(str::lines).map(str::to_owned).collect()
}
