//! The archive.

use super::{Flag, Kind::*, Role::*, U32, flags};

flags! {
    STORE = "store", (Switch), ["false"], Key("store"), "Keep messages, and answer queries";
    STORENODE = "storenode", (Text), [], Key("storenode"), "The multiaddr of a peer that keeps messages";
    STORE_MESSAGE_RETENTION_POLICY = "store-message-retention-policy", (Text), ["time:172800"], Key("store-retention"),
        "What is kept: time:SECONDS, capacity:MESSAGES, size:NUMBERMB or none, several with a semicolon between";
    STORE_MESSAGE_DB_URL = "store-message-db-url", (Secret), ["sqlite://store.sqlite3"],
        Does("with `sqlite://FOLDER/NAME` makes FOLDER that of the storage, whose files have names of their own; with `postgres://…` \
              puts the archive there, if the storage was built with that; the default means the data folder"),
        "Where messages are kept";
    STORE_MESSAGE_DB_VACUUM = "store-message-db-vacuum", (Switch), ["false"],
        Lacks("the archive is not compacted at the start, and need not be, as free space is used again; leave the flag out, or run \
               `backplane storage compact` now and then"),
        "Compact the archive at the start";
    STORE_MESSAGE_DB_MIGRATION = "store-message-db-migration", (Switch), ["true"],
        Idle("there is nothing to migrate"), "Bring the archive to the newest form";
    STORE_MAX_NUM_DB_CONNECTIONS = "store-max-num-db-connections", (U32), ["50"],
        Lacks("the number of connections to PostgreSQL cannot be chosen; leave the flag out"), "Connections to PostgreSQL";
    STORE_RESUME = "store-resume", (Switch), ["false"], Key("store-resume"),
        "Fetch from other stores what was missed while the node was away";
    STORE_SYNC = "store-sync", (Switch), ["false"], Key("store-sync"),
        "Make the archive equal to those of others";
    STORE_SYNC_INTERVAL = "store-sync-interval", (Number(1, 86400)), ["300"], Key("store-sync-interval"),
        "Seconds between two comparisons";
    STORE_SYNC_RANGE = "store-sync-range", (Number(1, 86400)), ["3600"], Key("store-sync-range"),
        "How many seconds back archives are compared";
    STORE_SYNC_RELAY_JITTER = "store-sync-relay-jitter", (Number(0, 86400)), ["20"], Key("store-sync-relay-jitter"),
        "Messages of the last so many seconds are left to the relay";
}
