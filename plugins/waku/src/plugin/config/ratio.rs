//! How connections are shared out, as deployed nodes write it.

use std::str::FromStr;

/// The part of the connections that is for peers that relay, of 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct RelayShare(f64);

/// Why a text is no ratio. The wording is that of the deployed nodes.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum RatioError {
    /// There is not one colon; carries the text.
    #[error("expected format 'X:Y', ratio = {0}")]
    Format(String),
    /// A part is no number; carries the text.
    #[error("failed to parse ratio numbers: {0}")]
    Number(String),
    /// A part is negative; carries the text.
    #[error("relay service ratio must be non-negative, ratio = {0}")]
    Negative(String),
    /// The parts are not 100 together; carries what they are.
    #[error("total ratio should be 100, total = {0:?}")]
    Total(f64),
}

impl RelayShare {
    /// The connections of `all` that are for peers that relay, rounded up.
    pub(super) fn of(self, all: u32) -> u32 {
        // Both are below 2^32, and a share is at most about 1.
        (f64::from(all) * self.0).ceil() as u32
    }
}

impl FromStr for RelayShare {
    type Err = RatioError;

    /// Reads `RELAY:SERVICE`, both of 100.
    fn from_str(text: &str) -> Result<Self, RatioError> {
        let format = || RatioError::Format(text.to_owned());
        let (relay, service) = text.split_once(':').ok_or_else(format)?;
        if service.contains(':') {
            return Err(format());
        }
        let number = |part: &str| match part.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(number),
            _ => Err(RatioError::Number(text.to_owned())),
        };
        let (relay, service) = (number(relay)?, number(service)?);
        if relay < 0.0 || service < 0.0 {
            return Err(RatioError::Negative(text.to_owned()));
        }
        // As deployed nodes do, a fraction above 100 is let pass: thirds are hard to write.
        let total = relay + service;
        if !(100.0..101.0).contains(&total) {
            return Err(RatioError::Total(total));
        }
        Ok(Self((relay / 100.0).min(1.0)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn both_parts_are_hundred_together() {
        let of_150 = |text: &str| text.parse::<RelayShare>().map(|it| it.of(150));
        for (text, relays) in [("50:50", 75), ("100:0", 150), ("0:100", 0), ("33.4:66.6", 51)] {
            assert_eq!(of_150(text), Ok(relays), "{text}");
        }
        for (text, fault) in [
            ("50", "expected format 'X:Y', ratio = 50"),
            ("1:2:97", "expected format 'X:Y', ratio = 1:2:97"),
            ("a:50", "failed to parse ratio numbers: a:50"),
            ("nan:50", "failed to parse ratio numbers: nan:50"),
            (
                "-50:150",
                "relay service ratio must be non-negative, ratio = -50:150",
            ),
            ("50:40", "total ratio should be 100, total = 90.0"),
        ] {
            assert_eq!(of_150(text).unwrap_err().to_string(), fault);
        }
    }

    proptest! {
        #[test]
        fn a_share_is_never_more_than_all(text in "[0-9.e:-]{0,12}", all: u32) {
            if let Ok(share) = text.parse::<RelayShare>() {
                prop_assert!(share.of(all) <= all);
            }
        }
    }
}
