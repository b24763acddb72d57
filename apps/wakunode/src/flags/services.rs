//! Filter, lightpush, and how often peers may ask.

use super::{Flag, Kind::*, Role::*, U32, flags};

flags! {
    FILTER = "filter", (Switch), ["true"], Key("filter"), "Push messages to light nodes";
    FILTERNODE = "filternode", (Text), [], Key("filternode"), "The multiaddr of a peer that pushes messages";
    FILTER_SUBSCRIPTION_TIMEOUT = "filter-subscription-timeout", (Number(0, 65535)), ["300"],
        Does("is `filter-timeout-ms`, in seconds"), "Seconds after which a subscription ends of which nothing was heard";
    FILTER_MAX_PEERS_TO_SERVE = "filter-max-peers-to-serve", (U32), ["1000"], Key("filter-max-peers"),
        "Subscribers at once";
    FILTER_MAX_CRITERIA = "filter-max-criteria", (U32), ["1000"], Key("filter-max-criteria"),
        "Pairs of pubsub topic and content topic that one subscriber asks for";
    LIGHTPUSH = "lightpush", (Switch), ["true"], Does("is `lightpush`, as far as there is a relay"),
        "Publish for light nodes";
    LIGHTPUSHNODE = "lightpushnode", (Text), [], Key("lightpushnode"), "The multiaddr of a peer that publishes for light nodes";
    RATE_LIMIT = "rate-limit", [Text], [], Key("rate-limits"),
        "How often peers may ask, PROTOCOL:REQUESTS/PERIOD [default: filter:100/1s, lightpush:5/1s, px:5/1s]";
}
