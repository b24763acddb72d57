//! Texts as nwaku writes them.

/// A list of texts as Nim prints it: `@["a", "b"]`.
pub(crate) fn list(texts: &[&str]) -> String {
    let quoted: Vec<String> = texts.iter().map(|text| format!("{text:?}")).collect();
    format!("@[{}]", quoted.join(", "))
}

/// The peer that a multiaddr names at its end.
pub(crate) fn peer_of(address: &str) -> Option<&str> {
    let (_, peer) = address.rsplit_once("/p2p/")?;
    is_peer_id(peer).then_some(peer)
}

/// Whether a text is a peer id: a multihash, which is a SHA-256 or the key itself, in Base58.
pub(crate) fn is_peer_id(text: &str) -> bool {
    /// No peer id is longer.
    const LONGEST: usize = 128;
    if text.len() > LONGEST {
        return false;
    }
    match bs58::decode(text).into_vec().as_deref() {
        Ok([0x12, 0x20, hash @ ..]) => hash.len() == 32,
        // A key begins with the field of its kind.
        Ok([0x00, length, key @ ..]) => {
            key.first() == Some(&0x08) && usize::from(*length) == key.len() && key.len() <= 42
        }
        _ => false,
    }
}

/// Why nwaku would take a multiaddr for no peer, if it is wrong at first sight.
pub(crate) fn not_a_peer(address: &str) -> Option<String> {
    if !address.starts_with('/') {
        return Some(
            "MultiAddress.init [multiaddress: Invalid MultiAddress, must start with `/`]".to_owned(),
        );
    }
    if peer_of(address).is_none() {
        return Some(format!(
            "Error in parsePeerInfo: p2p part should contain / [p2pPartStr:] [peer:{address}]"
        ));
    }
    None
}

/// Why nwaku takes a text for no content topic.
pub(crate) fn not_a_content_topic(topic: &str) -> String {
    let Some(rest) = topic.strip_prefix('/') else {
        return format!("invalid format: content-topic '{topic}' must start with slash");
    };
    let parts: Vec<&str> = rest.split('/').collect();
    let names: &[&str] = match parts.len() {
        4 => &["application", "version", "topic-name", "encoding"],
        5 => &["generation", "application", "version", "topic-name", "encoding"],
        _ => {
            let forms = "Expected either /<application>/<version>/<topic-name>/<encoding> or \
                         /<gen>/<application>/<version>/<topic-name>/<encoding>";
            return format!("invalid format: Invalid content topic structure. {forms}");
        }
    };
    let empty = names.iter().zip(&parts).find(|(_, part)| part.is_empty());
    match empty {
        Some((name, _)) => format!("missing part: {name}"),
        None => "invalid format: generation should be a numeric value".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_list_is_written_as_nim_does() {
        assert_eq!(list(&["/a/b", "c"]), r#"@["/a/b", "c"]"#);
        assert_eq!(list(&[]), "@[]");
    }

    #[test]
    fn what_is_wrong_with_a_content_topic_is_said_as_nwaku_says_it() {
        for (topic, text) in [
            (
                "a/1/b/c",
                "invalid format: content-topic 'a/1/b/c' must start with slash",
            ),
            ("/a//b/c", "missing part: version"),
            ("/0/a/1//c", "missing part: topic-name"),
            (
                "/x/a/1/b/c",
                "invalid format: generation should be a numeric value",
            ),
        ] {
            assert_eq!(not_a_content_topic(topic), text);
        }
        let structure = not_a_content_topic("/a/1");
        assert!(
            structure.starts_with("invalid format: Invalid content topic structure. Expected either /<app"),
            "{structure}"
        );
    }

    #[test]
    fn peers_of_all_kinds_of_keys_are_recognised() {
        for peer in [
            "16Uiu2HAm2eqzqp6xn32fzgGi8K4BuF88W4Xy6yxsmDcW8h1gj6ie",
            "12D3KooWQYzCrXbhVdfZbwLXpBfBxAMHDvXbXGHvTCEKVQhqv8tG",
            "QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N",
        ] {
            assert!(is_peer_id(peer), "{peer}");
            assert_eq!(peer_of(&format!("/ip4/1.2.3.4/tcp/1/p2p/{peer}")), Some(peer));
        }
        for text in ["", "bad+peer+id", "16Uiu2", "/p2p/", "1111"] {
            assert!(!is_peer_id(text), "{text}");
        }
        assert_eq!(peer_of("/ip4/1.2.3.4/tcp/1"), None);
    }

    proptest! {
        #[test]
        fn any_text_is_a_peer_id_or_none(text in "\\PC{0,200}") {
            let _is = is_peer_id(&text);
            let _why = not_a_peer(&text);
        }
    }
}
