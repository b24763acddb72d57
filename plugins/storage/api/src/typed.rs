//! A category as a map from typed keys to typed payloads.

use std::marker::PhantomData;

use backplane_sdk::{Bytes, CallError};

use crate::encoding::{self, Decode, DecodeError, Encode, EncodeError};
use crate::{KeyRange, KvClient, KvError, Op, Row, Scan};

/// Why a call of a [`TypedCategory`] failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TypedError {
    /// The store refused it, or the call did not get through.
    #[error(transparent)]
    Call(#[from] CallError<KvError>),
    /// A key or payload has no encoding; nothing was sent.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// What is stored is no key, or no payload, of the category's types.
    #[error("{what} is of another type: {source}")]
    Decode {
        /// `the key` or `the payload`.
        what: &'static str,
        /// Why it cannot be read.
        source: DecodeError,
    },
}

/// A category of a job whose keys are `K` and whose payloads are `V`, in the encoding of [`encoding`].
///
/// It holds nothing but names and a client: what it promises is what [`Kv`](crate::Kv) promises. Keys sort as their
/// encoding does: numbers by value, texts by length and then by bytes.
#[derive(Debug)]
pub struct TypedCategory<K, V> {
    client: KvClient,
    job: String,
    category: String,
    types: PhantomData<fn(K, V)>,
}

/// Some rows of a [`TypedCategory`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypedPage<K, V> {
    /// The rows in the order asked for.
    pub rows: Vec<(K, V)>,
    /// Where the next page goes on; `None` if there is no more.
    pub next: Option<Bytes>,
}

impl<K, V> Clone for TypedCategory<K, V> {
    fn clone(&self) -> Self {
        Self::new(self.client.clone(), self.job.clone(), self.category.clone())
    }
}

fn bytes(value: &(impl Encode + ?Sized)) -> Result<Bytes, EncodeError> {
    encoding::payload(value).map(Bytes)
}

fn read<T: Decode>(what: &'static str, bytes: &Bytes) -> Result<T, TypedError> {
    encoding::decode(bytes).map_err(|source| TypedError::Decode { what, source })
}

impl<K, V> TypedCategory<K, V> {
    /// The category `category` of `job`, behind `client`.
    pub fn new(client: KvClient, job: impl Into<String>, category: impl Into<String>) -> Self {
        Self {
            client,
            job: job.into(),
            category: category.into(),
            types: PhantomData,
        }
    }
}

impl<K: Encode + Decode, V: Encode + Decode> TypedCategory<K, V> {
    /// The payload of a key; `None` if it is absent.
    ///
    /// # Errors
    /// [`TypedError`].
    pub async fn get(&self, key: &K) -> Result<Option<V>, TypedError> {
        let call = self.client.get(&self.job, &self.category, &bytes(key)?);
        let payload = call.await?;
        payload.map(|payload| read("the payload", &payload)).transpose()
    }

    /// Stores a payload, in place of what is there, and waits until it is applied.
    ///
    /// # Errors
    /// [`TypedError`], but not [`TypedError::Decode`].
    pub async fn put(&self, key: &K, payload: &V) -> Result<(), TypedError> {
        let (key, payload) = (bytes(key)?, bytes(payload)?);
        let call = self
            .client
            .put(&self.job, &self.category, &key, &payload, &false, &None);
        Ok(call.await?)
    }

    /// Stores a payload unless the key is there; true if this call stored it.
    ///
    /// # Errors
    /// As [`TypedCategory::put`].
    pub async fn put_if_absent(&self, key: &K, payload: &V) -> Result<bool, TypedError> {
        let (key, payload) = (bytes(key)?, bytes(payload)?);
        let call = self
            .client
            .put_if_absent(&self.job, &self.category, &key, &payload, &false, &None);
        Ok(call.await?)
    }

    /// Removes a key; true if it was there.
    ///
    /// # Errors
    /// As [`TypedCategory::put`].
    pub async fn delete(&self, key: &K) -> Result<bool, TypedError> {
        let call = self
            .client
            .delete(&self.job, &self.category, &bytes(key)?, &false);
        Ok(call.await?)
    }

    /// One page of rows. Its keys are read, hence `keys_only` has to be false.
    ///
    /// # Errors
    /// [`TypedError`].
    pub async fn scan(&self, scan: &Scan) -> Result<TypedPage<K, V>, TypedError> {
        let page = self.client.scan(&self.job, &self.category, scan).await?;
        let row = |Row { key, payload }: Row| {
            let payload = payload.unwrap_or_default();
            Ok((read("the key", &key)?, read("the payload", &payload)?))
        };
        Ok(TypedPage {
            rows: page
                .rows
                .into_iter()
                .map(row)
                .collect::<Result<_, TypedError>>()?,
            next: page.next,
        })
    }

    /// The operation that stores a payload, for a batch.
    ///
    /// # Errors
    /// [`EncodeError`].
    pub fn put_op(&self, key: &K, payload: &V) -> Result<Op, EncodeError> {
        Ok(Op::put(&self.category, bytes(key)?, bytes(payload)?))
    }

    /// The operation that removes a key, for a batch.
    ///
    /// # Errors
    /// [`EncodeError`].
    pub fn delete_op(&self, key: &K) -> Result<Op, EncodeError> {
        Ok(Op::Delete {
            category: self.category.clone(),
            key: bytes(key)?,
        })
    }
}

impl KeyRange {
    /// All keys whose leading components are those of `value`.
    ///
    /// # Errors
    /// [`EncodeError`].
    pub fn prefix_of(value: &(impl Encode + ?Sized)) -> Result<Self, EncodeError> {
        bytes(value).map(Self::Prefix)
    }
}
