//! JSON to CBOR and back, as a [`Type`] says.
//!
//! Between modules values are CBOR (RFC 8949); people and browsers speak JSON. The rules of both forms:
//!
//! | type | CBOR | JSON |
//! |---|---|---|
//! | unit | null | null |
//! | integers | integer | number; 64 bits outside of ±(2^53 − 1): a decimal string |
//! | f64 | float | number; `"NaN"`, `"Infinity"`, `"-Infinity"` |
//! | text | text | string |
//! | bytes, fixed | byte string | `0x` and lower-case hexadecimal digits |
//! | blob | index of an attachment | as bytes |
//! | list | array | array |
//! | stream | index of an attachment | array |
//! | map | map with text keys | object |
//! | option | null or the value | null or the value |
//! | record | map with text keys | object |
//! | enum | its name | its name |
//! | union | its name, or a map of one entry | its name, or an object of one entry |
//!
//! A field that is missing takes its default, or null if it is an option. In CBOR an unknown field is ignored,
//! because a newer sender may know more; in JSON it is an error, because a person may have mistyped it.
//! The attachment of a stream holds its items one after another, a CBOR sequence (RFC 8742). So it does only here: between
//! modules it is the name of the stream, and whoever translates reads it first; see [`streams`].
//!
//! CBOR may be of definite or indefinite length and of any width of integers and floats.
//!
//! ```
//! use backplane_descriptor::{Type, transcode::{cbor_to_json, json_to_cbor}};
//! use serde_json::json;
//!
//! let ty: Type = serde_json::from_value(json!({"record": {"name": "send", "fields": [
//!     {"name": "to", "type": "text"},
//!     {"name": "tries", "type": "u8", "default": 3},
//! ]}}))?;
//! let cbor = json_to_cbor(&ty, &json!({"to": "ann"}), &mut Vec::new())?;
//! assert_eq!(cbor_to_json(&ty, &cbor, &[])?, json!({"to": "ann", "tries": 3}));
//!
//! let error = json_to_cbor(&ty, &json!({"to": "ann", "trise": 5}), &mut Vec::new()).unwrap_err();
//! assert_eq!(error.within("params").to_string(), "params.trise: not known; did you mean tries?");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod decode;
mod encode;
mod error;
mod read;
mod streams;
mod value;

pub use error::{Problem, TranscodeError};
pub use streams::{has_stream, sequence, streams};

use crate::Type;
use serde_json::Value;

/// How deep values may lie in each other.
const DEPTH_LIMIT: usize = 64;
/// How much memory the values on the JSON side of one translation may take, in bytes, roughly.
///
/// It bounds what many missing fields with long defaults can make of a short message.
const MEMORY_LIMIT: usize = 256 << 20;
/// What a value takes beside its text, in bytes, roughly.
const VALUE_SIZE: usize = 32;

/// The CBOR of `json`, which must be of the type `ty`.
///
/// Bytes of blobs and items of streams are appended to `attachments`, and the CBOR carries their index. Missing fields are filled in.
///
/// # Errors
/// [`TranscodeError`] names the path and the rule; `attachments` then holds what was read so far.
pub fn json_to_cbor(
    ty: &Type,
    json: &Value,
    attachments: &mut Vec<Vec<u8>>,
) -> Result<Vec<u8>, TranscodeError> {
    encode::encode(ty, json, attachments)
}

/// The JSON of `cbor`, which must be of the type `ty`.
///
/// An attachment may be named only once, so that a short message cannot ask for many copies of a long one.
///
/// # Errors
/// [`TranscodeError`] names the path and the rule.
pub fn cbor_to_json(ty: &Type, cbor: &[u8], attachments: &[&[u8]]) -> Result<Value, TranscodeError> {
    decode::decode(ty, cbor, attachments)
}

/// `json` as a receiver of the type `ty` sees it: with its defaults filled in, and each value in its usual form.
///
/// # Errors
/// [`TranscodeError`] names the path and the rule.
pub fn check_json(ty: &Type, json: &Value) -> Result<Value, TranscodeError> {
    let mut attachments = Vec::new();
    let cbor = json_to_cbor(ty, json, &mut attachments)?;
    let attachments: Vec<&[u8]> = attachments.iter().map(Vec::as_slice).collect();
    cbor_to_json(ty, &cbor, &attachments)
}

/// What is left of [`MEMORY_LIMIT`].
struct Budget(usize);

impl Budget {
    fn new() -> Self {
        Self(MEMORY_LIMIT)
    }

    /// Takes what a value with `len` bytes of text needs.
    fn take(&mut self, len: usize) -> Result<(), TranscodeError> {
        match self.0.checked_sub(len.saturating_add(VALUE_SIZE)) {
            Some(left) => self.0 = left,
            None => return Err(Problem::TooLarge { limit: MEMORY_LIMIT }.into()),
        }
        Ok(())
    }
}

fn check_depth(depth: usize) -> Result<(), TranscodeError> {
    if depth > DEPTH_LIMIT {
        return Err(Problem::TooDeep { limit: DEPTH_LIMIT }.into());
    }
    Ok(())
}

#[cfg(test)]
mod tests;
