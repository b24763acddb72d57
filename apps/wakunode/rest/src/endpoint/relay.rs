//! `/relay/v1`: subscribing to shards and content topics, reading what came, publishing.

use backplane_sdk::CallError;
use hyper::Method;
use waku_api::{PublishError, TopicError, WakuMessage};

use super::within;
use crate::{
    answer::Answer,
    error::Refusal,
    http::Request,
    json::{Message, decode},
    limits::{CALL_TIMEOUT, MAX_LIST},
    rest::State,
    route::nowhere,
    text,
    waku::Waku,
};

pub(crate) async fn route(
    state: &State,
    waku: &Waku,
    request: &Request,
    path: &[&str],
) -> Result<Answer, Refusal> {
    if !waku.relays() {
        let text = "/relay endpoints are not available. Please check your configuration: --relay";
        return Err(Refusal::not_found(text));
    }
    let (method, path) = (&request.method, path.get(2..).unwrap_or_default());
    if !request.path.starts_with("/relay/v1/") {
        return Err(nowhere());
    }
    match (method, path) {
        (
            &Method::OPTIONS,
            ["subscriptions"]
            | ["messages", _]
            | ["auto", "subscriptions" | "messages"]
            | ["auto", "messages", _],
        ) => Ok(Answer::ok()),
        (&Method::POST, ["subscriptions"]) => subscribe(state, waku, request).await,
        (&Method::DELETE, ["subscriptions"]) => unsubscribe(state, waku, request).await,
        (&Method::GET, ["messages", topic]) => {
            let messages = state.relay().take_shard(topic);
            messages.map(listed).ok_or_else(|| Refusal::not_found(""))
        }
        (&Method::POST, ["messages", topic]) => publish(waku, request, topic).await,
        (&Method::POST, ["auto", "subscriptions"]) => subscribe_contents(state, waku, request).await,
        (&Method::DELETE, ["auto", "subscriptions"]) => unsubscribe_contents(state, waku, request).await,
        (&Method::GET, ["auto", "messages", topic]) => {
            let messages = state.relay().take_content(topic);
            messages.map(listed).ok_or_else(|| Refusal::not_found(*topic))
        }
        (&Method::POST, ["auto", "messages"]) => publish_by_content(waku, request).await,
        _ => Err(nowhere()),
    }
}

pub(super) fn listed(messages: Vec<WakuMessage>) -> Answer {
    let messages: Vec<Message> = messages.into_iter().map(Message::from).collect();
    Answer::json(&messages)
}

/// The topics in the body.
fn topics(request: &Request) -> Result<Vec<String>, Refusal> {
    let topics: Vec<String> = decode(request)?;
    if topics.len() > MAX_LIST {
        return Err(Refusal::bad_request(format!(
            "{} topics, the limit is {MAX_LIST}",
            topics.len()
        )));
    }
    Ok(topics)
}

fn shards(request: &Request) -> Result<Vec<String>, Refusal> {
    let topics = topics(request)?;
    let bad: Vec<&str> = topics
        .iter()
        .map(String::as_str)
        .filter(|it| !is_shard(it))
        .collect();
    if !bad.is_empty() {
        return Err(Refusal::bad_request(format!(
            "Invalid pubsub topic(s): {}",
            text::list(&bad)
        )));
    }
    Ok(topics)
}

/// Whether a text is of the form `/waku/2/rs/CLUSTER/SHARD`.
fn is_shard(topic: &str) -> bool {
    let number = |text: &str| text.bytes().all(|it| it.is_ascii_digit()) && text.parse::<u16>().is_ok();
    let numbers = topic
        .strip_prefix("/waku/2/rs/")
        .and_then(|rest| rest.split_once('/'));
    numbers.is_some_and(|(cluster, shard)| number(cluster) && number(shard))
}

async fn subscribe(state: &State, waku: &Waku, request: &Request) -> Result<Answer, Refusal> {
    let topics = shards(request)?;
    let failed = |error: &dyn std::fmt::Display| Refusal::failed(format!("Subscribe failed:{error}"));
    let call = waku.clients()?.relay.subscribe_shards(&topics);
    let subscribed = within(CALL_TIMEOUT, call, "Subscribe failed:timedout").await?;
    subscribed.map_err(|error| failed(&error))?;
    let subscribed = state.relay().shards().subscribe(&topics);
    subscribed.map_err(|error| failed(&error))?;
    Ok(Answer::ok())
}

async fn unsubscribe(state: &State, waku: &Waku, request: &Request) -> Result<Answer, Refusal> {
    let topics = shards(request)?;
    topics
        .iter()
        .for_each(|topic| state.relay().unsubscribe_shard(topic));
    let call = waku.clients()?.relay.unsubscribe_shards(&topics);
    let unsubscribed = within(CALL_TIMEOUT, call, "Unsubscribe failed:timedout").await?;
    unsubscribed.map_err(|error| Refusal::failed(format!("Unsubscribe failed:{error}")))?;
    Ok(Answer::ok())
}

