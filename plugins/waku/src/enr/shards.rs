//! The shards of a record: a list if they are few, else a vector of bits.

use std::collections::BTreeSet;

use crate::limits::MAX_SHARDS;

/// As many shards as this are written as bits, fewer as a list.
const BITS_FROM: usize = 64;
const BIT_BYTES: usize = MAX_SHARDS as usize / 8;

/// The shards of a cluster that a node takes part in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordShards {
    /// The cluster.
    pub cluster: u16,
    /// The shards.
    pub shards: BTreeSet<u16>,
}

impl RecordShards {
    /// Whether it is better written as bits than as a list.
    pub(super) fn are_many(&self) -> bool {
        self.shards.len() >= BITS_FROM
    }

    /// The value of `rs`: the cluster, the number of shards in one byte, and the shards, big-endian.
    pub(super) fn to_list(&self) -> Vec<u8> {
        let mut bytes = self.cluster.to_be_bytes().to_vec();
        bytes.push(self.shards.len() as u8);
        bytes.extend(self.shards.iter().flat_map(|shard| shard.to_be_bytes()));
        bytes
    }

    /// `None` if the length is not as announced, or a shard is out of range.
    pub(super) fn from_list(bytes: &[u8]) -> Option<Self> {
        let [high, low, count, list @ ..] = bytes else {
            return None;
        };
        let (pairs, []) = list.as_chunks::<2>() else {
            return None;
        };
        let shards: BTreeSet<u16> = pairs.iter().map(|pair| u16::from_be_bytes(*pair)).collect();
        let sound = pairs.len() == usize::from(*count) && shards.iter().all(|shard| *shard < MAX_SHARDS);
        sound.then_some(Self {
            cluster: u16::from_be_bytes([*high, *low]),
            shards,
        })
    }

    /// The value of `rsv`: the cluster, and a bit for each shard; that of shard 0 is the least one of the first
    /// byte, as deployed nodes have it.
    pub(super) fn to_bits(&self) -> Vec<u8> {
        let mut bits = [0u8; BIT_BYTES];
        for shard in &self.shards {
            if let Some(byte) = bits.get_mut(usize::from(shard / 8)) {
                *byte |= 1 << (shard % 8);
            }
        }
        [&self.cluster.to_be_bytes()[..], &bits].concat()
    }

    /// `None` if the length is another one.
    pub(super) fn from_bits(bytes: &[u8]) -> Option<Self> {
        let (cluster, bits) = bytes.split_first_chunk::<2>()?;
        let bits: &[u8; BIT_BYTES] = bits.try_into().ok()?;
        let is_set = |shard: &u16| bits[usize::from(shard / 8)] & (1 << (shard % 8)) != 0;
        Some(Self {
            cluster: u16::from_be_bytes(*cluster),
            shards: (0..MAX_SHARDS).filter(is_set).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shards(cluster: u16, shards: impl IntoIterator<Item = u16>) -> RecordShards {
        RecordShards {
            cluster,
            shards: shards.into_iter().collect(),
        }
    }

    #[test]
    fn a_list_and_bits_are_as_deployed_nodes_write_them() {
        let two = shards(73, [1, 10]);
        assert_eq!(hex::encode(two.to_list()), "0049020001000a");
        let bits = hex::encode(two.to_bits());
        assert_eq!(bits, format!("00490204{}", "00".repeat(126)));
    }

    #[test]
    fn what_is_no_list_and_no_bits_is_none() {
        for list in [
            "",
            "0049",
            "00490200010",
            "00490100010002",
            "0049020001",
            "0049010400",
        ] {
            let bytes = hex::decode(list).unwrap_or_default();
            assert_eq!(RecordShards::from_list(&bytes), None, "{list}");
        }
        for length in [0, 1, 129, 131] {
            assert_eq!(RecordShards::from_bits(&vec![0; length]), None);
        }
        assert_eq!(RecordShards::from_list(&[0, 1, 0]), Some(shards(1, [])));
    }

    proptest! {
        #[test]
        fn both_forms_are_read_back(cluster: u16, few in proptest::collection::btree_set(0..1024u16, 0..80)) {
            let all = shards(cluster, few);
            prop_assert_eq!(RecordShards::from_list(&all.to_list()), Some(all.clone()));
            prop_assert_eq!(RecordShards::from_bits(&all.to_bits()), Some(all));
        }

        #[test]
        fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = RecordShards::from_list(&bytes);
            let _ = RecordShards::from_bits(&bytes);
        }
    }
}
