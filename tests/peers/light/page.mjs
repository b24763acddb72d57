// What runs in the page: a light node that `browser.mjs` calls.

import { startNode } from "./node.mjs";

window.startNode = async (network) => {
  window.node = await startNode(network, (event) => window.say(event));
  return window.node.peerId;
};
