## Drives the plugin through its table, as a host does.

import backplane
{.warning[UnusedImport]: off.} # It is there for the symbol that it exports.
from plugin import nil

proc entry(hostAbi: uint32): ptr BackplanePluginDeclaration {.importc: "backplane_plugin_v1", cdecl.}

var events = 0

proc emit(host: pointer, provided, event: uint32, context: ptr BackplaneCallContext, args: ptr BackplaneArgs,
    reply: ptr BackplaneReply): int32 {.cdecl, gcsafe, raises: [].} =
  ## What stands in for the host's events.
  {.cast(gcsafe).}: inc events
  reply.succeed()

var
  table = BackplaneHostTable(size: uint32 sizeof(BackplaneHostTable), abi: BACKPLANE_ABI_LEVEL, emit: emit)
  host = BackplaneHost(table: addr table)
  info = BackplaneModuleInfo(size: uint32 sizeof(BackplaneModuleInfo), generation: 1)
  reply: BackplaneReply

proc begin(): BackplaneModuleHandle =
  doAssert entry(BACKPLANE_ABI_LEVEL).create(addr host, addr info, addr result, addr reply) == BACKPLANE_STATUS_OK
  doAssert result.table.start(result.ctx, addr reply) == BACKPLANE_STATUS_OK

proc finish(module: BackplaneModuleHandle) =
  reply.freeReply()
  doAssert module.table.stop(module.ctx, 1000, addr reply) == BACKPLANE_STATUS_OK
  module.table.destroy(module.ctx)

proc greet(module: BackplaneModuleHandle, name: string): int32 =
  ## Calls `greet`; the status, with the answer in `reply`.
  var
    args: Writer
    call = BackplaneCall(size: uint32 sizeof(BackplaneCall), kind: BACKPLANE_KIND_METHOD)
  args.init()
  args.writeMap(1)
  args.writeText("name")
  args.writeText(name)
  let bytes = args.written
  call.args.payload = bytes.toSlice
  reply.freeReply()
  module.table.call(module.ctx, addr call, addr reply)

proc count(module: BackplaneModuleHandle): uint64 =
  var
    call = BackplaneCall(size: uint32 sizeof(BackplaneCall), kind: BACKPLANE_KIND_METHOD, `method`: 1)
    reader: Reader
  reply.freeReply()
  doAssert module.table.call(module.ctx, addr call, addr reply) == BACKPLANE_STATUS_OK
  reader.init(addr reply)
  reader.readU64()

proc text(): string =
  var reader: Reader
  reader.init(addr reply)
  reader.readText()

let (older, newer) = (begin(), begin())
doAssert older.greet("Ada") == BACKPLANE_STATUS_OK
doAssert text() == "Hello, Ada!"
doAssert events == 1 and older.count() == 1

doAssert older.greet("") == BACKPLANE_STATUS_FAILED
doAssert events == 1 and older.count() == 1

# The next version goes on counting.
reply.freeReply()
doAssert older.table.exportState(older.ctx, addr reply) == BACKPLANE_STATUS_OK
var taken: BackplaneReply
doAssert newer.table.importState(newer.ctx, 1, reply.payload.toSlice, addr taken) == BACKPLANE_STATUS_OK
doAssert newer.count() == 1

older.finish()
newer.finish()
echo "all is well"
