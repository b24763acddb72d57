//! The interface.

use backplane_sdk::prelude::*;

use crate::{
    Ack, CategoryPage, Change, FailedWrite, JobStats, KeyError, KeyRange, KvError, Op, Receipt, RowPage, Scan,
};

/// Keeps payloads under ordered keys, in jobs.
///
/// A job belongs to the caller whose first call made it, and others have no access to it: `history` is the caller's
/// own job of that name. `OWNER/NAME` names one of another caller, for those that the provider's configuration gives
/// access to it. Errors and events name jobs in this longer form.
///
/// A job is opened by the first call that reads or writes it, and is made if it is new. Its name in the longer form is
/// at most 128 bytes of UTF-8 without control characters; two names may not differ by case alone. At most 256 jobs are
/// open at once, 64 of them of one owner.
///
/// Order: the writes of one caller to one job are applied in the order in which they were made, and its reads see
/// all of its earlier writes. Writes of others are seen once they are applied. A caller is the module, or the front
/// end, that the host says it is; it stays the same when it is replaced by another version.
///
/// Nothing is dropped silently: a write is answered with its outcome, or refused, or its failure is told later. The
/// queue of a job is bounded; a write that finds it full waits for room.
///
/// Limits: categories 4096 bytes, keys 128 KiB, payloads 64 MiB.
#[interface(id = "storage.kv", version = "1.3.1")]
pub trait Kv {
    /// Applies operations in their order, all or none; they may be of several categories. At most 65536 operations
    /// and 65 MiB. An empty batch changes nothing.
    ///
    /// With `ack` `queued` it is answered as soon as there is room in the queue. With `wait` false a full queue
    /// answers `would_block` at once.
    async fn persist(
        &self,
        job: String,
        ops: Vec<Op>,
        #[default(Ack::Applied)] ack: Ack,
        #[default(true)] wait: bool,
    ) -> Result<Receipt, KvError>;

    /// Waits until all earlier writes of the caller are applied, or have failed.
    ///
    /// `unacknowledged` reports, once, failures that nobody had waited for.
    async fn barrier(&self, job: String) -> Result<(), KvError>;

    /// As `barrier`, and waits until the writes are on the disk.
    async fn flush(&self, job: String) -> Result<(), KvError>;

    /// The payload of a key; null if it is absent.
    async fn get(&self, job: String, category: String, key: Bytes) -> Result<Option<Bytes>, KvError>;

    /// The payloads of several keys at one moment, in their order, null for those that are absent. At most 1024
    /// keys and 64 MiB of payloads.
    async fn get_many(
        &self,
        job: String,
        category: String,
        keys: Vec<Bytes>,
    ) -> Result<Vec<Option<Bytes>>, KvError>;

    /// Whether a key is there.
    async fn exists(&self, job: String, category: String, key: Bytes) -> Result<bool, KvError>;

    /// How many keys of a range there are.
    async fn count(&self, job: String, category: String, range: KeyRange) -> Result<u64, KvError>;

    /// One page of a range in key order, as it is at one moment.
    async fn scan(&self, job: String, category: String, scan: Scan) -> Result<RowPage, KvError>;

    /// Stores a payload, in place of what is there, and waits until it is applied; with `durable` until it is on
    /// the disk. With `ttl_ms` the key is gone that long after, 1 ms to 100 years; otherwise it stays.
    async fn put(
        &self,
        job: String,
        category: String,
        key: Bytes,
        payload: Bytes,
        #[default(false)] durable: bool,
        ttl_ms: Option<u64>,
    ) -> Result<(), KvError>;

    /// Stores a payload unless the key is there; true if this call stored it. Waits as `put` does, and takes a time to
    /// live as it does.
    async fn put_if_absent(
        &self,
        job: String,
        category: String,
        key: Bytes,
        payload: Bytes,
        #[default(false)] durable: bool,
        ttl_ms: Option<u64>,
    ) -> Result<bool, KvError>;

