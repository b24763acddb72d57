//! What wakunode2 has not.

use super::{Flag, Kind::*, Role::*, flags};

flags! {
    NODEKEY_FILE = "nodekey-file", (Path), [], Does("is `node-key-file`; not with `--nodekey`"),
        "The file of the node's private key, for its owner alone; made if there is none";
    PLUGINS = "plugins", (Path), [], Does("is the folder of the modules `waku` and `storage`"),
        "The folder of the plugins [default: plugins beside the program, else the program's own]";
    CONTROL_SOCKET = "control-socket", (Path), [],
        Does("is where the command `backplane` reaches the node; a path of 103 bytes at most"),
        "The control socket [default: backplane.sock in the data folder]";
    VERSION_STRING = "version-string", (Text), [], Does("is what `--version` and REST say"),
        "What the program calls its version [default: its own]";
}
