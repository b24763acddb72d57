// A js-waku relay peer that speaks toy chat, driven by JSON lines.
//
//   node toychat.mjs [--transport ws|tcp] [--muxer mplex|yamux] [--cluster 99] [--shards 8]
//                    [--content-topic /toy-chat/2/huilong/proto]
//
// Autosharding over `--shards` shards of `--cluster`; listens on a free port of 127.0.0.1.
//
// stdin, one command a line:
//   {"connect": MULTIADDR}           dials a peer
//   {"send": {"nick", "text"}}       publishes once the mesh of the shard has a peer
//   {"close": true}                  stops, as the end of stdin does
// stdout, one event a line:
//   {"ready": {"peerId", "addrs"}}   listening
//   {"peer": {"peerId", "connected", "muxer"}}
//   {"metadata": {"peerId", "clusterId", "shards"}}   what the peer answered, or {"peerId", "error"}
//   {"received": {"nick", "text", "timestamp"}}       timestamp in seconds
//   {"sent": {"nick", "text", "timestamp", "recipients"}}
//   {"error": TEXT}                  the command or the message that could not be handled, and why

import "./with-resolvers.mjs";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { noise } from "@chainsafe/libp2p-noise";
import { yamux } from "@chainsafe/libp2p-yamux";
import { identify } from "@libp2p/identify";
import { mplex } from "@libp2p/mplex";
import { ping } from "@libp2p/ping";
import { tcp } from "@libp2p/tcp";
import { webSockets } from "@libp2p/websockets";
import * as wsFilters from "@libp2p/websockets/filters";
import { multiaddr } from "@multiformats/multiaddr";
import { createDecoder, createEncoder, wakuMetadata } from "@waku/core";
import { wakuGossipSub, wakuRelay } from "@waku/relay";
import { contentTopicToShardIndex } from "@waku/utils";
import { createLibp2p } from "libp2p";
import { decodeChat, encodeChat } from "./chat2.mjs";

const MESH_WAIT_MS = 15_000;
const MESH_POLL_MS = 50;

const { values: flags } = parseArgs({
  options: {
    transport: { type: "string", default: "ws" },
    muxer: { type: "string", default: "mplex" },
    cluster: { type: "string", default: "99" },
    shards: { type: "string", default: "8" },
    "content-topic": { type: "string", default: "/toy-chat/2/huilong/proto" },
  },
});

const transports = {
  ws: { make: () => webSockets({ filter: wsFilters.all }), listen: "/ip4/127.0.0.1/tcp/0/ws" },
  tcp: { make: () => tcp(), listen: "/ip4/127.0.0.1/tcp/0" },
};
const muxers = { mplex, yamux };

function choose(table, flag) {
  const choice = table[flags[flag]];
  if (choice === undefined) {
    console.error(`--${flag} must be one of ${Object.keys(table).join(", ")}`);
    process.exit(2);
  }
  return choice;
}

function say(event) {
  process.stdout.write(JSON.stringify(event) + "\n");
}

const transport = choose(transports, "transport");
const muxer = choose(muxers, "muxer");
const clusterId = Number(flags.cluster);
const shardCount = Number(flags.shards);
const contentTopic = flags["content-topic"];
const pubsubTopics = Array.from({ length: shardCount }, (_, i) => `/waku/2/rs/${clusterId}/${i}`);
const pubsubTopic = pubsubTopics[contentTopicToShardIndex(contentTopic, shardCount)];

const node = await createLibp2p({
  addresses: { listen: [transport.listen] },
  transports: [transport.make()],
  connectionEncryption: [noise()],
  streamMuxers: [muxer()],
  connectionManager: { minConnections: 0 },
  services: {
    identify: identify({ agentVersion: "js-waku" }),
    ping: ping(),
    metadata: wakuMetadata(pubsubTopics),
    // One heartbeat a second as js-waku has it; the first comes early.
    pubsub: wakuGossipSub({ heartbeatInterval: 1000 }),
  },
});

node.addEventListener("peer:connect", ({ detail: peerId }) => {
  const [connection] = node.getConnections(peerId);
  say({ peer: { peerId: peerId.toString(), connected: true, muxer: connection?.multiplexer ?? null } });
});
node.addEventListener("peer:disconnect", ({ detail: peerId }) => {
  say({ peer: { peerId: peerId.toString(), connected: false, muxer: null } });
});
node.addEventListener("peer:identify", async ({ detail: { peerId } }) => {
  const report = { peerId: peerId.toString() };
  try {
    const { shardInfo, error } = await node.services.metadata.query(peerId);
    say({ metadata: { ...report, ...(error === null ? shardInfo : { error }) } });
  } catch (error) {
    say({ metadata: { ...report, error: error.message } });
  }
});

const relay = wakuRelay(pubsubTopics)(node);
await relay.subscribeWithUnsubscribe(
  [createDecoder(contentTopic, { clusterId, shard: Number(pubsubTopic.split("/").at(-1)) })],
  (message) => {
    try {
      say({ received: decodeChat(message.payload) });
    } catch (error) {
      say({ error: `received a payload that is not toy chat: ${error.message}` });
    }
  },
);

async function waitForMesh() {
  const deadline = Date.now() + MESH_WAIT_MS;
  while (relay.getMeshPeers(pubsubTopic).length === 0) {
    if (Date.now() > deadline) throw new Error(`no mesh peer on ${pubsubTopic} after ${MESH_WAIT_MS} ms`);
    await new Promise((resume) => setTimeout(resume, MESH_POLL_MS));
  }
}

const encoder = createEncoder({ contentTopic, pubsubTopic });

async function send({ nick, text }) {
  await waitForMesh();
  const seconds = Math.floor(Date.now() / 1000);
  const payload = encodeChat({ timestamp: seconds, nick, text });
  const { successes, failures } = await relay.send(encoder, { payload, timestamp: new Date(seconds * 1000) });
  if (failures.length > 0) throw new Error(String(failures[0].error));
  say({ sent: { nick, text, timestamp: seconds, recipients: successes.length } });
}

async function obey(command) {
  if (command.connect !== undefined) await node.dial(multiaddr(command.connect));
  else if (command.send !== undefined) await send(command.send);
  else if (command.close !== undefined) await close();
  else throw new Error("unknown command");
}

async function close() {
  await node.stop();
  process.exit(0);
}

say({ ready: { peerId: node.peerId.toString(), addrs: node.getMultiaddrs().map(String) } });

for await (const line of createInterface({ input: process.stdin })) {
  try {
    await obey(JSON.parse(line));
  } catch (error) {
    say({ error: `${line}: ${error.message}` });
  }
}
await close();
