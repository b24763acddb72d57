//! Rate limit proofs and mix, which this node has not.

use super::{Flag, Kind::*, Role::*, flags};

const RLN: &str = "proofs of the rate of messages (RLN) are neither made nor checked; leave the flag out, or say \
                   --rln-relay=false on a network that demands none";

/// Those that say nothing once `--rln-relay=false` has been said.
pub(crate) static RLN_DETAILS: &[&Flag] = &[
    &RLN_RELAY_MEMBERSHIP_INDEX,
    &RLN_RELAY_DYNAMIC,
    &RLN_RELAY_CRED_PATH,
    &RLN_RELAY_CRED_PASSWORD,
    &RLN_RELAY_ETH_CLIENT_ADDRESS,
    &RLN_RELAY_ETH_CONTRACT_ADDRESS,
    &RLN_RELAY_CHAIN_ID,
    &RLN_RELAY_ETH_PRIVATE_KEY,
    &RLN_RELAY_USER_MESSAGE_LIMIT,
    &RLN_RELAY_EPOCH_SEC,
];

flags! {
    RLN_RELAY = "rln-relay", (Switch), [], Lacks(RLN), "Demand proofs of the rate of messages";
    RLN_RELAY_MEMBERSHIP_INDEX = "rln-relay-membership-index", (Number(0, u64::MAX)), [], Lacks(RLN),
        "The number of the membership";
    RLN_RELAY_DYNAMIC = "rln-relay-dynamic", (Switch), [], Lacks(RLN), "Read memberships from the chain";
    RLN_RELAY_CRED_PATH = "rln-relay-cred-path", (Path), [], Lacks(RLN), "The file of the credentials";
    RLN_RELAY_CRED_PASSWORD = "rln-relay-cred-password", (Secret), [], Lacks(RLN), "The password of that file";
    RLN_RELAY_ETH_CLIENT_ADDRESS = "rln-relay-eth-client-address", [Secret], ["http://localhost:8540/"], Lacks(RLN),
        "The address of an Ethereum client";
    RLN_RELAY_ETH_CONTRACT_ADDRESS = "rln-relay-eth-contract-address", (Text), [], Lacks(RLN),
        "The contract of the memberships";
    RLN_RELAY_CHAIN_ID = "rln-relay-chain-id", (Number(0, u64::MAX)), ["0"], Lacks(RLN), "The chain of the contract";
    RLN_RELAY_ETH_PRIVATE_KEY = "rln-relay-eth-private-key", (Secret), [], Lacks(RLN), "The key that pays for a membership";
    RLN_RELAY_USER_MESSAGE_LIMIT = "rln-relay-user-message-limit", (Number(0, u64::MAX)), [], Lacks(RLN),
        "Messages that one may send in an epoch";
    RLN_RELAY_EPOCH_SEC = "rln-relay-epoch-sec", (Number(0, u64::MAX)), [], Lacks(RLN), "Seconds of an epoch";
    EXECUTE = "execute", (Switch), ["false"], Lacks("memberships cannot be registered; leave the flag out"),
        "Register the membership, with generateRlnKeystore";
    MIX = "mix", (Switch), [], Lacks("there is no mix; leave the flag out"), "Hide the sender of messages";
    MIXKEY = "mixkey", (Secret), [], Lacks("there is no mix; leave the flag out"), "The key of the node in the mix";
    MIXNODE = "mixnode", [Text], [], Lacks("there is no mix; leave the flag out"), "A node of the mix, MULTIADDR:KEY";
}
