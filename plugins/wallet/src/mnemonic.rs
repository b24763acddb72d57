//! BIP-39 mnemonics of the English word list.

use crate::limits::{self, LimitExceeded, MAX_MNEMONIC_BYTES};
use bip39::{Language, Mnemonic as Words};
use std::fmt;
use zeroize::Zeroizing;

/// How many words a new mnemonic has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WordCount {
    /// 128 bits of entropy; what Status makes.
    #[default]
    Twelve,
    /// 160 bits.
    Fifteen,
    /// 192 bits.
    Eighteen,
    /// 224 bits.
    TwentyOne,
    /// 256 bits.
    TwentyFour,
}

impl WordCount {
    fn entropy_bytes(self) -> usize {
        match self {
            Self::Twelve => 16,
            Self::Fifteen => 20,
            Self::Eighteen => 24,
            Self::TwentyOne => 28,
            Self::TwentyFour => 32,
        }
    }
}

impl TryFrom<usize> for WordCount {
    type Error = MnemonicError;

    fn try_from(count: usize) -> Result<Self, MnemonicError> {
        Ok(match count {
            12 => Self::Twelve,
            15 => Self::Fifteen,
            18 => Self::Eighteen,
            21 => Self::TwentyOne,
            24 => Self::TwentyFour,
            count => return Err(MnemonicError::WordCount { count }),
        })
    }
}

/// Why a mnemonic was refused. No variant carries a word.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MnemonicError {
    /// The text or the passphrase is too long.
    #[error(transparent)]
    Limit(#[from] LimitExceeded),
    /// Not one of the five legal lengths.
    #[error("mnemonic has {count} words; it must have 12, 15, 18, 21 or 24")]
    WordCount {
        /// Words found.
        count: usize,
    },
    /// A word is not in the English list.
    #[error("word {position} of the mnemonic is not in the English word list")]
    UnknownWord {
        /// Its place, counted from 1.
        position: usize,
    },
    /// All words are legal, but their checksum is wrong.
    #[error("mnemonic has a wrong checksum")]
    Checksum,
    /// The system's random source failed.
    #[error("the random source of the operating system failed")]
    Random,
}

/// What to do with a mnemonic whose checksum is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Checksum {
    /// Refuse it.
    #[default]
    Required,
    /// Take it. Status' own import does not look at the checksum, so a profile may stand on such
    /// a mnemonic; meant for restoring only.
    Ignored,
}

/// A valid mnemonic; wiped when dropped and never printed.
pub struct Mnemonic(Words);

impl Mnemonic {
    /// The words, separated by single blanks.
    #[must_use]
    pub fn phrase(&self) -> Zeroizing<String> {
        // One allocation of the final size: growing would leave copies behind.
        let mut text = Zeroizing::new(String::with_capacity(MAX_MNEMONIC_BYTES));
        for word in self.0.words() {
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(word);
        }
        text
    }
}

impl fmt::Debug for Mnemonic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mnemonic(hidden)")
    }
}

/// Makes a new mnemonic from the system's random source.
///
/// # Errors
/// [`MnemonicError::Random`] when that source fails.
pub fn generate(words: WordCount) -> Result<Mnemonic, MnemonicError> {
    let mut entropy = Zeroizing::new([0u8; 32]);
    let entropy = &mut entropy[..words.entropy_bytes()];
    getrandom::fill(entropy).map_err(|_| MnemonicError::Random)?;
    Words::from_entropy_in(Language::English, entropy)
        .map(Mnemonic)
        .map_err(refusal)
}

/// Reads a mnemonic; any white space separates words, letters may be of either case.
///
/// # Errors
/// [`MnemonicError`], which tells the place of a bad word but not the word.
pub fn validate(text: &str, checksum: Checksum) -> Result<Mnemonic, MnemonicError> {
    limits::check("mnemonic", text.len(), MAX_MNEMONIC_BYTES, "bytes")?;
    let mut text = Zeroizing::new(text.to_owned());
    text.make_ascii_lowercase();
    let words = match checksum {
        Checksum::Required => Words::parse_in_normalized(Language::English, &text),
        Checksum::Ignored => Words::parse_in_normalized_without_checksum_check(Language::English, &text),
    };
    words.map(Mnemonic).map_err(refusal)
}

/// The 64 byte seed: PBKDF2-HMAC-SHA512 over words and NFKD passphrase, 2048 rounds.
/// Status always uses an empty passphrase.
///
/// # Errors
/// [`MnemonicError::Limit`] when the passphrase is longer than [`MAX_MNEMONIC_BYTES`].
pub fn seed(mnemonic: &Mnemonic, passphrase: &str) -> Result<Zeroizing<[u8; 64]>, MnemonicError> {
    limits::check(
        "mnemonic passphrase",
        passphrase.len(),
        MAX_MNEMONIC_BYTES,
        "bytes",
    )?;
    Ok(Zeroizing::new(mnemonic.0.to_seed(passphrase)))
}

fn refusal(error: bip39::Error) -> MnemonicError {
    match error {
        bip39::Error::BadWordCount(count) => MnemonicError::WordCount { count },
        bip39::Error::UnknownWord(index) => MnemonicError::UnknownWord { position: index + 1 },
        bip39::Error::InvalidChecksum => MnemonicError::Checksum,
        // Neither can happen with one language and the five entropy sizes above.
        bip39::Error::BadEntropyBitCount(_) | bip39::Error::AmbiguousLanguages(_) => MnemonicError::Checksum,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEST_JUNK: &str = "test test test test test test test test test test test junk";

    #[test]
    fn generated_mnemonics_have_the_asked_length_and_validate() {
        for count in [12, 15, 18, 21, 24] {
            let mnemonic = generate(WordCount::try_from(count).unwrap()).unwrap();
            let phrase = mnemonic.phrase();
            assert_eq!(phrase.split(' ').count(), count);
            assert!(phrase.capacity() == MAX_MNEMONIC_BYTES);
            assert_eq!(*validate(&phrase, Checksum::Required).unwrap().phrase(), *phrase);
        }
        assert_ne!(
            *generate(WordCount::Twelve).unwrap().phrase(),
            *generate(WordCount::Twelve).unwrap().phrase()
        );
    }

    #[test]
    fn untidy_text_is_squeezed() {
        let untidy = TEST_JUNK.replace(' ', " \t\n ").to_uppercase();
        assert_eq!(
            *validate(&untidy, Checksum::Required).unwrap().phrase(),
            TEST_JUNK
        );
    }

    #[test]
    fn a_wrong_checksum_passes_only_when_asked_for() {
        // The second user of status-go's functional tests.
        let text = "test test test test test test test test test test nest junk";
        assert_eq!(
            validate(text, Checksum::Required).unwrap_err(),
            MnemonicError::Checksum
        );
        assert_eq!(*validate(text, Checksum::Ignored).unwrap().phrase(), text);
    }

    #[test]
    fn refusals_tell_the_place_and_not_the_word() {
        let error = validate(&TEST_JUNK.replace("junk", "hunter2"), Checksum::Ignored).unwrap_err();
        assert_eq!(error, MnemonicError::UnknownWord { position: 12 });
        assert!(!error.to_string().contains("hunter2"));
        assert_eq!(
            validate("test test", Checksum::Required).unwrap_err(),
            MnemonicError::WordCount { count: 2 }
        );
        assert_eq!(
            validate(&"test ".repeat(300), Checksum::Required)
                .unwrap_err()
                .to_string(),
            "mnemonic exceeds the limit of 1024 bytes"
        );
    }
}