async fn subscribe_contents(state: &State, waku: &Waku, request: &Request) -> Result<Answer, Refusal> {
    let topics = topics(request)?;
    let clients = waku.clients()?;
    let failed = |error: &dyn std::fmt::Display| Refusal::failed(format!("Subscribe failed:{error}"));
    for topic in &topics {
        // With static sharding nothing says where these messages would come.
        let shard = within(
            CALL_TIMEOUT,
            clients.relay.pubsub_topic(topic),
            "Subscribe failed:timedout",
        )
        .await?;
        shard.map_err(|error| failed(&error))?;
    }
    let subscribed = within(
        CALL_TIMEOUT,
        clients.relay.subscribe(&topics),
        "Subscribe failed:timedout",
    )
    .await?;
    subscribed.map_err(|error| failed(&error))?;
    let subscribed = state.relay().contents().subscribe(&topics);
    subscribed.map_err(|error| failed(&error))?;
    Ok(Answer::ok())
}

async fn unsubscribe_contents(state: &State, waku: &Waku, request: &Request) -> Result<Answer, Refusal> {
    let topics = topics(request)?;
    topics
        .iter()
        .for_each(|topic| state.relay().unsubscribe_content(topic));
    let call = waku.clients()?.relay.unsubscribe(&topics);
    let unsubscribed = within(CALL_TIMEOUT, call, "Unsubscribe failed:timedout").await?;
    unsubscribed.map_err(|error| Refusal::failed(format!("Unsubscribe failed:{error}")))?;
    Ok(Answer::ok())
}

fn message(request: &Request) -> Result<WakuMessage, Refusal> {
    let message: Message = decode(request)?;
    message
        .try_into()
        .map_err(|error: crate::json::MessageError| Refusal::bad_request(error.to_string()))
}

/// Publishes on a shard that the node takes part in, whether there are peers or not.
async fn publish(waku: &Waku, request: &Request, topic: &str) -> Result<Answer, Refusal> {
    let late = "Failed to publish: timedout";
    let clients = waku.clients()?;
    let info = within(CALL_TIMEOUT, clients.node.info(), late).await??;
    if !info.shards.iter().any(|shard| shard.pubsub_topic == topic) {
        return Err(Refusal::bad_request(format!(
            "Failed to publish: Node not subscribed to topic: {topic}"
        )));
    }
    let message = message(request)?;
    let topic = Some(topic.to_owned());
    let published = within(CALL_TIMEOUT, clients.relay.publish(&message, &topic), late).await?;
    match published {
        Ok(_) | Err(CallError::Interface(PublishError::NoPeers { .. } | PublishError::Duplicate { .. })) => {
            Ok(Answer::ok())
        }
        Err(error) => Err(unpublished(error)),
    }
}

/// Publishes on the shard that follows from the content topic.
async fn publish_by_content(waku: &Waku, request: &Request) -> Result<Answer, Refusal> {
    let late = "Failed to publish: timedout";
    let clients = waku.clients()?;
    let message = message(request)?;
    let shard = within(
        CALL_TIMEOUT,
        clients.relay.pubsub_topic(&message.content_topic),
        late,
    )
    .await?;
    let topic = shard.map_err(|error| match error {
        CallError::Interface(TopicError::StaticSharding) => {
            Refusal::bad_request("Failed to publish. Autosharding is disabled")
        }
        CallError::Interface(error) => Refusal::bad_request(format!(
            "Failed to publish. Autosharding error: {}",
            malformed(&error)
        )),
        error => error.into(),
    })?;
    let published = within(CALL_TIMEOUT, clients.relay.publish(&message, &Some(topic)), late).await?;
    published.map_err(unpublished)?;
    Ok(Answer::ok())
}

/// What nwaku says of a content topic.
fn malformed(error: &TopicError) -> String {
    match error {
        TopicError::Malformed { topic, .. } => text::not_a_content_topic(topic),
        TopicError::Generation { .. } => "Generation > 0 are not supported yet".to_owned(),
        other => other.to_string(),
    }
}

fn unpublished(error: CallError<PublishError>) -> Refusal {
    let CallError::Interface(error) = error else {
        return error.into();
    };
    let reason = match &error {
        PublishError::TooLarge { limit } => format!("Message size exceeded maximum of {limit} bytes"),
        PublishError::NoPeers { .. } => "publish failed in relay: NoPeersToPublish".to_owned(),
        PublishError::Duplicate { .. } => "publish failed in relay: DuplicateMessage".to_owned(),
        other => other.to_string(),
    };
    let text = format!("Failed to publish: {reason}");
    match error {
        PublishError::Busy { .. } => Refusal::unavailable(text),
        PublishError::Stopped => Refusal::failed(text),
        _ => Refusal::bad_request(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_static_shards_are_pubsub_topics() {
        for (topic, is) in [
            ("/waku/2/rs/0/0", true),
            ("/waku/2/rs/65535/65535", true),
            ("/waku/2/rs/65536/0", false),
            ("/waku/2/rs/1", false),
            ("/waku/2/rs/1/2/3", false),
            ("/waku/2/rs/+1/2", false),
            ("/waku/2/rs//2", false),
            ("/test/2/this/is/a/content/topic/1", false),
        ] {
            assert_eq!(is_shard(topic), is, "{topic}");
        }
    }
}
