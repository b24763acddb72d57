//! The page `docs/wakunode.md` lists the flags as the table has them.

use std::{env, fs, path::Path};

use wakunode::flags::{Flag, GROUPS, Role};

/// What the part of the page begins with that is made from the table.
const HEAD: &str = "### General\n";

fn page() -> String {
    let mut page = String::new();
    for group in GROUPS {
        page += &format!(
            "### {}\n\n| flag | default | what it does |\n|---|---|---|\n",
            group.title
        );
        group.flags.iter().for_each(|flag| page += &row(flag));
        page.push('\n');
    }
    page.trim_end().to_owned() + "\n"
}

fn row(flag: &Flag) -> String {
    let default: Vec<String> = flag.default.iter().map(|value| format!("`{value}`")).collect();
    let list = if flag.list { "…" } else { "" };
    let does = match flag.role {
        Role::Key(key) => format!("{}: `{key}`", flag.help),
        Role::Does(does) => format!("{}: {does}", flag.help),
        Role::Idle(reason) => format!("{}. *No effect*: {reason}", flag.help),
        Role::Lacks(sentence) => format!("{}. *Not available*: {sentence}", flag.help),
    };
    format!(
        "| `{}`{list} | {} | {} |\n",
        flag.name,
        default.join(", "),
        does.replace('|', "\\|")
    )
}

#[test]
fn the_page_lists_every_flag_as_the_table_has_it() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/wakunode.md");
    let text = fs::read_to_string(&path).unwrap();
    let (before, _) = text.split_once(HEAD).unwrap_or((&text, ""));
    if env::var_os("UPDATE").is_some() {
        fs::write(&path, format!("{before}{}", page())).unwrap();
        return;
    }
    assert_eq!(
        text.strip_prefix(before),
        Some(&*page()),
        "UPDATE=1 writes the page"
    );
}
