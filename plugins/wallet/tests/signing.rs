//! Signatures against published values, and documents that must be refused.

use alloy_primitives::keccak256;
use serde_json::{Value, json};
use wallet_plugin::derivation::ExtendedKey;
use wallet_plugin::limits::{MAX_MESSAGE_BYTES, MAX_TYPED_DATA_BYTES};
use wallet_plugin::sign::{self, SignError, Signature, TypedData};

const KEY: &str = "62f1d86b246c81bdd8f6c166d56896a4a5e1eddbcaebe06480e5c0bc74c28224";

fn key() -> ExtendedKey {
    ExtendedKey::from_private_key_hex(KEY).unwrap()
}

/// The example of EIP-712.
fn mail() -> Value {
    json!({
        "types": {
            "EIP712Domain": [
                {"name": "name", "type": "string"},
                {"name": "version", "type": "string"},
                {"name": "chainId", "type": "uint256"},
                {"name": "verifyingContract", "type": "address"},
            ],
            "Person": [{"name": "name", "type": "string"}, {"name": "wallet", "type": "address"}],
            "Mail": [
                {"name": "from", "type": "Person"},
                {"name": "to", "type": "Person"},
                {"name": "contents", "type": "string"},
            ],
        },
        "primaryType": "Mail",
        "domain": {
            "name": "Ether Mail",
            "version": "1",
            "chainId": 1,
            "verifyingContract": "0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC",
        },
        "message": {
            "from": {"name": "Cow", "wallet": "0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826"},
            "to": {"name": "Bob", "wallet": "0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB"},
            "contents": "Hello, Bob!",
        },
    })
}

fn parse(document: &Value) -> Result<TypedData, SignError> {
    TypedData::parse(&serde_json::to_vec(document).unwrap(), None)
}

fn refusal(document: &Value) -> String {
    parse(document).unwrap_err().to_string()
}

#[test]
fn personal_sign_equals_other_wallets() {
    let signature = sign::personal_sign(&key(), b"hello").unwrap();
    assert_eq!(
        signature.to_string(),
        "0xd618e1522014b1ca12f3acf0ae49e061a6e80fca6630eb60ab1ede39b519e9d7474a161a48d14a50f621f3569232be1f159df84f2f0b4769aaddccf42849c7e31c"
    );
    assert_eq!(sign::recover(b"hello", &signature).unwrap(), key().address());
    assert!(sign::verify(key().address(), b"hello", &signature).unwrap());
    assert!(!sign::verify(key().address(), b"hallo", &signature).unwrap());
}

#[test]
fn typed_data_equals_the_example_of_the_standard() {
    let cow = ExtendedKey::from_private_key(keccak256(b"cow").as_slice()).unwrap();
    assert_eq!(
        cow.address().to_checksum(None),
        "0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826"
    );
    let document = TypedData::parse(mail().to_string().as_bytes(), Some(1)).unwrap();
    assert_eq!(
        document.digest().to_string(),
        "0xbe609aee343fb3c4b28e1df9e632fca64fcfaede20f02e86244efddf30957bd2"
    );
    let signature = sign::typed_data_v4(&cow, &document).unwrap();
    assert_eq!(
        signature.to_string(),
        "0x4355c47d63924e8a72e509b65029052eb6c299d53a04e167c5775fd466751c9d07299936d304c153f6443dfa05f40ff007d72911b6f72307f996231605b915621c"
    );
    assert_eq!(
        sign::recover_typed_data(&document, &signature).unwrap(),
        cow.address()
    );
    assert_eq!(document.primary_type(), "Mail");
    assert_eq!(document.domain_name(), Some("Ether Mail"));
    assert_eq!(document.message()["contents"], "Hello, Bob!");
}

#[test]
fn signatures_are_read_in_one_form_only() {
    let signature = sign::personal_sign(&key(), b"hello").unwrap();
    let mut bytes = signature.to_bytes();
    bytes[64] -= 27;
    assert_eq!(Signature::from_bytes(&bytes).unwrap(), signature);
    for v in [2u8, 26, 29, 35, 255] {
        bytes[64] = v;
        assert_eq!(Signature::from_bytes(&bytes), Err(SignError::Signature), "{v}");
    }
    assert_eq!(Signature::from_bytes(&[0; 65]), Err(SignError::Signature));
    assert_eq!(Signature::from_bytes(&[1; 64]), Err(SignError::Signature));
    assert_eq!("d618".parse::<Signature>(), Err(SignError::Signature));
    // The same signature mirrored: n - s and the other parity.
    let high_s = mirror(signature.to_bytes());
    assert_eq!(Signature::from_bytes(&high_s), Err(SignError::Signature));
}

fn mirror(mut bytes: [u8; 65]) -> [u8; 65] {
    const ORDER: &str = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";
    let order = hex::decode(ORDER).unwrap();
    let mut borrow = 0i16;
    for i in (0..32).rev() {
        let digit = i16::from(order[i]) - i16::from(bytes[32 + i]) - borrow;
        borrow = i16::from(digit < 0);
        bytes[32 + i] = digit.rem_euclid(256) as u8;
    }
    bytes[64] = 55 - bytes[64];
    bytes
}

