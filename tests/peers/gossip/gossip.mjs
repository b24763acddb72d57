// A js-libp2p gossipsub peer on Waku's protocol id, driven by JSON lines. It knows nothing else of Waku.
//
//   node gossip.mjs --topic TOPIC [--transport ws|tcp] [--muxer mplex|yamux] [--quiet]
//
// stdin, one command a line:
//   {"connect": MULTIADDR}       dials a peer
//   {"publish": HEX}             publishes these bytes once the mesh of the topic has a peer
//   {"close": true}              stops, as the end of stdin does
// stdout, one event a line:
//   {"ready": {"peerId", "addrs"}}   listening on a free port of 127.0.0.1
//   {"connected": {"peerId", "muxer"}}
//   {"received": HEX}            unless it is quiet: then it relays alone
//   {"published": true}
//   {"error": TEXT}              the command that could not be handled, and why

import "../with-resolvers.mjs";
import "./with-websocket.mjs";
import { createHash } from "node:crypto";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { gossipsub } from "@libp2p/gossipsub";
import { identify } from "@libp2p/identify";
import { mplex } from "@libp2p/mplex";
import { noise } from "@libp2p/noise";
import { tcp } from "@libp2p/tcp";
import { webSockets } from "@libp2p/websockets";
import { yamux } from "@libp2p/yamux";
import { multiaddr } from "@multiformats/multiaddr";
import { createLibp2p } from "libp2p";

const RELAY = "/vac/waku/relay/2.0.0";
const MESH_WAIT_MS = 15_000;
const MESH_POLL_MS = 20;

const { values: flags } = parseArgs({
  options: {
    topic: { type: "string" },
    transport: { type: "string", default: "tcp" },
    muxer: { type: "string", default: "yamux" },
    quiet: { type: "boolean", default: false },
  },
});

const transports = {
  ws: { make: webSockets, listen: "/ip4/127.0.0.1/tcp/0/ws" },
  tcp: { make: tcp, listen: "/ip4/127.0.0.1/tcp/0" },
};
const muxers = { mplex, yamux };

function say(event) {
  process.stdout.write(JSON.stringify(event) + "\n");
}

/** Gossipsub with the rules of Waku: unsigned messages, whose id is the hash of their bytes. */
function relay(components) {
  const pubsub = gossipsub({
    globalSignaturePolicy: "StrictNoSign",
    msgIdFn: (message) => createHash("sha256").update(message.data).digest(),
    fallbackToFloodsub: false,
    allowPublishToZeroTopicPeers: false,
    runOnLimitedConnection: false,
  })(components);
  pubsub.protocols = [RELAY];
  return pubsub;
}

const transport = transports[flags.transport];
const node = await createLibp2p({
  addresses: { listen: [transport.listen] },
  transports: [transport.make()],
  connectionEncrypters: [noise()],
  streamMuxers: [muxers[flags.muxer]()],
  services: { identify: identify(), pubsub: relay },
});
const { pubsub } = node.services;

pubsub.addEventListener("message", ({ detail }) => {
  if (!flags.quiet) say({ received: Buffer.from(detail.data).toString("hex") });
});
pubsub.subscribe(flags.topic);

async function publish(hex) {
  const deadline = Date.now() + MESH_WAIT_MS;
  while (pubsub.getMeshPeers(flags.topic).length === 0) {
    if (Date.now() > deadline) throw new Error(`no mesh peer after ${MESH_WAIT_MS} ms`);
    await new Promise((resume) => setTimeout(resume, MESH_POLL_MS));
  }
  await pubsub.publish(flags.topic, Buffer.from(hex, "hex"));
  say({ published: true });
}

async function connect(address) {
  const connection = await node.dial(multiaddr(address));
  say({ connected: { peerId: connection.remotePeer.toString(), muxer: connection.multiplexer } });
}

async function obey(command) {
  if (command.connect !== undefined) await connect(command.connect);
  else if (command.publish !== undefined) await publish(command.publish);
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
