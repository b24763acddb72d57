//! One line for each type of one's own that is to be encoded.

/// Encodes a struct as its fields in the order given, which should be that of their declaration.
///
/// ```
/// # use storage_api::{components, encoding};
/// struct Header {
///     sender: String,
///     epoch: i64,
/// }
/// components!(Header { sender, epoch });
///
/// let header = Header { sender: "alice".into(), epoch: 5 };
/// assert_eq!(encoding::key(&header), encoding::key(&("alice", 5i64)));
/// ```
#[macro_export]
macro_rules! components {
    ($type:ty { $($field:ident),* $(,)? }) => {
        impl $crate::encoding::Encode for $type {
            fn encode(&self, out: &mut Vec<u8>) -> Result<(), $crate::encoding::EncodeError> {
                $($crate::encoding::Encode::encode(&self.$field, out)?;)*
                Ok(())
            }
        }
        impl $crate::encoding::Decode for $type {
            fn decode(input: &mut &[u8]) -> Result<Self, $crate::encoding::DecodeError> {
                Ok(Self { $($field: $crate::encoding::Decode::decode(input)?),* })
            }
        }
    };
}

/// Encodes an enumeration as its ordinals.
///
/// ```
/// # use storage_api::{encoding, ordinals};
/// enum Mood {
///     Happy,
///     Angry,
/// }
/// ordinals!(Mood { Happy = 1, Angry = 2 });
///
/// assert_eq!(encoding::key(&Mood::Angry), encoding::key(&2i64));
/// ```
#[macro_export]
macro_rules! ordinals {
    ($type:ty { $($case:ident = $ordinal:literal),+ $(,)? }) => {
        impl $crate::encoding::Encode for $type {
            fn encode(&self, out: &mut Vec<u8>) -> Result<(), $crate::encoding::EncodeError> {
                let ordinal: i64 = match self {
                    $(Self::$case => $ordinal,)+
                };
                $crate::encoding::Encode::encode(&ordinal, out)
            }
        }
        impl $crate::encoding::Decode for $type {
            fn decode(input: &mut &[u8]) -> Result<Self, $crate::encoding::DecodeError> {
                match <i64 as $crate::encoding::Decode>::decode(input)? {
                    $($ordinal => Ok(Self::$case),)+
                    _ => Err($crate::encoding::DecodeError::OutOfRange { expected: stringify!($type) }),
                }
            }
        }
    };
}
