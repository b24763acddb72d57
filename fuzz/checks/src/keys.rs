//! Keys and payloads: what can be decoded is encoded to the same bytes.

use storage_api::encoding::{Decode, Encode, OrderedText, decode, payload};
use storage_api::{Key, components, ordinals};

struct Header {
    sender: String,
    epoch: i64,
    mood: Mood,
}
components!(Header { sender, epoch, mood });

enum Mood {
    Happy,
    Angry,
}
ordinals!(Mood { Happy = 1, Angry = -2 });

fn check<T: Encode + Decode>(bytes: &[u8]) {
    if let Ok(value) = decode::<T>(bytes) {
        assert_eq!(
            payload(&value).as_deref(),
            Ok(bytes),
            "{}",
            std::any::type_name::<T>()
        );
    }
}

/// Ordered texts sort as their encodings do.
fn check_order(bytes: &[u8]) {
    if let Ok((one, other)) = decode::<(OrderedText, OrderedText)>(bytes) {
        let (a, b) = (payload(&one), payload(&other));
        assert_eq!(
            one.0.cmp(&other.0),
            a.unwrap_or_default().cmp(&b.unwrap_or_default())
        );
    }
}

/// Decodes `bytes` as values of all kinds.
pub fn key_decoding(bytes: &[u8]) {
    check::<u8>(bytes);
    check::<bool>(bytes);
    check::<(i8, i16, i32, i64)>(bytes);
    check::<(u16, u32, u64)>(bytes);
    check::<[u8; 4]>(bytes);
    check::<Vec<u8>>(bytes);
    check::<String>(bytes);
    check::<OrderedText>(bytes);
    check::<Key>(bytes);
    check::<(String, i64)>(bytes);
    check::<(OrderedText, Vec<u8>, bool)>(bytes);
    check::<(u8, (String, OrderedText), Key)>(bytes);
    check::<Header>(bytes);
    check_order(bytes);
}
