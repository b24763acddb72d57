//! `/store/v3/messages`: the history of topics, of this node's archive or of a peer.

use backplane_sdk::CallError;
use hyper::Method;
use serde::Serialize;
use waku_api::{MessageHash, ServiceError, StoreError, StorePage, StoreQuery, StoredMessage};

use super::within;
use crate::{
    answer::Answer,
    error::Refusal,
    http::Request,
    json::Message,
    limits::{CALL_TIMEOUT, MAX_HASHES, MAX_LIST, STORE_PAGE, STORE_PAGE_CEILING},
    query::Query,
    route::nowhere,
    text,
    waku::Waku,
};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    request_id: &'static str,
    status_code: u32,
    status_desc: &'static str,
    messages: Vec<Stored>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pagination_cursor: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Stored {
    message_hash: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Message>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pubsub_topic: Option<String>,
}

pub(crate) async fn route(waku: &Waku, request: &Request, path: &[&str]) -> Result<Answer, Refusal> {
    match (&request.method, path) {
        (&Method::GET, ["store", "v3", "messages"]) => query(waku, &Query::parse(&request.query)).await,
        _ => Err(nowhere()),
    }
}

async fn query(waku: &Waku, parameters: &Query) -> Result<Answer, Refusal> {
    let query = store_query(parameters).map_err(Refusal::bad_request)?;
    let peer = parameters.get("peerAddr");
    if let Some(reason) = peer.and_then(text::not_a_peer) {
        return Err(Refusal::bad_request(format!(
            "Failed parsing remote peer info: {reason}"
        )));
    }
    let late = "No history response received (timeout)";
    let asked = within(CALL_TIMEOUT, ask(waku, &query, peer), late).await?;
    asked.map(|page| Answer::json(&Page::from(page)))
}

async fn ask(waku: &Waku, query: &StoreQuery, peer: Option<&str>) -> Result<StorePage, Refusal> {
    let clients = waku.clients()?;
    if let Some(address) = peer {
        let connected = clients.node.connect(&address.to_owned()).await;
        let peer = connected.map_err(|error| match error {
            CallError::Interface(waku_api::ConnectError::InvalidAddress { reason, .. }) => {
                let text = format!("Failed parsing remote peer info: MultiAddress.init [{reason}]");
                Refusal::bad_request(text)
            }
            _ => unanswered(&format!("PEER_DIAL_FAILURE: {address}")),
        })?;
        return clients.store.query(query, &Some(peer)).await.map_err(refused);
    }
    clients.store.query(query, &None).await.map_err(refused)
}

fn unanswered(error: &str) -> Refusal {
    Refusal::failed(format!("Error occurred in queryFut.read() [{error}]"))
}

fn refused(error: CallError<StoreError>) -> Refusal {
    let CallError::Interface(error) = error else {
        return error.into();
    };
    match error {
        StoreError::NoStore => Refusal::new(
            hyper::StatusCode::PRECONDITION_FAILED,
            "No suitable service peer & no discovery method",
        ),
        StoreError::Archive { reason } => Refusal::failed(format!(
            "error in handleSelfStoreRequest: BAD_RESPONSE: archive error: {reason}"
        )),
        StoreError::Service(ServiceError::Refused { status, text }) => match status {
            429 => Refusal::too_many("Request rate limit reached"),
            300 => unanswered(&format!("BAD_RESPONSE: {text}")),
            400 => unanswered(&format!("BAD_REQUEST: {text}")),
            503 => unanswered("SERVICE_UNAVAILABLE"),
            504 => unanswered(&format!("PEER_DIAL_FAILURE: {text}")),
            _ => unanswered("UNKNOWN"),
        },
        StoreError::Service(error) => match &error {
            ServiceError::NotConnected { peer_id } | ServiceError::Unsupported { peer_id } => {
                unanswered(&format!("PEER_DIAL_FAILURE: {peer_id}"))
            }
            other => unanswered(&format!("BAD_RESPONSE: {other}")),
        },
    }
}

fn store_query(parameters: &Query) -> Result<StoreQuery, String> {
    let topics = parameters.get("contentTopics").map(|topics| topics.split(','));
    let content_topics: Vec<String> = topics.into_iter().flatten().map(str::to_owned).collect();
    if content_topics.len() > MAX_LIST {
        return Err(format!(
            "{} content topics, the limit is {MAX_LIST}",
            content_topics.len()
        ));
    }
    Ok(StoreQuery {
        include_data: match parameters.get("includeData") {
            Some(text) => flag(text)
                .ok_or_else(|| format!("include data parsing error: cannot interpret as a bool: {text}"))?,
            None => false,
        },
        pubsub_topic: parameters.get("pubsubTopic").map(str::to_owned),
        content_topics,
        time_start: time(parameters.get("startTime"))?,
        time_end: time(parameters.get("endTime"))?,
        hashes: hashes(parameters.get("hashes"))?,
        cursor: parameters.get("cursor").map(hash).transpose()?,
        forward: parameters.get("ascending").is_none_or(|text| text == "true"),
        limit: Some(page_size(parameters.get("pageSize"))?),
    })
}

