//! The contract of plugin-name: what others depend on. `backplane inspect` shows the texts that stand here.

use backplane_sdk::prelude::*;

/// Greets people, and counts them.
#[interface(id = "plugin-name.greeter", version = "1.0.0")]
pub trait Greeter {
    /// Greets `name`.
    async fn greet(&self, name: String) -> Result<String, Nobody>;
    /// How many people were greeted.
    fn count(&self) -> u64;
    /// Somebody was greeted.
    #[event]
    fn greeted(name: String);
}

/// There is nobody to greet: the name is empty.
#[record]
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the name is empty")]
pub struct Nobody {}
