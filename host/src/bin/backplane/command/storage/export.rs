//! `backplane storage export`

use super::lines::{end, head, stored};
use super::store::Store;
use crate::args::Global;
use crate::bundle::absolute;
use crate::command::progress::{Progress, Unit};
use crate::exit::Failure;
use crate::output::{print, print_json};
use serde_json::{Value as Json, json};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use tempfile::{NamedTempFile, PersistError};

/// Write all rows of a job as lines of JSON
///
/// The first line names the format and the last one counts the rows. The file is there once it is complete, readable by
/// its owner alone. Rows that are written meanwhile may be missing; `backplane storage backup` has those of one moment.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  backplane storage export chat/history history.jsonl
  backplane storage export chat/history | gzip > history.jsonl.gz")]
pub(crate) struct Export {
    /// The job, as OWNER/NAME
    #[arg(value_name = "JOB")]
    job: String,
    /// The file; the standard output without it, or with -
    #[arg(value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    file: Option<PathBuf>,
    /// Put it in place of a file that is there
    #[arg(long)]
    force: bool,
}

impl Export {
    pub(crate) async fn execute(self, global: &Global) -> Result<(), Failure> {
        let file = self.file.filter(|file| file != Path::new("-"));
        let Some(file) = file else {
            let (mut store, job) = Store::with_job(global, &self.job).await?;
            let rows = write(&mut store, &job, &mut BufWriter::new(std::io::stdout())).await?;
            eprintln!("{job}: {rows} rows");
            return Ok(());
        };
        let file = absolute(&file)?;
        if file.exists() && !self.force {
            let message = format!(
                "{} is there already; --force puts the export in its place",
                file.display()
            );
            return Err(Failure::usage(message));
        }
        let (mut store, job) = Store::with_job(global, &self.job).await?;
        let unfinished = beside(&file)?;
        let rows = write(&mut store, &job, &mut BufWriter::new(&unfinished)).await?;
        finish(unfinished, &file, self.force)?;
        match global.json {
            true => print_json(&json!({ "job": job, "file": file, "rows": rows })),
            false => print(&format!("{job}: {rows} rows in {}", file.display())),
        }
    }
}

async fn write(store: &mut Store<'_>, job: &str, out: &mut impl Write) -> Result<u64, Failure> {
    writeln!(out, "{}", head(job))?;
    let mut progress = Progress::new("exported", Unit::Rows, None);
    let mut after = Json::Null;
    loop {
        let page = store
            .call("storage.admin.rows", json!({ "job": job, "after": after }))
            .await?;
        let rows = page["rows"].as_array().map_or(&[][..], Vec::as_slice);
        for row in rows {
            writeln!(out, "{}", stored(row))?;
        }
        progress.add(rows.len());
        if page["next"].is_null() {
            break;
        }
        after = page["next"].clone();
    }
    let rows = progress.done();
    writeln!(out, "{}", end(rows))?;
    out.flush()?;
    Ok(rows)
}

/// A file that becomes `file`, or vanishes.
fn beside(file: &Path) -> Result<NamedTempFile, Failure> {
    let folder = file.parent().unwrap_or(file);
    NamedTempFile::new_in(folder)
        .map_err(|error| Failure::usage(format!("cannot write into {}: {error}", folder.display())))
}

fn finish(unfinished: NamedTempFile, file: &Path, force: bool) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::failed(format!("{}: {error}", file.display()));
    unfinished.as_file().sync_all().map_err(failed)?;
    let placed = match force {
        true => unfinished.persist(file),
        false => unfinished.persist_noclobber(file),
    };
    placed
        .map(drop)
        .map_err(|PersistError { error, .. }| failed(error))
}
