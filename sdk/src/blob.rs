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
    /// The attachments of the values that this thread encodes or decodes now, the innermost last.
    static ATTACHMENTS: RefCell<Open> = const { RefCell::new(Open { blobs: Vec::new(), start: None }) };
}

struct Open {
    blobs: Vec<Blob>,
    /// Where those of the innermost value begin; `None` outside of calls.
    start: Option<usize>,
}

/// Runs `work`, which encodes, and gives the blobs that it met.
pub(crate) fn collect<T>(work: impl FnOnce() -> T) -> (T, Vec<Blob>) {
    within(Vec::new(), work)
}

/// Runs `work`, which decodes, with `blobs` at hand.
pub(crate) fn provide<T>(blobs: Vec<Blob>, work: impl FnOnce() -> T) -> T {
    within(blobs, work).0
}

/// Most values have no blob: nothing is allocated or moved for them.
fn within<T>(blobs: Vec<Blob>, work: impl FnOnce() -> T) -> (T, Vec<Blob>) {
    /// Also comes back when `work` panics.
    struct Close(Option<usize>);
    impl Drop for Close {
        fn drop(&mut self) {
            ATTACHMENTS.with_borrow_mut(|open| {
                open.blobs.truncate(open.start.unwrap_or(0));
                open.start = self.0;
            });
        }
    }
    let outer = ATTACHMENTS.with_borrow_mut(|open| {
        let outer = open.start.replace(open.blobs.len());
        open.blobs.extend(blobs);
        outer
    });
    let _close = Close(outer);
    let result = work();
    let met = ATTACHMENTS.with_borrow_mut(|open| {
        let start = open.start.unwrap_or(0);
        if open.blobs.len() == start {
            Vec::new()
        } else {
            open.blobs.split_off(start)
        }
    });
    (result, met)
}

impl Serialize for Blob {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let number = ATTACHMENTS.with_borrow_mut(|open| {
            let start = open.start?;
            open.blobs.push(self.clone());
            u32::try_from(open.blobs.len() - 1 - start).ok()
        });
        serializer.serialize_u32(number.ok_or_else(|| S::Error::custom("a blob can only travel in a call"))?)
    }
}

impl<'de> Deserialize<'de> for Blob {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = u32::deserialize(deserializer)?;
        ATTACHMENTS
            .with_borrow(|open| open.blobs.get(open.start? + number as usize).cloned())
            .ok_or_else(|| D::Error::custom(format!("there is no attachment {number}")))
    }
}
