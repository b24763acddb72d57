//! A light node that uses whichever services are there.

mod support;

use support::{CONTENT_TOPIC, TCP, address, config, light, message, next, relay_behind, start, until};
use waku_plugin::{FilterConfig, Followed, Node, NodeConfig, RateLimit, RateLimits, SendError};

async fn service() -> Node {
    start(NodeConfig {
        lightpush: true,
        filter: Some(FilterConfig::default()),
        rate_limits: RateLimits {
            lightpush: RateLimit::NONE,
            ..RateLimits::default()
        },
        ..config(TCP)
    })
    .await
}

async fn connected(node: &Node, services: &[&Node]) {
    for service in services {
        node.connect(address(service).await).await.unwrap();
    }
    until("all are identified", async || {
        let peers = node.peers().await.unwrap();
        peers.len() == services.len() && peers.iter().all(|peer| !peer.protocols.is_empty())
    })
    .await;
}

#[tokio::test]
async fn a_message_goes_through_the_service_that_can() {
    let node = start(light()).await;
    let refused = node.lightpush_anywhere(None, message("nobody")).await;
    assert_eq!(refused, Err(SendError::NoService));
    // Two of them have nobody to relay to.
    let services = [service().await, service().await, service().await];
    let relay = relay_behind(&services[2]).await;
    relay.subscribe(vec![CONTENT_TOPIC.into()]).await.unwrap();
    let mut messages = relay.messages().unwrap();
    connected(&node, &services.each_ref()).await;
    for number in 0..6 {
        let text = format!("message {number}");
        let receipt = node.lightpush_anywhere(None, message(&text)).await.unwrap();
        assert_eq!(receipt.relay_peers, Some(1));
        assert_eq!(next(&mut messages).await.message.payload, text.as_bytes());
    }
    let error = node.lightpush_anywhere(None, message("")).await.unwrap_err();
    assert_eq!(error.to_string(), "payload is empty");
}

/// Three services of a mesh; two of them are subscribed at, until one of these goes.
#[tokio::test]
async fn topics_are_followed_at_two_services_and_at_another_when_one_is_lost() {
    let services = [service().await, service().await, service().await];
    for other in &services[1..] {
        other.connect(address(&services[0]).await).await.unwrap();
    }
    let node = start(NodeConfig {
        shard_peers: 0,
        ..light()
    })
    .await;
    let followed = Followed::new(node.clone());
    followed.follow(None, vec![CONTENT_TOPIC.into()]).unwrap();
    let mut messages = node.messages().unwrap();
    connected(&node, &services.each_ref()).await;
    let holders = async || {
        let all = node.filter_subscriptions().await.unwrap();
        all.iter().map(|it| it.peer).collect::<Vec<_>>()
    };
    until("two services", async || holders().await.len() == 2).await;
    let first = holders().await;
    let (gone, left): (Vec<_>, Vec<_>) = services.iter().partition(|it| it.peer_id() == first[0]);
    gone[0].shutdown().await;
    until("two services, of which one is another", async || {
        let now = holders().await;
        now.len() == 2 && !now.contains(&first[0])
    })
    .await;
    let all = node.filter_subscriptions().await.unwrap();
    assert_eq!(followed.held().len(), all.len(), "all are of its making");
    left[0].connect(address(left[1]).await).await.unwrap();
    let hash = left[0].publish(None, message("for followers")).await;
    let heard = next(&mut messages).await;
    assert_eq!(heard.message.payload, b"for followers", "{hash:?}");

    followed.unfollow(None, vec![CONTENT_TOPIC.into()]).unwrap();
    until("no service", async || holders().await.is_empty()).await;
    assert!(followed.wanted().is_empty());
}
