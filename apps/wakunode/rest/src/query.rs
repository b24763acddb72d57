//! The parameters behind the question mark, and parts of paths.

use percent_encoding::percent_decode_str;

/// The parameters of a query. Of one that is there twice the values are joined with a comma, as nwaku does.
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    pub(crate) fn parse(text: &str) -> Self {
        let pairs = text.split('&').filter(|pair| !pair.is_empty());
        let mut all: Vec<(String, String)> = Vec::new();
        for pair in pairs {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (name, value) = (decoded(name), decoded(value));
            match all.iter_mut().find(|(known, _)| *known == name) {
                Some((_, known)) => {
                    known.push(',');
                    known.push_str(&value);
                }
                None => all.push((name, value)),
            }
        }
        Self(all)
    }

    /// The value of a parameter, unless it is empty.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }
}

/// The parts of a path, decoded. Bytes that are no text become the sign for that.
pub(crate) fn segments(path: &str) -> Vec<String> {
    let path = path.strip_prefix('/').unwrap_or(path);
    path.split('/').map(unescaped).collect()
}

/// Of a query, where a plus sign stands for a blank.
fn decoded(text: &str) -> String {
    unescaped(&text.replace('+', " "))
}

fn unescaped(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn parameters_are_decoded_and_empty_ones_count_as_left_out() {
        let query = Query::parse("a=%2Fx%2Cy&b=&c&d=1+2&a=z&%C3%A9=%FF");
        assert_eq!(query.get("a"), Some("/x,y,z"));
        assert_eq!(
            (query.get("b"), query.get("c"), query.get("e")),
            (None, None, None)
        );
        assert_eq!(query.get("d"), Some("1 2"));
        assert_eq!(query.get("é"), Some("\u{fffd}"));
    }

    #[test]
    fn an_encoded_slash_does_not_part_a_path() {
        assert_eq!(
            segments("/relay/v1/messages/%2Fwaku%2F2%2Frs%2F0%2F0"),
            ["relay", "v1", "messages", "/waku/2/rs/0/0"]
        );
        assert_eq!(segments("/a+b/"), ["a+b", ""]);
        assert_eq!(segments(""), [""]);
    }

    proptest! {
        #[test]
        fn whatever_is_encoded_comes_back(name in "\\PC{1,20}", value in "\\PC{1,40}") {
            let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
            let query = Query::parse(&format!("{}={}", encode(&name), encode(&value)));
            prop_assert_eq!(query.get(&name), Some(value.as_str()));
            prop_assert_eq!(segments(&format!("/{}", encode(&value))), [value]);
        }

        #[test]
        fn any_text_is_a_query(text in "\\PC{0,200}", name in "\\PC{0,5}") {
            let _value = Query::parse(&text).get(&name).map(str::len);
            prop_assert_eq!(segments(&text).len(), text.strip_prefix('/').unwrap_or(&text).split('/').count());
        }
    }
}
