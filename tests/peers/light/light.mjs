// A js-waku light node, driven by JSON lines. It keeps js-waku's stock transport and muxer unless told otherwise.
//
//   node light.mjs [--transport ws|tcp] [--muxer mplex|yamux] [--cluster 99] [--shards 8]
//
// stdin, one command a line:
//   {"connect": MULTIADDR}                       dials a peer and waits until it is identified
//   {"push": {"topic", "payload", "legacy"}}     lightpush 3, or 2 if legacy; the payload is text
//   {"subscribe": {"topic"}}                     filter
//   {"unsubscribe": {"topic"}}
//   {"ping": true}                               asks the filter service whether it knows us
//   {"exchange": COUNT}                          peer exchange
//   {"record": "enr:…"}                          reads a node record
//   {"query": {"topic", "forward", "limit", "start", "end"}}   store, page by page; times in milliseconds
//   {"lookup": {"topic", "hashes"}}              store, by hash
//   {"encode": {"request", "response"}}          in the fields of @waku/proto, with {"bytes": HEX} and {"int": DIGITS}
//   {"close": true}                              stops, as the end of stdin does
// stdout, one event a line:
//   {"ready": {"peerId"}}
//   {"connected": {"muxer", "protocols", "clusterId"}}   clusterId as the peer's metadata have it
//   {"pushed": {"error"}}                        error is null if the peer published it
//   {"subscribed": BOOL}, {"unsubscribed": BOOL}, {"pinged": {"error"}}
//   {"received": {"topic", "payload", "hash", "timestamp"}}   timestamp in milliseconds
//   {"exchanged": {"error", "records"}}          the records as {"record"} has them
//   {"record": {"peerId", "clusterId", "shards", "lightPush", "filter", "addresses"}}
//   {"queried": [[{"topic", "payload", "hash", "timestamp"}]]}   the messages of each page
//   {"encoded": {"request", "response"}}         hexadecimal texts
//   {"error": TEXT}                              the command that could not be handled, and why

import "../with-resolvers.mjs";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { yamux } from "@chainsafe/libp2p-yamux";
import { tcp } from "@libp2p/tcp";
import { multiaddr } from "@multiformats/multiaddr";
import { FilterCore, LightPushCore } from "@waku/core";
import { wakuPeerExchangeDiscovery } from "@waku/discovery";
import { EnrDecoder } from "@waku/enr";
import { proto_store } from "@waku/proto";
import { createLightNode } from "@waku/sdk";

const IDENTIFY_WAIT_MS = 15_000;
const POLL_MS = 20;

const { values: flags } = parseArgs({
  options: {
    transport: { type: "string", default: "ws" },
    muxer: { type: "string", default: "mplex" },
    cluster: { type: "string", default: "99" },
    shards: { type: "string", default: "8" },
  },
});

function say(event) {
  process.stdout.write(JSON.stringify(event) + "\n");
}

const clusterId = Number(flags.cluster);
const node = await createLightNode({
  networkConfig: { clusterId, numShardsInCluster: Number(flags.shards) },
  discovery: { dns: false, peerExchange: false, peerCache: false },
  libp2p: {
    filterMultiaddrs: false,
    hideWebSocketInfo: true,
    ...(flags.transport === "tcp" && { transports: [tcp()] }),
    ...(flags.muxer === "yamux" && { streamMuxers: [yamux()] }),
  },
});
const push = new LightPushCore(node.libp2p);
const filter = new FilterCore(async () => {}, node.libp2p);
const { peerExchange } = wakuPeerExchangeDiscovery()(node.libp2p.components);
const identified = new Map();
node.libp2p.addEventListener("peer:identify", ({ detail: { peerId, protocols } }) => {
  identified.set(peerId.toString(), protocols);
});
let service;

async function connect(address) {
  const connection = await node.libp2p.dial(multiaddr(address));
  service = connection.remotePeer;
  const deadline = Date.now() + IDENTIFY_WAIT_MS;
  while (!identified.has(service.toString())) {
    if (Date.now() > deadline) throw new Error("the peer was not identified");
    await new Promise((resume) => setTimeout(resume, POLL_MS));
  }
  const protocols = identified.get(service.toString());
  const { shardInfo, error } = await node.libp2p.services.metadata.query(service);
  if (error !== null) throw new Error(`metadata: ${error}`);
  say({ connected: { muxer: connection.multiplexer, protocols, clusterId: shardInfo.clusterId } });
}

