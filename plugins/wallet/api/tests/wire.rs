//! What travels is what the descriptor says: encoded here, read by the descriptor's own translation.

use backplane_sdk::descriptor::transcode::cbor_to_json;
use backplane_sdk::descriptor::{Interface as Model, Type};
use backplane_sdk::{Fixed, Interface, Value};
use serde_json::json;
use wallet_api::{Created, ProfileInfo, ProfileInterface, Secret, SessionState, WalletError};

fn model() -> Model {
    ProfileInterface::TY.to_model().unwrap()
}

fn error_type() -> Type {
    model().method("create").unwrap().1.error.clone().unwrap()
}

fn as_json<T: Value>(ty: &Type, value: &T) -> serde_json::Value {
    let mut bytes = Vec::new();
    value.encode(&mut bytes).unwrap();
    cbor_to_json(ty, &bytes, &[]).unwrap()
}

fn read_back<T: Value>(value: &T) -> T {
    let mut bytes = Vec::new();
    value.encode(&mut bytes).unwrap();
    T::decode(&bytes).unwrap()
}

#[test]
fn errors_travel_with_their_fields() {
    let error = WalletError::LoggedIn {
        key_uid: Fixed([0xab; 32]),
    };
    assert_eq!(
        as_json(&error_type(), &error),
        json!({"logged_in": {"key_uid": format!("0x{}", "ab".repeat(32))}})
    );
    assert_eq!(read_back(&error), error);
    assert_eq!(
        as_json(&error_type(), &WalletError::WrongPassword),
        json!("wrong_password")
    );
    assert_eq!(read_back(&WalletError::WrongPassword), WalletError::WrongPassword);
}

#[test]
fn the_session_travels_with_and_without_a_profile() {
    let ty = model().event("session_changed").unwrap().1.body.clone();
    let locked = SessionState::Locked {
        key_uid: Fixed([1; 32]),
    };
    assert_eq!(
        as_json(&ty, &locked),
        json!({"locked": {"key_uid": format!("0x{}", "01".repeat(32))}})
    );
    assert_eq!(as_json(&ty, &SessionState::LoggedOut), json!("logged_out"));
    for state in [locked, SessionState::LoggedOut] {
        assert_eq!(read_back(&state), state);
    }
}

#[test]
fn a_new_mnemonic_reaches_its_caller_and_nobody_who_prints_the_answer() {
    let created = Created {
        profile: ProfileInfo {
            key_uid: Fixed([1; 32]),
            name: "Ada".to_owned(),
            created_at: 1,
            chat_address: None,
            chat_public_key: None,
        },
        mnemonic: Secret::from("test junk"),
    };
    let ty = model().method("create").unwrap().1.returns.clone();
    assert_eq!(as_json(&ty, &created)["mnemonic"], "test junk");
    assert_eq!(read_back(&created).mnemonic.expose(), "test junk");
    assert!(!format!("{created:#?}").contains("junk"));
}
