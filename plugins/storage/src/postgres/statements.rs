//! The statements, for the table of a job.
//!
//! A place is in the index by its head and the digest of its tail, and is sorted by head and tail. A condition on the
//! pair of them goes by the index, too, because it begins with the head.

/// Milliseconds since 1970 by the server's clock, as the transaction began.
const NOW: &str = "(extract(epoch FROM now()) * 1000)::bigint";

const SIZE: &str = "(octet_length(head) + octet_length(tail) + octet_length(payload))";

fn alive() -> String {
    format!("(expires IS NULL OR expires > {NOW})")
}

const RANGE: &str = "(head, tail) >= ($1, $2) AND (head, tail) < ($3, $4)";

/// $1, $2: head and digest.
pub(super) fn get(table: &str) -> String {
    format!(
        "SELECT payload FROM {table} WHERE head = $1 AND digest = $2 AND {}",
        alive()
    )
}

/// As [`get`].
pub(super) fn exists(table: &str) -> String {
    format!(
        "SELECT EXISTS (SELECT FROM {table} WHERE head = $1 AND digest = $2 AND {})",
        alive()
    )
}

/// As [`get`]; $3 is what is expected. No row when the key is absent.
pub(super) fn expect(table: &str) -> String {
    format!(
        "SELECT payload IS NOT DISTINCT FROM $3::bytea FROM {table} WHERE head = $1 AND digest = $2 AND {}",
        alive()
    )
}

/// $1, $2: heads and digests; $3: the bytes that the answer may have. Number, payload and the bytes so far of each that is
/// there; the payload is left out where it would be too much.
pub(super) fn get_many(table: &str) -> String {
    format!(
        "SELECT number, CASE WHEN total <= $3 THEN payload END, total FROM (
             SELECT number, payload, sum(octet_length(payload)) OVER (ORDER BY number) AS total
             FROM unnest($1::bytea[], $2::bytea[]) WITH ORDINALITY AS wanted (head, digest, number)
             JOIN {table} USING (head, digest) WHERE {}
         ) AS found ORDER BY number",
        alive()
    )
}

/// $1 to $4: a range.
pub(super) fn count(table: &str) -> String {
    format!("SELECT count(*) FROM {table} WHERE {RANGE} AND {}", alive())
}

/// $1 to $4: a range; $5: rows; $6: bytes. Head, tail, payload and expiry time, as long as the rows before have not more
/// bytes than that, and whether the row itself fits; the payload is left out if it does not.
pub(super) fn scan(table: &str, after: bool, reverse: bool, keys_only: bool) -> String {
    let order = match reverse {
        true => "head DESC, tail DESC",
        false => "head, tail",
    };
    let lower = if after { ">" } else { ">=" };
    let payload = match keys_only {
        true => "NULL::bytea AS payload",
        false => "payload",
    };
    format!(
        "SELECT head, tail, CASE WHEN fits THEN payload END, expires, fits FROM (
             SELECT *, total <= $6 OR number = 1 AS fits FROM (
                 SELECT *, sum(size) OVER before AS total, row_number() OVER before AS number FROM (
                     SELECT *, octet_length(head) + octet_length(tail) + coalesce(octet_length(payload), 0) AS size
                     FROM (
                         SELECT head, tail, {payload}, expires FROM {table}
                         WHERE (head, tail) {lower} ($1, $2) AND (head, tail) < ($3, $4) AND {alive}
                         ORDER BY {order} LIMIT $5
                     ) AS page
                 ) AS sized WINDOW before AS (ORDER BY {order} ROWS UNBOUNDED PRECEDING)
             ) AS summed
         ) AS counted WHERE total - size <= $6 OR number <= 2 ORDER BY {order}",
        alive = alive()
    )
}

