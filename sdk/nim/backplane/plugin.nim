## Modules: what the host calls, and how it is answered.
##
## A module is an object that inherits from `Module`. Procs with the names `start`, `serve`, `cancel`, `exportState`,
## `importState` and `stop` for it are found by `exportPlugin`; those that are left out do nothing. They run on threads of
## the host, several at once: share nothing without a lock, and no `ref` at all.

import abi, c, cbor

when not compileOption("threads") or not defined(useMalloc) or not (defined(gcArc) or defined(gcOrc)):
  {.error: "the host calls from threads of its own: compile with --threads:on --mm:arc -d:useMalloc".}

type
  Module* = object of RootObj
    ## One instance of the plugin in a host.
    host*: BackplaneHost
      ## The host; valid until `stop` returns.
    name*: string
      ## The name of the module in this host.
    dataDir*: string
      ## A folder of its own, which exists; empty where there is none.
    config*: string
      ## The configuration: a JSON object, already checked against the manifest.
  Refusal* = object of CatchableError
    ## Raised by a method: the call is answered with `status` and the message.
    status*: int32
      ## One of BACKPLANE_STATUS_*.
  Deferred* = object of CatchableError
    ## Raised by a method that has called `deferCall`: the answer follows.
  CallError* = object of CatchableError
    ## A call of another module did not get through, or its answer did not get back.
    status*: int32
      ## One of BACKPLANE_STATUS_*.

proc refuse*(status: int32, message: string) {.noreturn.} =
  ## Ends a method with a status and a message for people.
  let refusal = newException(Refusal, message)
  refusal.status = status
  raise refusal

proc succeed*(reply: ptr BackplaneReply): int32 =
  ## `OK`, with nothing.
  backplane_answer_nothing(reply)

proc answer*(reply: ptr BackplaneReply, status: int32, writer: var Writer): int32 =
  ## `OK`, or `FAILED` for the interface's own error, with what was written.
  backplane_answer(reply, status, addr writer.raw)

proc answerMessage*(reply: ptr BackplaneReply, status: int32, message: string): int32 =
  ## Another status with a message for people; its first 511 bytes.
  backplane_refuse(reply, status, "%s", message.cstring)

proc answerMethod*(reply: ptr BackplaneReply, name: string, number: uint32): int32 =
  ## There is no method of this number.
  backplane_refuse_method(reply, name.cstring, number)

proc answerPending(reply: ptr BackplaneReply): int32 =
  reply.status = BACKPLANE_STATUS_PENDING
  BACKPLANE_STATUS_PENDING

proc answerException*(reply: ptr BackplaneReply, error: ref Exception): int32 =
  ## What an exception comes to: `BAD_ARGUMENTS` for a `CborError`, the status of a `Refusal` or of a `CallError`,
  ## `PANICKED` for a defect, else `INTERNAL`.
  if error of Deferred: return reply.answerPending()
  let status =
    if error of CborError: int32 BACKPLANE_STATUS_BAD_ARGUMENTS
    elif error of Refusal: (ref Refusal)(error).status
    elif error of CallError: (ref CallError)(error).status
    elif error of Defect: int32 BACKPLANE_STATUS_PANICKED
    else: int32 BACKPLANE_STATUS_INTERNAL
  reply.answerMessage(status, error.msg)

template answering*(reply: ptr BackplaneReply, body: untyped): int32 =
  ## The status that `body` gives, or what its exception comes to.
  try: body
  except Exception as error: reply.answerException(error)

proc start*(module: var Module) =
  ## Makes the module ready to answer; may block and call others.
  discard
proc serve*(module: var Module, call: ptr BackplaneCall, reply: ptr BackplaneReply): int32 =
  ## Answers a method or takes an event; must not wait.
  reply.answerMethod("the module", call.`method`)
proc cancel*(module: var Module, ticket: uint64) =
  ## Nobody waits for a deferred call any more.
  discard
proc stop*(module: var Module) =
  ## Ends all work.
  discard
proc exportState*(module: var Module, reply: ptr BackplaneReply): int32 =
  ## Answers, as a method does, what a successor takes over; only asked where the manifest has `state`. No call or event
  ## is under way.
  reply.answerMessage(BACKPLANE_STATUS_UNSUPPORTED, "the module hands no state over")
proc importState*(module: var Module, schema: uint32, state: BackplaneSlice) =
  ## Takes over what a predecessor has written in this schema. Runs after `start`, before the first call or event.
  refuse(BACKPLANE_STATUS_UNSUPPORTED, "the module takes no state over")

proc deferCall*(module: Module, call: ptr BackplaneCall): uint64 =
  ## The ticket by which the call is answered later, with `complete`; the method then ends with `deferred`.
  module.host.table.`defer`(module.host.ctx, call)

proc deferred*() {.noreturn.} =
  ## Ends a method that has called `deferCall`.
  raise newException(Deferred, "the answer follows")

