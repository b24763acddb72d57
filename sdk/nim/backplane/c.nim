## The helper library for C, as the modules beside this one use it. Not for authors.

import abi
import std/os

const
  folder = currentSourcePath().parentDir.parentDir.parentDir / "c"
{.passC: "-I" & quoteShell(folder / "include") & " -fvisibility=hidden".}
{.passL: "-lpthread".}
{.compile: "../../c/src/memory.c".}
{.compile: "../../c/src/cbor_read.c".}
{.compile: "../../c/src/cbor_write.c".}
{.compile: "../../c/src/reply.c".}
{.compile: "../../c/src/call.c".}
{.compile: "../../c/src/stream.c".}

type
  CArena* {.bycopy.} = object
    blocks*: pointer
    taken*, limit*: csize_t
  CReader* {.bycopy.} = object
    at*, `end`*: ptr uint8
    slices*: ptr BackplaneSlice
    bufs*: ptr BackplaneBuf
    attachments*: csize_t
    memory*: ptr CArena
    where*: cstring
    problem*: cint
    depth*: cuint
  CItems* {.bycopy.} = object
    left*: uint64
    endless*: bool
  CWriter* {.bycopy.} = object
    `ptr`*: ptr uint8
    len*, cap*, limit*: csize_t
    borrowed*, lends*: bool
    problem*: cint
    attachments*: ptr BackplaneBuf
    attachmentCount*, attachmentCap*: csize_t
  CStreamWriter* {.bycopy.} = object
    host*: ptr BackplaneHost
    id*: uint64
  CStreamReader* {.bycopy.} = object
    host*: ptr BackplaneHost
    `end`*: BackplaneBuf
    chunk*: BackplaneReply
    at*: csize_t

{.push cdecl, gcsafe, raises: [].}
proc backplane_problem_text*(problem: cint): cstring {.importc.}
proc backplane_arena_init*(arena: ptr CArena, limit: csize_t) {.importc.}
proc backplane_arena_free*(arena: ptr CArena) {.importc.}

proc backplane_reader_init*(reader: ptr CReader, bytes: BackplaneSlice, memory: ptr CArena) {.importc.}
proc backplane_reader_of_args*(reader: ptr CReader, args: ptr BackplaneArgs, memory: ptr CArena) {.importc.}
proc backplane_reader_of_reply*(reader: ptr CReader, reply: ptr BackplaneReply, memory: ptr CArena) {.importc.}
proc backplane_reader_fail*(reader: ptr CReader, problem: cint): bool {.importc, discardable.}
proc backplane_read_null*(reader: ptr CReader): bool {.importc.}
proc backplane_read_bool*(reader: ptr CReader, value: ptr bool): bool {.importc.}
proc backplane_read_u8*(reader: ptr CReader, value: ptr uint8): bool {.importc.}
proc backplane_read_u16*(reader: ptr CReader, value: ptr uint16): bool {.importc.}
proc backplane_read_u32*(reader: ptr CReader, value: ptr uint32): bool {.importc.}
proc backplane_read_u64*(reader: ptr CReader, value: ptr uint64): bool {.importc.}
proc backplane_read_i8*(reader: ptr CReader, value: ptr int8): bool {.importc.}
proc backplane_read_i16*(reader: ptr CReader, value: ptr int16): bool {.importc.}
proc backplane_read_i32*(reader: ptr CReader, value: ptr int32): bool {.importc.}
proc backplane_read_i64*(reader: ptr CReader, value: ptr int64): bool {.importc.}
proc backplane_read_f64*(reader: ptr CReader, value: ptr float64): bool {.importc.}
proc backplane_read_text*(reader: ptr CReader, value: ptr BackplaneSlice): bool {.importc.}
proc backplane_read_bytes*(reader: ptr CReader, value: ptr BackplaneSlice): bool {.importc.}
proc backplane_read_fixed*(reader: ptr CReader, len: csize_t, value: ptr BackplaneSlice): bool {.importc.}
proc backplane_read_attachment*(reader: ptr CReader, value: ptr BackplaneSlice): bool {.importc.}
proc backplane_take_null*(reader: ptr CReader): bool {.importc.}
proc backplane_read_array*(reader: ptr CReader, items: ptr CItems): bool {.importc.}
proc backplane_read_map*(reader: ptr CReader, items: ptr CItems): bool {.importc.}
proc backplane_next*(reader: ptr CReader, items: ptr CItems): bool {.importc.}
proc backplane_read_case*(reader: ptr CReader, name: ptr BackplaneSlice, rest: ptr CItems,
    alone: ptr bool): bool {.importc.}
