//! Peer exchange (34/WAKU2-PEER-EXCHANGE): a node asks another one for the records of peers.

use prost::Message as _;

use crate::{
    DecodeError, NodeRecord, Refusal, Status, exchange,
    limits::{MAX_EXCHANGED_RECORDS, MAX_SERVICE_FRAME},
};

pub(crate) const PROTOCOL: &str = "/vac/waku/peer-exchange/2.0.0-alpha1";

/// Deployed nodes insist on the query, also in a response.
#[derive(Clone, PartialEq, prost::Message)]
struct Rpc {
    #[prost(message, optional, tag = "1")]
    query: Option<Query>,
    #[prost(message, optional, tag = "2")]
    response: Option<Answer>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Query {
    #[prost(uint64, optional, tag = "1")]
    num_peers: Option<u64>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Answer {
    #[prost(message, repeated, tag = "1")]
    peer_infos: Vec<PeerInfo>,
    #[prost(uint32, optional, tag = "10")]
    status_code: Option<u32>,
    #[prost(string, optional, tag = "11")]
    status_desc: Option<String>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct PeerInfo {
    #[prost(bytes = "vec", optional, tag = "1")]
    enr: Option<Vec<u8>>,
}

pub(crate) fn behaviour(serve: bool) -> exchange::Behaviour {
    exchange::new(PROTOCOL, serve, MAX_SERVICE_FRAME)
}

pub(crate) fn encode_request(count: u64) -> Vec<u8> {
    Rpc {
        query: Some(Query {
            num_peers: Some(count),
        }),
        response: None,
    }
    .encode_to_vec()
}

/// How many records are asked for, as far as they are given: at most [`MAX_EXCHANGED_RECORDS`].
pub(crate) fn decode_request(bytes: &[u8]) -> Result<usize, Refusal> {
    let refused = |error: DecodeError| Refusal::new(Status::BAD_REQUEST, error.to_string());
    let rpc = Rpc::decode(bytes).map_err(|error| refused(DecodeError::Malformed(error.to_string())))?;
    let query = rpc
        .query
        .ok_or_else(|| refused(DecodeError::MissingField("request")))?;
    let count = usize::try_from(query.num_peers.unwrap_or_default()).unwrap_or(usize::MAX);
    Ok(count.min(MAX_EXCHANGED_RECORDS))
}

pub(crate) fn encode_response(outcome: Result<Vec<NodeRecord>, Refusal>) -> Vec<u8> {
    let answer = match outcome {
        Ok(records) => Answer {
            peer_infos: records
                .iter()
                .map(|record| PeerInfo {
                    enr: Some(record.encode()),
                })
                .collect(),
            status_code: Some(Status::OK.0),
            status_desc: None,
        },
        Err(refusal) => Answer {
            peer_infos: Vec::new(),
            status_code: Some(refusal.status.0),
            status_desc: Some(refusal.text).filter(|text| !text.is_empty()),
        },
    };
    Rpc {
        query: Some(Query { num_peers: None }),
        response: Some(answer),
    }
    .encode_to_vec()
}

/// The records of an answer that are sound, at most [`MAX_EXCHANGED_RECORDS`]. Older nodes give no status: then some
/// records mean success, and none that the service has failed.
pub(crate) fn decode_response(bytes: &[u8]) -> Result<Vec<NodeRecord>, Refusal> {
    let bad = |text: String| Refusal::new(Status::BAD_RESPONSE, text);
    let rpc = Rpc::decode(bytes).map_err(|error| bad(error.to_string()))?;
    let answer = rpc
        .response
        .ok_or_else(|| bad("the response is missing".to_owned()))?;
    let status = answer.status_code.map_or_else(
        || match answer.peer_infos.is_empty() {
            true => Status::SERVICE_UNAVAILABLE,
            false => Status::OK,
        },
        Status,
    );
    if status != Status::OK {
        return Err(Refusal::new(status, answer.status_desc.unwrap_or_default()));
    }
    let records = answer.peer_infos.iter().take(MAX_EXCHANGED_RECORDS);
    Ok(records
        .filter_map(|info| NodeRecord::decode(info.enr.as_deref()?).ok())
        .collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::enr::sample;

    #[test]
    fn both_messages_have_the_fields_of_the_specification() {
        assert_eq!(hex::encode(encode_request(5)), "0a020805");
        let record = sample(1);
        let bytes = record.encode();
        let info = format!("0a{:02x}01{}", bytes.len() % 128 + 128, hex::encode(&bytes));
        assert_eq!(bytes.len() / 128, 1, "two bytes of length");
        let (info_length, answer_length) = (bytes.len() + 3, bytes.len() + 3 + 3 + 3);
        let prefix = |length: usize| format!("{:02x}01", length % 128 + 128);
        let expected = format!(
            "0a0012{}0a{}{info}50c801",
            prefix(answer_length),
            prefix(info_length)
        );
        assert_eq!(hex::encode(encode_response(Ok(vec![record]))), expected);
        let refused = encode_response(Err(Refusal::new(Status::TOO_MANY_REQUESTS, "x")));
        assert_eq!(hex::encode(refused), "0a00120650ad035a0178");
    }

    #[test]
    fn a_request_as_deployed_nodes_send_it_is_understood() {
        // Theirs carries a response with status 0.
        assert_eq!(decode_request(&hex::decode("0a02080512025000").unwrap()), Ok(5));
        assert_eq!(decode_request(&hex::decode("0a00").unwrap()), Ok(0));
        assert_eq!(
            decode_request(&encode_request(u64::MAX)),
            Ok(MAX_EXCHANGED_RECORDS)
        );
        let refusal = decode_request(&[]).unwrap_err();
        assert_eq!(refusal.status, Status::BAD_REQUEST);
        assert_eq!(decode_request(&[0xff]).unwrap_err().status, Status::BAD_REQUEST);
    }

    #[test]
    fn an_answer_without_a_status_is_a_success_if_it_has_records() {
        let with = |status_code, records: usize| {
            let enr = Some(sample(1).encode());
            let answer = Answer {
                peer_infos: vec![PeerInfo { enr }; records],
                status_code,
                status_desc: None,
            };
            let rpc = Rpc {
                query: None,
                response: Some(answer),
            };
            decode_response(&rpc.encode_to_vec())
                .map(|records| records.len())
                .map_err(|refusal| refusal.status)
        };
        assert_eq!(with(None, 2), Ok(2));
        assert_eq!(with(None, 0), Err(Status::SERVICE_UNAVAILABLE));
        assert_eq!(with(Some(200), 0), Ok(0));
        assert_eq!(with(Some(429), 2), Err(Status::TOO_MANY_REQUESTS));
        assert_eq!(with(Some(200), 100), Ok(MAX_EXCHANGED_RECORDS));
        assert_eq!(
            decode_response(&[0x0a, 0]).unwrap_err().status,
            Status::BAD_RESPONSE
        );
    }

    #[test]
    fn records_that_are_not_sound_are_left_out() {
        let good = sample(1);
        let mut forged = good.encode();
        *forged.last_mut().unwrap() ^= 1;
        let infos = [Some(forged), Some(good.encode()), Some(vec![1]), None];
        let rpc = Rpc {
            query: None,
            response: Some(Answer {
                peer_infos: infos.map(|enr| PeerInfo { enr }).to_vec(),
                status_code: Some(200),
                status_desc: None,
            }),
        };
        assert_eq!(decode_response(&rpc.encode_to_vec()), Ok(vec![good]));
    }

    proptest! {
        #[test]
        fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = decode_request(&bytes);
            let _ = decode_response(&bytes);
        }
    }
}
