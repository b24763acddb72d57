//! Random statements on a small table and on a map in memory give the same answers, through transactions and restarts.

#[path = "common/sql.rs"]
mod db;

use std::collections::BTreeMap;

use backplane_sdk::test::{Bench, Running};
use db::{Db, rows};
use proptest::prelude::*;
use serde_json::json;
use storage_api::{ConstraintKind, Executed, SqlError, SqlValue};
use storage_plugin::Storage;

#[derive(Debug, Clone)]
enum Step {
    Insert(i64, String),
    Update(i64, String),
    Delete(i64, i64),
    Begin,
    Commit,
    Rollback,
    /// Closes the database, with whatever transaction is open.
    Close,
}

type Table = BTreeMap<i64, String>;

/// The table as a transaction sees it, and what is committed.
#[derive(Default)]
struct Model {
    open: Option<(u64, Table)>,
    committed: Table,
}

/// How many rows change, or which constraint keeps them from it.
type Answer = Result<u64, ConstraintKind>;

impl Model {
    fn table(&mut self) -> &mut Table {
        match &mut self.open {
            Some((_, table)) => table,
            None => &mut self.committed,
        }
    }

    fn insert(&mut self, id: i64, text: String) -> Answer {
        let table = self.table();
        if table.contains_key(&id) {
            return Err(ConstraintKind::PrimaryKey);
        }
        if table.values().any(|other| *other == text) {
            return Err(ConstraintKind::Unique);
        }
        table.insert(id, text);
        Ok(1)
    }

    fn update(&mut self, id: i64, text: String) -> Answer {
        let table = self.table();
        if !table.contains_key(&id) {
            return Ok(0);
        }
        if table.iter().any(|(at, other)| *at != id && *other == text) {
            return Err(ConstraintKind::Unique);
        }
        table.insert(id, text);
        Ok(1)
    }

    fn delete(&mut self, from: i64, to: i64) -> Answer {
        let table = self.table();
        let before = table.len();
        table.retain(|id, _| !(from..to).contains(id));
        Ok((before - table.len()) as u64)
    }
}

fn step() -> impl Strategy<Value = Step> {
    let text = || "[a-d]{1,2}";
    prop_oneof![
        6 => (0..8i64, text()).prop_map(|(id, text)| Step::Insert(id, text)),
        3 => (0..8i64, text()).prop_map(|(id, text)| Step::Update(id, text)),
        2 => (0..8i64, 0..8i64).prop_map(|(from, to)| Step::Delete(from, to)),
        2 => Just(Step::Begin),
        1 => Just(Step::Commit),
        1 => Just(Step::Rollback),
        1 => Just(Step::Close),
    ]
}

/// Runs a statement where the model is: in its transaction, if it has one.
async fn write(db: &Db, model: &Model, sql: &str, values: Vec<SqlValue>) -> Answer {
    let id = model.open.as_ref().map(|(id, _)| *id);
    let done = db.client.execute(&db.name, &sql.to_owned(), &values, &id).await;
    match done.map_err(db::error) {
        Ok(Executed { changes, .. }) => Ok(changes),
        Err(SqlError::Constraint { kind, .. }) => Err(kind),
        Err(other) => panic!("{other:?}"),
    }
}

async fn apply(db: &Db, model: &mut Model, step: Step) -> Result<(), TestCaseError> {
    match step {
        Step::Insert(id, text) => {
            let values = vec![id.into(), text.as_str().into()];
            let answer = write(db, model, "INSERT INTO t VALUES (?1, ?2)", values).await;
            prop_assert_eq!(answer, model.insert(id, text));
        }
        Step::Update(id, text) => {
            let values = vec![id.into(), text.as_str().into()];
            let answer = write(db, model, "UPDATE t SET text = ?2 WHERE id = ?1", values).await;
            prop_assert_eq!(answer, model.update(id, text));
        }
        Step::Delete(from, to) => {
            let values = vec![from.into(), to.into()];
            let answer = write(db, model, "DELETE FROM t WHERE id >= ?1 AND id < ?2", values).await;
            prop_assert_eq!(answer, model.delete(from, to));
        }
        Step::Begin if model.open.is_none() => {
            model.open = Some((db.begin(60_000).await.unwrap(), model.committed.clone()));
        }
        Step::Commit => {
            if let Some((id, table)) = model.open.take() {
                db.client.commit(&db.name, &id).await.unwrap();
                model.committed = table;
            }
        }
        Step::Rollback => {
            if let Some((id, _)) = model.open.take() {
                db.client.rollback(&db.name, &id).await.unwrap();
            }
        }
        Step::Close => {
            model.open = None;
            db.client.close_database(&db.name).await.unwrap();
        }
        Step::Begin => {}
    }
    Ok(())
}

fn expected(table: &Table) -> Vec<Vec<SqlValue>> {
    let row = |(id, text): (&i64, &String)| vec![(*id).into(), text.as_str().into()];
    table.iter().map(row).collect()
}

/// What others see is what is committed; what the transaction sees is its own.
async fn compare(db: &Db, model: &Model) -> Result<(), TestCaseError> {
    let sql = "SELECT id, text FROM t ORDER BY id";
    let seen = db.query(sql, vec![]).await.unwrap();
    prop_assert_eq!(rows(seen.rows).await.unwrap(), expected(&model.committed));
    if let Some((id, table)) = &model.open {
        let seen = db.query_in(*id, sql).await.unwrap();
        prop_assert_eq!(rows(seen.rows).await.unwrap(), expected(table));
    }
    Ok(())
}

async fn agrees(steps: Vec<Step>) -> Result<(), TestCaseError> {
    let directory = tempfile::tempdir().unwrap();
    let bench = Bench::new().data_dir(directory.path());
    let storage: Running<Storage> = bench.start_json(json!({})).await.unwrap();
    let db = Db::new(storage.client_as("chat"), "notes");
    db.run("CREATE TABLE t (id INTEGER PRIMARY KEY, text TEXT UNIQUE) STRICT")
        .await
        .unwrap();
    let mut model = Model::default();
    for step in steps {
        apply(&db, &mut model, step).await?;
        compare(&db, &model).await?;
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn a_table_and_a_map_agree(steps in prop::collection::vec(step(), 1..60)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(agrees(steps))?;
    }
}
