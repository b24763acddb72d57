// Golden bytes: what js-waku's packages make of the same values.

import { messageHashStr } from "@waku/core";
import { EnrCreator } from "@waku/enr";
import * as proto from "@waku/proto";
import { contentTopicToShardIndex } from "@waku/utils";
import { bytesToHex, hexToBytes } from "@waku/utils/bytes";
import { multiaddr } from "@multiformats/multiaddr";
import { getPublicKey } from "@noble/secp256k1";
// The package does not export what it writes records with.
import { EnrEncoder } from "./node_modules/@waku/enr/dist/encoder.js";

/** Of what JSON has no form for: bytes are {"bytes": HEX}, 64-bit numbers {"int": DIGITS}. */
function asProto(value) {
  if (Array.isArray(value)) return value.map(asProto);
  if (value === null || typeof value !== "object") return value;
  if ("bytes" in value) return hexToBytes(value.bytes);
  if ("int" in value) return BigInt(value.int);
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, asProto(part)]));
}

function codecOf(name) {
  const [module, type] = name.split(".");
  return proto[module][type];
}

const questions = {
  /** A value of a type of @waku/proto, such as `proto_store.StoreQueryRequest`, as its bytes. */
  encode: ({ codec, value }) => bytesToHex(codecOf(codec).encode(asProto(value))),
  /** Bytes of such a type, read and written again. */
  recode: ({ codec, bytes }) => bytesToHex(codecOf(codec).encode(codecOf(codec).decode(hexToBytes(bytes)))),
  /** The hash of a message. */
  hash: ({ pubsubTopic, message }) => messageHashStr(pubsubTopic, asProto(message)),
  /** The shard of a content topic. */
  shard: ({ topic, count }) => String(contentTopicToShardIndex(topic, count)),
  /** A signed node record. */
  async record({ key, seq, ip, tcp, udp, waku2, shards, multiaddrs }) {
    const enr = EnrCreator.fromPublicKey(getPublicKey(key, true));
    Object.assign(enr, { ip, tcp, udp, waku2 });
    enr.set("rs", hexToBytes(shards));
    if (multiaddrs.length > 0) enr.multiaddrs = multiaddrs.map((address) => multiaddr(address));
    // Each change has counted the number up.
    enr.seq = BigInt(seq);
    return EnrEncoder.toString(enr, hexToBytes(key));
  },
};

/** The answer to a question, an object with one key, as text. */
export async function vectors(question) {
  const [[name, argument]] = Object.entries(question);
  return questions[name](argument);
}
