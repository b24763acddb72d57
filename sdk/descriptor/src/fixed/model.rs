//! The owned form of a constant descriptor.

use super::{CaseTy, EventTy, FieldTy, InterfaceTy, MethodTy, Named, Ty};
use crate::Interface;
use serde_json::{Error, Value, json};

impl InterfaceTy {
    /// The owned form, the same that is read back from the JSON of [`render_interface`](super::render_interface).
    ///
    /// # Errors
    /// Which text is no version, no type or no JSON; the SDK's macros write none of these but a wrong version.
    pub fn to_model(&self) -> Result<Interface, Error> {
        let methods: Vec<Value> = self.methods.iter().map(method).collect::<Result<_, _>>()?;
        let events: Vec<Value> = self.events.iter().map(event).collect::<Result<_, _>>()?;
        serde_json::from_value(json!({
            "id": self.id, "version": self.version, "docs": self.docs, "methods": methods, "events": events,
        }))
    }
}

fn method(method: &MethodTy) -> Result<Value, Error> {
    Ok(json!({
        "name": method.name, "docs": method.docs, "params": fields(method.params)?, "returns": ty(method.returns)?,
        "error": method.error.map(ty).transpose()?, "inline": method.inline, "sensitive": method.sensitive,
        "deadline_ms": method.deadline_ms,
    }))
}

fn event(event: &EventTy) -> Result<Value, Error> {
    Ok(json!({"name": event.name, "docs": event.docs, "body": ty(event.body)?, "retained": event.retained}))
}

fn ty(of: &Ty) -> Result<Value, Error> {
    let named = |kind: &str, key: &str, named: &Named<FieldTy>| {
        let parts = fields(named.parts)?;
        Ok(json!({kind: {"name": named.name, "docs": named.docs, key: parts}}))
    };
    match of {
        Ty::Plain(name) => Ok(json!(name)),
        Ty::Of(name, inner) => Ok(json!({*name: ty(inner)?})),
        Ty::Fixed(len) => Ok(json!({"fixed": len})),
        Ty::Record(parts) => named("record", "fields", parts),
        Ty::Union(parts) => named("union", "cases", parts),
        Ty::Enum(Named { name, docs, parts }) => {
            let case = |CaseTy { name, docs }: &CaseTy| json!({"name": name, "docs": docs});
            let cases: Vec<Value> = parts.iter().map(case).collect();
            Ok(json!({"enum": {"name": name, "docs": docs, "cases": cases}}))
        }
    }
}

fn fields(fields: &[FieldTy]) -> Result<Vec<Value>, Error> {
    let one = |field: &FieldTy| {
        let mut json = json!({"name": field.name, "docs": field.docs, "type": ty(field.ty)?});
        if !field.default.is_empty() {
            json["default"] = serde_json::from_str(field.default)?;
        }
        Ok(json)
    };
    fields.iter().map(one).collect()
}
