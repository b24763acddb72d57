//! Where reads run.
//!
//! A read of one key takes a few microseconds, less than a hop to another thread. So it runs right where the call
//! is made, if three things hold: all earlier writes of the caller are applied, a read connection is idle, and the
//! payload has at most [`limits::INLINE_PAYLOAD_BYTES`](crate::limits::INLINE_PAYLOAD_BYTES). Every other read
//! (a larger payload, several keys, a count, a page) waits for the earlier writes and then runs on one of
//! [`limits::READ_THREADS`](crate::limits::READ_THREADS) threads that may block, because its duration depends on
//! the data.

use super::Storage;
use super::kv::within;
use super::tenants::Tenant;
use crate::error::Result;
use crate::{Key, Session};

impl Storage {
    /// A read of one key: `now` where it can, `read` where it has to.
    pub(crate) async fn read_key<T: Send + 'static>(
        &self,
        tenant: &Tenant,
        category: String,
        key: Key,
        now: fn(&Session, &str, &Key) -> Result<Option<T>>,
        read: fn(&Session, &str, Key) -> Result<T>,
    ) -> Result<T> {
        let call = |session: Session| async move {
            match now(&session, &category, &key)? {
                Some(answer) => Ok(answer),
                None => {
                    self.after_writes(session, move |session| read(session, &category, key))
                        .await
                }
            }
        };
        self.lanes.run(tenant, call).await
    }

    /// Any other read.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        tenant: &Tenant,
        read: impl FnOnce(&Session) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let call = |session| self.after_writes(session, read);
        self.lanes.run(tenant, call).await
    }

    async fn after_writes<T: Send + 'static>(
        &self,
        session: Session,
        read: impl FnOnce(&Session) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let caught_up = async {
            session.caught_up().await;
            Ok(())
        };
        within(self.call_timeout, "earlier writes", caught_up).await?;
        self.reads.run(move || read(&session)).await
    }
}
