## Calling other modules, publishing, and streams.
##
## What waits blocks its thread: it is for `start`, `stop` and threads of the plugin's own, never for a method or a
## handler of events. These use the functions whose names end in `Then`.

import abi, c, cbor, plugin

proc raiseCall*(status: int32, message: string) {.noreturn.} =
  ## Raises a `CallError`.
  let error = newException(CallError, message)
  error.status = status
  raise error

proc checkReply*(reply: ptr BackplaneReply) =
  ## Raises a `CallError` unless the status is `OK` or the interface's own error.
  if reply.status notin [int32 BACKPLANE_STATUS_OK, BACKPLANE_STATUS_FAILED]:
    raiseCall(reply.status, reply.payload.toSlice.toString)

proc resolve*(host: BackplaneHost, id, requirement: string): uint64 =
  ## Binds an interface that the manifest requires; raises a `CallError`.
  var reply: BackplaneReply
  defer: backplane_reply_free(addr reply)
  let status = backplane_resolve(unsafeAddr host, id.cstring, requirement.cstring, addr result, addr reply)
  if status != BACKPLANE_STATUS_OK: raiseCall(status, reply.payload.toSlice.toString)

proc callWait*(host: BackplaneHost, binding: uint64, number: uint32, args: var Writer, reply: ptr BackplaneReply,
    context: ptr BackplaneCallContext = nil) =
  ## Calls a method and waits for the answer, which is to be given to `freeReply`.
  discard backplane_call_wait(unsafeAddr host, binding, number, context, addr args.raw, reply)

proc callThen*(host: BackplaneHost, binding: uint64, number: uint32, args: var Writer, user: pointer,
    done: BackplaneDoneFn, context: ptr BackplaneCallContext = nil): uint64 {.discardable.} =
  ## Calls a method and has `done` told the answer, exactly once, perhaps before this returns. The ticket to cancel by, or
  ## 0 if the answer was there at once.
  backplane_call_then(unsafeAddr host, binding, number, context, addr args.raw, user, done)

proc freeReply*(reply: var BackplaneReply) =
  ## Frees what an answer holds.
  backplane_reply_free(addr reply)

proc emit*(host: BackplaneHost, provided, event: uint32, body: var Writer, context: ptr BackplaneCallContext = nil) =
  ## Publishes an event; raises a `CallError` where the host does not take it.
  let status = backplane_emit(unsafeAddr host, provided, event, context, addr body.raw)
  if status != BACKPLANE_STATUS_OK: raiseCall(status, "the event was not published")

type
  StreamWriter* = object
    ## The writing end of a stream.
    host: BackplaneHost
    id: uint64
  StreamReader* = object
    ## The reading end of a stream, once it is claimed. It is made in place, and never copied.
    host: BackplaneHost
    raw: CStreamReader
    context: BackplaneCallContext

proc `=destroy`(reader: var StreamReader) = backplane_stream_close(addr reader.raw)
proc `=copy`(to: var StreamReader, reader: StreamReader) {.error.}

proc openStream*(host: BackplaneHost): (StreamWriter, Stream) =
  ## A stream: its writing end, and the reading end to be sent.
  var
    reply: BackplaneReply
    writer: CStreamWriter
    buf: BackplaneBuf
  defer: backplane_reply_free(addr reply)
  let status = backplane_stream_open(unsafeAddr host, addr writer, addr buf, addr reply)
  if status != BACKPLANE_STATUS_OK: raiseCall(status, reply.payload.toSlice.toString)
  (StreamWriter(host: host, id: writer.id), newStream(buf))

proc trySend*(writer: StreamWriter, item: var Writer): bool =
  ## Writes one item; false where there is no room. Raises a `CallError`.
  var
    reply: BackplaneReply
    raw = CStreamWriter(host: unsafeAddr writer.host, id: writer.id)
  defer: backplane_reply_free(addr reply)
  let status = backplane_stream_write(addr raw, addr item.raw, nil, addr reply)
  if status == BACKPLANE_STATUS_PENDING:
    writer.host.table.cancel(writer.host.ctx, reply.ticket)
    return false
  if status != BACKPLANE_STATUS_OK: raiseCall(status, reply.payload.toSlice.toString)
  true

proc sendWait*(writer: StreamWriter, item: var Writer) =
  ## Writes one item, and waits until there is room. Raises a `CallError`.
  var
    reply: BackplaneReply
    raw = CStreamWriter(host: unsafeAddr writer.host, id: writer.id)
  defer: backplane_reply_free(addr reply)
  let status = backplane_stream_write_wait(addr raw, addr item.raw, nil, addr reply)
  if status != BACKPLANE_STATUS_OK: raiseCall(status, reply.payload.toSlice.toString)

proc finish*(writer: StreamWriter, status = int32 BACKPLANE_STATUS_OK, message = "") =
  ## Ends the stream: well, or with what the reader gets last.
  var raw = CStreamWriter(host: unsafeAddr writer.host, id: writer.id)
  backplane_stream_finish(addr raw, status, message.cstring)

proc claim*(reader: var StreamReader, host: BackplaneHost, stream: Stream) =
  ## Takes over the reading end. Raises a `CallError`.
  var reply: BackplaneReply
  defer: backplane_reply_free(addr reply)
  reader.host = host
  let status = backplane_stream_claim(addr reader.host, stream.streamName, addr reader.raw, addr reply)
  if status != BACKPLANE_STATUS_OK: raiseCall(status, reply.payload.toSlice.toString)

proc nextWait*(reader: var StreamReader, item: var BackplaneSlice): bool =
  ## The next item, encoded and borrowed until the next call; false after the last. Raises a `CallError`.
  var reply: BackplaneReply
  defer: backplane_reply_free(addr reply)
  reader.raw.host = addr reader.host
  result = backplane_stream_next_wait(addr reader.raw, nil, addr item, addr reply)
  if not result and reply.status != BACKPLANE_STATUS_OK:
    raiseCall(reply.status, reply.payload.toSlice.toString)
