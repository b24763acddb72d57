//! A name server on loopback with lists of nodes (EIP-1459) that the test has signed.

use std::{collections::HashMap, net::SocketAddr};

use data_encoding::{BASE32_NOPAD, BASE64URL_NOPAD};
use hickory_resolver::proto::{
    op::{Message, Metadata, ResponseCode},
    rr::{RData, Record, rdata::TXT},
};
use k256::ecdsa::{Signature, SigningKey, signature::hazmat::PrehashSigner};
use sha3::{Digest, Keccak256};
use tokio::{net::UdpSocket, task::JoinHandle};
use waku_plugin::NodeRecord;

/// Longest of the texts of which a TXT record consists.
const PART: usize = 255;

/// A signed list.
pub(crate) struct Tree {
    domain: String,
    key: SigningKey,
    texts: HashMap<String, String>,
}

impl Tree {
    pub(crate) fn new(domain: &str, records: &[NodeRecord], links: &[&str]) -> Self {
        let mut tree = Self {
            domain: domain.to_owned(),
            key: SigningKey::from_slice(&[7; 32]).unwrap(),
            texts: HashMap::new(),
        };
        let nodes = tree.branch(records.iter().map(NodeRecord::to_string));
        let links = tree.branch(links.iter().map(|link| (*link).to_owned()));
        let text = format!("enrtree-root:v1 e={nodes} l={links} seq=1");
        let signature: Signature = tree.key.sign_prehash(&Keccak256::digest(&text)).unwrap();
        let bytes = [&signature.to_bytes()[..], &[0]].concat();
        let root = format!("{text} sig={}", BASE64URL_NOPAD.encode(&bytes));
        tree.texts.insert(format!("{domain}."), root);
        tree
    }

    pub(crate) fn url(&self) -> String {
        let key = BASE32_NOPAD.encode(&self.key.verifying_key().to_sec1_bytes());
        format!("enrtree://{key}@{}", self.domain)
    }

    fn branch(&mut self, texts: impl Iterator<Item = String>) -> String {
        let names: Vec<String> = texts.map(|text| self.entry(text)).collect();
        self.entry(format!("enrtree-branch:{}", names.join(",")))
    }

    fn entry(&mut self, text: String) -> String {
        let name = BASE32_NOPAD.encode(&Keccak256::digest(&text)[..16]);
        let place = format!("{name}.{}.", self.domain).to_lowercase();
        self.texts.insert(place, text);
        name
    }
}

/// Answers questions about these lists, over UDP.
pub(crate) struct NameServer {
    pub(crate) address: SocketAddr,
    task: JoinHandle<()>,
}

impl NameServer {
    pub(crate) async fn start(trees: impl IntoIterator<Item = Tree>) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let texts = trees.into_iter().flat_map(|tree| tree.texts).collect();
        Self {
            address: socket.local_addr().unwrap(),
            task: tokio::spawn(serve(socket, texts)),
        }
    }
}

impl Drop for NameServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(socket: UdpSocket, texts: HashMap<String, String>) {
    let mut buffer = [0; 1500];
    loop {
        let (length, from) = socket.recv_from(&mut buffer).await.unwrap();
        let question = Message::from_vec(&buffer[..length]).unwrap();
        let query = question.queries[0].clone();
        let mut answer = Message::response(question.metadata.id, question.metadata.op_code);
        answer.metadata = Metadata::response_from_request(&question.metadata);
        match texts.get(&query.name().to_string().to_lowercase()) {
            Some(text) => {
                let parts = text.as_bytes().chunks(PART);
                let parts = parts.map(|part| String::from_utf8(part.to_vec()).unwrap());
                let data = RData::TXT(TXT::new(parts.collect()));
                answer.add_answer(Record::from_rdata(query.name().clone(), 60, data));
            }
            None => answer.metadata.response_code = ResponseCode::NXDomain,
        }
        answer.add_query(query);
        socket.send_to(&answer.to_vec().unwrap(), from).await.unwrap();
    }
}
