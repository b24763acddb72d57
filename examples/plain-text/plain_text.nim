## Writes any text with the characters of ASCII, by the module `unidecode` of Nim's standard library.
##
## `tidy` also has the filter of somebody else cover words, which are then found however they were accented.

import std/unidecode
import backplane

const manifest = """{
  "name": "plain-text",
  "version": "0.1.0",
  "docs": "Writes any text with the characters of ASCII.",
  "license": "MIT",
  "requires": [{"interface": "text.filter", "version": "^1", "optional": true}],
  "provides": [{
    "id": "text.plain",
    "version": "1.0.0",
    "docs": "Writes any text with the characters of ASCII.",
    "methods": [{
      "name": "plain",
      "docs": "The text in ASCII, as near as that comes. What has no likeness is left out.",
      "params": [{"name": "text", "type": "text"}],
      "returns": "text",
      "inline": true,
      "deadline_ms": 30000
    }, {
      "name": "tidy",
      "docs": "The same, with words covered that the filter minds, if there is one.",
      "params": [{"name": "text", "type": "text"}],
      "returns": {"record": {"name": "Tidied", "docs": "A text for everybody.", "fields": [
        {"name": "text", "docs": "The text.", "type": "text"},
        {"name": "covered", "docs": "How many words are covered.", "type": "u32"}]}},
      "deadline_ms": 30000
    }],
    "events": []
  }]
}"""

type
  PlainText = object of Module
    filter: uint64
    hasFilter: bool
  Asked = object
    ## A call that waits for the answer of the filter.
    host: BackplaneHost
    ticket: uint64

proc start(module: var PlainText) =
  # Not provided, or not granted: then nothing is covered.
  try:
    module.filter = module.host.resolve("text.filter", "^1")
    module.hasFilter = true
  except CallError as error:
    module.host.log(BACKPLANE_LEVEL_INFO, "plain-text", "without a filter: " & error.msg)

proc readText(args: ptr BackplaneArgs): string =
  ## The one parameter of both methods.
  var
    reader: Reader
    found = false
  reader.init(args)
  reader.at("text")
  for key in reader.entries:
    if key == "text":
      result = reader.readText()
      found = true
    else:
      reader.skip()
  if not found: reader.refuse(problemMissing)
  reader.finish()

proc answered(user: pointer, reply: ptr BackplaneReply) {.cdecl, gcsafe, raises: [].} =
  ## The filter's answer looks like ours, and so do its errors: they go on as they are.
  let asked = cast[ptr Asked](user)
  asked.host.complete(asked.ticket, reply)
  deallocShared(asked)

proc tidy(module: var PlainText, call: ptr BackplaneCall, reply: ptr BackplaneReply): int32 =
  let text = unidecode(readText(addr call.args))
  if not module.hasFilter:
    var answer: Writer
    answer.init(answer = true)
    answer.writeMap(2)
    answer.writeText("text")
    answer.writeText(text)
    answer.writeText("covered")
    answer.writeUnsigned(0)
    return reply.answer(BACKPLANE_STATUS_OK, answer)
  var args: Writer
  args.init()
  args.writeMap(1)
  args.writeText("text")
  args.writeText(text)
  let asked = createShared(Asked)
  asked[] = Asked(host: module.host, ticket: module.deferCall(call))
  module.host.callThen(module.filter, 0, args, asked, answered, addr call.context)
  BACKPLANE_STATUS_PENDING

proc serve(module: var PlainText, call: ptr BackplaneCall, reply: ptr BackplaneReply): int32 =
  # What is raised here becomes the answer.
  case call.`method`
  of 0:
    var answer: Writer
    answer.init(answer = true)
    answer.writeText(unidecode(readText(addr call.args)))
    reply.answer(BACKPLANE_STATUS_OK, answer)
  of 1: module.tidy(call, reply)
  else: reply.answerMethod("text.plain", call.`method`)

exportPlugin(PlainText, manifest)
