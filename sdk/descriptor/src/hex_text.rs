//! Bytes of a fixed length as hexadecimal text, and the SHA-256, which is 32 of them.

use sha2::{Digest as _, Sha256};

/// A SHA-256; its text is 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub [u8; 32]);

crate::hex_text!(Digest);

impl Digest {
    /// The digest of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }
}

/// A text that is not so many hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it must be {digits} {}hexadecimal digits", if *.lower_case { "lower-case " } else { "" })]
pub struct HexError {
    /// How many there must be.
    pub digits: usize,
    /// Whether capital letters are refused.
    pub lower_case: bool,
}

/// Reads what people write: `N` bytes in hexadecimal digits, with small letters or capitals.
///
/// # Errors
/// It is something else.
pub fn from_hex<const N: usize>(text: &str) -> Result<[u8; N], HexError> {
    let mut bytes = [0; N];
    match hex::decode_to_slice(text, &mut bytes) {
        Ok(()) => Ok(bytes),
        Err(_) => Err(HexError {
            digits: N * 2,
            lower_case: false,
        }),
    }
}

/// Reads what programs write: the one form of `N` bytes, with small letters.
///
/// # Errors
/// It is something else.
pub fn from_lower_hex<const N: usize>(text: &str) -> Result<[u8; N], HexError> {
    let is_lower = text.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_lowercase());
    match from_hex(text) {
        Ok(bytes) if is_lower => Ok(bytes),
        _ => Err(HexError {
            digits: N * 2,
            lower_case: true,
        }),
    }
}

/// Lower-case hexadecimal digits.
pub fn to_hex(bytes: &[u8]) -> String {
    hex::encode(bytes)
}

/// Makes hexadecimal digits the text of a struct around `[u8; N]`. `Display`, `Debug` and `Serialize` write small
/// letters, `Deserialize` takes nothing else, and `FromStr`, which reads what people write, takes capitals, too. Whoever
/// uses it depends on `serde`.
#[macro_export]
macro_rules! hex_text {
    ($type:ident) => {
        impl ::std::str::FromStr for $type {
            type Err = $crate::HexError;

            fn from_str(text: &str) -> ::std::result::Result<Self, $crate::HexError> {
                $crate::from_hex(text).map(Self)
            }
        }

        impl ::std::fmt::Display for $type {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(&$crate::to_hex(&self.0))
            }
        }

        impl ::std::fmt::Debug for $type {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                ::std::fmt::Display::fmt(self, f)
            }
        }

        impl ::serde::Serialize for $type {
            fn serialize<S: ::serde::Serializer>(
                &self,
                serializer: S,
            ) -> ::std::result::Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> ::serde::Deserialize<'de> for $type {
            fn deserialize<D: ::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> ::std::result::Result<Self, D::Error> {
                let text = <::std::string::String as ::serde::Deserialize>::deserialize(deserializer)?;
                $crate::from_lower_hex(&text)
                    .map(Self)
                    .map_err(::serde::de::Error::custom)
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_has_one_form_as_text() {
        let digest = Digest::of(b"");
        let text = digest.to_string();
        assert_eq!(
            text,
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
        assert_eq!(serde_json::to_string(&digest).unwrap(), format!("{text:?}"));
        let read = |text: &str| serde_json::from_str::<Digest>(&format!("{text:?}"));
        assert_eq!(read(&text).unwrap(), digest);
        // Whoever writes one by hand may use capitals.
        let upper = text.to_uppercase();
        assert_eq!(upper.parse(), Ok(digest));
        let refused = read(&upper).unwrap_err().to_string();
        assert!(
            refused.contains("it must be 64 lower-case hexadecimal digits"),
            "{refused}"
        );
        for wrong in ["", &text[1..], &format!("{text}0"), &"g".repeat(64)] {
            let refused = wrong.parse::<Digest>().unwrap_err().to_string();
            assert_eq!(refused, "it must be 64 hexadecimal digits", "{wrong}");
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
