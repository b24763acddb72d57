// The toy-chat message: protobuf { uint64 timestamp = 1 (seconds); string nick = 2; bytes payload = 3 (UTF-8 text) }.

import { decodeMessage, encodeMessage, message } from "protons-runtime";

const VARINT_1 = (1 << 3) | 0;
const BYTES_2 = (2 << 3) | 2;
const BYTES_3 = (3 << 3) | 2;

const codec = message(
  (chat, writer, options = {}) => {
    if (options.lengthDelimited !== false) writer.fork();
    writer.uint32(VARINT_1);
    writer.uint64(BigInt(chat.timestamp));
    writer.uint32(BYTES_2);
    writer.string(chat.nick);
    writer.uint32(BYTES_3);
    writer.bytes(new TextEncoder().encode(chat.text));
    if (options.lengthDelimited !== false) writer.ldelim();
  },
  (reader, length) => {
    const chat = { timestamp: 0, nick: "", text: "" };
    const end = length === undefined ? reader.len : reader.pos + length;
    while (reader.pos < end) {
      const tag = reader.uint32();
      if (tag === VARINT_1) chat.timestamp = Number(reader.uint64());
      else if (tag === BYTES_2) chat.nick = reader.string();
      else if (tag === BYTES_3) chat.text = new TextDecoder("utf-8", { fatal: true }).decode(reader.bytes());
      else reader.skipType(tag & 7);
    }
    return chat;
  },
);

export function encodeChat(chat) {
  return encodeMessage(chat, codec);
}

export function decodeChat(bytes) {
  return decodeMessage(bytes, codec);
}
