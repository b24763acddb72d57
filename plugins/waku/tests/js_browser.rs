//! js-waku's light node in a page of headless Chromium, at our services.

#![cfg(all(target_os = "linux", feature = "browser-peers"))]

mod support;

#[path = "support/archive.rs"]
mod archive;

use archive::{Storage, at};
use support::{CONTENT_TOPIC, WS, address, config, next, relay_behind, start, until};
use test_peers::{LightNode, LightQuery, Options};
use waku_plugin::{ArchiveConfig, FilterConfig, NodeConfig, Retention, WakuMessage};

/// Debian's package chromium.
const CHROMIUM: &str = "/usr/bin/chromium";

/// Metadata, both versions of lightpush, filter, store by page and by hash, and peer exchange, all from the page.
#[tokio::test(flavor = "multi_thread")]
async fn a_page_is_served_by_our_node() {
    let storage = Storage::start();
    let archive = storage
        .archive(ArchiveConfig {
            retention: Retention::NONE,
            ..ArchiveConfig::default()
        })
        .await;
    let service = start(NodeConfig {
        filter: Some(FilterConfig::default()),
        lightpush: true,
        peer_exchange: true,
        store: Some(archive.clone()),
        ..config(WS)
    })
    .await;
    let relay = relay_behind(&service).await;
    relay.subscribe(vec![CONTENT_TOPIC.into()]).await.unwrap();
    let mut messages = relay.messages().unwrap();
    let mut js = LightNode::start_in_browser(Options::WS_MPLEX, CHROMIUM)
        .await
        .unwrap();
    let peer = js.connect(&address(&service).await.to_string()).await.unwrap();
    assert_eq!(
        (peer.muxer.as_deref(), peer.cluster_id),
        (Some("/mplex/6.7.0"), Some(99))
    );

    for legacy in [false, true] {
        let text = format!("ünïcode € from a page, legacy {legacy}");
        assert_eq!(js.push(CONTENT_TOPIC, &text, legacy).await.unwrap(), None);
        assert_eq!(next(&mut messages).await.message.payload, text.as_bytes());
    }
    assert!(js.subscribe(CONTENT_TOPIC).await.unwrap());
    assert_eq!(js.ping().await.unwrap(), None);
    let sent = WakuMessage {
        timestamp: 1_700_000_000_123_000_000,
        ..support::message("for the page")
    };
    let hash = relay.publish(None, sent).await.unwrap();
    let got = js.received().await.unwrap();
    assert_eq!(
        (&*got.payload, got.timestamp),
        ("for the page", Some(1_700_000_000_123))
    );
    assert_eq!(got.hash.trim_start_matches("0x"), hex::encode(hash.as_bytes()));
    assert!(js.unsubscribe(CONTENT_TOPIC).await.unwrap());

    // js-waku has set the times of the two that it has pushed; those of the archive are long past.
    let shard = service.sharding().of_text(CONTENT_TOPIC).unwrap().shard();
    let kept: Vec<_> = (1..=25)
        .map(|it| at(shard, CONTENT_TOPIC, it * 1_000_000))
        .collect();
    archive.take_in(kept.clone()).await.unwrap();
    let query = LightQuery {
        topic: CONTENT_TOPIC,
        forward: true,
        limit: 10,
        time: Some((0, 26)),
    };
    let pages = js.query(query).await.unwrap();
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [10, 10, 5]);
    let wanted: Vec<String> = kept
        .iter()
        .map(|(topic, it)| it.hash(&topic.to_string()).to_string())
        .collect();
    let found: Vec<String> = pages.concat().into_iter().map(|it| it.hash).collect();
    let bare = |all: &[String]| {
        all.iter()
            .map(|it| it.trim_start_matches("0x").to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(bare(&found), bare(&wanted));
    let one = js.lookup(CONTENT_TOPIC, &bare(&wanted[3..4])).await.unwrap();
    assert_eq!(one.len(), 1);

    let exchanged = js.exchange(5).await.unwrap();
    assert!(exchanged.is_ok(), "{exchanged:?}");
    js.stop().await.unwrap();
    until("the page is gone", async || {
        service.info().await.unwrap().connected_peers == 1
    })
    .await;
}
