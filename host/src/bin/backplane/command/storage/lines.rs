//! The format of exports: lines of JSON, which `docs/plugins/storage.md` describes.
//!
//! The first line names the format, each further one is a row, and the last one counts them, so that a file of which
//! something is missing is noticed. No error repeats what a line holds.

use super::bytes::{hex, unhex};
use serde::Deserialize;
use serde_json::{Value as Json, json};
use std::io::{BufRead, Read as _};

/// The version of the format.
const VERSION: u64 = 1;
/// The longest line, in bytes: a row that the control socket takes has less.
pub(super) const MAX_LINE: u64 = 144 << 20;

/// One row with all that is stored of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) category: String,
    pub(super) key: Vec<u8>,
    pub(super) payload: Vec<u8>,
    /// When the key is gone, in milliseconds since 1970.
    pub(super) expires_ms: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    #[serde(rename = "backplane-export")]
    version: u64,
    job: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RowText {
    category: String,
    key: String,
    payload: String,
    expires_ms: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct End {
    rows: u64,
}

/// The first line.
pub(super) fn head(job: &str) -> Json {
    json!({ "backplane-export": VERSION, "job": job })
}

/// A row of the storage module as a line; it has the same fields.
pub(super) fn stored(row: &Json) -> Json {
    let mut line = json!({ "category": row["category"], "key": row["key"], "payload": row["payload"] });
    if !row["expires_ms"].is_null() {
        line["expires_ms"] = row["expires_ms"].clone();
    }
    line
}

/// The last line.
pub(super) fn end(rows: u64) -> Json {
    json!({ "rows": rows })
}

impl Row {
    /// The row as an operation of a batch; `None` when its time is over at `now`.
    pub(super) fn operation(&self, now: u64) -> Option<Json> {
        let ttl = self
            .expires_ms
            .map(|moment| moment.checked_sub(now).filter(|left| *left > 0));
        let ttl_ms = match ttl {
            Some(None) => return None,
            Some(left) => left,
            None => None,
        };
        Some(json!({ "put": {
            "category": self.category,
            "key": hex(&self.key),
            "payload": hex(&self.payload),
            "ttl_ms": ttl_ms,
        } }))
    }

    /// Bytes that it has.
    pub(super) fn bytes(&self) -> usize {
        self.category.len() + self.key.len() + self.payload.len()
    }
}

/// What is wrong with a file.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum LineError {
    /// The system cannot read it.
    #[error("cannot be read: {0}")]
    Unreadable(String),
    /// A line is not what it should be.
    #[error("line {line}: {problem}")]
    Wrong {
        /// Its number, from 1 on.
        line: u64,
        /// What is wrong.
        problem: String,
    },
}

/// Reads rows one after another.
pub(super) struct Reader<R> {
    input: R,
    line: u64,
    rows: u64,
    job: String,
}

impl<R: BufRead> Reader<R> {
    /// Reads the first line.
    pub(super) fn new(input: R) -> Result<Self, LineError> {
        let mut reader = Self {
            input,
            line: 0,
            rows: 0,
            job: String::new(),
        };
        let line = reader.read()?.ok_or_else(|| reader.wrong("the file is empty"))?;
        if line.get("backplane-export").is_none() {
            return Err(reader.wrong("this is no export: {\"backplane-export\": 1, ...} is expected"));
        }
        let head: Head = reader.parse(line, "the first line has backplane-export and job")?;
        if head.version != VERSION {
            let problem = format!(
                "the format is version {}, and {VERSION} is what can be read",
                head.version
            );
            return Err(reader.wrong(problem));
        }
        reader.job = head.job;
        Ok(reader)
    }

    /// The job that was exported.
    pub(super) fn job(&self) -> &str {
        &self.job
    }

    /// The next row; `None` at the end, which must be complete.
    pub(super) fn next(&mut self) -> Result<Option<Row>, LineError> {
        let Some(line) = self.read()? else {
            return Err(self.wrong("the file ends here, and its last line is missing"));
        };
        if line.get("rows").is_some() {
            return self.finish(line).map(|()| None);
        }
        let expected = "a row has category, key, payload and perhaps expires_ms";
        let row: RowText = self.parse(line, expected)?;
        let bytes =
            |name: &str, text: &str| unhex(text).map_err(|problem| self.wrong(format!("{name}: {problem}")));
        let row = Row {
            key: bytes("key", &row.key)?,
            payload: bytes("payload", &row.payload)?,
            category: row.category,
            expires_ms: row.expires_ms,
        };
        self.rows += 1;
        Ok(Some(row))
    }

