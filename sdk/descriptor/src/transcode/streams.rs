//! Where the streams of a value are, and where their items.

use super::{TranscodeError, read::Reader};
use crate::Type;

/// The attachments of `cbor`, a value of type `ty`, that are streams, in the order of the payload.
///
/// A stream is a value by itself or a field of a record; see [`Manifest`](crate::Manifest) for where it may stand.
///
/// # Errors
/// [`TranscodeError`] where the CBOR is not of the type as far as streams lie in it.
pub fn streams(ty: &Type, cbor: &[u8]) -> Result<Vec<u64>, TranscodeError> {
    let mut found = Vec::new();
    if has_stream(ty) {
        find(&mut Reader::new(cbor), ty, &mut found)?;
    }
    Ok(found)
}

/// The items of a CBOR sequence (RFC 8742), undecoded.
///
/// # Errors
/// [`TranscodeError`] where one of them is not well-formed.
pub fn sequence(cbor: &[u8]) -> Result<Vec<&[u8]>, TranscodeError> {
    let mut input = Reader::new(cbor);
    let mut items = Vec::new();
    while input.rest() > 0 {
        let start = cbor.len() - input.rest();
        input.skip()?;
        items.push(&cbor[start..cbor.len() - input.rest()]);
    }
    Ok(items)
}

/// Whether a value of type `ty` has streams, where they may stand.
pub fn has_stream(ty: &Type) -> bool {
    match ty {
        Type::Stream(_) => true,
        Type::Record(record) => record.fields.iter().any(|field| has_stream(&field.ty)),
        _ => false,
    }
}

fn find(input: &mut Reader<'_>, ty: &Type, found: &mut Vec<u64>) -> Result<(), TranscodeError> {
    let Type::Record(record) = ty else {
        if !matches!(ty, Type::Stream(_)) {
            return input.skip();
        }
        // One that is negative is no attachment's.
        let number = input.integer(ty)?;
        found.push(u64::try_from(number).unwrap_or(u64::MAX));
        return Ok(());
    };
    let mut left = input.map(ty)?;
    while input.more(&mut left)? {
        let key = input.key()?;
        match record.fields.iter().find(|field| field.name == key) {
            Some(field) => find(input, &field.ty, found).map_err(|error| error.in_field(&key))?,
            None => input.skip().map_err(|error| error.in_field(&key))?,
        }
    }
    Ok(())
}