proc complete*(host: BackplaneHost, ticket: uint64, reply: ptr BackplaneReply) =
  ## Answers a deferred call; takes what is in `reply`.
  host.table.complete(host.ctx, ticket, reply)

proc log*(host: BackplaneHost, level: uint32, target, message: string) =
  ## A line for the host's log, at most 511 bytes.
  backplane_log(unsafeAddr host, level, target.cstring, "%s", message.cstring)

proc cLiteral(text: string): string {.compileTime.} =
  result = "\""
  for each in text:
    case each
    of '"', '\\', '?': result.add('\\'); result.add(each)
    of '\n': result.add("\\n")
    of '\0' .. '\9', '\11' .. '\31':
      result.add('\\')
      for shift in [6, 3, 0]: result.add(char(ord('0') + (ord(each) shr shift and 7)))
    else: result.add(each)
  result.add('"')

template exportPlugin*(T: typedesc, manifestJson: static string) =
  ## Defines what the host looks for: the manifest, and the functions that make and run instances of `T`. Once in a
  ## plugin, at the top level.
  mixin start, serve, cancel, stop, exportState, importState
  const text = cLiteral(manifestJson)
  {.emit: ["/*VARSECTION*/\n#if defined(__APPLE__)\n#define BACKPLANE_SECTION \"__DATA,__backplane\"\n#else\n",
    "#define BACKPLANE_SECTION \".backplane\"\n#endif\n",
    "static const char backplane_manifest_text[] __attribute__((used, section(BACKPLANE_SECTION))) =\n    ", text,
    ";\nconst char *backplane_manifest_of_nim(void) { return backplane_manifest_text; }\n"].}
  proc manifestPointer(): ptr uint8 {.importc: "backplane_manifest_of_nim", nodecl, gcsafe, raises: [].}

  var table {.global.}: BackplaneModuleTable
  var declaration {.global.}: BackplanePluginDeclaration

  proc onStart(module: pointer, reply: ptr BackplaneReply): int32 {.cdecl, gcsafe, raises: [].} =
    reply.answering:
      start(cast[ptr T](module)[])
      reply.succeed()
  proc onCall(module: pointer, incoming: ptr BackplaneCall, reply: ptr BackplaneReply): int32 {.cdecl, gcsafe,
      raises: [].} =
    reply.answering:
      serve(cast[ptr T](module)[], incoming, reply)
  proc onCancel(module: pointer, ticket: uint64) {.cdecl, gcsafe, raises: [].} =
    try: cancel(cast[ptr T](module)[], ticket)
    except Exception: discard
  proc onStop(module: pointer, deadline: uint32, reply: ptr BackplaneReply): int32 {.cdecl, gcsafe, raises: [].} =
    reply.answering:
      stop(cast[ptr T](module)[])
      reply.succeed()
  proc onExport(module: pointer, reply: ptr BackplaneReply): int32 {.cdecl, gcsafe, raises: [].} =
    reply.answering:
      exportState(cast[ptr T](module)[], reply)
  proc onImport(module: pointer, schema: uint32, state: BackplaneSlice, reply: ptr BackplaneReply): int32 {.cdecl,
      gcsafe, raises: [].} =
    reply.answering:
      importState(cast[ptr T](module)[], schema, state)
      reply.succeed()
  proc onDestroy(module: pointer) {.cdecl, gcsafe, raises: [].} =
    try: reset(cast[ptr T](module)[])
    except Exception: discard
    deallocShared(module)
  proc onCreate(host: ptr BackplaneHost, info: ptr BackplaneModuleInfo, handle: ptr BackplaneModuleHandle,
      reply: ptr BackplaneReply): int32 {.cdecl, gcsafe, raises: [].} =
    reply.answering:
      let instance = createShared(T)
      instance.host = host[]
      instance.name = info.name.toString
      instance.dataDir = info.dataDir.toString
      instance.config = info.config.toString
      {.cast(gcsafe).}:
        handle[] = BackplaneModuleHandle(ctx: instance, table: addr table)
      reply.succeed()

  table = BackplaneModuleTable(size: uint32 sizeof(BackplaneModuleTable), abi: BACKPLANE_ABI_LEVEL, start: onStart,
    call: onCall, cancel: onCancel, exportState: onExport, importState: onImport, stop: onStop, destroy: onDestroy)
  declaration = BackplanePluginDeclaration(size: uint32 sizeof(BackplanePluginDeclaration), abi: BACKPLANE_ABI_LEVEL,
    manifest: BackplaneSlice(`ptr`: manifestPointer(), len: csize_t manifestJson.len), create: onCreate)

  proc pluginEntry(hostAbi: uint32): ptr BackplanePluginDeclaration {.exportc: "backplane_plugin_v1", dynlib, cdecl,
      gcsafe, raises: [].} =
    {.cast(gcsafe).}:
      if hostAbi == BACKPLANE_ABI_LEVEL: result = addr declaration
