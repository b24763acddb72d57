//! What statements of callers may do.

use rusqlite::hooks::{AuthAction, AuthContext};

/// The tables of the engine; callers may read them.
pub(crate) const OURS: &str = "_backplane_";

/// Pragmas that tell of the schema, or check the file, and change nothing.
const PRAGMAS: [&str; 14] = [
    "collation_list",
    "compile_options",
    "data_version",
    "foreign_key_check",
    "foreign_key_list",
    "freelist_count",
    "index_info",
    "index_list",
    "index_xinfo",
    "integrity_check",
    "page_count",
    "quick_check",
    "table_info",
    "table_xinfo",
];
/// Virtual tables that callers may make.
const VIRTUAL_TABLES: [&str; 2] = ["fts5", "fts5vocab"];
/// Functions that reach beyond the database.
const FUNCTIONS: [&str; 4] = ["load_extension", "fts3_tokenizer", "readfile", "sqlcipher_export"];

/// Why a statement that does this is refused.
pub(crate) fn refusal(context: &AuthContext<'_>) -> Option<String> {
    use AuthAction as A;
    let one_of = |names: &[&str], name: &str| names.iter().any(|known| known.eq_ignore_ascii_case(name));
    let ours = |table: &str| {
        let prefix = table.as_bytes().get(..OURS.len());
        prefix.is_some_and(|prefix| prefix.eq_ignore_ascii_case(OURS.as_bytes()))
    };
    match context.action {
        A::Attach { .. } | A::Detach { .. } => Some("no other file can be attached".into()),
        A::Transaction { .. } | A::Savepoint { .. } => {
            Some("transactions are begun and ended by calls, not in SQL".into())
        }
        A::Pragma { pragma_name, .. } if !one_of(&PRAGMAS, pragma_name) => {
            Some(format!("PRAGMA {pragma_name} is not for callers"))
        }
        A::CreateTempIndex { .. }
        | A::CreateTempTable { .. }
        | A::CreateTempTrigger { .. }
        | A::CreateTempView { .. } => Some("there are no temporary tables".into()),
        A::CreateVtable { module_name, .. } if !one_of(&VIRTUAL_TABLES, module_name) => {
            Some(format!("virtual tables of {module_name} are not for callers"))
        }
        A::Function { function_name } if one_of(&FUNCTIONS, function_name) => {
            Some(format!("the function {function_name} is not for callers"))
        }
        A::CreateTable { table_name }
        | A::CreateVtable { table_name, .. }
        | A::CreateTrigger { table_name, .. }
        | A::CreateIndex { table_name, .. }
        | A::DropTable { table_name }
        | A::AlterTable { table_name, .. }
        | A::Insert { table_name }
        | A::Update { table_name, .. }
        | A::Delete { table_name }
            if ours(table_name) =>
        {
            Some(format!("names that begin with {OURS} are the store's own"))
        }
        A::Unknown { code, .. } => Some(format!("action {code} is not for callers")),
        _ => None,
    }
}
