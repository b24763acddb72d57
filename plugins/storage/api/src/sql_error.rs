//! Why a call of `storage.sql` failed.

use backplane_sdk::record;

use crate::Fault;

/// Why a call failed. No case holds a parameter or a stored value.
///
/// But for `timeout` and `failed` of a write, whose outcome is unknown, the statement had no effect.
#[record]
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SqlError {
    /// The database was closed while the call was under way.
    #[error("the database is closed")]
    Closed,
    /// A bounded wait ended.
    #[error("waited {waited_ms} ms for {what}")]
    Timeout {
        /// What was waited for.
        what: String,
        /// How long, in milliseconds.
        waited_ms: u64,
    },
    /// An argument breaks a rule.
    #[error("{field}: {reason}")]
    InvalidArgument {
        /// The argument.
        field: String,
        /// The rule that it breaks.
        reason: String,
    },
    /// An argument or an answer is larger than its limit.
    #[error("{field} has {size}, the limit is {limit}")]
    TooLarge {
        /// What is too large, with its unit.
        field: String,
        /// Its size; of an answer that was cut off, the size reached.
        size: u64,
        /// The limit.
        limit: u64,
    },
    /// The caller may not do this: another's database, or a statement that is not for callers.
    #[error("denied: {reason}")]
    Denied {
        /// What, and why.
        reason: String,
    },
    /// There is no such database.
    #[error("there is no database {database:?}")]
    DatabaseNotFound {
        /// The database asked for.
        database: String,
    },
    /// Another program owns the directory of the databases.
    #[error("{directory} is in use by another instance")]
    AlreadyOpen {
        /// The directory.
        directory: String,
    },
    /// A bounded resource is used up; trying later may help.
    #[error("{what} are used up (limit {limit})")]
    Busy {
        /// The resource.
        what: String,
        /// How many there are.
        limit: u64,
    },
    /// The statement cannot be understood, or names what does not exist.
    #[error("{message}{}", at(*.position))]
    Syntax {
        /// What is wrong.
        message: String,
        /// Where, in bytes from the beginning of the text; null where that is not known.
        position: Option<u32>,
    },
    /// The statement breaks a constraint of the schema.
    #[error("{message}")]
    Constraint {
        /// Which kind.
        kind: ConstraintKind,
        /// Which one.
        message: String,
    },
    /// The statement ran until its deadline, or that of its transaction, and was interrupted.
    #[error("interrupted at the deadline")]
    Deadline,
    /// The statement was interrupted because its caller went away.
    #[error("interrupted, as its caller went away")]
    Cancelled,
    /// The caller has no such transaction in this database.
    #[error("there is no open transaction {transaction}: {reason}")]
    NoTransaction {
        /// The transaction asked for.
        transaction: u64,
        /// What became of it.
        reason: String,
    },
    /// A migration is not the one that was applied before. Nothing was applied.
    #[error("migration {version} ({name:?}) is not what was applied: recorded {recorded:?}, given {given:?}")]
    MigrationMismatch {
        /// The version.
        version: u32,
        /// The name of the migration.
        name: String,
        /// The hash of what was applied; null if it was not, although a later one was.
        recorded: Option<String>,
        /// The hash of what is given; null if it is not.
        given: Option<String>,
    },
    /// A migration failed, and nothing of it was applied. Earlier ones stay.
    #[error("migration {version} ({name:?}) failed: {reason}")]
    MigrationFailed {
        /// The version.
        version: u32,
        /// Its name.
        name: String,
        /// Why.
        reason: String,
    },
    /// The file is a database of another application; it was left as it is.
    #[error("the file of database {database:?} belongs to another application (id {application_id:#010x})")]
    ForeignFile {
        /// The database.
        database: String,
        /// The application id in the file.
        application_id: i32,
    },
    /// The file has a format that the provider does not read; it was left as it is.
    #[error("the file of database {database:?} has format {found}, {supported} is read")]
    IncompatibleVersion {
        /// The database.
        database: String,
        /// The format of the file.
        found: i32,
        /// The format that is read.
        supported: i32,
    },
    /// The store could not do it.
    #[error("{fault}")]
    Failed {
        /// Why.
        fault: Fault,
    },
}

/// A kind of constraint.
#[record]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConstraintKind {
    /// A column that has to differ in each row.
    Unique,
    /// The primary key.
    PrimaryKey,
    /// A column that has to have a value.
    NotNull,
    /// A `CHECK`.
    Check,
    /// A foreign key.
    ForeignKey,
    /// The type of a column of a strict table.
    DataType,
    /// Another one, or a trigger that raised it.
    Other,
}

fn at(position: Option<u32>) -> String {
    position.map_or_else(String::new, |position| format!(" (at byte {position})"))
}

impl From<Fault> for SqlError {
    fn from(fault: Fault) -> Self {
        Self::Failed { fault }
    }
}
