//! `/lightpush/v1` and `/lightpush/v3`: having a peer publish.

use backplane_sdk::CallError;
use hyper::{Method, StatusCode};
use serde::{Deserialize, Serialize};
use tokio::time::timeout;
use waku_api::{LightPushError, LightPushReceipt, PublishError, ServiceError, TopicError, WakuMessage};

use super::peers::{LEGACY_LIGHTPUSH, LIGHTPUSH, serving};
use crate::{
    answer::Answer,
    error::Refusal,
    http::Request,
    json::{Message, decode},
    limits::CALL_TIMEOUT,
    route::nowhere,
    text,
    waku::Waku,
};

const NO_PEER: &str = "No suitable service peer & no discovery method";
const LATE: &str = "Push request timed out";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Push {
    #[serde(default)]
    pubsub_topic: Option<String>,
    message: Message,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Outcome {
    #[serde(skip_serializing_if = "Option::is_none")]
    status_desc: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    relay_peer_count: Option<u32>,
}

/// Why a message was not pushed: a status of the protocol and a text.
type Denied = (u32, String);

pub(crate) async fn route(waku: &Waku, request: &Request, path: &[&str]) -> Result<Answer, Refusal> {
    match (&request.method, path) {
        (&Method::POST, ["lightpush", "v1", "message"]) => push_legacy(waku, request).await,
        (&Method::POST, ["lightpush", "v3", "message"]) => Ok(told(push(waku, request).await)),
        _ => Err(nowhere()),
    }
}

/// The topic and the message in the body.
fn parts(push: Push) -> Result<(Option<String>, WakuMessage), String> {
    let topic = push.pubsub_topic.filter(|topic| !topic.is_empty());
    let message: Result<WakuMessage, _> = push.message.try_into();
    Ok((topic, message.map_err(|error| error.to_string())?))
}

async fn push_legacy(waku: &Waku, request: &Request) -> Result<Answer, Refusal> {
    let invalid = |error: String| Refusal::bad_request(format!("Invalid message: {error}"));
    let (topic, message) = parts(decode(request)?).map_err(invalid)?;
    let Some(peer) = serving(waku, LEGACY_LIGHTPUSH).await? else {
        return Err(Refusal::unavailable(NO_PEER));
    };
    match publish(waku, peer, topic, message).await {
        Ok(Ok(_)) => Ok(Answer::ok()),
        Ok(Err((429, _))) => Err(Refusal::too_many("Request rate limmit reached")),
        Ok(Err((status, text))) => {
            let reason = if status == 505 {
                "not_published_to_any_peer"
            } else {
                &text
            };
            let text = format!("Failed to request a message push: {reason}");
            Err(Refusal::unavailable(text))
        }
        Err(late) => Err(Refusal::unavailable(late)),
    }
}

async fn push(waku: &Waku, request: &Request) -> Result<u32, Denied> {
    let bad = |text: String| (400, text);
    let push: Push =
        decode(request).map_err(|refusal| bad(format!("Invalid push request! {}", refusal.text)))?;
    let (topic, message) = parts(push).map_err(|error| bad(format!("Invalid message! {error}")))?;
    let peer = serving(waku, LIGHTPUSH)
        .await
        .map_err(|refusal| (500, refusal.text))?;
    let Some(peer) = peer else {
        return Err((503, NO_PEER.to_owned()));
    };
    match publish(waku, peer, topic, message).await {
        Ok(pushed) => pushed.map(|receipt| receipt.relay_peers.unwrap_or_default()),
        Err(late) => Err((503, late.to_owned())),
    }
}

fn told(outcome: Result<u32, Denied>) -> Answer {
    match outcome {
        Ok(relay_peers) => Answer::json(&Outcome {
            status_desc: None,
            relay_peer_count: Some(relay_peers),
        }),
        Err((status, text)) => {
            // What HTTP has no name for is an error of the server.
            let known = u16::try_from(status)
                .ok()
                .and_then(|status| StatusCode::from_u16(status).ok());
            let known = known.filter(|status| status.canonical_reason().is_some());
            let outcome = Outcome {
                status_desc: Some(text),
                relay_peer_count: None,
            };
            Answer::json_with(known.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), &outcome)
        }
    }
}

/// What a peer makes of a message; the error is that it takes too long.
async fn publish(
    waku: &Waku,
    peer: String,
    topic: Option<String>,
    message: WakuMessage,
) -> Result<Result<LightPushReceipt, Denied>, &'static str> {
    let clients = match waku.clients() {
        Ok(clients) => clients,
        Err(error) => return Ok(Err((500, error.to_string()))),
    };
    let call = clients.lightpush.publish(&peer, &message, &topic);
    let pushed = timeout(CALL_TIMEOUT, call).await.map_err(|_| LATE)?;
    Ok(pushed.map_err(|error| denied(error, topic.is_some())))
}

/// Why a message was not published, whose shard was named or not.
fn denied(error: CallError<LightPushError>, is_named: bool) -> Denied {
    match error {
        CallError::Interface(LightPushError::Message(error)) => match &error {
            PublishError::TooLarge { limit } => {
                (420, format!("Message size exceeded maximum of {limit} bytes"))
            }
            PublishError::Topic(error) => without_shard(error, is_named),
            _ => (420, error.to_string()),
        },
        CallError::Interface(LightPushError::Service(error)) => match error {
            ServiceError::Refused { status, text } => (status, text),
            ServiceError::NotConnected { peer_id } | ServiceError::Unsupported { peer_id } => {
                (505, format!("dial_failure: {peer_id} is not accessible"))
            }
            ServiceError::Failed { reason, .. } => {
                (500, format!("Failed to read response from peer: {reason}"))
            }
            other => (500, other.to_string()),
        },
        error => (500, error.to_string()),
    }
}

/// Why there is no shard to publish on, as nwaku's service says it.
fn without_shard(error: &TopicError, is_named: bool) -> Denied {
    match error {
        TopicError::Malformed { topic, .. } if !is_named => {
            let reason = text::not_a_content_topic(topic);
            (420, format!("Invalid content-topic:{reason}"))
        }
        TopicError::Generation { .. } => {
            let reason = "Generation > 0 are not supported yet";
            (500, format!("Auto-sharding error: {reason}"))
        }
        TopicError::StaticSharding => {
            let text = "Pubsub topic must be specified when static sharding is enabled";
            (420, text.to_owned())
        }
        _ => (421, error.to_string()),
    }
}
