## Greets people, and counts them.

import std/atomics
import backplane

const manifest = """{
  "name": "plugin-name",
  "version": "0.1.0",
  "docs": "Greets people.",
  "license": "MIT",
  "state": {"version": 1, "reads": [1]},
  "provides": [{
    "id": "plugin-name.greeter",
    "version": "1.0.0",
    "docs": "Greets people, and counts them.",
    "methods": [{
      "name": "greet",
      "docs": "Greets `name`.",
      "params": [{"name": "name", "type": "text"}],
      "returns": "text",
      "error": {"record": {"name": "Nobody", "docs": "The name is empty.", "fields": []}},
      "inline": true,
      "deadline_ms": 30000
    }, {
      "name": "count",
      "docs": "How many people were greeted.",
      "params": [],
      "returns": "u64",
      "inline": true,
      "deadline_ms": 30000
    }],
    "events": [{"name": "greeted", "docs": "Somebody was greeted.", "body": "text"}]
  }]
}"""

type Greeter = object of Module
  # Calls come on any thread, at the same time.
  count: Atomic[uint64]

proc readName(args: ptr BackplaneArgs): string =
  ## The one parameter of `greet`.
  var
    reader: Reader
    found = false
  reader.init(args)
  reader.at("name")
  for key in reader.entries:
    if key == "name":
      result = reader.readText()
      found = true
    else:
      reader.skip()
  if not found: reader.refuse(problemMissing)
  reader.finish()

proc greet(module: var Greeter, call: ptr BackplaneCall, reply: ptr BackplaneReply): int32 =
  let name = readName(addr call.args)
  var answer: Writer
  answer.init(answer = true)
  if name == "":
    # The error of the interface: a record without fields.
    answer.writeMap(0)
    return reply.answer(BACKPLANE_STATUS_FAILED, answer)
  discard module.count.fetchAdd(1)
  var event: Writer
  event.init()
  event.writeText(name)
  try: module.host.emit(0, 0, event, addr call.context)
  except CallError: discard # A subscriber that has no room for it sees the gap.
  answer.writeText("Hello, " & name & "!")
  reply.answer(BACKPLANE_STATUS_OK, answer)

proc answerCount(module: var Greeter, reply: ptr BackplaneReply): int32 =
  var answer: Writer
  answer.init(answer = true)
  answer.writeUnsigned(module.count.load)
  reply.answer(BACKPLANE_STATUS_OK, answer)

proc serve(module: var Greeter, call: ptr BackplaneCall, reply: ptr BackplaneReply): int32 =
  # What is raised here becomes the answer.
  case call.`method`
  of 0: module.greet(call, reply)
  of 1: module.answerCount(reply)
  else: reply.answerMethod("plugin-name.greeter", call.`method`)

proc exportState(module: var Greeter, reply: ptr BackplaneReply): int32 =
  ## What the next version takes over when it is swapped in.
  module.answerCount(reply)

proc importState(module: var Greeter, schema: uint32, state: BackplaneSlice) =
  var reader: Reader
  reader.init(state)
  module.count.store(reader.readU64())
  reader.finish()

exportPlugin(Greeter, manifest)
