//! Large byte strings that travel beside the payload.

use crate::attachment::{self, Attachment};
use crate::value::Value;
use backplane_descriptor::fixed::Ty;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _, ser::Error as _};
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

impl Serialize for Blob {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let number = attachment::add(Attachment::Blob(self.clone()));
        serializer.serialize_u32(number.ok_or_else(|| S::Error::custom("a blob can only travel in a call"))?)
    }
}

impl<'de> Deserialize<'de> for Blob {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = u32::deserialize(deserializer)?;
        match attachment::get(number) {
            Some((Attachment::Blob(blob), _)) => Ok(blob),
            _ => Err(D::Error::custom(format!("there is no attachment {number}"))),
        }
    }
}
