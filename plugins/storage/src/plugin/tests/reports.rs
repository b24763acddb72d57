//! Who hears of a write that failed.

use std::sync::Arc;

use storage_api::{Ack, Fault, KvError};

use super::*;
use crate::plugin::lane::Lanes;
use crate::plugin::tenants::Tenant;
use crate::{Batch, Error, Options, Session, Store, limits};

fn tenant(caller: &str) -> Tenant {
    Tenant {
        caller: caller.into(),
        job: "job".into(),
    }
}

#[tokio::test]
async fn a_failure_that_nobody_waited_for_is_told_by_event_and_by_barrier() {
    let mut it = fixture();
    let ops = vec![put("a", "1"), refuted("a")];
    let receipt = it
        .storage
        .persist("job".into(), ops.clone(), Ack::Queued, true)
        .await
        .unwrap();
    assert_eq!(receipt.removed, None);
    let failed = tokio::time::timeout(PATIENCE, it.failed.recv())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        failed,
        FailedWrite {
            job: "/job".into(),
            sequence: receipt.sequence,
            op: Some(1),
            fault: Fault::Conflict
        }
    );
    let reported = Err(KvError::Unacknowledged {
        count: 1,
        first: Fault::Conflict,
    });
    assert_eq!(it.storage.barrier("job".into()).await, reported);
    assert_eq!(it.storage.flush("job".into()).await, Ok(()));

    let heard = it.storage.persist("job".into(), ops, Ack::Applied, true).await;
    assert_eq!(
        heard,
        Err(KvError::Failed {
            op: Some(1),
            fault: Fault::Conflict
        })
    );
    assert_eq!(it.get("a").await, None);
}

#[tokio::test]
async fn a_barrier_does_not_report_the_failures_of_another_caller() {
    let it = fixture();
    let lanes = &it.storage.lanes;
    let conflict = || Batch::new().expect("c", [], Some(Vec::new()));
    let write = |session: Session| async move { session.submit(conflict(), crate::Ack::Queued).await };
    lanes.run(&tenant("one"), write).await.unwrap().await.unwrap();
    let settle = |session: Session| async move { session.settle(crate::Ack::Applied).await };
    assert_eq!(lanes.run(&tenant("two"), settle).await, Ok(()));
    assert!(matches!(
        lanes.run(&tenant("one"), settle).await,
        Err(Error::Unacknowledged { count: 1, .. })
    ));
}

#[tokio::test]
async fn sessions_with_something_to_report_are_kept_and_others_give_way() {
    let directory = tempfile::tempdir().unwrap();
    let lanes = Lanes::new(Arc::new(
        Store::new(directory.path(), Options::default()).unwrap(),
    ));
    let idle = |session: Session| async move { session.settle(crate::Ack::Queued).await };
    let conflict = |session: Session| async move {
        let batch = Batch::new().expect("c", [], Some(Vec::new()));
        session.submit(batch, crate::Ack::Queued).await?.await
    };
    let callers = limits::MAX_SESSIONS;
    for caller in 0..callers {
        lanes.run(&tenant(&caller.to_string()), idle).await.unwrap();
    }
    for caller in callers..2 * callers {
        lanes.run(&tenant(&caller.to_string()), conflict).await.unwrap();
    }
    let limit = limits::MAX_SESSIONS;
    let refused = lanes.run(&tenant("one more"), idle).await.unwrap_err();
    assert_eq!(
        refused,
        Error::Busy {
            what: "sessions",
            limit
        }
    );
}
