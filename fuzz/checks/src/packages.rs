//! Packages of plugins, and the indexes of registries.

use backplane_package::{Package, SignedIndex};

/// What is read as a package, compressed or not, is written as one that means the same, and always as the same bytes.
/// What is read as an index is written as the bytes that it was.
///
/// # Panics
/// Where it is not.
pub fn package_decoding(input: &[u8]) {
    for package in [Package::read(input), Package::read_plain(input)] {
        let Ok(package) = package else { continue };
        let bytes = package.to_bytes().expect("it is small");
        let again = Package::read(&*bytes).expect("it was written as it must be");
        assert_eq!(
            (again.manifest(), again.signer()),
            (package.manifest(), package.signer())
        );
        assert_eq!(again.to_bytes().expect("it is small"), bytes);
    }
    if let Ok(index) = SignedIndex::parse(input) {
        assert_eq!(index.to_json(), input);
    }
}
