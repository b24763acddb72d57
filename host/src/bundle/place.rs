//! Where in the bundle file something stands.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// Where in the bundle file something stands.
#[derive(Clone, PartialEq, Eq)]
pub struct Place {
    file: Arc<Path>,
    line: u32,
    column: u32,
}

impl Place {
    /// A file as a whole.
    pub fn file(file: &Path) -> Self {
        Self {
            file: file.into(),
            line: 0,
            column: 0,
        }
    }

    /// The file, as it was named to the reader. Empty for a bundle that was built in code.
    pub fn path(&self) -> &Path {
        &self.file
    }

    /// The line, counted from 1. 0 when the place is the whole file.
    pub fn line(&self) -> u32 {
        self.line
    }

    /// The column in characters, counted from 1. 0 when the place is the whole file.
    pub fn column(&self) -> u32 {
        self.column
    }
}

impl Default for Place {
    fn default() -> Self {
        Self::file(Path::new(""))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.file.as_os_str().is_empty() {
            return f.write_str("bundle");
        }
        write!(f, "{}", self.file.display())?;
        if self.line > 0 {
            write!(f, ":{}:{}", self.line, self.column)?;
        }
        Ok(())
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Turns byte offsets of one text into places.
pub(super) struct Lines<'a> {
    text: &'a str,
    file: Arc<Path>,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    pub(super) fn new(file: &Path, text: &'a str) -> Self {
        let breaks = text
            .bytes()
            .enumerate()
            .filter(|(_, byte)| *byte == b'\n')
            .map(|(at, _)| at + 1);
        Self {
            text,
            file: file.into(),
            starts: std::iter::once(0).chain(breaks).collect(),
        }
    }

    pub(super) fn place(&self, offset: usize) -> Place {
        let line = self.starts.partition_point(|start| *start <= offset).max(1);
        let start = self.starts.get(line - 1).copied().unwrap_or(0);
        let before = self.text.get(start..offset).unwrap_or("");
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Place {
            file: self.file.clone(),
            line: count(line),
            column: count(before.chars().count() + 1),
        }
    }

    pub(super) fn whole(&self) -> Place {
        Place {
            file: self.file.clone(),
            line: 0,
            column: 0,
        }
    }
}
