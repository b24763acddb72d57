//! Each test that `upstream.md` names is there.

use std::fs;
use std::path::Path;

#[test]
fn each_counterpart_is_there() {
    let named = include_str!("upstream.md")
        .lines()
        .filter(|line| line.starts_with('|'))
        .flat_map(|line| line.split('`').skip(1).step_by(2))
        .filter_map(|code| code.split_once("::"));
    let (mut found, mut missing) = (0, Vec::new());
    for (file, name) in named {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
        let source = fs::read_to_string(path).unwrap_or_default();
        if source.contains(&format!("fn {name}(")) {
            found += 1;
        } else {
            missing.push(format!("{file}::{name}"));
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
    assert!(found > 80, "only {found} tests are named");
}
