//! Numbers as LEB128, seven bits a byte, the lowest first.

/// Deployed nodes look at no more bytes of a number than these, which hold every time after 1970.
const MOST_BYTES: usize = 9;

pub(super) fn write(out: &mut Vec<u8>, mut number: u64) {
    while number > 0x7f {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Reads a number from the beginning of bytes and leaves the rest; `None` if there is none of at most nine bytes.
pub(super) fn read(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for (index, byte) in bytes.iter().take(MOST_BYTES).enumerate() {
        number |= u64::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            *bytes = &bytes[index + 1..];
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_unfinished_and_a_long_number_are_none() {
        for bytes in [&[][..], &[0x80], &[0xff; 9], &[0xff; 20]] {
            assert_eq!(read(&mut &bytes[..]), None, "{bytes:?}");
        }
        let mut longest = &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 5][..];
        assert_eq!(read(&mut longest), Some(i64::MAX as u64));
        assert_eq!(longest, [5]);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(number in 0..=i64::MAX as u64, rest: Vec<u8>) {
            let mut bytes = Vec::new();
            write(&mut bytes, number);
            bytes.extend(&rest);
            let mut left = &bytes[..];
            prop_assert_eq!(read(&mut left), Some(number));
            prop_assert_eq!(left, &rest[..]);
        }
    }
}