    /// Stores a payload if the key holds `expected`, or with null is absent; true if this call stored it. Waits as
    /// `put` does. What it stores stays; a batch of `expect` and `put` can give it a time to live.
    async fn compare_and_put(
        &self,
        job: String,
        category: String,
        key: Bytes,
        expected: Option<Bytes>,
        payload: Bytes,
        #[default(false)] durable: bool,
    ) -> Result<bool, KvError>;

    /// Removes a key; true if it was there. Waits as `put` does.
    async fn delete(
        &self,
        job: String,
        category: String,
        key: Bytes,
        #[default(false)] durable: bool,
    ) -> Result<bool, KvError>;

    /// Removes the keys of a range and says how many there were. Waits as `put` does.
    async fn delete_range(
        &self,
        job: String,
        category: String,
        range: KeyRange,
        #[default(false)] durable: bool,
    ) -> Result<u64, KvError>;

    /// One page of the categories that hold at least one key, behind `after`; `limit` is 1 to 10000.
    async fn list_categories(
        &self,
        job: String,
        after: Option<String>,
        #[default(1000)] limit: u32,
    ) -> Result<CategoryPage, KvError>;

    /// The names of all jobs that the caller has access to, open or not, sorted: its own as it names them, and those
    /// of others with their owners.
    async fn list_jobs(&self) -> Result<Vec<String>, KvError>;

    /// Figures of a job that is open; `job_not_found` for one that is not.
    async fn stats(&self, job: String) -> Result<JobStats, KvError>;

    /// Applies what was accepted and closes the job; the next call that names it opens it again. One that is not
    /// open is no error. `unacknowledged` reports failures that nobody was told of; the job is closed all the same.
    #[deadline(60000)]
    async fn close_job(&self, job: String) -> Result<(), KvError>;

    /// Closes a job and removes it with all it holds; `job_not_found` if there is none.
    #[deadline(60000)]
    async fn drop_job(&self, job: String) -> Result<(), KvError>;

    /// Writes a copy of a job, as it is at one moment, to a new file: a job file like any other. Writers are not held
    /// up. The caller must have access to all jobs, because the path may lead anywhere; it is one of the provider's
    /// machine, and absolute.
    #[deadline(600000)]
    async fn backup_job(&self, job: String, path: String) -> Result<(), KvError>;

    /// Makes a new job of a file that the persistency library of Logos Delivery wrote, which is only read, and says
    /// how many rows it has. The job is made completely or not at all. Who may call it, and with which paths, is as
    /// for `backup_job`.
    #[deadline(600000)]
    async fn import_job(&self, job: String, path: String) -> Result<u64, KvError>;

    /// Tells what changes in a range from now on, whoever changes it: each write in the order in which it was
    /// committed. The payloads can be read; nobody is held up by a watch. It ends when the job is closed, or when its
    /// reader takes nothing for a minute. At most 256 for each job.
    async fn watch(&self, job: String, category: String, range: KeyRange) -> Result<Stream<Change>, KvError>;

    /// Opens a job under a raw key of 32 bytes, and makes it encrypted if it is new. Needed before the other calls where
    /// the job is encrypted and not open: these answer `wrong_key`. Without a key it is opened, or made, as it would be
    /// anyway, and refused if it is encrypted. One that is open already stays so, if the key is its own.
    ///
    /// The provider keeps the key in memory while the job is open, and nowhere else: a job whose key is lost is lost.
    async fn open_job(&self, job: String, key: Option<Bytes>) -> Result<(), KeyError>;

    /// Gives a job the key `new_key` in place of `key`, which must be the one that it has. With `key` null it is
    /// encrypted for the first time, with `new_key` null it is encrypted no longer; a copy of the job is made,
    /// verified, and put in its place. Meanwhile reads go on and writes wait. The job is open afterwards.
    ///
    /// With `keep_copy` the file stays beside the new one as it was, under the old key or not encrypted, until the next
    /// change of key or until the job is dropped.
    #[deadline(600000)]
    async fn set_job_key(
        &self,
        job: String,
        key: Option<Bytes>,
        new_key: Option<Bytes>,
        #[default(true)] keep_copy: bool,
    ) -> Result<(), KeyError>;

    /// A write failed although it had been accepted, and nobody waited for its outcome.
    #[event]
    fn failed(write: FailedWrite);
}
