//! Who has subscribed to the filter service.

use serde::Serialize;

use crate::{answer::Answer, endpoint::within, error::Refusal, limits::CALL_TIMEOUT, waku::Waku};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Subscriber {
    peer_id: String,
    filter_criteria: Vec<Criterion>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Criterion {
    pubsub_topic: String,
    content_topic: String,
}

pub(super) async fn subscriptions(waku: &Waku) -> Result<Answer, Refusal> {
    let call = waku.clients()?.node.filter_subscribers();
    let Some(subscribers) = within(CALL_TIMEOUT, call, "the node does not answer").await?? else {
        return Err(Refusal::bad_request(
            "Error: Filter Protocol is not mounted to the node",
        ));
    };
    let subscribers: Vec<Subscriber> = subscribers
        .into_iter()
        .map(|subscriber| Subscriber {
            peer_id: subscriber.peer_id,
            filter_criteria: subscriber
                .criteria
                .into_iter()
                .map(|it| Criterion {
                    pubsub_topic: it.pubsub_topic,
                    content_topic: it.content_topic,
                })
                .collect(),
        })
        .collect();
    Ok(Answer::json(&subscribers))
}
