//! What the honest peers of a node ask of it.

use std::time::{Duration, Instant};

use libp2p::Multiaddr;
use tokio::time::{sleep, timeout};
use waku_plugin::{
    LightPushError, MessageHash, MessageReceiver, Node, PeerId, Refusal, ServiceError, Status, StoreQuery,
    WakuMessage,
};

use super::support::{CONTENT_TOPIC, DEADLINE, TCP, config, light, message, next, start, until, until_peers};

/// Before an honest peer tries again what was too often.
const PAUSE: Duration = Duration::from_millis(100);

/// A relay and a light node that has subscribed.
pub(crate) struct Honest {
    relay: Node,
    light: Node,
    service: PeerId,
    at_relay: MessageReceiver,
    at_light: MessageReceiver,
    round: u32,
}

impl Honest {
    /// Connects both, and has everything served once.
    pub(crate) async fn connect(address: &Multiaddr) -> Self {
        let (relay, light) = (start(config(TCP)).await, start(light()).await);
        let service = relay.connect(address.clone()).await.unwrap();
        until_peers(&relay, 1).await;
        relay.subscribe(vec![CONTENT_TOPIC.into()]).await.unwrap();
        light.connect(address.clone()).await.unwrap();
        light
            .filter_subscribe(service, None, vec![CONTENT_TOPIC.into()])
            .await
            .unwrap();
        let mut honest = Self {
            at_relay: relay.messages().unwrap(),
            at_light: light.messages().unwrap(),
            relay,
            light,
            service,
            round: 0,
        };
        honest.is_served().await;
        honest
    }

    /// Relay, filter, lightpush, store and peer exchange do what they should, each within the deadline; how long it took
    /// in all.
    pub(crate) async fn is_served(&mut self) -> Duration {
        self.round += 1;
        let start = Instant::now();
        let text = format!("honest {}", self.round);
        let relayed = self.relay.publish(None, message(&text)).await.unwrap();
        while next(&mut self.at_light).await.hash != relayed {}

        let pushed = message(&format!("{text}, pushed"));
        let pushed = self.pushed(pushed).await;
        while next(&mut self.at_relay).await.hash != pushed {}

        let query = StoreQuery {
            hashes: vec![relayed, pushed],
            ..StoreQuery::default()
        };
        until("both messages in the store", async || {
            let page = self.light.query_store(self.service, query.clone()).await;
            page.unwrap().messages.len() == 2
        })
        .await;
        self.exchanges().await;
        start.elapsed()
    }

    /// Publishes by lightpush, and tries again where it is told to wait.
    async fn pushed(&self, message: WakuMessage) -> MessageHash {
        let publishing = async {
            loop {
                let outcome = self.light.lightpush(self.service, None, message.clone()).await;
                match not_limited(outcome) {
                    Some(receipt) => break receipt.hash,
                    None => sleep(PAUSE).await,
                }
            }
        };
        timeout(DEADLINE, publishing).await.expect("lightpush publishes")
    }

    /// Peer exchange answers, even if it knows nobody.
    async fn exchanges(&self) {
        let refused = |status| {
            Err(ServiceError::Refused(Refusal {
                status,
                text: String::new(),
            }))
        };
        until("peer exchange", async || {
            let asked = self.light.exchange_peers(self.service, 5);
            let answer = timeout(DEADLINE, asked).await.unwrap();
            if answer == refused(Status::TOO_MANY_REQUESTS) {
                return false;
            }
            assert!(
                answer.is_ok() || answer == refused(Status::SERVICE_UNAVAILABLE),
                "{answer:?}"
            );
            true
        })
        .await;
    }
}

/// Nothing where the service is over its rate limit: an honest peer tries again.
fn not_limited<T>(outcome: Result<T, LightPushError>) -> Option<T> {
    match outcome {
        Ok(done) => Some(done),
        Err(LightPushError::Service(ServiceError::Refused(refusal)))
            if refusal.status == Status::TOO_MANY_REQUESTS =>
        {
            None
        }
        Err(error) => panic!("{error}"),
    }
}
