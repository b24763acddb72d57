//! What the fuzz targets check, one function for each: any input is taken or refused, and what is taken means what it
//! says. A function panics where that does not hold.
//!
//! A target is a function here, a file of one line in `fuzz_targets`, a table in `fuzz/Cargo.toml`, and a folder of
//! seeds; `docs/fuzzing.md` says how they are run.

mod files;
mod frames;
mod keys;
mod lines;
mod manifests;
mod packages;

pub use files::import_file;
pub use frames::frame_decoding;
pub use keys::key_decoding;
pub use lines::import_lines;
pub use manifests::manifest_decoding;
pub use packages::package_decoding;
