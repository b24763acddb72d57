//! Whether the plugin's compiler saw the tables as the host's did.

use super::DeclarationError;
use abi_stable::StableAbi;
use abi_stable::abi_stability::abi_checking::{
    AbiInstability, AbiInstabilityErrors, CheckingGlobals, ExpectedFound,
    check_layout_compatibility_with_globals,
};
use abi_stable::type_layout::{TLFieldOrFunction, TypeLayout};
use backplane_plugin_api::{AbiTables, LAYOUT_VERSION, LayoutRecord};
use std::cmp::Reverse;
use std::fmt::{self, Display};

/// The longest version of another release that is kept, in bytes.
const VERSION_LIMIT: usize = 64;

/// How far the layout of the tables was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LayoutCheck {
    /// Every type was compared, and is the same.
    Verified,
    /// The plugin has no record: it is not written in Rust. ABI level and table sizes vouch for it.
    NotRust,
    /// The record was written by another release of the checker, which is named; it was not read.
    OtherRelease(String),
    /// The plugin's code is in another process: no table is shared.
    Elsewhere,
}

impl Display for LayoutCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Verified => f.write_str("verified"),
            Self::NotRust => f.write_str("not Rust"),
            Self::Elsewhere => f.write_str("not shared"),
            Self::OtherRelease(version) => write!(f, "not read: {version}"),
        }
    }
}

/// Compares the tables of the plugin with the host's.
///
/// # Safety
/// `record` must be null or a valid record.
pub(super) unsafe fn check(record: *const LayoutRecord) -> Result<LayoutCheck, DeclarationError> {
    if record.is_null() {
        return Ok(LayoutCheck::NotRust);
    }
    // SAFETY: the record is valid, and so is the version that it points to.
    let (record, version) = unsafe { (*record, (*record).version.as_bytes()) };
    if version != LAYOUT_VERSION.as_bytes() || record.layout.is_null() {
        let version = String::from_utf8_lossy(&version[..version.len().min(VERSION_LIMIT)]).into_owned();
        tracing::warn!(
            version,
            "the layout of the plugin's tables is described by another release; not checked"
        );
        return Ok(LayoutCheck::OtherRelease(version));
    }
    // SAFETY: a record of this release points to a `TypeLayout` of this release, alive while the library is
    // mapped. Nothing keeps the reference: the globals, which do so for prefix types, end with this function.
    let found: &'static TypeLayout = unsafe { &*record.layout.cast() };
    let globals = CheckingGlobals::new();
    match check_layout_compatibility_with_globals(AbiTables::LAYOUT, found, &globals) {
        Ok(()) => Ok(LayoutCheck::Verified),
        Err(errors) => {
            tracing::debug!("layout mismatch:\n{errors}");
            Err(explain(&errors))
        }
    }
}

/// The innermost difference: the others follow from it.
fn explain(errors: &AbiInstabilityErrors) -> DeclarationError {
    let failed = errors.errors.iter().filter(|error| !error.errs.is_empty());
    let innermost = failed.min_by_key(|error| Reverse(error.stack_trace.len()));
    let (path, error) = match innermost {
        Some(error) => (
            &error.stack_trace[..],
            error.errs.iter().min_by_key(|error| vagueness(error)),
        ),
        None => (&[][..], None),
    };
    let (expected, found) = match error {
        Some(error) => difference(error),
        None => ("the host's layout".to_owned(), "another".to_owned()),
    };
    DeclarationError::Layout {
        field: field_path(path),
        expected,
        found,
    }
}

/// Which of the differences of one type says most: a field, not the size that it changes.
const fn vagueness(error: &AbiInstability) -> u8 {
    match error {
        AbiInstability::UnexpectedField(_) => 0,
        AbiInstability::FieldCountMismatch(_) => 2,
        AbiInstability::Size(_) | AbiInstability::Alignment(_) => 3,
        _ => 1,
    }
}

fn field_path(path: &[ExpectedFound<TLFieldOrFunction>]) -> String {
    let mut steps = vec!["AbiTables"];
    for step in path {
        match &step.expected {
            // What a pointer points to is its field 0.
            TLFieldOrFunction::Field(field) if field.name() == "0" => {}
            TLFieldOrFunction::Field(field) => steps.push(field.name()),
            // It bears the name of the field that holds it.
            TLFieldOrFunction::Function(_) => {}
        }
    }
    steps.join(".")
}

fn difference(error: &AbiInstability) -> (String, String) {
    fn both<T>(it: &ExpectedFound<T>, say: impl Fn(&T) -> String) -> (String, String) {
        (say(&it.expected), say(&it.found))
    }
    match error {
        AbiInstability::Name(it) => both(it, |it| format!("type {it}")),
        AbiInstability::Package(it) => both(it, |it| format!("a type of package {it}")),
        AbiInstability::PackageVersion(it) => both(it, |it| format!("package version {it}")),
        AbiInstability::Size(it) => both(it, |it| format!("{it} bytes")),
        AbiInstability::Alignment(it) => both(it, |it| format!("alignment {it}")),
        AbiInstability::MismatchedPrimitive(it) => both(it, |it| format!("{it:?}")),
        AbiInstability::FieldCountMismatch(it) => both(it, |it| format!("{it} fields")),
        AbiInstability::UnexpectedField(it) => both(it, |it| format!("field {}", it.name())),
        AbiInstability::FnQualifierMismatch(it) => both(it, |it| {
            (if it.fn_qualifs.is_unsafe() {
                "an unsafe function"
            } else {
                "a safe function"
            })
            .into()
        }),
        AbiInstability::ReprAttr(it) => both(it, |it| format!("{it:?}")),
        AbiInstability::GenericParamCount(it) => both(it, ToString::to_string),
        AbiInstability::NonZeroness(it) => both(it, |it| {
            (if *it {
                "a value that is never zero"
            } else {
                "a value that may be zero"
            })
            .into()
        }),
        _ => (
            "the host's layout".to_owned(),
            "one that differs in kind".to_owned(),
        ),
    }
}
