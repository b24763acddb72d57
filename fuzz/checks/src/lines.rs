//! Exports, as `backplane storage import` reads them: what is taken is written and read again as it was.

#[path = "../../../host/src/bin/backplane/command/storage/bytes.rs"]
#[allow(dead_code, reason = "keys of the command line are in the same file")]
mod bytes;
#[path = "../../../host/src/bin/backplane/command/storage/lines.rs"]
mod format;

use format::{LineError, Reader, Row, end, head, stored};
use serde_json::json;

fn read(input: &[u8]) -> Result<(String, Vec<Row>), LineError> {
    let mut reader = Reader::new(input)?;
    let mut rows = Vec::new();
    while let Some(row) = reader.next()? {
        rows.push(row);
    }
    Ok((reader.job().to_owned(), rows))
}

fn write(job: &str, rows: &[Row]) -> String {
    let row = |row: &Row| {
        let (key, payload) = (bytes::hex(&row.key), bytes::hex(&row.payload));
        let expires_ms = row.expires_ms;
        stored(&json!({ "category": row.category, "key": key, "payload": payload, "expires_ms": expires_ms }))
    };
    let lines = [head(job)]
        .into_iter()
        .chain(rows.iter().map(row))
        .chain([end(rows.len() as u64)]);
    lines.map(|line| format!("{line}\n")).collect()
}

/// Reads `input` as an export.
pub fn import_lines(input: &[u8]) {
    let Ok((job, rows)) = read(input) else { return };
    for row in &rows {
        let time_is_over = row.expires_ms.is_some_and(|moment| moment <= 1000);
        assert_eq!(row.operation(1000).is_none(), time_is_over);
        assert!(row.bytes() <= input.len());
    }
    assert_eq!(read(write(&job, &rows).as_bytes()), Ok((job, rows)));
}
