//! The name that somebody probably meant.

use strsim::damerau_levenshtein;

/// A longer name is not compared: the cost grows with the product of the lengths.
const LENGTH_LIMIT: usize = 128;

/// The one of `known` that is so like `name` that it was probably meant.
///
/// At most a third of the letters may differ, and one letter always may.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if name.len() > LENGTH_LIMIT {
        return None;
    }
    let known = known.into_iter().filter(|known| known.len() <= LENGTH_LIMIT);
    let distances = known.map(|known| (damerau_levenshtein(name, known), known));
    let (distance, known) = distances.min_by_key(|(distance, _)| *distance)?;
    let letters = name.chars().count().max(known.chars().count());
    (distance <= (letters / 3).max(1)).then_some(known)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_slip_is_recognised_and_a_stranger_is_not() {
        let known = ["text", "reply_to", "to"];
        assert_eq!(nearest("txet", known), Some("text"));
        assert_eq!(nearest("replyto", known), Some("reply_to"));
        assert_eq!(nearest("colour", known), None);
        assert_eq!(nearest("to", []), None);
        assert_eq!(nearest(&"x".repeat(1 << 20), known), None);
    }
}
