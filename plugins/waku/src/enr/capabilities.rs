//! What a node serves, as bits.

/// The protocols that a node serves (31/WAKU2-ENR, `waku2`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Capabilities(u8);

impl Capabilities {
    /// It relays.
    pub const RELAY: Self = Self(1);
    /// It answers queries about past messages.
    pub const STORE: Self = Self(1 << 1);
    /// It pushes messages to light nodes.
    pub const FILTER: Self = Self(1 << 2);
    /// It publishes for light nodes.
    pub const LIGHTPUSH: Self = Self(1 << 3);
    /// It synchronises its archive with others.
    pub const SYNC: Self = Self(1 << 4);
    /// It is a node of the mix network.
    pub const MIX: Self = Self(1 << 5);

    /// The bits as they are in a record; unknown ones are kept.
    pub fn from_bits(bits: u8) -> Self {
        Self(bits)
    }

    /// The bits.
    pub fn bits(self) -> u8 {
        self.0
    }

    /// Whether all of these are served.
    pub fn contains(self, all: Self) -> bool {
        self.0 & all.0 == all.0
    }

    /// With these too, if `condition` holds.
    #[must_use]
    pub fn with_if(self, condition: bool, more: Self) -> Self {
        if condition { Self(self.0 | more.0) } else { self }
    }

    /// Whether nothing is served, as by nodes of other networks.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }
}