/// A truth value as Nim reads it.
fn flag(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().replace('_', "").as_str() {
        "y" | "yes" | "true" | "1" | "on" => Some(true),
        "n" | "no" | "false" | "0" | "off" => Some(false),
        _ => None,
    }
}

/// Nanoseconds; those that are not positive count as left out.
fn time(text: Option<&str>) -> Result<Option<i64>, String> {
    let Some(text) = text else { return Ok(None) };
    let time: i64 = text
        .parse()
        .map_err(|_| format!("time parsing error: invalid integer: {text}"))?;
    Ok((time > 0).then_some(time))
}

fn page_size(text: Option<&str>) -> Result<u32, String> {
    let Some(text) = text else { return Ok(STORE_PAGE) };
    let size: u64 = text
        .parse()
        .map_err(|_| format!("page size parsing error: invalid integer: {text}"))?;
    match u32::try_from(size) {
        Ok(0) => Ok(STORE_PAGE),
        Ok(size) => Ok(size.min(STORE_PAGE_CEILING)),
        Err(_) => Ok(STORE_PAGE_CEILING),
    }
}

fn hashes(text: Option<&str>) -> Result<Vec<MessageHash>, String> {
    let texts: Vec<&str> = text.map(|text| text.split(',').collect()).unwrap_or_default();
    if texts.len() > MAX_HASHES {
        return Err(format!("{} hashes, the limit is {MAX_HASHES}", texts.len()));
    }
    texts
        .into_iter()
        .filter(|text| !text.is_empty())
        .map(hash)
        .collect()
}

/// A hash in hexadecimal digits, with or without `0x`.
fn hash(text: &str) -> Result<MessageHash, String> {
    let digits = text
        .strip_prefix("0x")
        .or_else(|| text.strip_prefix("0X"))
        .unwrap_or(text);
    if let Some(bad) = digits.chars().find(|it| !it.is_ascii_hexdigit()) {
        return Err(format!(
            "Exception converting hex string to bytes: {bad} is not a hexadecimal character"
        ));
    }
    let bytes = data_encoding::HEXLOWER_PERMISSIVE
        .decode(digits.as_bytes())
        .unwrap_or_default();
    let bytes: [u8; 32] = bytes.try_into().map_err(|_| {
        format!(
            "waku message hash parsing error: invalid hash length: {}",
            digits.len() / 2
        )
    })?;
    Ok(MessageHash(bytes.into()))
}

fn hex(hash: MessageHash) -> String {
    format!("0x{}", data_encoding::HEXLOWER.encode(&hash.0.0))
}

impl From<StorePage> for Page {
    fn from(page: StorePage) -> Self {
        Self {
            request_id: "",
            status_code: 200,
            status_desc: "OK",
            messages: page.messages.into_iter().map(Stored::from).collect(),
            pagination_cursor: page.cursor.map(hex),
        }
    }
}

impl From<StoredMessage> for Stored {
    fn from(stored: StoredMessage) -> Self {
        Self {
            message_hash: hex(stored.hash),
            message: stored.message.map(Message::from),
            pubsub_topic: stored.pubsub_topic,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_left_out_has_the_default_of_nwaku() {
        let query = store_query(&Query::parse("")).unwrap();
        assert!(!query.include_data && query.forward);
        assert_eq!(
            (query.limit, query.time_start, query.cursor),
            (Some(20), None, None)
        );
        let query = store_query(&Query::parse(
            "ascending=false&pageSize=1000&startTime=-5&endTime=0",
        ))
        .unwrap();
        assert!(!query.forward);
        assert_eq!(
            (query.limit, query.time_start, query.time_end),
            (Some(100), None, None)
        );
    }

    #[test]
    fn what_makes_no_sense_is_told_as_nwaku_tells_it() {
        for (parameters, text) in [
            ("startTime=abc", "time parsing error: invalid integer: abc"),
            ("pageSize=abc", "page size parsing error: invalid integer: abc"),
            (
                "includeData=perhaps",
                "include data parsing error: cannot interpret as a bool: perhaps",
            ),
            (
                "hashes=0x12",
                "waku message hash parsing error: invalid hash length: 1",
            ),
            (
                "cursor=test",
                "Exception converting hex string to bytes: t is not a hexadecimal character",
            ),
        ] {
            assert_eq!(store_query(&Query::parse(parameters)).unwrap_err(), text);
        }
    }

    proptest! {
        #[test]
        fn a_hash_comes_back_as_it_went_out(bytes in any::<[u8; 32]>()) {
            let one = MessageHash(bytes.into());
            prop_assert_eq!(hash(&hex(one)), Ok(one));
            let two = format!("{},{}", hex(one), hex(one).to_uppercase());
            prop_assert_eq!(hashes(Some(&two)), Ok(vec![one, one]));
        }

        #[test]
        fn any_text_is_a_query_or_an_error(text in "\\PC{0,300}") {
            let _query = store_query(&Query::parse(&text));
            let named = format!("hashes={text}&cursor={text}&startTime={text}&pageSize={text}");
            let _query = store_query(&Query::parse(&named));
            let _hash = hash(&text);
        }
    }
}
