//! `storage.content` as others meet it.

#[path = "common/content.rs"]
mod files;

use backplane_sdk::Bytes;
use files::{append, begin, client, drain, get, put, refusal, sequence, storage};
use serde_json::json;
use storage_api::{ContentClient, ContentError, Presence};
use tempfile::tempdir;

fn s(text: &str) -> String {
    text.to_owned()
}

#[tokio::test]
async fn a_file_goes_in_by_chunks_and_comes_out_by_ranges() {
    let folder = tempdir().unwrap();
    let storage = storage(folder.path(), json!({})).await;
    let content = client(&storage);
    let bytes = sequence(0, 1_000_000);
    let file = put(&storage, &content, "a.bin", &bytes).await.unwrap();
    assert_eq!((file.bytes, file.blocks, file.here), (1_000_000, 16, 16));
    assert_eq!(
        (file.name.as_deref(), file.pinned, file.fetching),
        (Some("a.bin"), true, false)
    );
    assert_eq!(get(&content, &file.cid).await.unwrap(), bytes);
    let part = content.read(&file.cid, &65_000, &Some(100_000)).await.unwrap();
    assert_eq!(drain(part).await.unwrap(), bytes[65_000..165_000]);
    assert_eq!(content.exists(&file.cid).await.unwrap(), Presence::Complete);
    assert_eq!(content.stat(&file.cid).await.unwrap(), file);
    let mut progress = content.progress(&file.cid).await.unwrap();
    assert_eq!(progress.next().await.unwrap().unwrap().here, 16);
    assert!(progress.next().await.is_none());
    let checked = content.check(&file.cid).await.unwrap();
    assert_eq!((checked.blocks, checked.damaged), (16, 0));
    content.delete(&file.cid).await.unwrap();
    assert_eq!(content.exists(&file.cid).await.unwrap(), Presence::None);
    let gone = ContentError::NotFound {
        cid: file.cid.clone(),
    };
    assert_eq!(refusal(content.read(&file.cid, &0, &None).await), gone);
}

#[tokio::test]
async fn the_upstream_constant_comes_out_of_the_interface() {
    let folder = tempdir().unwrap();
    let storage = storage(folder.path(), json!({})).await;
    let content = client(&storage);
    let (name, mime) = (Some(s("hello.txt")), Some(s("text/plain")));
    let begun = content
        .open_upload(&name, &mime, &Some(12), &65536, &true)
        .await
        .unwrap();
    append(&storage, &content, &begun.upload, 0, b"Hello World!")
        .await
        .unwrap();
    let file = content.finish(&begun.upload).await.unwrap();
    assert_eq!(file.cid, "zDvZRwzm93r6pbHvCDtfXiLiLF96cXTiX5rkv1fWMLGfV1NJX8cr");
    assert_eq!(file.tree, "zDzSvJTf8JYwvysKPmG7BtzpbiAHfuwFMRphxm4hdvnMJ4XPJjKX");
}

#[tokio::test]
async fn an_upload_that_breaks_off_goes_on_where_it_stood() {
    let folder = tempdir().unwrap();
    let storage = storage(folder.path(), json!({})).await;
    let content = client(&storage);
    let bytes = sequence(0, 300_000);
    let upload = begin(&content, "a").await.unwrap();
    let (mut sender, chunks) = storage.channel::<Bytes>();
    sender.send(&Bytes(bytes[..100_000].to_vec())).await.unwrap();
    sender.fail("the line is cut");
    let broken = refusal(content.append(&upload, &0, &chunks).await);
    let ContentError::Interrupted {
        offset: 100_000,
        reason,
    } = broken
    else {
        panic!("{broken:?}")
    };
    assert!(reason.contains("the line is cut"), "{reason}");
    let wrong = refusal(append(&storage, &content, &upload, 7, b"x").await);
    assert_eq!(wrong, ContentError::WrongOffset { expected: 100_000 });
    let known = content.list_uploads().await.unwrap();
    assert_eq!(
        (known[0].upload.as_str(), known[0].offset),
        (upload.as_str(), 100_000)
    );
    let at = append(&storage, &content, &upload, 100_000, &bytes[100_000..])
        .await
        .unwrap();
    assert_eq!(at, 300_000);
    let file = content.finish(&upload).await.unwrap();
    assert_eq!(get(&content, &file.cid).await.unwrap(), bytes);
    assert_eq!(content.finish(&upload).await.unwrap(), file);
    content
        .cancel_upload(&begin(&content, "b").await.unwrap())
        .await
        .unwrap();
    assert_eq!(content.list_uploads().await.unwrap(), []);
}

