//! Who may do what: what a bundle does not grant nobody gets, and the refusal says what to write.

use backplane_descriptor::Overflow;
use backplane_host::bundle::{Grant, Grants};
use backplane_host::{AuditKind, FrontEnd, Host, PermissionKind, PermissionReport};
use backplane_sdk::{CallError, plugin_api::status};
use backplane_test_support::fixture;
use backplane_tests::{host, until};
use fixture_subject_api::{MateClient, SubjectClient, VaultClient, mate_events, subject_events};
use std::collections::BTreeSet;
use std::path::Path;

/// The mate and the subject, which is granted `grants`.
fn modules(grants: &str) -> String {
    format!(
        "[modules.mate]\nplugin = {:?}\n\
         grants = [\"fixture.subject.around\"]\n\
         [modules.subject]\nplugin = {:?}\ngrants = [{grants}]\n",
        fixture("mate"),
        fixture("subject")
    )
}

fn start(folder: &Path, grants: &str) -> Host {
    host(folder, &modules(grants)).expect("the host starts")
}

/// What the host refuses to start with.
fn refusal(folder: &Path, grants: &str) -> String {
    host(folder, &modules(grants)).err().expect("refused").to_string()
}

fn front_end(host: &Host, grants: &[&str]) -> FrontEnd {
    let grants: Result<Vec<Grant>, _> = grants.iter().map(|it| it.parse()).collect();
    host.front_end("app", &Grants(grants.expect("they are grants")))
        .expect("a front end")
}

#[test]
fn a_bundle_that_grants_nothing_is_refused_with_the_line_to_write() {
    let folder = tempfile::tempdir().expect("a folder");
    assert_eq!(
        refusal(folder.path(), ""),
        "subject 0.1.0 requires fixture.mate ^1, which mate provides, but it is not granted: \
         [modules.subject] needs grants = [\"fixture.mate\"]"
    );
}

#[test]
fn an_event_that_is_not_granted_is_refused_with_the_line_to_write() {
    let folder = tempfile::tempdir().expect("a folder");
    assert_eq!(
        refusal(folder.path(), "\"fixture.mate.answer\""),
        "subject 0.1.0 subscribes to fixture.mate.said, which is not granted: \
         [modules.subject] needs grants = [\"fixture.mate.answer\", \"fixture.mate.said\"]"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_events_of_an_interface_come_with_it_or_alone() {
    for grants in [
        "\"fixture.mate\"",
        "\"fixture.mate.answer\", \"fixture.mate.said\"",
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let host = start(folder.path(), grants);
        let front = front_end(&host, &["fixture.mate.say", "fixture.subject.heard"]);
        let mate: MateClient = front.client().expect("it is granted");
        let subject: SubjectClient = front.client().expect("it is granted");
        mate.say(&5).await.expect("it says them");
        until("they are heard", || {
            subject.heard().wait().is_ok_and(|heard| heard.count == 5)
        });
        assert!(host.stop().is_empty());
    }
}

#[tokio::test]
async fn a_front_end_calls_and_hears_what_it_is_granted() {
    let folder = tempfile::tempdir().expect("a folder");
    let host = start(folder.path(), "\"fixture.mate\"");
    let front = front_end(&host, &["fixture.subject.echo", "fixture.mate.said"]);
    let subject: SubjectClient = front.client().expect("something of it is granted");
    assert_eq!(subject.echo(&"a".to_owned()).await, Ok("a".to_owned()));
    let denied = |message: &str| CallError::Host {
        status: status::DENIED,
        message: format!(
            "app may not {message}: the program that made this front end does not grant it; it needs the grant "
        ),
    };
    let starts = |refused: CallError, expected: CallError| {
        let (refused, expected) = (refused.to_string(), expected.to_string());
        assert!(refused.starts_with(&expected), "{refused}");
    };
    let refused = subject.count().await.expect_err("denied");
    starts(refused, denied("call fixture.subject.count"));
    let refused = front.client::<VaultClient>().map(drop).expect_err("denied");
    starts(refused, denied("call fixture.vault"));
    let refused = front.subscribe::<subject_events::Told>(Overflow::Block, 1);
    starts(
        refused.map(drop).expect_err("denied"),
        denied("hear fixture.subject.told"),
    );
    front
        .subscribe::<mate_events::Said>(Overflow::Block, 1)
        .map(drop)
        .expect("it is granted");
    // JSON is no way around it.
    let args = serde_json::json!({});
    let refused = front.call_json("fixture.subject.count", &args).await;
    assert_eq!(refused.expect_err("denied").status(), status::DENIED);
    let noted = host.audit(Some("app"));
    let refusals = noted.iter().filter(|it| it.kind == AuditKind::Refusal);
    let targets: BTreeSet<_> = refusals.map(|it| &*it.target).collect();
    let expected = ["fixture.subject.count", "fixture.subject.told", "fixture.vault"];
    assert_eq!(targets, BTreeSet::from(expected));
    assert!(host.stop().is_empty());
}

#[test]
fn the_report_says_who_may_do_what_and_which_line_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let grants = "\"fixture.mate.answer\", \"fixture.mate.said\", \"fixture.mate.anser\"";
    let host = start(folder.path(), grants);
    let bundle = folder.path().join("bundle.toml").display().to_string();
    let row = |kind, target: &str, column: u32| PermissionReport {
        module: "subject".to_owned(),
        kind,
        target: target.to_owned(),
        provider: None,
        allowed: true,
        asked_by: None,
        granted_by: Some(format!("{bundle}:8:{column} \"{target}\"")),
        to_grant: None,
    };
    let expected = [
        PermissionReport {
            provider: Some("mate".to_owned()),
            asked_by: Some("requires fixture.mate ^1".to_owned()),
            ..row(PermissionKind::Call, "fixture.mate.answer", 11)
        },
        PermissionReport {
            asked_by: Some("subscribes to fixture.mate.said ^1.0.0".to_owned()),
            ..row(PermissionKind::Hear, "fixture.mate.said", 34)
        },
        PermissionReport {
            allowed: false,
            ..row(PermissionKind::Unused, "fixture.mate.anser", 55)
        },
    ];
    assert_eq!(host.permissions(Some("subject")).expect("it is there"), expected);
    // What is optional and not granted is there with the line to write.
    let of_mate = host.permissions(Some("mate")).expect("it is there");
    assert!(of_mate.iter().all(|it| it.module == "mate"), "{of_mate:?}");
    assert!(host.permissions(Some("nobody")).is_err());
    assert!(host.stop().is_empty());
}
