//! Bytes as text: keys and payloads on the command line and in lines of JSON.

/// What hexadecimal digits begin with.
const MARK: &str = "0x";

/// `0x` and hexadecimal digits, as JSON has bytes everywhere.
pub(super) fn hex(bytes: &[u8]) -> String {
    format!("{MARK}{}", ::hex::encode(bytes))
}

/// The bytes of what [`hex()`] writes.
pub(super) fn unhex(text: &str) -> Result<Vec<u8>, String> {
    let digits = text
        .strip_prefix(MARK)
        .ok_or_else(|| format!("must begin with {MARK}"))?;
    ::hex::decode(digits).map_err(|error| error.to_string())
}

/// A key on the command line.
#[derive(Debug, Clone)]
pub(super) struct Given(pub(super) Vec<u8>);

/// The bytes that a person means: hexadecimal digits behind `0x`, and otherwise the text itself.
pub(super) fn meant(text: &str) -> Result<Given, String> {
    match text.starts_with(MARK) {
        true => unhex(text).map(Given),
        false => Ok(Given(text.as_bytes().to_vec())),
    }
}

/// Bytes for people, so that [`meant`] reads them: as text where that is readable, else as hexadecimal digits.
pub(super) fn shown(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.starts_with(MARK) && !text.is_empty() && !text.contains(char::is_control) => {
            text.to_owned()
        }
        _ => hex(bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_what_is_meant() {
        for (bytes, text) in [
            (&b"key"[..], "key"),
            (b"", "0x"),
            (b"0x01", "0x30783031"),
            (b"\x00\x02ch", "0x00026368"),
            ("é".as_bytes(), "é"),
            (b"\xff", "0xff"),
        ] {
            assert_eq!(shown(bytes), text);
            assert_eq!(meant(text).unwrap().0, bytes);
        }
        assert_eq!(meant("0x0").unwrap_err(), "Odd number of digits");
        assert_eq!(unhex("00").unwrap_err(), "must begin with 0x");
    }
}
