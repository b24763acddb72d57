//! The SDKs for C and Nim, which come along in a new folder: the files of `sdk`.

/// A file: its path in the folder of the SDK, and what is in it.
type File = (&'static str, &'static str);

/// The text of a file in `sdk`.
macro_rules! sdk {
    ($path:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../sdk/", $path))
    };
}

/// The headers for C, and the helpers.
pub(super) const C: [File; 9] = [
    ("c/include/backplane_cbor.h", sdk!("c/include/backplane_cbor.h")),
    (
        "c/include/backplane_plugin.h",
        sdk!("c/include/backplane_plugin.h"),
    ),
    ("c/include/backplane_sdk.h", sdk!("c/include/backplane_sdk.h")),
    ("c/src/call.c", sdk!("c/src/call.c")),
    ("c/src/cbor_read.c", sdk!("c/src/cbor_read.c")),
    ("c/src/cbor_write.c", sdk!("c/src/cbor_write.c")),
    ("c/src/memory.c", sdk!("c/src/memory.c")),
    ("c/src/reply.c", sdk!("c/src/reply.c")),
    ("c/src/stream.c", sdk!("c/src/stream.c")),
];

/// What is there for Nim beside them.
pub(super) const NIM: [File; 6] = [
    ("nim/backplane.nim", sdk!("nim/backplane.nim")),
    ("nim/backplane/abi.nim", sdk!("nim/backplane/abi.nim")),
    ("nim/backplane/c.nim", sdk!("nim/backplane/c.nim")),
    ("nim/backplane/cbor.nim", sdk!("nim/backplane/cbor.nim")),
    ("nim/backplane/client.nim", sdk!("nim/backplane/client.nim")),
    ("nim/backplane/plugin.nim", sdk!("nim/backplane/plugin.nim")),
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::path::Path;

    /// The files below a folder of `sdk`, by their paths.
    fn below(folder: &str, found: &mut Vec<String>) {
        let sdk = Path::new(env!("CARGO_MANIFEST_DIR")).join("../sdk");
        for entry in fs::read_dir(sdk.join(folder)).unwrap().map(Result::unwrap) {
            let path = format!("{folder}/{}", entry.file_name().display());
            match entry.file_type().unwrap().is_dir() {
                true => below(&path, found),
                false => found.push(path),
            }
        }
    }

    #[test]
    fn no_file_of_the_sdk_is_forgotten() {
        let mut there = Vec::new();
        ["c/include", "c/src", "nim"]
            .iter()
            .for_each(|folder| below(folder, &mut there));
        there.sort();
        let mut along: Vec<&str> = C.iter().chain(&NIM).map(|(path, _)| *path).collect();
        along.sort();
        assert_eq!(along, there);
    }
}
