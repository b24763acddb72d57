//! `wallet.sign`

use super::{Wallet, convert};
use crate::sign::{self, TypedData};
use backplane_sdk::Bytes;
use wallet_api::{Address, Sign, Signature, WalletError};

fn signature(signature: sign::Signature) -> Signature {
    signature.to_bytes().into()
}

fn engine_signature(signature: Signature) -> Result<sign::Signature, WalletError> {
    Ok(sign::Signature::from_bytes(&signature.0)?)
}

impl Sign for Wallet {
    async fn personal_sign(&self, address: Address, message: Bytes) -> Result<Signature, WalletError> {
        self.quick(move |vault| {
            let address = convert::engine_address(address);
            Ok(signature(vault.personal_sign(address, &message)?))
        })
        .await
    }

    async fn typed_data_v4(
        &self,
        address: Address,
        document: String,
        chain: Option<u64>,
    ) -> Result<Signature, WalletError> {
        self.quick(move |vault| {
            let document = TypedData::parse(document.as_bytes(), chain)?;
            let address = convert::engine_address(address);
            Ok(signature(vault.sign_typed_data(address, &document)?))
        })
        .await
    }

    async fn sign_chat(&self, payload: Bytes) -> Result<Signature, WalletError> {
        self.quick(move |vault| Ok(signature(vault.sign_chat(&payload)?)))
            .await
    }

    fn recover(&self, message: Bytes, signature: Signature) -> Result<Address, WalletError> {
        let signer = sign::recover(&message, &engine_signature(signature)?)?;
        Ok(convert::address(signer))
    }

    fn verify(&self, address: Address, message: Bytes, signature: Signature) -> Result<bool, WalletError> {
        let address = convert::engine_address(address);
        Ok(sign::verify(address, &message, &engine_signature(signature)?)?)
    }

    async fn recover_typed_data(
        &self,
        document: String,
        chain: Option<u64>,
        signature: Signature,
    ) -> Result<Address, WalletError> {
        let signature = engine_signature(signature)?;
        self.quick(move |_| {
            let document = TypedData::parse(document.as_bytes(), chain)?;
            let signer = sign::recover_typed_data(&document, &signature)?;
            Ok(convert::address(signer))
        })
        .await
    }
}
