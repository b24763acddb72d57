//! Whatever is wrong with a package, a key or a registry makes a command fail.

use crate::exit::Failure;
use backplane_package::{
    FileError, KeyError, LockError, PackageError, PublishError, RegistryError, StoreError, TrustError,
    WebError,
};

macro_rules! fails {
    ($($error:ty),*) => {
        $(impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Self::failed(error.to_string())
            }
        })*
    };
}

fails!(
    FileError,
    KeyError,
    LockError,
    PackageError,
    PublishError,
    RegistryError,
    StoreError,
    TrustError,
    WebError
);
