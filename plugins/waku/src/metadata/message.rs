//! Request and response have one shape.

use crate::limits::MAX_METADATA;

/// A shard takes at most three bytes in field 2 and two in field 3; six leave room for the rest.
const BYTES_PER_SHARD: usize = 6;

/// Cluster and shards of a node.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Metadata {
    #[prost(uint32, optional, tag = "1")]
    cluster_id: Option<u32>,
    /// The specification's field: unpacked, deprecated, still the only one that js-waku reads.
    #[prost(uint32, repeated, packed = "false", tag = "2")]
    shards_unpacked: Vec<u32>,
    #[prost(uint32, repeated, tag = "3")]
    shards: Vec<u32>,
}

impl Metadata {
    /// Leaves the shards out if there are too many for one message.
    pub(crate) fn new(cluster: u16, shards: impl IntoIterator<Item = u16>) -> Self {
        let mut shards: Vec<u32> = shards.into_iter().map(u32::from).collect();
        if shards.len() > MAX_METADATA / BYTES_PER_SHARD {
            shards.clear();
        }
        Self {
            cluster_id: Some(cluster.into()),
            shards_unpacked: shards.clone(),
            shards,
        }
    }

    /// The cluster, if the peer told one.
    pub(crate) fn cluster(&self) -> Option<u32> {
        self.cluster_id
    }

    /// The shards, in whichever field they came. js-waku sends none, so an empty list says nothing.
    pub(crate) fn shards(&self) -> &[u32] {
        if self.shards.is_empty() {
            &self.shards_unpacked
        } else {
            &self.shards
        }
    }
}

#[cfg(test)]
mod tests {
    use prost::Message as _;

    use super::*;

    #[test]
    fn both_shard_fields_are_written_each_in_its_own_form() {
        let bytes = Metadata::new(99, [0, 7]).encode_to_vec();
        assert_eq!(hex::encode(bytes), "0863100010071a020007");
    }

    #[test]
    fn shards_are_read_from_any_of_the_three_forms() {
        for (form, bytes) in [
            ("packed 3", "08631a020107"),
            ("packed 2", "086312020107"),
            ("unpacked 2", "086310011007"),
        ] {
            let metadata = Metadata::decode(&hex::decode(bytes).unwrap()[..]).unwrap();
            assert_eq!(
                (metadata.cluster(), metadata.shards()),
                (Some(99), &[1, 7][..]),
                "{form}"
            );
        }
    }

    #[test]
    fn the_message_stays_within_its_limit() {
        assert_eq!(Metadata::new(1, 0..170).shards().len(), 170);
        for count in [170, 1024] {
            assert!(
                Metadata::new(u16::MAX, 1023 - count.min(1023)..1023).encoded_len() <= MAX_METADATA,
                "{count}"
            );
        }
    }

    #[test]
    fn an_absent_cluster_is_not_cluster_zero() {
        assert_eq!(Metadata::decode(&[][..]).unwrap().cluster(), None);
        assert_eq!(Metadata::new(0, []).cluster(), Some(0));
        assert_eq!(Metadata::new(0, []).encode_to_vec(), [8, 0]);
    }
}
