//! What holds for the whole program.

use super::{Flag, Kind::*, Role::*, flags};

flags! {
    CONFIG_FILE = "config-file", (Path), [], Does("is read for what neither command line nor environment say"),
        "A file in TOML with flags and their values";
    LOG_LEVEL = "log-level", (Choice(&["TRACE", "DEBUG", "INFO", "NOTICE", "WARN", "ERROR", "FATAL"])), ["INFO"],
        Does("is the least level that is logged; NOTICE is the same as WARN, and FATAL as ERROR"),
        "How much is logged";
    LOG_FORMAT = "log-format", (Choice(&["TEXT", "JSON"])), ["TEXT"],
        Does("is the form of the lines on the standard output"), "How it is logged";
    PRESET = "preset", (Text), [], Does("is `preset`, in any case, with or without the dot"),
        "The network: twn, logos.test, logos.dev or status.prod";
    ENTRY_LAYER = "entry-layer", (Choice(&["kernel", "messaging", "channels"])), ["channels"],
        Idle("wakunode2 reads it and goes on as before, as it is for other programs"),
        "The topmost layer of the interface";
    MODE = "mode", (Choice(&["Core", "Edge"])), ["Core"],
        Idle("wakunode2 reads it and goes on as before, as it is for other programs; --relay=false makes a light node"),
        "Whether the node serves others";
    CLUSTER_ID = "cluster-id", (Number(0, 65535)), [],
        Does("is `cluster-id`; 1 stands for `--preset=twn` and 2 for `--preset=logos.dev`, as in wakunode2"),
        "The cluster; peers of another one are refused [default: 0, or that of the preset]";
    AGENT_STRING = "agent-string", (Text), [], Key("agent"),
        "What peers are told about this program [default: its name and version]";
    MAX_MSG_SIZE = "max-msg-size", (Text), ["150KiB"],
        Does("is `max-message-size`; if it is not given, that of the preset holds"),
        "The largest message, with KiB, KB or B behind";
    LOCAL_STORAGE_PATH = "local-storage-path", (Path), ["./data"], Does("is the folder of all data of the node"),
        "The folder of all that is kept";
}
