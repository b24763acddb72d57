//! The commands by which the guide goes from nothing to a plugin that runs.

use backplane_test_support::workspace;
use std::fs;

/// A language as the guide's table has it: what stands in the place of each word of Rust's commands.
pub(crate) struct Language {
    replacements: Vec<(String, String)>,
    commands: Vec<String>,
}

impl Language {
    /// The language in this column of the table; the first one is that of the commands.
    pub(crate) fn read(column: usize) -> Self {
        let page = fs::read_to_string(workspace().join("docs/plugin-guide.md")).unwrap();
        let (_, rest) = page.split_once("\n```sh new\n").unwrap();
        let (commands, rest) = rest.split_once("\n```\n").unwrap();
        let rows = rest
            .lines()
            .skip_while(|line| !line.starts_with('|'))
            .take_while(|line| line.starts_with('|'));
        let cells = |row: &str| -> Vec<String> {
            row.split('|')
                .map(|cell| cell.trim().trim_matches('`').to_owned())
                .collect()
        };
        // Heads, the line below them, and then what differs.
        let replacements = rows
            .skip(2)
            .map(cells)
            .map(|row| (row[2].clone(), row[2 + column].clone()));
        Self {
            replacements: replacements.collect(),
            commands: commands.lines().map(str::to_owned).collect(),
        }
    }

    /// The commands in this language.
    pub(crate) fn commands(&self) -> Vec<String> {
        assert!(self.replacements.len() >= 4, "{:?}", self.replacements);
        self.commands
            .iter()
            .map(|command| self.translate(command))
            .collect()
    }

    fn translate(&self, command: &str) -> String {
        // A whole command goes before a word in one.
        if let Some((_, whole)) = self.replacements.iter().find(|(from, _)| from == command) {
            return whole.clone();
        }
        let word = |text: String, (from, to): &(String, String)| match from.starts_with("./") {
            true => text.replace(from, to),
            false => text,
        };
        self.replacements.iter().fold(command.to_owned(), word)
    }
}

/// The commands in the shell blocks of a page.
pub(crate) fn commands(page: &str) -> Vec<String> {
    let blocks = page.split("\n```sh\n").skip(1);
    let blocks = blocks.filter_map(|block| block.split("\n```").next());
    blocks.flat_map(str::lines).map(str::to_owned).collect()
}
