//! The nearest known word to one that nobody knows.

/// The word of `known` that `word` was probably meant to be: at most a third of its letters are wrong.
pub(crate) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let folded = fold(word);
    let distance = |candidate: &'a str| (strsim::damerau_levenshtein(&folded, &fold(candidate)), candidate);
    let (distance, candidate) = known.into_iter().map(distance).min()?;
    let allowed = (word.chars().count().max(candidate.chars().count()) / 3).max(1);
    (distance <= allowed).then_some(candidate)
}

/// Case and the choice of `-` or `_` are never what makes two words different in meaning.
fn fold(word: &str) -> String {
    word.chars()
        .take(128)
        .map(|c| if c == '_' { '-' } else { c.to_ascii_lowercase() })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_corrected_and_another_word_is_not() {
        let known = ["grants", "plugin", "placement", "sha256"];
        for (word, expected) in [
            ("grant", Some("grants")),
            ("Plugin", Some("plugin")),
            ("plcaement", Some("placement")),
            ("sha265", Some("sha256")),
            ("colour", None),
            ("", None),
        ] {
            assert_eq!(nearest(word, known), expected, "{word}");
        }
        assert_eq!(nearest("a", []), None);
    }
}
