//! The node key in the configuration.

use std::fmt;

use backplane_sdk::record;
use zeroize::Zeroize;

use super::ConfigFault;
use crate::NodeKey;

/// A node key as the configuration has it. `Debug` does not show it, and its memory is wiped in the end.
#[record]
#[derive(Clone)]
pub struct NodeKeyText(pub(super) String);

impl NodeKeyText {
    pub(in crate::plugin) fn key(&self) -> Result<NodeKey, ConfigFault> {
        Ok(NodeKey::from_hex(&self.0)?)
    }
}

impl fmt::Debug for NodeKeyText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NodeKeyText(…)")
    }
}

impl Drop for NodeKeyText {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}
