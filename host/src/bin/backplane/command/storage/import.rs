//! `backplane storage import`

use super::lines::{LineError, MAX_LINE, Reader, Row};
use super::store::{Store, full_name};
use crate::args::Global;
use crate::command::progress::{Progress, Unit};
use crate::exit::{Exit, Failure};
use crate::output::{print, print_json, printable};
use backplane_host::gateway::limits;
use serde_json::{Value as Json, json};
use std::fs::File;
use std::io::{BufReader, Seek as _};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// Rows that are written at once, all or none of them.
const BATCH_ROWS: usize = 1000;
/// Bytes of theirs. A larger row goes alone.
const BATCH_BYTES: usize = 4 << 20;
// So that the largest row gets into the store again.
const _: () = assert!(MAX_LINE <= limits::LINE as u64);

/// Write the rows of an export into a job
///
/// The whole file is read and checked first: of a file that is wrong or incomplete nothing is written. Rows whose time
/// is over are left out. If it is interrupted, the same command with --merge goes on: a row that is there already is
/// written again as it is.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  backplane storage import chat/history history.jsonl
  zcat history.jsonl.gz | backplane storage import chat/history -
  backplane storage import chat/history history.jsonl --merge

A job that does not exist yet is made. The files of the persistency library of Logos Delivery are imported by
`backplane call storage.kv.import_job`.")]
pub(crate) struct Import {
    /// The job, as OWNER/NAME
    #[arg(value_name = "JOB")]
    job: String,
    /// The file; - is the standard input
    #[arg(value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    file: PathBuf,
    /// Also into a job that has rows: those of the file take the place of those with their keys
    #[arg(long)]
    merge: bool,
}

/// What has been done.
#[derive(Default)]
struct Done {
    written: u64,
    expired: u64,
}

impl Import {
    pub(crate) async fn execute(self, global: &Global) -> Result<(), Failure> {
        let mut file = open(&self.file)?;
        let wrong = |error: LineError| Failure::usage(format!("{}: {error}", self.file.display()));
        let (from, rows) = count(&mut file).map_err(wrong)?;
        let mut store = Store::open(global).await?;
        let job = full_name(&self.job);
        if !self.merge {
            check_empty(&mut store, &job).await?;
        }
        let mut done = Done::default();
        if let Err(failure) = write(&mut store, &job, &mut file, rows, &mut done).await {
            let far = format!("{} of {rows} rows are in {job}", done.written);
            return Err(failure.and(&format!("; {far}, and --merge goes on with the same file")));
        }
        let Done { written, expired } = done;
        if global.json {
            return print_json(&json!({ "job": job, "from": from, "rows": written, "expired": expired }));
        }
        let left_out = match expired {
            0 => String::new(),
            _ => format!(", {expired} left out whose time is over"),
        };
        print(&printable(&format!("{job}: {written} rows of {from}{left_out}")))
    }
}

/// A file that can be read twice.
fn open(path: &Path) -> Result<File, Failure> {
    let failed = |error: std::io::Error| Failure::usage(format!("{}: {error}", path.display()));
    if path == Path::new("-") {
        return spooled(&mut std::io::stdin().lock()).map_err(failed);
    }
    let mut file = File::open(path).map_err(failed)?;
    match file.metadata().map_err(failed)?.is_file() {
        true => Ok(file),
        false => spooled(&mut file).map_err(failed),
    }
}

fn spooled(input: &mut impl std::io::Read) -> std::io::Result<File> {
    let mut file = tempfile::tempfile()?;
    std::io::copy(input, &mut file)?;
    Ok(file)
}

/// Reads the whole file; gives the job that it is of, and the number of its rows.
fn count(file: &mut File) -> Result<(String, u64), LineError> {
    let mut reader = read(file)?;
    let mut rows = 0;
    while reader.next()?.is_some() {
        rows += 1;
    }
    Ok((reader.job().to_owned(), rows))
}

fn read(file: &mut File) -> Result<Reader<BufReader<&mut File>>, LineError> {
    file.rewind()
        .map_err(|error| LineError::Unreadable(error.to_string()))?;
    Reader::new(BufReader::new(file))
}

async fn check_empty(store: &mut Store<'_>, job: &str) -> Result<(), Failure> {
    if !store.names().await?.iter().any(|known| known == job) {
        return Ok(());
    }
    let page = store
        .call("storage.admin.rows", json!({ "job": job, "limit": 1 }))
        .await?;
    match page["rows"].as_array().is_some_and(Vec::is_empty) {
        true => Ok(()),
        false => Err(Failure::Because(
            Exit::Refused,
            format!("the job {job:?} has rows; --merge adds those of the file, or name another job"),
        )),
    }
}

/// Writes all rows, and waits until they are on the disk.
async fn write(
    store: &mut Store<'_>,
    job: &str,
    file: &mut File,
    rows: u64,
    done: &mut Done,
) -> Result<(), Failure> {
    let mut progress = Progress::new("imported", Unit::Rows, Some(rows));
    let mut reader = read(file).map_err(changed)?;
    let (mut batch, mut bytes) = (Vec::new(), 0);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let now = u64::try_from(now.as_millis()).unwrap_or(u64::MAX);
    while let Some(row) = reader.next().map_err(changed)? {
        if batch.len() == BATCH_ROWS || (!batch.is_empty() && bytes + row.bytes() > BATCH_BYTES) {
            progress.add(persist(store, job, &mut batch, done).await?);
            bytes = 0;
        }
        bytes += row.bytes();
        push(&mut batch, &row, now, done);
    }
    persist(store, job, &mut batch, done).await?;
    store.call("storage.kv.flush", json!({ "job": job })).await?;
    progress.done();
    Ok(())
}

fn push(batch: &mut Vec<Json>, row: &Row, now: u64, done: &mut Done) {
    match row.operation(now) {
        Some(operation) => batch.push(operation),
        None => done.expired += 1,
    }
}

async fn persist(
    store: &mut Store<'_>,
    job: &str,
    batch: &mut Vec<Json>,
    done: &mut Done,
) -> Result<usize, Failure> {
    let ops = std::mem::take(batch);
    let rows = ops.len();
    store
        .call("storage.kv.persist", json!({ "job": job, "ops": ops }))
        .await?;
    done.written += rows as u64;
    Ok(rows)
}

fn changed(error: LineError) -> Failure {
    Failure::failed(format!("the file has changed since it was checked: {error}"))
}