#[tokio::test]
async fn files_belong_to_their_callers_and_access_is_given_by_configuration() {
    let folder = tempdir().unwrap();
    let access = json!({ "access": { "desk": ["notes/*"], "root": ["*"] } });
    let storage = storage(folder.path(), access).await;
    let content = client(&storage);
    let (chat, desk, root): (ContentClient, ContentClient, ContentClient) = (
        storage.client_as("chat"),
        storage.client_as("desk"),
        storage.client_as("root"),
    );
    let mine = put(&storage, &content, "a", b"of notes").await.unwrap();
    let theirs = put(&storage, &chat, "b", b"of chat").await.unwrap();
    let named = format!("notes/{}", mine.cid);
    let denied = "denied: belongs to \"notes\"; \"chat\" has no access to it";
    for refused in [
        refusal(chat.read(&named, &0, &None).await.map(drop)),
        refusal(chat.stat(&named).await),
        refusal(chat.exists(&named).await),
        refusal(chat.progress(&named).await.map(drop)),
        refusal(chat.pin(&named).await),
        refusal(chat.unpin(&named).await),
        refusal(chat.delete(&named).await),
        refusal(chat.check(&named).await),
        refusal(chat.cancel_fetch(&named).await),
        refusal(chat.fetch(&named, &false).await),
    ] {
        assert_eq!(refused.to_string(), denied);
    }
    assert!(matches!(
        refusal(chat.stat(&mine.cid).await),
        ContentError::NotFound { .. }
    ));
    let upload = begin(&content, "c").await.unwrap();
    let refused = refusal(chat.finish(&upload).await);
    assert_eq!(refused, ContentError::UploadNotFound { upload });
    assert_eq!(get(&desk, &named).await.unwrap(), b"of notes");
    let seen =
        |page: storage_api::ContentPage| page.files.into_iter().map(|file| file.cid).collect::<Vec<_>>();
    assert_eq!(
        seen(desk.list(&None, &10).await.unwrap()),
        std::slice::from_ref(&named)
    );
    assert_eq!(
        seen(content.list(&None, &10).await.unwrap()),
        std::slice::from_ref(&mine.cid)
    );
    let first = root.list(&None, &1).await.unwrap();
    let second = root.list(&first.next, &1).await.unwrap();
    let all = [seen(first), seen(second)].concat();
    assert_eq!(all, [format!("chat/{}", theirs.cid), named]);
    // Who knows the identifier can have what is here.
    let fetched = chat.fetch(&mine.cid, &false).await.unwrap();
    assert_eq!((fetched.fetching, fetched.here), (false, 1));
    assert_eq!(get(&chat, &mine.cid).await.unwrap(), b"of notes");
}

#[tokio::test]
async fn identifiers_that_are_none_are_refused() {
    let folder = tempdir().unwrap();
    let storage = storage(folder.path(), json!({})).await;
    let content = client(&storage);
    let tree = "zDzSvJTf8JYwvysKPmG7BtzpbiAHfuwFMRphxm4hdvnMJ4XPJjKX";
    for cid in ["", "zDv", "notes/", "a/b/c", "index.db", tree] {
        let refused = refusal(content.stat(&s(cid)).await);
        assert!(
            matches!(&refused, ContentError::InvalidArgument { field, .. } if field == "cid"),
            "{cid:?}: {refused:?}"
        );
    }
}

#[tokio::test]
async fn quotas_are_those_of_the_configuration() {
    let folder = tempdir().unwrap();
    let quotas = json!({ "content_quota": 1_000_000, "content_quotas": { "chat": 100_000 } });
    let storage = storage(folder.path(), quotas).await;
    let (content, chat): (_, ContentClient) = (client(&storage), storage.client_as("chat"));
    put(&storage, &content, "a", &sequence(0, 900_000)).await.unwrap();
    let refused = refusal(put(&storage, &chat, "a", &sequence(0, 200_000)).await);
    assert!(
        matches!(refused, ContentError::QuotaExceeded { limit: 100_000, .. }),
        "{refused:?}"
    );
    let space = content.space().await.unwrap();
    assert_eq!(
        (space.quota, space.used, space.evictable, space.files),
        (1_000_000, 900_000, 0, 1)
    );
}

#[tokio::test]
async fn without_a_node_nothing_is_exchanged() {
    let folder = tempdir().unwrap();
    let storage = storage(folder.path(), json!({})).await;
    let (content, cli): (_, ContentClient) = (client(&storage), storage.client_as("cli"));
    assert_eq!(content.node().await.unwrap(), None);
    let cid = s("zDvZRwzm93r6pbHvCDtfXiLiLF96cXTiX5rkv1fWMLGfV1NJX8cr");
    assert_eq!(
        refusal(content.fetch(&cid, &false).await),
        ContentError::NoExchange
    );
    let address = s("/ip4/127.0.0.1/tcp/1");
    let denied = refusal(content.connect(&address).await);
    assert!(matches!(denied, ContentError::Denied { .. }), "{denied:?}");
    assert_eq!(refusal(cli.connect(&address).await), ContentError::NoExchange);
}

