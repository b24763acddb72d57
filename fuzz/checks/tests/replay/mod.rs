//! Feeds a check with its seeds.

use std::fs;
use std::path::Path;

/// Checks every seed of the target, and what is nearly like it.
pub(crate) fn replay(target: &str, check: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../seeds")
        .join(target);
    let seeds = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    let mut replayed = 0;
    for seed in seeds {
        let input = fs::read(&seed).unwrap();
        check(&input);
        // Those that are nearly like it, too.
        for at in [0, input.len() / 2, input.len().saturating_sub(1)] {
            check(&input[..at]);
        }
        replayed += 1;
    }
    assert!(replayed > 0, "{} has no seeds", folder.display());
}
