//! Trees for tests.

use std::{
    collections::HashMap,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
};

use data_encoding::BASE64URL_NOPAD;
use k256::ecdsa::{Signature, SigningKey, signature::hazmat::PrehashSigner};

use super::{
    TreeUrl,
    entry::{Hash, keccak},
    walk::Texts,
};
use crate::NodeRecord;

/// The texts of all names.
#[derive(Default)]
pub(super) struct Zone {
    texts: HashMap<String, Vec<String>>,
    lookups: AtomicUsize,
}

impl Texts for Zone {
    async fn texts(&self, name: &str) -> Result<Vec<String>, String> {
        self.lookups.fetch_add(1, Relaxed);
        let texts = self.texts.get(name).cloned();
        texts.ok_or_else(|| "there is no such name".to_owned())
    }
}

fn key() -> SigningKey {
    SigningKey::from_slice(&[7; 32]).unwrap()
}

impl Zone {
    pub(super) fn url(domain: &str) -> String {
        TreeUrl {
            key: *key().verifying_key(),
            domain: domain.to_owned(),
        }
        .to_string()
    }

    /// Adds a tree and gives its URL.
    pub(super) fn tree(&mut self, domain: &str, records: &[NodeRecord], links: &[&str], seq: u64) -> String {
        let records: Vec<String> = records.iter().map(NodeRecord::to_string).collect();
        let records: Vec<&str> = records.iter().map(String::as_str).collect();
        let (nodes, links) = (self.branch(domain, &records), self.branch(domain, links));
        self.root(domain, &nodes, &links, seq)
    }

    /// Adds a tree of one record below so many branches.
    pub(super) fn chain(&mut self, domain: &str, branches: usize, record: &NodeRecord) -> String {
        let mut text = record.to_string();
        for _ in 1..branches {
            let name = self.entry(domain, &text);
            text = format!("enrtree-branch:{name}");
        }
        let nodes = self.branch(domain, &[&text]);
        let links = self.branch(domain, &[]);
        self.root(domain, &nodes, &links, 1)
    }

    pub(super) fn replace(&mut self, text: &str, with: &str) {
        for texts in self
            .texts
            .values_mut()
            .filter(|texts| texts.contains(&text.to_owned()))
        {
            *texts = vec![with.to_owned()];
        }
    }

    pub(super) fn beside(&mut self, name: &str, text: &str) {
        self.texts
            .entry(name.to_owned())
            .or_default()
            .insert(0, text.to_owned());
    }

    pub(super) fn lookups(&self) -> usize {
        self.lookups.load(Relaxed)
    }

    fn branch(&mut self, domain: &str, texts: &[&str]) -> String {
        let names: Vec<String> = texts.iter().map(|text| self.entry(domain, text)).collect();
        self.entry(domain, &format!("enrtree-branch:{}", names.join(",")))
    }

    fn entry(&mut self, domain: &str, text: &str) -> String {
        let name = Hash::of(text).label();
        self.texts
            .insert(format!("{name}.{domain}"), vec![text.to_owned()]);
        name
    }

    fn root(&mut self, domain: &str, nodes: &str, links: &str, seq: u64) -> String {
        let text = format!("enrtree-root:v1 e={nodes} l={links} seq={seq}");
        let signature: Signature = key().sign_prehash(&keccak(&text)).unwrap();
        let bytes = [&signature.to_bytes()[..], &[0]].concat();
        let root = format!("{text} sig={}", BASE64URL_NOPAD.encode(&bytes));
        self.texts.insert(domain.to_owned(), vec![root]);
        Self::url(domain)
    }
}