    fn finish(&mut self, line: Json) -> Result<(), LineError> {
        let end: End = self.parse(line, "the last line has rows alone")?;
        if end.rows != self.rows {
            return Err(self.wrong(format!(
                "there should be {} rows, and there are {}",
                end.rows, self.rows
            )));
        }
        match self.read()? {
            None => Ok(()),
            Some(_) => Err(self.wrong("nothing may follow the last line")),
        }
    }

    fn read(&mut self) -> Result<Option<Json>, LineError> {
        let mut text = Vec::new();
        let read = (&mut self.input).take(MAX_LINE + 1).read_until(b'\n', &mut text);
        let read = read.map_err(|error| LineError::Unreadable(error.to_string()))?;
        if read == 0 {
            return Ok(None);
        }
        self.line += 1;
        if text.len() as u64 > MAX_LINE {
            return Err(self.wrong(format!("is longer than {MAX_LINE} bytes")));
        }
        let json = serde_json::from_slice(&text);
        json.map(Some)
            .map_err(|error| self.wrong(format!("column {}: not JSON", error.column())))
    }

    fn parse<T: for<'de> Deserialize<'de>>(&self, line: Json, expected: &str) -> Result<T, LineError> {
        serde_json::from_value(line).map_err(|_| self.wrong(expected))
    }

    fn wrong(&self, problem: impl Into<String>) -> LineError {
        LineError::Wrong {
            line: self.line.max(1),
            problem: problem.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<Row>, LineError> {
        let mut reader = Reader::new(text.as_bytes())?;
        let mut rows = Vec::new();
        while let Some(row) = reader.next()? {
            rows.push(row);
        }
        Ok(rows)
    }

    fn problem(text: &str) -> String {
        read(text).unwrap_err().to_string()
    }

    const HEAD: &str = "{\"backplane-export\":1,\"job\":\"a/b\"}\n";

    #[test]
    fn what_is_written_is_read() {
        let stored = [
            json!({ "category": "c", "key": "0x00ff", "payload": "0x", "expires_ms": null }),
            json!({ "category": "", "key": "0x", "payload": "0x01", "expires_ms": 7 }),
        ];
        let lines: Vec<String> = [head("a/b")]
            .into_iter()
            .chain(stored.iter().map(super::stored))
            .chain([end(2)])
            .map(|line| format!("{line}\n"))
            .collect();
        let text = lines.concat();
        assert_eq!(Reader::new(text.as_bytes()).unwrap().job(), "a/b");
        let expected = [
            Row {
                category: "c".into(),
                key: vec![0, 255],
                payload: vec![],
                expires_ms: None,
            },
            Row {
                category: String::new(),
                key: vec![],
                payload: vec![1],
                expires_ms: Some(7),
            },
        ];
        assert_eq!(read(&text).unwrap(), expected);
        // The end of the last line may be missing, and nothing else.
        assert_eq!(read(text.trim_end()).unwrap(), expected);
        let cut = lines[..3].concat();
        assert_eq!(
            problem(&cut),
            "line 3: the file ends here, and its last line is missing"
        );
        let lost = [&*lines[0], &*lines[2], &*lines[3]].concat();
        assert_eq!(problem(&lost), "line 3: there should be 2 rows, and there are 1");
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line_and_never_with_what_it_holds() {
        for (text, expected) in [
            ("", "line 1: the file is empty"),
            (
                "{}\n",
                "line 1: this is no export: {\"backplane-export\": 1, ...} is expected",
            ),
            (
                "{\"backplane-export\":2,\"job\":\"\"}\n",
                "line 1: the format is version 2, and 1 is what can be read",
            ),
            (&format!("{HEAD}secret\n"), "line 2: column 1: not JSON"),
            (
                &format!("{HEAD}{{\"key\":\"secret\"}}\n"),
                "line 2: a row has category, key, payload and perhaps expires_ms",
            ),
            (
                &format!("{HEAD}{{\"category\":\"c\",\"key\":\"00\",\"payload\":\"0x\"}}\n"),
                "line 2: key: must begin with 0x",
            ),
            (
                &format!("{HEAD}{{\"category\":\"c\",\"key\":\"0x\",\"payload\":\"0x0\"}}\n"),
                "line 2: payload: Odd number of digits",
            ),
            (
                &format!("{HEAD}{{\"rows\":0}}\n{{\"rows\":0}}\n"),
                "line 3: nothing may follow the last line",
            ),
        ] {
            assert_eq!(problem(text), expected);
        }
    }

    #[test]
    fn rows_keep_the_time_that_they_have_left() {
        let mut row = Row {
            category: "c".into(),
            key: vec![1],
            payload: vec![],
            expires_ms: Some(100),
        };
        assert_eq!(row.operation(40).unwrap()["put"]["ttl_ms"], 60);
        assert_eq!(row.operation(100), None);
        row.expires_ms = None;
        assert_eq!(row.operation(100).unwrap()["put"]["ttl_ms"], Json::Null);
    }
}
