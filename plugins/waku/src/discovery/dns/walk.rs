//! Reading a tree, within bounds.

use std::{
    collections::HashSet,
    hash::{BuildHasher, RandomState},
};

use tokio::time::timeout;

use super::{
    TreeError, TreeUrl,
    entry::{Entry, Hash, Root},
};
use crate::{
    NodeRecord,
    limits::{LOOKUP_TIMEOUT, MAX_LINK_DEPTH, MAX_TREE_DEPTH, MAX_TREE_LOOKUPS, MAX_TREES, TREE_TIMEOUT},
};

/// The texts at a name in DNS, each joined of its parts.
pub(super) trait Texts {
    fn texts(&self, name: &str) -> impl Future<Output = Result<Vec<String>, String>> + Send;
}

/// Why a tree was not read at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum ReadError {
    /// DNS has no answer; carries the reason.
    #[error("{name}: {reason}")]
    Lookup {
        /// The name.
        name: String,
        /// What the resolver says.
        reason: String,
    },
    /// No text at the root is one.
    #[error("the root of {name} is not used: {source}")]
    Root {
        /// The domain.
        name: String,
        /// What is wrong with it.
        source: TreeError,
    },
    /// The root is older than the one that was read before.
    #[error("the root of {name} has number {found}, and {last} was read before")]
    Old {
        /// The domain.
        name: String,
        /// Its number.
        found: u64,
        /// The number before.
        last: u64,
    },
}

/// What was read.
#[derive(Debug, PartialEq)]
pub(super) struct Read {
    pub(super) records: Vec<NodeRecord>,
    /// The number of the root.
    pub(super) seq: u64,
}

/// One reading of a tree and those that it links to.
pub(super) struct Walk<'a, T> {
    texts: &'a T,
    records: Vec<NodeRecord>,
    domains: HashSet<String>,
}

/// A name to look up.
struct Step {
    name: Hash,
    depth: usize,
}

impl<'a, T: Texts> Walk<'a, T> {
    pub(super) fn new(texts: &'a T) -> Self {
        Self {
            texts,
            records: Vec::new(),
            domains: HashSet::new(),
        }
    }

    /// Reads the tree and the trees that it links to. What cannot be read below its root is left out, as is what
    /// exceeds the bounds; the order is random, so that another time there is something else.
    pub(super) async fn read(mut self, url: &TreeUrl, last_seq: u64) -> Result<Read, ReadError> {
        let root = self.root(url).await?;
        if root.seq < last_seq {
            return Err(ReadError::Old {
                name: url.domain.clone(),
                found: root.seq,
                last: last_seq,
            });
        }
        let seq = root.seq;
        if timeout(TREE_TIMEOUT, self.read_all(url.clone(), root))
            .await
            .is_err()
        {
            tracing::warn!(domain = url.domain, "was not read whole within {TREE_TIMEOUT:?}");
        }
        Ok(Read {
            records: self.records,
            seq,
        })
    }

    async fn read_all(&mut self, url: TreeUrl, root: Root) {
        self.domains.insert(url.domain.clone());
        let mut trees = vec![(url, root, 0)];
        while let Some((url, root, depth)) = trees.pop() {
            let links = self.read_one(&url.domain, root).await;
            for link in links {
                if depth == MAX_LINK_DEPTH || self.domains.len() == MAX_TREES {
                    return;
                }
                if !self.domains.insert(link.domain.clone()) {
                    continue;
                }
                match self.root(&link).await {
                    Ok(root) => trees.push((link, root, depth + 1)),
                    Err(error) => tracing::debug!(%error, "a linked list of nodes"),
                }
            }
        }
    }

    async fn root(&self, url: &TreeUrl) -> Result<Root, ReadError> {
        let texts = self.look_up(&url.domain).await?;
        let mut fault = TreeError::Malformed;
        for text in texts {
            match Root::parse(&text, &url.key) {
                Ok(root) => return Ok(root),
                Err(TreeError::Malformed) => {}
                Err(error) => fault = error,
            }
        }
        Err(ReadError::Root {
            name: url.domain.clone(),
            source: fault,
        })
    }

    /// Reads one tree; gives its links.
    async fn read_one(&mut self, domain: &str, root: Root) -> Vec<TreeUrl> {
        let mut links = Vec::new();
        let mut seen = HashSet::from([root.links.clone(), root.nodes.clone()]);
        let mut steps: Vec<Step> = [root.links, root.nodes]
            .map(|name| Step { name, depth: 0 })
            .into();
        for _ in 0..MAX_TREE_LOOKUPS {
            let Some(step) = take_any(&mut steps) else { break };
            match self.entry(domain, &step.name).await {
                Some(Entry::Node(record)) => self.records.push(*record),
                Some(Entry::Link(url)) => links.push(*url),
                Some(Entry::Branch(names)) if step.depth < MAX_TREE_DEPTH => {
                    let depth = step.depth + 1;
                    let fresh = names.into_iter().filter(|name| seen.insert(name.clone()));
                    steps.extend(fresh.map(|name| Step { name, depth }));
                }
                Some(Entry::Branch(_)) | None => {}
            }
        }
        links
    }

