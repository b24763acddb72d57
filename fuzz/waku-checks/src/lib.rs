//! What the fuzz targets of `waku` check: what peers, name servers and people give to a node is refused, or what is read of
//! it is what was written, and not much larger. A function panics where that does not hold.
//!
//! A crate of its own: two plugins cannot be linked into one program, as each has the one symbol of plugins.

mod sync;

use waku_plugin::{Again, Decoder};

pub use sync::{waku_sync_payload, waku_sync_transfer};

/// The requests and answers of the service protocols. The first byte chooses.
const SERVICES: [Decoder; 11] = [
    Decoder::Metadata,
    Decoder::StoreRequest,
    Decoder::StoreResponse,
    Decoder::FilterRequest,
    Decoder::FilterResponse,
    Decoder::LightpushRequest,
    Decoder::LightpushResponse,
    Decoder::LegacyLightpushRequest,
    Decoder::LegacyLightpushResponse,
    Decoder::PeerExchangeRequest,
    Decoder::PeerExchangeResponse,
];

/// What is text.
const TEXTS: [Decoder; 8] = [
    Decoder::RecordText,
    Decoder::TreeRoot,
    Decoder::TreeEntry,
    Decoder::TreeUrl,
    Decoder::ContentTopic,
    Decoder::PubsubTopic,
    Decoder::MessageHash,
    Decoder::RateLimit,
];

/// Messages, alone and as they are pushed, and the frames around everything.
const MESSAGES: [Decoder; 3] = [Decoder::Message, Decoder::FilterPush, Decoder::Frame];

/// Requests and answers of services.
pub fn waku_services(input: &[u8]) {
    check_one_of(&SERVICES, input);
}

/// Node records in their binary form.
pub fn waku_records(input: &[u8]) {
    check(Decoder::Record, input);
}

/// Topics, lists of nodes in DNS, records and settings as text.
pub fn waku_texts(input: &[u8]) {
    check_one_of(&TEXTS, input);
}

/// Messages and frames.
pub fn waku_messages(input: &[u8]) {
    check_one_of(&MESSAGES, input);
}

fn check_one_of(decoders: &[Decoder], input: &[u8]) {
    if let Some((choice, bytes)) = input.split_first() {
        check(decoders[usize::from(*choice) % decoders.len()], bytes);
    }
}

fn check(decoder: Decoder, bytes: &[u8]) {
    let written = match decoder.again(bytes) {
        Again::Refused => return,
        Again::Same(written) => written,
        Again::Other => panic!("{decoder:?} reads something else in what it has written"),
    };
    // A few bytes of input never become many: shards take the most, one byte each before and three after.
    assert!(
        written.len() <= 3 * bytes.len() + 64,
        "{decoder:?} makes {} bytes of {}",
        written.len(),
        bytes.len()
    );
    assert_eq!(decoder.again(&written), Again::Same(written), "{decoder:?}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_decoder_belongs_to_a_target() {
        let checked = |decoder: &Decoder| {
            *decoder == Decoder::Record || [&SERVICES[..], &TEXTS, &MESSAGES].concat().contains(decoder)
        };
        assert!(Decoder::ALL.iter().all(checked));
    }
}
