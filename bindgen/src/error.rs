//! Why nothing is made.

use crate::Language;

/// Why nothing is made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BindgenError {
    /// The language cannot express a part of the interface.
    #[error("{item}: {problem}, so there is nothing for it in {language}", language = .language.name())]
    Item {
        /// The language.
        language: Language,
        /// Which method, event, type, field or case.
        item: String,
        /// What is in the way.
        problem: String,
    },
    /// There is no such side in the language.
    #[error(
        "a server in TypeScript cannot be: a host loads dynamic libraries, and node makes none; leave out --server"
    )]
    NoServer,
}

impl BindgenError {
    pub(crate) fn item(language: Language, item: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Item {
            language,
            item: item.into(),
            problem: problem.into(),
        }
    }
}