proc backplane_end_case*(reader: ptr CReader, rest: ptr CItems, alone: bool): bool {.importc.}
proc backplane_skip*(reader: ptr CReader): bool {.importc.}
proc backplane_read_end*(reader: ptr CReader): bool {.importc.}

proc backplane_writer_init*(writer: ptr CWriter, limit: csize_t) {.importc.}
proc backplane_writer_free*(writer: ptr CWriter) {.importc.}
proc backplane_write_null*(writer: ptr CWriter): bool {.importc.}
proc backplane_write_bool*(writer: ptr CWriter, value: bool): bool {.importc.}
proc backplane_write_u64*(writer: ptr CWriter, value: uint64): bool {.importc.}
proc backplane_write_i64*(writer: ptr CWriter, value: int64): bool {.importc.}
proc backplane_write_f64*(writer: ptr CWriter, value: float64): bool {.importc.}
proc backplane_write_text*(writer: ptr CWriter, value: BackplaneSlice): bool {.importc.}
proc backplane_write_bytes*(writer: ptr CWriter, value: BackplaneSlice): bool {.importc.}
proc backplane_write_array*(writer: ptr CWriter, count: uint64): bool {.importc.}
proc backplane_write_map*(writer: ptr CWriter, count: uint64): bool {.importc.}
proc backplane_write_encoded*(writer: ptr CWriter, value: BackplaneSlice): bool {.importc.}
proc backplane_write_blob*(writer: ptr CWriter, value: BackplaneSlice): bool {.importc.}
proc backplane_write_stream*(writer: ptr CWriter, reader: ptr BackplaneBuf): bool {.importc.}

proc backplane_buf_free*(buf: ptr BackplaneBuf) {.importc.}
proc backplane_reply_free*(reply: ptr BackplaneReply) {.importc.}
proc backplane_answer_nothing*(reply: ptr BackplaneReply): int32 {.importc.}
proc backplane_answer*(reply: ptr BackplaneReply, status: int32, value: ptr CWriter): int32 {.importc.}
proc backplane_refuse*(reply: ptr BackplaneReply, status: int32, format: cstring): int32 {.importc, varargs.}
proc backplane_refuse_method*(reply: ptr BackplaneReply, name: cstring, number: uint32): int32 {.importc.}
proc backplane_call_then*(host: ptr BackplaneHost, binding: uint64, number: uint32,
    context: ptr BackplaneCallContext, args: ptr CWriter, user: pointer, done: BackplaneDoneFn): uint64 {.importc.}
proc backplane_call_wait*(host: ptr BackplaneHost, binding: uint64, number: uint32,
    context: ptr BackplaneCallContext, args: ptr CWriter, reply: ptr BackplaneReply): int32 {.importc.}
proc backplane_resolve*(host: ptr BackplaneHost, name, requirement: cstring, binding: ptr uint64,
    reply: ptr BackplaneReply): int32 {.importc.}
proc backplane_emit*(host: ptr BackplaneHost, provided, event: uint32, context: ptr BackplaneCallContext,
    body: ptr CWriter): int32 {.importc.}
proc backplane_log*(host: ptr BackplaneHost, level: uint32, target, format: cstring) {.importc, varargs.}

proc backplane_stream_open*(host: ptr BackplaneHost, writer: ptr CStreamWriter, reader: ptr BackplaneBuf,
    reply: ptr BackplaneReply): int32 {.importc.}
proc backplane_stream_write*(writer: ptr CStreamWriter, item: ptr CWriter, context: ptr BackplaneCallContext,
    reply: ptr BackplaneReply): int32 {.importc.}
proc backplane_stream_write_wait*(writer: ptr CStreamWriter, item: ptr CWriter, context: ptr BackplaneCallContext,
    reply: ptr BackplaneReply): int32 {.importc.}
proc backplane_stream_finish*(writer: ptr CStreamWriter, status: int32, message: cstring) {.importc.}
proc backplane_stream_claim*(host: ptr BackplaneHost, name: BackplaneSlice, reader: ptr CStreamReader,
    reply: ptr BackplaneReply): int32 {.importc.}
proc backplane_stream_next_wait*(reader: ptr CStreamReader, context: ptr BackplaneCallContext,
    item: ptr BackplaneSlice, reply: ptr BackplaneReply): bool {.importc.}
proc backplane_stream_close*(reader: ptr CStreamReader) {.importc.}
{.pop.}
