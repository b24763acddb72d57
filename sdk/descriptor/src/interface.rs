//! A named, versioned contract of methods and events.

use crate::check::check_interface;
use crate::{Record, Type, is_interface_id, json};
use semver::Version;
use serde::Deserialize;

/// A named, versioned contract.
///
/// Methods and events are counted in their order of declaration: that number is what travels. A new one is
/// therefore appended, and moving one is a major change.
///
/// In JSON a record, enum or union stands in full where it is used first, and any other use is
/// `{"ref": "NAME"}`: an interface has one type of a name.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "json::Interface")]
pub struct Interface {
    /// The id, for example `waku.relay`.
    pub id: String,
    /// The version of the contract.
    pub version: Version,
    /// What it is for, for people.
    pub docs: String,
    /// The methods, in their order.
    pub methods: Vec<Method>,
    /// The events, in their order.
    pub events: Vec<Event>,
}

/// A method of an interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Method {
    /// Its name.
    pub name: String,
    /// What it does, for people.
    pub docs: String,
    /// The parameters: on the wire a record with these fields.
    pub params: Vec<Param>,
    /// What it answers.
    pub returns: Type,
    /// The interface's own error, if it has one.
    pub error: Option<Type>,
    /// Whether it answers at once on the caller's thread, without waiting.
    pub inline: bool,
    /// Whether it does what an owner wants to look up later: the host notes each call of it, without arguments.
    pub sensitive: bool,
    /// How long a caller that sets no deadline waits, in milliseconds.
    pub deadline_ms: u32,
}

/// A parameter of a method.
pub type Param = crate::Field;

/// An event of an interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its name.
    pub name: String,
    /// When it happens, for people.
    pub docs: String,
    /// What it carries.
    pub body: Type,
    /// Whether a new subscriber gets the last one at once.
    pub retained: bool,
}

/// Why a text is no interface.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InterfaceError {
    /// It is not the JSON that it should be.
    #[error("the schema is not valid: {0}")]
    Json(#[from] serde_json::Error),
    /// It breaks a rule.
    #[error("the schema is not valid: {place}: {problem}")]
    Rule {
        /// Where.
        place: String,
        /// Which rule, and how it is broken.
        problem: String,
    },
}

impl Interface {
    /// Reads and checks an interface by itself, as it is [committed](crate::committed).
    ///
    /// # Errors
    /// [`InterfaceError`] names the place and the rule.
    pub fn parse(json: &[u8]) -> Result<Self, InterfaceError> {
        let interface: Self = serde_json::from_slice(json)?;
        if !is_interface_id(&interface.id) {
            let problem = format!("{:?} is not an interface id", interface.id);
            let place = "id".to_owned();
            return Err(InterfaceError::Rule { place, problem });
        }
        match check_interface(&interface) {
            Ok(()) => Ok(interface),
            Err((place, problem)) => Err(InterfaceError::Rule { place, problem }),
        }
    }

    /// The number of the method `name`.
    pub fn method(&self, name: &str) -> Option<(u32, &Method)> {
        (0..).zip(&self.methods).find(|(_, method)| method.name == name)
    }

    /// The number of the event `name`.
    pub fn event(&self, name: &str) -> Option<(u32, &Event)> {
        (0..).zip(&self.events).find(|(_, event)| event.name == name)
    }

    /// Each type that the interface names: of parameters, replies, errors and events, in their order.
    pub fn types(&self) -> impl Iterator<Item = &Type> {
        let methods = self.methods.iter().flat_map(|method| {
            let params = method.params.iter().map(|param| &param.ty);
            params.chain([&method.returns]).chain(&method.error)
        });
        methods.chain(self.events.iter().map(|event| &event.body))
    }
}

impl Method {
    /// The parameters as the record that travels.
    pub fn params_type(&self) -> Type {
        Type::Record(Record {
            name: self.name.clone(),
            docs: String::new(),
            fields: self.params.clone(),
        })
    }
}
