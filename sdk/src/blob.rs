//! Large byte strings that travel beside the payload.

use crate::value::Value;
use backplane_descriptor::fixed::Ty;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _, ser::Error as _};
use std::cell::RefCell;
use std::sync::Arc;

/// A large byte string. It travels as an attachment: borrowed on its way to the provider, owned on its way
/// back; the encoded part holds only its number.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Blob(pub Arc<Vec<u8>>);

impl Value for Blob {
    const TY: Ty = Ty::Plain("blob");
}

impl From<Vec<u8>> for Blob {
    fn from(bytes: Vec<u8>) -> Self {
        Self(Arc::new(bytes))
    }
}

impl std::ops::Deref for Blob {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

thread_local! {
    /// The attachments of the value that this thread encodes or decodes now.
    static ATTACHMENTS: RefCell<Option<Vec<Blob>>> = const { RefCell::new(None) };
}

/// Runs `work`, which encodes, and gives the blobs that it met.
pub(crate) fn collect<T>(work: impl FnOnce() -> T) -> (T, Vec<Blob>) {
    let outer = ATTACHMENTS.replace(Some(Vec::new()));
    let result = work();
    (result, ATTACHMENTS.replace(outer).unwrap_or_default())
}

/// Runs `work`, which decodes, with `blobs` at hand.
pub(crate) fn provide<T>(blobs: Vec<Blob>, work: impl FnOnce() -> T) -> T {
    let outer = ATTACHMENTS.replace(Some(blobs));
    let result = work();
    ATTACHMENTS.set(outer);
    result
}

impl Serialize for Blob {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let number = ATTACHMENTS.with_borrow_mut(|blobs| {
            let blobs = blobs.as_mut()?;
            blobs.push(self.clone());
            u32::try_from(blobs.len() - 1).ok()
        });
        serializer.serialize_u32(number.ok_or_else(|| S::Error::custom("a blob can only travel in a call"))?)
    }
}

impl<'de> Deserialize<'de> for Blob {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = u32::deserialize(deserializer)?;
        ATTACHMENTS
            .with_borrow(|blobs| blobs.as_ref()?.get(number as usize).cloned())
            .ok_or_else(|| D::Error::custom(format!("there is no attachment {number}")))
    }
}
