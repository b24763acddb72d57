//! The interface of relational databases.

use backplane_sdk::prelude::*;

use crate::{Executed, Imported, KeyError, Migrated, Migration, OldCipher, SqlError, SqlRows, SqlValue};

/// Keeps relational databases, in the dialect of SQLite with full-text search (FTS5).
///
/// A database belongs to the caller whose first call made it, and others have no access to it: `notes` is the caller's
/// own database of that name. `OWNER/NAME` names one of another caller, for those that the provider's configuration
/// gives access to it. A database is opened, and made, by the first call that names it. Its name in the longer form is
/// at most 128 bytes of UTF-8 without control characters; two names may not differ by case alone.
///
/// A call runs one statement. Its values go in as parameters, `?1` or `:name` in the order of their numbers, and are
/// never part of the text. Refused are `ATTACH`, temporary tables, virtual tables other than of FTS5, transactions and
/// savepoints in SQL, and every `PRAGMA` that does more than tell of the schema or check the file. Foreign keys are
/// enforced.
///
/// Order: one write at a time; a call sees all that was answered before it was made. What was committed is on the disk.
/// Reads neither wait for writes nor hold them up.
///
/// A call that is cancelled, or that meets its deadline, interrupts its statement, and nothing of it is left.
///
/// Limits: a value, a row and the text of a statement 1000000 bytes each, 1000 parameters, 200 columns, a pattern of
/// `LIKE` 200 bytes, 100 levels of expressions. At most 64 databases are open at once, 16 of them of one owner; each
/// runs 4 queries at once.
#[interface(id = "storage.sql", version = "1.1.0")]
pub trait Sql {
    /// Brings a database to the newest of the versions given, which rise. Each migration is applied once, in a
    /// transaction of its own, and recorded with a hash of its name and text.
    ///
    /// `migration_mismatch` refuses the list when it does not begin with what was applied before, just as it was;
    /// nothing is applied then. At most 1000 migrations; their texts may hold several statements each.
    #[deadline(600000)]
    async fn migrate(&self, database: String, migrations: Vec<Migration>) -> Result<Migrated, SqlError>;

    /// Runs a statement: in the transaction given, or else in one of its own. Rows that it answers are left out.
    async fn execute(
        &self,
        database: String,
        sql: String,
        #[default([])] parameters: Vec<SqlValue>,
        transaction: Option<u64>,
    ) -> Result<Executed, SqlError>;

    /// Runs a statement and answers its rows, one after another, as they are at one moment.
    ///
    /// Without a transaction it may only read, has a connection for itself, and goes on as the rows are taken, for at
    /// most 5 minutes; what fails on the way ends the stream with its text. In a transaction it sees what the
    /// transaction wrote and may write, too; it is done before it is answered, and has at most 10000 rows and 8000000
    /// bytes.
    async fn query(
        &self,
        database: String,
        sql: String,
        #[default([])] parameters: Vec<SqlValue>,
        transaction: Option<u64>,
    ) -> Result<SqlRows, SqlError>;

    /// Begins a transaction, which nobody else can use, and answers its number. A database has one at a time; this waits
    /// for its turn, and so does every other write until the end of the transaction.
    ///
    /// A transaction is rolled back by itself after `timeout_ms`, 1 to 60000, and when a statement of it that writes is
    /// interrupted.
    async fn begin(&self, database: String, #[default(10000)] timeout_ms: u64) -> Result<u64, SqlError>;

    /// Ties a transaction to a stream: it is rolled back as soon as the stream ends, however that is. So it goes with
    /// its owner. What is written to the stream means nothing.
    async fn hold(&self, database: String, transaction: u64, owner: Stream<bool>) -> Result<(), SqlError>;

    /// Ends a transaction: all of it is done, and on the disk. If this fails, the transaction may still be open.
    async fn commit(&self, database: String, transaction: u64) -> Result<(), SqlError>;

    /// Ends a transaction: nothing of it is done. One that is over is no error.
    async fn rollback(&self, database: String, transaction: u64) -> Result<(), SqlError>;

    /// The names of all databases that the caller has access to, open or not, sorted: its own as it names them, and
    /// those of others with their owners.
    async fn list_databases(&self) -> Result<Vec<String>, SqlError>;

    /// Does what was accepted, rolls an open transaction back, ends running queries and closes the database; the next
    /// call that names it opens it again. One that is not open is no error.
    #[deadline(60000)]
    async fn close_database(&self, database: String) -> Result<(), SqlError>;

    /// Closes a database and removes it with all it holds; `database_not_found` if there is none.
    #[deadline(60000)]
    async fn drop_database(&self, database: String) -> Result<(), SqlError>;

    /// Opens a database under a raw key of 32 bytes, and makes it encrypted if it is new. Needed before the other calls
    /// where the database is encrypted and not open: these answer `invalid_argument` of the field `key`. Without a key
    /// it is opened, or made, as it would be anyway, and refused if it is encrypted. One that is open already stays so,
    /// if the key is its own.
    ///
    /// The provider keeps the key in memory while the database is open, and nowhere else: a database whose key is lost
    /// is lost.
    async fn open_database(&self, database: String, key: Option<Bytes>) -> Result<(), KeyError>;

    /// Gives a database the key `new_key` in place of `key`, which must be the one that it has. With `key` null it is
    /// encrypted for the first time, with `new_key` null it is encrypted no longer; a copy of the database is made,
    /// verified, and put in its place. Meanwhile reads go on and writes wait, and before it waits for the transaction
    /// that is open. The database is open afterwards. As with `VACUUM`, rows of tables without an `INTEGER PRIMARY KEY`
    /// may get other row ids.
    ///
    /// With `keep_copy` the file stays beside the new one as it was, under the old key or not encrypted, until the next
    /// change of key or until the database is dropped.
    #[deadline(600000)]
    async fn set_database_key(
        &self,
        database: String,
        key: Option<Bytes>,
        new_key: Option<Bytes>,
        #[default(true)] keep_copy: bool,
    ) -> Result<(), KeyError>;

    /// Makes a new database of a file that another program wrote with SQLite or, where `cipher` is given, with
    /// SQLCipher; it is encrypted if there is a key. The file and its log are copied first and never changed; nobody may
    /// write to them meanwhile. What was made is verified: by the checks of integrity, and by the number of rows of each
    /// table. The database is made completely or not at all, and is not open afterwards.
    ///
    /// The caller must have access to all databases, because the path may lead anywhere; it is one of the provider's
    /// machine, and absolute.
    #[deadline(600000)]
    async fn import_database(
        &self,
        database: String,
        path: String,
        cipher: Option<OldCipher>,
        key: Option<Bytes>,
    ) -> Result<Imported, KeyError>;
}