/// $1, $2: the place from which on categories are looked for; $3: how many. The place behind each, which ends with the
/// bytes 00 01 in place of 00 00.
pub(super) fn categories(table: &str) -> String {
    let first = |head: &str, tail: &str| {
        format!(
            "SELECT substring(head || tail FOR position('\\x0000'::bytea IN head || tail) - 1) || '\\x0001' AS behind
             FROM {table} WHERE (head, tail) >= ({head}, {tail}) AND {} ORDER BY head, tail LIMIT 1",
            alive()
        )
    };
    let head = format!("substring(last.behind FOR {})", super::place::HEAD_BYTES);
    let tail = format!("substring(last.behind FROM {})", super::place::HEAD_BYTES + 1);
    format!(
        "WITH RECURSIVE last AS (
             ({}) UNION ALL SELECT next.behind FROM last, LATERAL ({}) AS next
         ) SELECT behind FROM last LIMIT $3",
        first("$1::bytea", "$2::bytea"),
        first(&head, &tail)
    )
}

/// $1 to $4: heads, digests, tails and payloads; $5: times to live in milliseconds. No place may be there twice.
pub(super) fn put(table: &str) -> String {
    format!(
        "INSERT INTO {table} (head, digest, tail, payload, expires)
         SELECT head, digest, tail, payload, {NOW} + ttl
         FROM unnest($1::bytea[], $2::bytea[], $3::bytea[], $4::bytea[], $5::bigint[])
              AS given (head, digest, tail, payload, ttl)
         ON CONFLICT (head, digest) DO UPDATE SET payload = excluded.payload, expires = excluded.expires"
    )
}

/// $1, $2: heads and digests. The bytes of the rows that are there.
pub(super) fn size(table: &str) -> String {
    format!(
        "SELECT coalesce(sum({SIZE}), 0)::bigint FROM {table}
         JOIN unnest($1::bytea[], $2::bytea[]) AS wanted (head, digest) USING (head, digest)"
    )
}

/// As [`get`]. How many rows it removed, and their bytes.
pub(super) fn delete(table: &str) -> String {
    removed(table, &format!("head = $1 AND digest = $2 AND {}", alive()))
}

/// $1 to $4: a range. As [`delete`].
pub(super) fn delete_range(table: &str) -> String {
    removed(table, &format!("{RANGE} AND {}", alive()))
}

fn removed(table: &str, condition: &str) -> String {
    format!(
        "WITH gone AS (DELETE FROM {table} WHERE {condition} RETURNING {SIZE} AS size)
         SELECT count(*), coalesce(sum(size), 0)::bigint FROM gone"
    )
}

/// $1: how many. Head, tail and bytes of the rows that it removed.
pub(super) fn purge(table: &str) -> String {
    format!(
        "DELETE FROM {table} WHERE (head, digest) IN (
             SELECT head, digest FROM {table} WHERE expires <= {NOW} ORDER BY expires LIMIT $1 FOR UPDATE SKIP LOCKED
         ) RETURNING head, tail, {SIZE}::bigint"
    )
}

/// Milliseconds until the next key expires.
pub(super) fn next(table: &str) -> String {
    format!("SELECT min(expires) - {NOW} FROM {table} WHERE expires IS NOT NULL")
}

/// $1: bytes to add; $2: the job's number. Its bytes then.
pub(super) const ADD_BYTES: &str =
    "UPDATE backplane.job SET bytes = bytes + $1 WHERE number = $2 RETURNING bytes";

/// $1: the job's number.
pub(super) fn count_bytes(table: &str) -> String {
    format!(
        "UPDATE backplane.job SET bytes = (SELECT coalesce(sum({SIZE}), 0) FROM {table}) WHERE number = $1 RETURNING bytes"
    )
}

/// $1: a channel; $2: texts.
pub(super) const NOTIFY: &str = "SELECT pg_notify($1, text) FROM unnest($2::text[]) AS text";

/// The number of the transaction.
pub(super) const NUMBER: &str = "SELECT pg_current_xact_id()::text";

/// $1: the number of a transaction. What has become of it.
pub(super) const STATUS: &str = "SELECT pg_xact_status($1::text::xid8)";

/// Makes the commit wait for the disk, although the transaction has written nothing: then it covers earlier ones.
pub(super) const TOUCH: &str = "SELECT pg_logical_emit_message(true, 'backplane', '') IS NOT NULL";
