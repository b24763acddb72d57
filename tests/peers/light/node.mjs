// A js-waku light node and what it can be told to do, the same in Node and in a page. `light.mjs` lists the commands.

import { multiaddr } from "@multiformats/multiaddr";
import { FilterCore, LightPushCore } from "@waku/core";
import { wakuPeerExchangeDiscovery } from "@waku/discovery";
import { EnrDecoder } from "@waku/enr";
import { createLightNode } from "@waku/sdk";
import { hexToBytes } from "@waku/utils/bytes";
import { vectors } from "./vectors.mjs";

const IDENTIFY_WAIT_MS = 15_000;
const POLL_MS = 20;

export function described(enr) {
  return {
    peerId: enr.peerId.toString(),
    clusterId: enr.shardInfo?.clusterId ?? null,
    shards: enr.shardInfo?.shards ?? [],
    lightPush: enr.waku2?.lightPush ?? false,
    filter: enr.waku2?.filter ?? false,
    addresses: enr.getAllLocationMultiaddrs().map((address) => address.toString()),
  };
}

/** Starts a node with js-waku's stock transport and muxer, unless `libp2p` has others; `say` takes its events. */
export async function startNode({ clusterId, shards, libp2p = {} }, say) {
  const node = await createLightNode({
    networkConfig: { clusterId, numShardsInCluster: shards },
    discovery: { dns: false, peerExchange: false, peerCache: false },
    libp2p: { filterMultiaddrs: false, hideWebSocketInfo: true, ...libp2p },
  });
  const push = new LightPushCore(node.libp2p);
  const filter = new FilterCore(async () => {}, node.libp2p);
  const { peerExchange } = wakuPeerExchangeDiscovery()(node.libp2p.components);
  const identified = new Map();
  node.libp2p.addEventListener("peer:identify", ({ detail: { peerId, protocols } }) => {
    identified.set(peerId.toString(), protocols);
  });
  const decoders = new Map();
  let service;

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

  async function query(topic, options) {
    const pages = [];
    const asked = node.store.queryGenerator([decoderOf(topic)], { peerId: service, ...options });
    for await (const page of asked) pages.push((await Promise.all(page)).map(shown));
    say({ queried: pages });
  }

  const commands = {
    async connect(address) {
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
    },
    async push({ topic, payload, legacy }) {
      const encoder = node.createEncoder({ contentTopic: topic });
      const message = { payload: new TextEncoder().encode(payload) };
      const { failure } = await push.send(encoder, message, service, legacy);
      say({ pushed: { error: failure?.error ?? null } });
    },
    async subscribe({ topic }) {
      const received = (message) => say({ received: shown(message) });
      say({ subscribed: await node.filter.subscribe(decoderOf(topic), received) });
    },
    async unsubscribe({ topic }) {
      say({ unsubscribed: await node.filter.unsubscribe(decoderOf(topic)) });
    },
    async ping() {
      const { failure } = await filter.ping(service);
      say({ pinged: { error: failure?.error ?? null } });
    },
    async exchange(numPeers) {
      const { peerInfos, error } = await peerExchange.query({ numPeers, peerId: service });
      say({ exchanged: { error, records: (peerInfos ?? []).map(({ ENR }) => described(ENR)) } });
    },
    async record(text) {
      say({ record: described(await EnrDecoder.fromString(text)) });
    },
    async query({ topic, forward, limit, start, end }) {
      const times = start === null ? {} : { timeStart: new Date(start), timeEnd: new Date(end) };
      await query(topic, { paginationForward: forward, paginationLimit: limit, ...times });
    },
    async lookup({ topic, hashes }) {
      await query(topic, { messageHashes: hashes.map(hexToBytes) });
    },
    async vector(question) {
      say({ vector: await vectors(question) });
    },
  };

  return {
    peerId: node.libp2p.peerId.toString(),
    stop: () => node.stop(),
    /** Does what a command, an object with one key, says; what cannot be done is told as an error. */
    async obey(command) {
      try {
        const [[name, argument]] = Object.entries(command);
        if (!Object.hasOwn(commands, name)) throw new Error("unknown command");
        await commands[name](argument);
      } catch (error) {
        say({ error: `${JSON.stringify(command)}: ${error.message}` });
      }
    },
  };
}