const decoders = new Map();

function decoderOf(contentTopic) {
  const known = decoders.get(contentTopic) ?? node.createDecoder({ contentTopic });
  decoders.set(contentTopic, known);
  return known;
}

function shown(message) {
  const payload = new TextDecoder().decode(message.payload);
  const timestamp = message.timestamp?.getTime() ?? null;
  return { topic: message.contentTopic, payload, hash: message.hashStr, timestamp };
}

function received(message) {
  say({ received: shown(message) });
}

async function query(topic, options) {
  const pages = [];
  for await (const page of node.store.queryGenerator([decoderOf(topic)], { peerId: service, ...options })) {
    pages.push((await Promise.all(page)).map(shown));
  }
  say({ queried: pages });
}

function bytes(hex) {
  return Uint8Array.from(Buffer.from(hex, "hex"));
}

// Of what JSON has no form for.
function asProto(value) {
  if (Array.isArray(value)) return value.map(asProto);
  if (value === null || typeof value !== "object") return value;
  if ("bytes" in value) return bytes(value.bytes);
  if ("int" in value) return BigInt(value.int);
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, asProto(part)]));
}

function encode({ request, response }) {
  const hex = (codec, value) => Buffer.from(codec.encode(asProto(value))).toString("hex");
  const encoded = {
    request: hex(proto_store.StoreQueryRequest, request),
    response: hex(proto_store.StoreQueryResponse, response),
  };
  say({ encoded });
}

function described(enr) {
  return {
    peerId: enr.peerId.toString(),
    clusterId: enr.shardInfo?.clusterId ?? null,
    shards: enr.shardInfo?.shards ?? [],
    lightPush: enr.waku2?.lightPush ?? false,
    filter: enr.waku2?.filter ?? false,
    addresses: enr.getAllLocationMultiaddrs().map((address) => address.toString()),
  };
}

async function obey(command) {
  if (command.connect !== undefined) await connect(command.connect);
  else if (command.push !== undefined) {
    const { topic, payload, legacy } = command.push;
    const encoder = node.createEncoder({ contentTopic: topic });
    const message = { payload: new TextEncoder().encode(payload) };
    const { failure } = await push.send(encoder, message, service, legacy);
    say({ pushed: { error: failure?.error ?? null } });
  } else if (command.subscribe !== undefined) {
    say({ subscribed: await node.filter.subscribe(decoderOf(command.subscribe.topic), received) });
  } else if (command.unsubscribe !== undefined) {
    say({ unsubscribed: await node.filter.unsubscribe(decoderOf(command.unsubscribe.topic)) });
  } else if (command.ping !== undefined) {
    const { failure } = await filter.ping(service);
    say({ pinged: { error: failure?.error ?? null } });
  } else if (command.exchange !== undefined) {
    const { peerInfos, error } = await peerExchange.query({ numPeers: command.exchange, peerId: service });
    say({ exchanged: { error, records: (peerInfos ?? []).map(({ ENR }) => described(ENR)) } });
  } else if (command.record !== undefined) {
    say({ record: described(await EnrDecoder.fromString(command.record)) });
  } else if (command.query !== undefined) {
    const { topic, forward, limit, start, end } = command.query;
    const times = start === null ? {} : { timeStart: new Date(start), timeEnd: new Date(end) };
    await query(topic, { paginationForward: forward, paginationLimit: limit, ...times });
  } else if (command.lookup !== undefined) {
    const { topic, hashes } = command.lookup;
    await query(topic, { messageHashes: hashes.map(bytes) });
  } else if (command.encode !== undefined) encode(command.encode);
  else if (command.close !== undefined) await close();
  else throw new Error("unknown command");
}

async function close() {
  await node.stop();
  process.exit(0);
}

say({ ready: { peerId: node.libp2p.peerId.toString() } });

for await (const line of createInterface({ input: process.stdin })) {
  try {
    await obey(JSON.parse(line));
  } catch (error) {
    say({ error: `${line}: ${error.message}` });
  }
}
await close();