#[test]
fn another_chain_is_refused() {
    let bytes = mail().to_string();
    let error = TypedData::parse(bytes.as_bytes(), Some(10)).unwrap_err();
    assert_eq!(error.to_string(), "typed data is for chain 1, not for chain 10");
    let mut huge = mail();
    huge["domain"]["chainId"] = json!("0xffffffffffffffffffffffffffffffffffffffff");
    let error = TypedData::parse(huge.to_string().as_bytes(), Some(10)).unwrap_err();
    assert!(matches!(error, SignError::ChainId { expected: 10, .. }));
}

#[test]
fn incomplete_documents_name_the_part() {
    for (part, text) in [
        ("types", "typed data: types is missing or has a wrong type"),
        ("domain", "typed data: domain is missing or has a wrong type"),
        ("message", "typed data: message is missing or has a wrong type"),
        (
            "primaryType",
            "typed data: primaryType is missing or has a wrong type",
        ),
    ] {
        let mut document = mail();
        document.as_object_mut().unwrap().remove(part);
        assert_eq!(refusal(&document), text);
    }
    let mut document = mail();
    document["primaryType"] = json!("Letter");
    assert!(refusal(&document).contains("primaryType"));
    let mut document = mail();
    document["message"]["to"]["wallet"] = json!("secret text");
    let text = refusal(&document);
    assert_eq!(text, "typed data: the message does not fit its primary type");
    assert_eq!(
        TypedData::parse(b"{\"types\": ", None).unwrap_err().to_string(),
        "typed data is not valid: line 1, column 10"
    );
}

#[test]
fn a_domain_type_that_hides_a_field_is_refused() {
    let mut document = mail();
    document["types"]["EIP712Domain"].as_array_mut().unwrap().pop();
    assert_eq!(parse(&document).unwrap_err(), SignError::Domain);
}

#[test]
fn documents_that_would_explode_are_refused() {
    // 30 structs of two fields each, every one holding the next twice: 2^30 fields.
    let mut bomb = mail();
    for level in 0..30 {
        bomb["types"][format!("S{level}")] = json!([
            {"name": "a", "type": format!("S{}", level + 1)},
            {"name": "b", "type": format!("S{}[]", level + 1)},
        ]);
    }
    bomb["types"]["S30"] = json!([{"name": "a", "type": "bool"}]);
    bomb["primaryType"] = json!("S0");
    assert_eq!(
        refusal(&bomb),
        "typed data fields exceeds the limit of 4096 written-out fields"
    );

    let mut hidden = mail();
    for (name, kind) in [("A", "(B,B)"), ("B", " A"), ("C", "")] {
        hidden["types"][name] = json!([{"name": "x", "type": kind}]);
        assert_eq!(
            refusal(&hidden),
            "typed data: types is missing or has a wrong type"
        );
    }

    let mut circle = mail();
    circle["types"]["Person"] = json!([{"name": "letters", "type": "Mail[]"}]);
    assert_eq!(parse(&circle).unwrap_err(), SignError::Circular);

    let mut many = mail();
    for n in 0..70 {
        many["types"][format!("T{n}")] = json!([]);
    }
    assert_eq!(
        refusal(&many),
        "typed data types exceeds the limit of 64 struct types"
    );

    let mut long = mail();
    long["types"]["Person"][0]["type"] = json!(format!("uint8{}", "[]".repeat(100)));
    assert_eq!(refusal(&long), "typed data name exceeds the limit of 128 bytes");

    let mut deep = mail();
    let mut nested = json!(1);
    for _ in 0..40 {
        nested = json!([nested]);
    }
    deep["message"]["contents"] = nested;
    assert_eq!(refusal(&deep), "typed data depth exceeds the limit of 32 levels");

    let mut wide = mail();
    wide["message"]["contents"] = json!(vec![0; 10_000]);
    assert_eq!(refusal(&wide), "typed data exceeds the limit of 10000 values");

    let error = TypedData::parse(&vec![b' '; MAX_TYPED_DATA_BYTES + 1], None).unwrap_err();
    assert_eq!(error.to_string(), "typed data exceeds the limit of 131072 bytes");
}

#[test]
fn a_message_that_is_too_long_is_refused() {
    let error = sign::personal_sign(&key(), &vec![0; MAX_MESSAGE_BYTES + 1]).unwrap_err();
    assert_eq!(error.to_string(), "message exceeds the limit of 65536 bytes");
}

proptest::proptest! {
    #[test]
    fn reading_typed_data_never_panics(
        cut in 0usize..900,
        noise in proptest::collection::vec(proptest::num::u8::ANY, 0..20),
    ) {
        let mut bytes = mail().to_string().into_bytes();
        let cut = cut.min(bytes.len());
        let end = (cut + noise.len()).min(bytes.len());
        bytes.splice(cut..end, noise);
        let _ = TypedData::parse(&bytes, None);
    }

    #[test]
    fn odd_type_names_never_panic(kind in "[A-Za-z0-9\\[\\](),$_: ]{0,40}") {
        let mut document = mail();
        document["types"]["Person"][0]["type"] = serde_json::Value::String(kind);
        let _ = parse(&document);
    }

    #[test]
    fn recovery_finds_the_signer(secret in proptest::array::uniform32(1u8..), message: Vec<u8>) {
        let key = ExtendedKey::from_private_key(&secret).unwrap_or_else(|_| key());
        let signature = sign::personal_sign(&key, &message).unwrap();
        proptest::prop_assert_eq!(sign::recover(&message, &signature).unwrap(), key.address());
    }
}
