// A js-waku light node, driven by JSON lines. It keeps js-waku's stock transport and muxer unless told otherwise.
//
//   node light.mjs [--transport ws|tcp] [--muxer mplex|yamux] [--cluster 99] [--shards 8]
//   node light.mjs --browser PROGRAM [--cluster 99] [--shards 8]     in a page of this Chromium
//
// stdin, one command a line; its end stops the node:
//   {"connect": MULTIADDR}                       dials a peer and waits until it is identified
//   {"push": {"topic", "payload", "legacy"}}     lightpush 3, or 2 if legacy; the payload is text
//   {"subscribe": {"topic"}}                     filter
//   {"unsubscribe": {"topic"}}
//   {"ping": true}                               asks the filter service whether it knows us
//   {"exchange": COUNT}                          peer exchange
//   {"record": "enr:…"}                          reads a node record
//   {"query": {"topic", "forward", "limit", "start", "end"}}   store, page by page; times in milliseconds
//   {"lookup": {"topic", "hashes"}}              store, by hash
//   {"vector": QUESTION}                         golden bytes; vectors.mjs says which
// stdout, one event a line:
//   {"ready": {"peerId"}}
//   {"connected": {"muxer", "protocols", "clusterId"}}   clusterId as the peer's metadata have it
//   {"pushed": {"error"}}                        error is null if the peer published it
//   {"subscribed": BOOL}, {"unsubscribed": BOOL}, {"pinged": {"error"}}
//   {"received": {"topic", "payload", "hash", "timestamp"}}   timestamp in milliseconds
//   {"exchanged": {"error", "records"}}          the records as {"record"} has them
//   {"record": {"peerId", "clusterId", "shards", "lightPush", "filter", "addresses"}}
//   {"queried": [[{"topic", "payload", "hash", "timestamp"}]]}   the messages of each page
//   {"vector": TEXT}
//   {"error": TEXT}                              the command that could not be handled, and why

import "../with-resolvers.mjs";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { yamux } from "@chainsafe/libp2p-yamux";
import { tcp } from "@libp2p/tcp";

const { values: flags } = parseArgs({
  options: {
    transport: { type: "string", default: "ws" },
    muxer: { type: "string", default: "mplex" },
    cluster: { type: "string", default: "99" },
    shards: { type: "string", default: "8" },
    browser: { type: "string" },
  },
});

function say(event) {
  process.stdout.write(JSON.stringify(event) + "\n");
}

async function start() {
  const network = { clusterId: Number(flags.cluster), shards: Number(flags.shards) };
  if (flags.browser !== undefined) {
    const { startInPage } = await import("./browser.mjs");
    return startInPage(flags.browser, network, say);
  }
  const { startNode } = await import("./node.mjs");
  const libp2p = {
    ...(flags.transport === "tcp" && { transports: [tcp()] }),
    ...(flags.muxer === "yamux" && { streamMuxers: [yamux()] }),
  };
  return startNode({ ...network, libp2p }, say);
}

const node = await start();
say({ ready: { peerId: node.peerId } });
for await (const line of createInterface({ input: process.stdin })) await node.obey(JSON.parse(line));
await node.stop();
process.exit(0);
