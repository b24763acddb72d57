//! Protected shards: messages count there only with a signature of the shard's key, made lately. The signature, 64
//! bytes, takes the place of `meta`.

use std::{collections::BTreeMap, fmt, str::FromStr};

use k256::ecdsa::{Signature, VerifyingKey, signature::hazmat::PrehashVerifier};
use sha2::{Digest, Sha256};

use crate::{PubsubTopic, WakuMessage, limits::SIGNED_DRIFT};

/// A shard, and the key that signs its messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProtectedShard {
    shard: u16,
    key: VerifyingKey,
}

/// A text that names no shard with its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProtectedShardError {
    /// There is not one colon.
    #[error("Invalid format for protected shard expected shard:publickey")]
    Format,
    /// Before the colon stands neither a number below 1024 nor a pubsub topic.
    #[error("the shard is neither a number below 1024 nor of the form /waku/2/rs/CLUSTER/SHARD")]
    Shard,
    /// Behind the colon stands no key.
    #[error("Invalid public key")]
    Key,
}

impl ProtectedShard {
    /// The shard.
    pub fn shard(&self) -> u16 {
        self.shard
    }
}

impl FromStr for ProtectedShard {
    type Err = ProtectedShardError;

    /// Reads `SHARD:KEY` as deployed nodes do: the shard as its number, or as a pubsub topic of whichever cluster; the
    /// key as the 33 or 65 bytes of a secp256k1 public key in hexadecimal digits, with or without `0x`.
    fn from_str(text: &str) -> Result<Self, ProtectedShardError> {
        let (shard, key) = text.split_once(':').ok_or(ProtectedShardError::Format)?;
        if key.contains(':') {
            return Err(ProtectedShardError::Format);
        }
        let key = key.strip_prefix("0x").unwrap_or(key);
        let key = hex::decode(key).ok();
        let key = key.and_then(|bytes| VerifyingKey::from_sec1_bytes(&bytes).ok());
        Ok(Self {
            shard: self::shard(shard).ok_or(ProtectedShardError::Shard)?,
            key: key.ok_or(ProtectedShardError::Key)?,
        })
    }
}

fn shard(text: &str) -> Option<u16> {
    let topic = match text.parse() {
        Ok(number) => PubsubTopic::new(0, number),
        Err(_) => text.parse(),
    };
    topic.ok().map(|topic| topic.shard())
}

impl fmt::Display for ProtectedShard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = self.key.to_sec1_point(true);
        write!(f, "{}:{}", self.shard, hex::encode(key.as_bytes()))
    }
}

/// The protected shards of a node.
#[derive(Debug, Default)]
pub(crate) struct Protected(BTreeMap<u16, VerifyingKey>);

impl Protected {
    /// Of two keys for one shard, the first counts.
    pub(crate) fn new(shards: impl IntoIterator<Item = ProtectedShard>) -> Self {
        let mut keys = BTreeMap::new();
        for shard in shards {
            keys.entry(shard.shard).or_insert(shard.key);
        }
        Self(keys)
    }

    /// Whether a message may be on the topic at the time `now`, in nanoseconds since 1970.
    pub(crate) fn admits(&self, topic: PubsubTopic, message: &WakuMessage, now: i64) -> bool {
        let Some(key) = self.0.get(&topic.shard()) else {
            return true;
        };
        let age = now.abs_diff(message.timestamp);
        let is_timely = message.timestamp != 0 && u128::from(age) < SIGNED_DRIFT.as_nanos();
        is_timely && is_signed(&topic.to_string(), message, key)
    }
}

fn is_signed(topic: &str, message: &WakuMessage, key: &VerifyingKey) -> bool {
    Signature::from_slice(&message.meta)
        .is_ok_and(|signature| key.verify_prehash(&digest(topic, message), &signature).is_ok())
}

