// What the client in TypeScript sees of a module that gives back what it gets.

import { deepStrictEqual as same, rejects } from "node:assert";
import { Host, HostError, InterfaceError } from "./backplane.js";
import { FixtureKinds } from "./fixture_kinds.js";
import type { Numbers, Refused, Shape, Told } from "./fixture_kinds.js";

const socket = process.argv[2];
if (socket === undefined) throw new Error("the socket is missing");
const host = await Host.connect(socket);
const kinds = new FixtureKinds(host);
const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

same(await kinds.nothing(), undefined);

const numbers: Numbers = {
  truth: true,
  u8_value: 255,
  u16_value: 65535,
  u32_value: 0xffffffff,
  u64_value: (1n << 64n) - 1n,
  i8_value: -128,
  i16_value: -32768,
  i32_value: -0x80000000,
  i64_value: -(1n << 63n),
  f64_value: Infinity,
};
same(await kinds.numbers({ numbers }), numbers);
same(await kinds.numbers({ numbers: { ...numbers, u64_value: 7n, f64_value: 0.5 } }), {
  ...numbers,
  u64_value: 7n,
  f64_value: 0.5,
});
await rejects(kinds.numbers({ numbers: { ...numbers, u8_value: 256 } }), /an integer from 0 to 255/);

const texts = { text: "\u{1f41f} \"\n", bytes: bytes(0, 255), fixed: bytes(1, 2, 3, 4), blob: new Uint8Array(70000) };
same(await kinds.texts(texts), { ...texts, none: null });
same(await kinds.texts({ ...texts, none: bytes(5) }), { ...texts, none: bytes(5) });
await rejects(kinds.texts({ ...texts, fixed: bytes(1) }), /4 bytes/);

const gathered = {
  words: ["a", ""],
  small: [0, 255],
  nested: [[], [1, 2]],
  table: new Map([["__proto__", -1n], ["", 1n << 60n]]),
  keys: [bytes(1, 2)],
  maybe: [bytes(), bytes(9)],
};
same(await kinds.gather(gathered), gathered);
same((await kinds.gather({ ...gathered, maybe: null })).maybe, null);

const shapes: Shape[] = [
  { kind: "circle", value: 1.5 },
  { kind: "square", value: { side: 3 } },
  { kind: "words", value: ["x"] },
  { kind: "nothing" },
];
for (const shape of shapes) same(await kinds.choose({ shape }), { shape, mood: "glad" });

same(await kinds.defaults(), {
  count: 7,
  words: ["a", 'b "?"'],
  far: (1n << 64n) - 1n,
  below: -5,
  half: 0.5,
  mood: "very_sad",
  flag: true,
  maybe: null,
});
same((await kinds.defaults({ maybe: 4, mood: "glad" })).maybe, 4);

const refusal = async (reason: string): Promise<Refused | undefined> => {
  try {
    await kinds.refuse({ reason });
  } catch (error) {
    if (error instanceof InterfaceError) return error.error as Refused;
    throw error;
  }
  return undefined;
};
same(await refusal("fine"), undefined);
same(await refusal(""), { kind: "untitled" });
same(await refusal("long"), { kind: "too_many", value: { limit: 4 } });

const later = await Promise.all(Array.from({ length: 40 }, (_, number) => kinds.later({ text: `text ${number}` })));
later.forEach((text, number) => same(text, `text ${number}`));
same(await kinds.type({ class: "c" }), "c");
same(await kinds.count({ to: 3 }), [1, 2, 3]);
same((await kinds.page({ size: 1 })).rows, [{ number: 1, cells: new TextEncoder().encode("cells") }]);
same(await kinds.sum({ numbers: [1, 2, 3] }), 6n);

const told = new Promise<[Told, string]>((resolve) => {
  void kinds.onTold((body, info) => resolve([body, info.publisher])).then(() => kinds.tell({ text: "news" }));
});
same(await told, [{ text: "news", mood: "very_sad" }, "kinds"]);
const subscription = await kinds.onBeat(() => undefined);
await subscription.end();

await rejects(
  host.call("fixture.kinds.none", {}, { encode: () => null, decode: () => null }, undefined),
  (error) => error instanceof HostError && error.status === "not_found",
);
host.close();
await rejects(kinds.nothing(), /connection/);
console.log("all is well");