#[tokio::test]
async fn files_are_there_in_the_next_instance() {
    let folder = tempdir().unwrap();
    let bytes = sequence(3, 200_000);
    let first = storage(folder.path(), json!({})).await;
    let file = put(&first, &client(&first), "a", &bytes).await.unwrap();
    let upload = begin(&client(&first), "b").await.unwrap();
    append(&first, &client(&first), &upload, 0, &bytes).await.unwrap();
    // A stream that nobody reads keeps nothing.
    let _unread = client(&first).read(&file.cid, &0, &None).await.unwrap();
    first.stop().await.unwrap();
    let second = storage(folder.path(), json!({})).await;
    assert_eq!(get(&client(&second), &file.cid).await.unwrap(), bytes);
    // A clean end keeps all whole blocks.
    assert_eq!(client(&second).list_uploads().await.unwrap()[0].offset, 3 * 65536);
}

#[cfg(not(feature = "content-exchange"))]
#[tokio::test]
async fn a_plugin_that_is_built_without_the_exchange_says_so() {
    let folder = tempdir().unwrap();
    let config = json!({ "content_listen": ["/ip4/127.0.0.1/tcp/0"] });
    let refused = backplane_sdk::test::Bench::new()
        .data_dir(folder.path())
        .start_json::<storage_plugin::Storage>(config)
        .await;
    let text = refused.err().unwrap().to_string();
    assert!(text.contains("content-exchange"), "{text}");
}

#[cfg(feature = "content-exchange")]
mod exchange {
    use super::*;
    use backplane_sdk::test::Bench;
    use storage_plugin::Storage;

    async fn listening(folder: &std::path::Path, peers: &[String]) -> backplane_sdk::test::Running<Storage> {
        let listen = json!({ "content_listen": ["/ip4/127.0.0.1/tcp/0"], "content_peers": peers });
        storage(folder, listen).await
    }

    #[tokio::test]
    async fn a_file_goes_from_module_to_module_and_its_progress_is_told() {
        let (a_folder, b_folder) = (tempdir().unwrap(), tempdir().unwrap());
        let a = listening(a_folder.path(), &[]).await;
        let bytes = sequence(0, 20_000_000);
        let file = put(&a, &client(&a), "large", &bytes).await.unwrap();
        let addresses = client(&a).node().await.unwrap().unwrap().addresses;
        let b = listening(b_folder.path(), &addresses).await;
        let content = client(&b);
        let fetched = content.fetch(&file.cid, &true).await.unwrap();
        assert_eq!((fetched.tree, fetched.pinned), (file.tree, true));
        let mut progress = content.progress(&file.cid).await.unwrap();
        let mut last = None;
        while let Some(word) = progress.next().await {
            let word = word.unwrap();
            assert!(last.is_none_or(|last: storage_api::Progress| last.here <= word.here));
            last = Some(word);
        }
        let last = last.unwrap();
        assert_eq!((last.here, last.blocks, last.fetching), (306, 306, false));
        assert!(get(&content, &file.cid).await.unwrap() == bytes);
        let known = content.node().await.unwrap().unwrap();
        assert_eq!((known.peers[0].blocks, known.peers[0].banned), (306, false));
    }

    #[tokio::test]
    async fn a_read_waits_for_what_is_being_got() {
        let (a_folder, b_folder) = (tempdir().unwrap(), tempdir().unwrap());
        let a = listening(a_folder.path(), &[]).await;
        let bytes = sequence(0, 10_000_000);
        let file = put(&a, &client(&a), "large", &bytes).await.unwrap();
        let b = listening(b_folder.path(), &[]).await;
        let cli: ContentClient = b.client_as("cli");
        let address = client(&a).node().await.unwrap().unwrap().addresses.remove(0);
        cli.connect(&address).await.unwrap();
        client(&b).fetch(&file.cid, &false).await.unwrap();
        assert!(get(&client(&b), &file.cid).await.unwrap() == bytes);
    }

    #[tokio::test]
    async fn addresses_that_are_none_are_refused_by_the_configuration() {
        let folder = tempdir().unwrap();
        let config = json!({ "content_peers": ["127.0.0.1:4001"] });
        let refused = Bench::new()
            .data_dir(folder.path())
            .start_json::<Storage>(config)
            .await;
        let text = refused.err().unwrap().to_string();
        assert!(text.contains("content_peers: \"127.0.0.1:4001\""), "{text}");
    }
}
