//! EIP-712 documents, checked and hashed.

use super::{SignError, shape};
use crate::limits::{self, MAX_TYPED_DATA_BYTES};
use alloy_dyn_abi::Error as AbiError;
use alloy_dyn_abi::eip712::TypedData as Document;
use alloy_primitives::B256;
use serde_json::Value;

/// A valid EIP-712 document together with its digest.
#[derive(Debug, Clone)]
pub struct TypedData {
    document: Document,
    digest: B256,
}

impl TypedData {
    /// Reads, checks and hashes a JSON document of at most [`MAX_TYPED_DATA_BYTES`].
    ///
    /// With `chain`, a domain that names another chain is refused; one that names none passes.
    ///
    /// # Errors
    /// [`SignError`]; no variant repeats the document's content.
    pub fn parse(json: &[u8], chain: Option<u64>) -> Result<Self, SignError> {
        limits::check("typed data", json.len(), MAX_TYPED_DATA_BYTES, "bytes")?;
        let value: Value = serde_json::from_slice(json).map_err(|error| SignError::Json {
            line: error.line(),
            column: error.column(),
        })?;
        shape::check(&value)?;
        let declared = value["types"].get("EIP712Domain").cloned();
        let document: Document = serde_json::from_value(value).map_err(|_| SignError::Field {
            field: "domain or types",
        })?;
        check_domain(&document, declared.as_ref())?;
        check_chain(&document, chain)?;
        let digest = document.eip712_signing_hash().map_err(refusal)?;
        Ok(Self { document, digest })
    }

    /// What is signed: Keccak-256 of `0x1901`, domain separator and message hash.
    #[must_use]
    pub fn digest(&self) -> B256 {
        self.digest
    }

    /// Name of the signed struct.
    #[must_use]
    pub fn primary_type(&self) -> &str {
        &self.document.primary_type
    }

    /// The message, for showing it to the person who approves.
    #[must_use]
    pub fn message(&self) -> &Value {
        &self.document.message
    }

    /// Name of the application that the signature is for, as it calls itself.
    #[must_use]
    pub fn domain_name(&self) -> Option<&str> {
        self.document.domain.name.as_deref()
    }

    /// Contract that will check the signature.
    #[must_use]
    pub fn verifying_contract(&self) -> Option<alloy_primitives::Address> {
        self.document.domain.verifying_contract
    }
}

/// A domain type that says something else than the domain would make wallets disagree on what is
/// signed: some hash by the type, some by the domain.
fn check_domain(document: &Document, declared: Option<&Value>) -> Result<(), SignError> {
    let Some(declared) = declared.and_then(Value::as_array) else {
        return Ok(());
    };
    let fields = declared
        .iter()
        .map(|field| {
            let part = |name| field.get(name).and_then(Value::as_str).unwrap_or_default();
            format!("{} {}", part("type"), part("name"))
        })
        .collect::<Vec<_>>()
        .join(",");
    if document.domain.encode_type() == format!("EIP712Domain({fields})") {
        Ok(())
    } else {
        Err(SignError::Domain)
    }
}

fn check_chain(document: &Document, chain: Option<u64>) -> Result<(), SignError> {
    match (chain, document.domain.chain_id) {
        (Some(expected), Some(found)) if found != alloy_primitives::U256::from(expected) => {
            Err(SignError::ChainId {
                expected,
                found: found.to_string(),
            })
        }
        _ => Ok(()),
    }
}

fn refusal(error: AbiError) -> SignError {
    match error {
        AbiError::CircularDependency(_) => SignError::Circular,
        AbiError::MissingType(_) => SignError::Field { field: "types" },
        _ => SignError::Message,
    }
}