/// What is signed: the topic and all of the message but its version, its proof and `meta` itself.
fn digest(topic: &str, message: &WakuMessage) -> [u8; 32] {
    let parts = [
        topic.as_bytes(),
        &message.payload,
        message.content_topic.as_bytes(),
        &message.timestamp.to_le_bytes(),
        &[u8::from(message.ephemeral)],
    ];
    let mut hash = Sha256::new();
    parts.iter().for_each(|part| hash.update(part));
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use k256::ecdsa::{SigningKey, signature::hazmat::PrehashSigner};
    use proptest::prelude::*;

    use super::*;

    const SECRET: &str = "5526a8990317c9b7b58d07843d270f9cd1d9aaee129294c1c478abf7261dd9e6";
    const PUBLIC: &str = "049c5fac802da41e07e6cdf51c3b9a6351ad5e65921527f2df5b7d59fd9b56ab02bab736cdcfc37f25095e78127500da\
                          371947217a8cd5186ab890ea866211c3f6";
    const SIGNATURE: &str = "127fa211b2514f0e974a055392946dc1a14052182a6abefb8a6cd7c51da1bf2e40595d28ef1a9488797c297eed3aac4\
                             5430005fb3a7f037bdd9fc4bd99f59e63";
    const NOW: i64 = 1_700_000_000_000_000_000;

    /// The message of the deployed nodes' own test.
    fn vector() -> WakuMessage {
        let payload = "1a12e077d0e89f9cac11fbbb6a676c86120b5ad3e248b1f180e98f15ee43d2dfcf62f00c92737b2ff6f59b3aba02773314b\
                       991c41dc19adb0ad8c17c8e26757b";
        WakuMessage {
            payload: hex::decode(payload).unwrap(),
            content_topic: "content-topic".into(),
            version: 2,
            timestamp: 1_683_208_172_339_052_800,
            ephemeral: true,
            meta: hex::decode(SIGNATURE).unwrap(),
            ..WakuMessage::default()
        }
    }

    fn secret() -> SigningKey {
        SigningKey::from_slice(&hex::decode(SECRET).unwrap()).unwrap()
    }

    fn signed(topic: PubsubTopic, key: &SigningKey, timestamp: i64) -> WakuMessage {
        let mut message = WakuMessage {
            timestamp,
            ..vector()
        };
        let signature: Signature = key.sign_prehash(&digest(&topic.to_string(), &message)).unwrap();
        message.meta = signature.to_bytes().to_vec();
        message
    }

    fn protected() -> Protected {
        Protected::new([format!("7:{PUBLIC}").parse().unwrap()])
    }

    #[test]
    fn digest_and_signature_are_those_of_the_deployed_nodes() {
        assert_eq!(
            hex::encode(digest("pubsub-topic", &vector())),
            "662f8c20a335f170bd60abc1f02ad66f0c6a6ee285da2a53c95259e7937c0ae9"
        );
        let key = secret().verifying_key().to_owned();
        assert_eq!(hex::encode(key.to_sec1_point(false).as_bytes()), PUBLIC);
        assert!(is_signed("pubsub-topic", &vector(), &key));
        assert!(!is_signed("another-topic", &vector(), &key));
    }

    #[test]
    fn only_a_timely_signature_of_the_right_key_is_admitted() {
        let (topic, protected) = (PubsubTopic::new(9, 7).unwrap(), protected());
        let sound = signed(topic, &secret(), NOW);
        assert!(protected.admits(topic, &sound, NOW));
        let window = i64::try_from(SIGNED_DRIFT.as_nanos()).unwrap();
        for (distance, is_admitted) in [
            (window - 1, true),
            (1 - window, true),
            (window, false),
            (-window, false),
        ] {
            assert_eq!(
                protected.admits(topic, &sound, NOW + distance),
                is_admitted,
                "{distance}"
            );
        }
        let no_time = signed(topic, &secret(), 0);
        assert!(!protected.admits(topic, &no_time, 1), "no timestamp");
        let stranger = SigningKey::from_slice(&[7; 32]).unwrap();
        assert!(!protected.admits(topic, &signed(topic, &stranger, NOW), NOW));
        for meta in [vec![], vec![0; 64], sound.meta[..63].to_vec()] {
            let message = WakuMessage {
                meta,
                ..sound.clone()
            };
            assert!(!protected.admits(topic, &message, NOW), "{:?}", message.meta);
        }
        let changed = WakuMessage {
            ephemeral: false,
            ..sound.clone()
        };
        assert!(!protected.admits(topic, &changed, NOW));
        let other = PubsubTopic::new(9, 6).unwrap();
        assert!(
            protected.admits(other, &changed, NOW),
            "that shard is not protected"
        );
    }

    #[test]
    fn the_other_form_of_a_signature_is_not_admitted_as_nobody_signed_it() {
        let topic = PubsubTopic::new(9, 7).unwrap();
        let mut message = signed(topic, &secret(), NOW);
        let signature = Signature::from_slice(&message.meta).unwrap();
        let (r, s) = signature.split_scalars();
        let twin = Signature::from_scalars(r.to_bytes(), (-*s).to_bytes()).unwrap();
        message.meta = twin.to_bytes().to_vec();
        assert!(!protected().admits(topic, &message, NOW));
    }

    #[test]
    fn a_shard_stands_before_its_key() {
        let read = |text: &str| text.parse::<ProtectedShard>();
        let plain = read(&format!("7:{PUBLIC}")).unwrap();
        let compressed = plain.to_string();
        assert_eq!(compressed, format!("7:02{}", &PUBLIC[2..66]));
        for same in [
            compressed,
            format!("7:0x{PUBLIC}"),
            format!("/waku/2/rs/16/7:{PUBLIC}"),
        ] {
            assert_eq!(read(&same), Ok(plain.clone()), "{same}");
        }
        for (text, error) in [
            ("7", ProtectedShardError::Format),
            ("7:02:03", ProtectedShardError::Format),
            (&format!("1024:{PUBLIC}"), ProtectedShardError::Shard),
            (&format!("x:{PUBLIC}"), ProtectedShardError::Shard),
            ("7:02", ProtectedShardError::Key),
            ("7:zz", ProtectedShardError::Key),
        ] {
            assert_eq!(read(text), Err(error), "{text}");
        }
    }

    #[test]
    fn of_two_keys_the_first_counts() {
        let other = hex::encode(
            SigningKey::from_slice(&[7; 32])
                .unwrap()
                .verifying_key()
                .to_sec1_point(true),
        );
        let shards = [format!("7:{PUBLIC}"), format!("7:{other}")].map(|text| text.parse().unwrap());
        let topic = PubsubTopic::new(9, 7).unwrap();
        assert!(Protected::new(shards).admits(topic, &signed(topic, &secret(), NOW), NOW));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "[0-9a-f/:x]{0,80}") {
            let _ = text.parse::<ProtectedShard>();
        }

        #[test]
        fn any_meta_and_time_is_judged(meta in proptest::collection::vec(any::<u8>(), 0..70), timestamp: i64, now: i64) {
            let message = WakuMessage { meta, timestamp, ..vector() };
            assert!(!protected().admits(PubsubTopic::new(9, 7).unwrap(), &message, now));
        }
    }
}