    async fn entry(&self, domain: &str, name: &Hash) -> Option<Entry> {
        let place = format!("{}.{domain}", name.label());
        match self.look_up(&place).await {
            Ok(texts) => texts.iter().find_map(|text| Entry::parse(text, name).ok()),
            Err(error) => {
                tracing::debug!(%error, "a part of a list of nodes");
                None
            }
        }
    }

    async fn look_up(&self, name: &str) -> Result<Vec<String>, ReadError> {
        let looked_up = timeout(LOOKUP_TIMEOUT, self.texts.texts(name)).await;
        let answer = looked_up.unwrap_or_else(|_| Err(format!("no answer within {LOOKUP_TIMEOUT:?}")));
        answer.map_err(|reason| ReadError::Lookup {
            name: name.to_owned(),
            reason,
        })
    }
}

fn take_any(steps: &mut Vec<Step>) -> Option<Step> {
    let random = RandomState::new().hash_one(());
    let place = usize::try_from(random)
        .unwrap_or_default()
        .checked_rem(steps.len())?;
    Some(steps.swap_remove(place))
}

#[cfg(test)]
mod tests {
    use super::{super::sample::Zone, *};
    use crate::enr::sample;

    async fn read(zone: &Zone, url: &str) -> Result<Read, ReadError> {
        Walk::new(zone).read(&url.parse().unwrap(), 0).await
    }

    fn sorted(mut records: Vec<NodeRecord>) -> Vec<String> {
        records.sort_by_key(NodeRecord::to_string);
        records.iter().map(NodeRecord::to_string).collect()
    }

    #[tokio::test]
    async fn a_tree_and_the_trees_it_links_to_are_read() {
        let mut zone = Zone::default();
        let more = zone.tree("more.example.org", &[sample(4)], &[], 3);
        let records = [sample(1), sample(2), sample(3)];
        let url = zone.tree("nodes.example.org", &records, &[&more], 7);
        let found = read(&zone, &url).await.unwrap();
        assert_eq!(found.seq, 7);
        let all = [1, 2, 3, 4].map(sample).to_vec();
        assert_eq!(sorted(found.records), sorted(all));
    }

    #[tokio::test]
    async fn a_tree_of_another_key_and_an_older_one_are_refused() {
        let mut zone = Zone::default();
        let url = zone.tree("nodes.example.org", &[sample(1)], &[], 7);
        let other = "enrtree://AIRVQ5DDA4FFWLRBCHJWUWOO6X6S4ZTZ5B667LQ6AJU6PEYDLRD5O@nodes.example.org";
        let error = read(&zone, other).await.unwrap_err().to_string();
        assert_eq!(
            error,
            "the root of nodes.example.org is not used: its signature is not that of the tree's key"
        );
        let error = Walk::new(&zone).read(&url.parse().unwrap(), 8).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "the root of nodes.example.org has number 7, and 8 was read before"
        );
        let error = read(&zone, &url.replace("nodes", "none"))
            .await
            .unwrap_err()
            .to_string();
        assert_eq!(error, "none.example.org: there is no such name");
    }

    #[tokio::test]
    async fn what_does_not_match_its_name_is_left_out_and_other_texts_do_no_harm() {
        let mut zone = Zone::default();
        let url = zone.tree("nodes.example.org", &[sample(1), sample(2)], &[], 1);
        let first = sample(1).to_string();
        zone.replace(&first, &sample(3).to_string());
        zone.beside("nodes.example.org", "v=spf1 -all");
        assert_eq!(read(&zone, &url).await.unwrap().records, [sample(2)]);
    }

    #[tokio::test]
    async fn trees_that_never_end_are_left_in_time() {
        let mut zone = Zone::default();
        let records: Vec<NodeRecord> = (1..=250).map(|number| sample(number as u8)).collect();
        let url = zone.tree("wide.example.org", &records, &[], 1);
        let lookups = zone.lookups();
        assert!(read(&zone, &url).await.unwrap().records.len() < MAX_TREE_LOOKUPS);
        assert_eq!(zone.lookups() - lookups, MAX_TREE_LOOKUPS + 1);

        let deep = zone.chain("deep.example.org", MAX_TREE_DEPTH + 2, &sample(1));
        assert_eq!(read(&zone, &deep).await.unwrap().records, []);
        let fits = zone.chain("fits.example.org", MAX_TREE_DEPTH, &sample(1));
        assert_eq!(read(&zone, &fits).await.unwrap().records, [sample(1)]);

        let mut link = zone.tree("t0.example.org", &[sample(1)], &[], 1);
        for number in 1..9 {
            link = zone.tree(&format!("t{number}.example.org"), &[sample(1)], &[&link], 1);
        }
        assert_eq!(
            read(&zone, &link).await.unwrap().records.len(),
            MAX_LINK_DEPTH + 1
        );
        let to_itself = Zone::url("loop.example.org");
        zone.tree("loop.example.org", &[sample(1)], &[&to_itself], 1);
        assert_eq!(read(&zone, &to_itself).await.unwrap().records.len(), 1);
    }
}
