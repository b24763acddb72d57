// WebSocket for Node before 22, which js-libp2p dials with.

import { WebSocket } from "ws";

globalThis.WebSocket ??= WebSocket;
