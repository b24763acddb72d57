## CBOR (RFC 8949): what arguments, answers, events and items of streams are written in.
##
## The work is done by the helper library for C, with its bounds: 64 levels of depth, 256 MiB of memory for one value,
## 72 MiB for a payload, 1024 attachments. What is beyond, and what is not of the type that is asked for, raises
## `CborError`, whose message names the place and the rule.

import abi, c

type
  CborError* = object of CatchableError
    ## A value cannot be read or written.
    problem*: int
      ## One of the problems of the C library.
  Reader* = object
    ## Reads one value after another. It is made in place, and never copied.
    raw: CReader
    arena: CArena
    first: ptr uint8
  Writer* = object
    ## Writes one value after another. It is made in place, and never copied.
    raw*: CWriter
    answer: bool
  StreamEnd = object
    name: seq[byte]
    buf: BackplaneBuf
  Stream* = ref StreamEnd
    ## The reading end of a stream, on its way: not claimed yet. It belongs to one thread at a time.

proc `=destroy`(reader: var Reader) =
  backplane_arena_free(addr reader.arena)
proc `=copy`(to: var Reader, reader: Reader) {.error.}
proc `=destroy`(writer: var Writer) =
  backplane_writer_free(addr writer.raw)
proc `=copy`(to: var Writer, writer: Writer) {.error.}
proc `=destroy`(stream: var StreamEnd) =
  backplane_buf_free(addr stream.buf)
  `=destroy`(stream.name)
proc `=copy`(to: var StreamEnd, stream: StreamEnd) {.error.}

proc fail(problem: cint, where: string) {.noinline, noreturn.} =
  let error = newException(CborError, where & ": " & $backplane_problem_text(problem))
  error.problem = problem
  raise error

# ------------------------------------------------------------------------------------------------ bytes

proc toString*(slice: BackplaneSlice): string =
  ## A copy of borrowed bytes as text.
  result = newString(int slice.len)
  if slice.len > 0: copyMem(addr result[0], slice.`ptr`, slice.len)

proc toBytes*(slice: BackplaneSlice): seq[byte] =
  ## A copy of borrowed bytes.
  result = newSeq[byte](int slice.len)
  if slice.len > 0: copyMem(addr result[0], slice.`ptr`, slice.len)

proc toSlice*(text: string): BackplaneSlice =
  ## Borrows the text, which must not change or end before the slice.
  BackplaneSlice(`ptr`: cast[ptr uint8](text.cstring), len: csize_t text.len)

proc toSlice*(bytes: openArray[byte]): BackplaneSlice =
  ## Borrows the bytes, which must not change or end before the slice.
  if bytes.len > 0: result = BackplaneSlice(`ptr`: unsafeAddr bytes[0], len: csize_t bytes.len)

proc toSlice*(buf: BackplaneBuf): BackplaneSlice =
  ## Borrows the bytes of a buffer.
  BackplaneSlice(`ptr`: buf.`ptr`, len: buf.len)

# ------------------------------------------------------------------------------------------------ reading

proc begin(reader: var Reader) =
  backplane_arena_init(addr reader.arena, 0)

proc init*(reader: var Reader, bytes: BackplaneSlice) =
  ## Reads `bytes`, which refer to no attachment and stay where they are.
  reader.begin()
  backplane_reader_init(addr reader.raw, bytes, addr reader.arena)
  reader.first = reader.raw.at

proc init*(reader: var Reader, args: ptr BackplaneArgs) =
  ## Reads the arguments of a call, or the body of an event.
  reader.begin()
  backplane_reader_of_args(addr reader.raw, args, addr reader.arena)
  reader.first = reader.raw.at

proc init*(reader: var Reader, reply: ptr BackplaneReply) =
  ## Reads the payload of an answer: the result or the error.
  reader.begin()
  backplane_reader_of_reply(addr reader.raw, reply, addr reader.arena)
  reader.first = reader.raw.at

proc position*(reader: Reader): int =
  ## How many bytes were read.
  cast[int](reader.raw.at) - cast[int](reader.first)

proc check(reader: var Reader, read: bool) {.inline.} =
  if not read: fail(reader.raw.problem, $reader.raw.where)

proc at*(reader: var Reader, where: static cstring) {.inline.} =
  ## What is read now, for the message.
  reader.raw.where = where

proc refuse*(reader: var Reader, problem: int) =
  ## Raises a problem at the present place.
  backplane_reader_fail(addr reader.raw, cint problem)
  reader.check(false)

const
  problemMissing* = 7
    ## A field that has no default is not there.
  problemDuplicate* = 8
    ## A field is there twice.
  problemCase* = 9
    ## The enum or union has no such case.
  problemOneEntry* = 10
    ## A union is a map of exactly one entry, or the name of a case that carries nothing.
  problemAttachment* = 11
    ## There is no attachment of this number.
  problemDepth* = 13
    ## Values lie deeper than 64 levels in each other.

template plain(name: untyped, ty: typedesc, function: untyped) =
  proc name*(reader: var Reader): ty =
    ## Reads such a value.
    reader.check(function(addr reader.raw, addr result))

plain(readBool, bool, backplane_read_bool)
plain(readU8, uint8, backplane_read_u8)
plain(readU16, uint16, backplane_read_u16)
plain(readU32, uint32, backplane_read_u32)
plain(readU64, uint64, backplane_read_u64)
plain(readI8, int8, backplane_read_i8)
plain(readI16, int16, backplane_read_i16)
plain(readI32, int32, backplane_read_i32)
plain(readI64, int64, backplane_read_i64)
plain(readF64, float64, backplane_read_f64)

proc readNull*(reader: var Reader) =
  ## Reads null.
  reader.check(backplane_read_null(addr reader.raw))

proc takeNull*(reader: var Reader): bool =
  ## Whether null or undefined comes next; if so, it is read.
  backplane_take_null(addr reader.raw)

proc readSlice(reader: var Reader): BackplaneSlice =
  reader.check(backplane_read_text(addr reader.raw, addr result))

proc readText*(reader: var Reader): string =
  ## Reads text.
  reader.readSlice().toString

proc readBytes*(reader: var Reader): seq[byte] =
  ## Reads bytes.
  var slice: BackplaneSlice
  reader.check(backplane_read_bytes(addr reader.raw, addr slice))
  slice.toBytes

proc readFixed*[N: static int](reader: var Reader, value: var array[N, byte]) =
  ## Reads exactly so many bytes.
  var slice: BackplaneSlice
  reader.check(backplane_read_fixed(addr reader.raw, csize_t N, addr slice))
  when N > 0: copyMem(addr value[0], slice.`ptr`, N)

proc readFixed*(reader: var Reader, N: static int): array[N, byte] =
  ## The same as a value.
  reader.readFixed(result)

proc readBlob*(reader: var Reader): seq[byte] =
  ## Reads the bytes of the attachment that the value names.
  var slice: BackplaneSlice
  reader.check(backplane_read_attachment(addr reader.raw, addr slice))
  slice.toBytes

proc readStream*(reader: var Reader): Stream =
  ## Reads the stream that the value names; `claim` takes it over. That of an answer is ours from now on.
  if reader.raw.bufs == nil: return Stream(name: reader.readBlob())
  let number = reader.readU64()
  if number >= uint64 reader.raw.attachments: reader.refuse(problemAttachment)
  let bufs = cast[ptr UncheckedArray[BackplaneBuf]](reader.raw.bufs)
  result = Stream(name: bufs[number].toSlice.toBytes, buf: bufs[number])
  bufs[number] = BackplaneBuf()

proc key(slice: BackplaneSlice, name: string): bool {.inline.} =
  int(slice.len) == name.len and equalMem(slice.`ptr`, name.cstring, name.len)

proc `==`*(slice: BackplaneSlice, name: string): bool =
  ## Whether borrowed text is `name`.
  slice.key(name)

iterator entries*(reader: var Reader): BackplaneSlice =
  ## The keys of a map, borrowed; the value of each is to be read before the next.
  var items: CItems
  reader.check(backplane_read_map(addr reader.raw, addr items))
  while backplane_next(addr reader.raw, addr items):
    yield reader.readSlice()
  reader.check(reader.raw.problem == 0)

iterator items*(reader: var Reader): int =
  ## The items of an array by their number; each is to be read before the next.
  var items: CItems
  reader.check(backplane_read_array(addr reader.raw, addr items))
  var number = 0
  while backplane_next(addr reader.raw, addr items):
    yield number
    inc number
  reader.check(reader.raw.problem == 0)

proc readName*(reader: var Reader): BackplaneSlice =
  ## Reads the name of a case of an enum, borrowed.
  reader.readSlice()

type UnionCase* = object
  ## A case of a union that is being read.
  name*: BackplaneSlice
    ## Its name, borrowed.
  alone*: bool
    ## Whether it stands without a value.
  rest: CItems

proc readCase*(reader: var Reader): UnionCase =
  ## Reads the name of a case of a union; its value comes next, unless it stands alone, and then `endCase`.
  reader.check(backplane_read_case(addr reader.raw, addr result.name, addr result.rest, addr result.alone))

proc endCase*(reader: var Reader, of_case: var UnionCase) =
  ## Ends the case.
  reader.check(backplane_end_case(addr reader.raw, addr of_case.rest, of_case.alone))

proc skip*(reader: var Reader) =
  ## Passes over any value.
  reader.check(backplane_skip(addr reader.raw))

proc finish*(reader: var Reader) =
  ## Nothing follows.
  reader.check(backplane_read_end(addr reader.raw))

# ------------------------------------------------------------------------------------------------ writing

proc init*(writer: var Writer, answer = false) =
  ## Begins to write; an `answer` gives its streams away.
  backplane_writer_init(addr writer.raw, 0)
  writer.answer = answer

proc check(writer: var Writer, written: bool) {.inline.} =
  if not written: fail(writer.raw.problem, "value")

proc writeNull*(writer: var Writer) =
  ## Writes null.
  writer.check(backplane_write_null(addr writer.raw))

proc writeBool*(writer: var Writer, value: bool) =
  ## Writes a bool.
  writer.check(backplane_write_bool(addr writer.raw, value))

proc writeUnsigned*(writer: var Writer, value: uint64) =
  ## Writes an integer.
  writer.check(backplane_write_u64(addr writer.raw, value))

proc writeSigned*(writer: var Writer, value: int64) =
  ## Writes an integer.
  writer.check(backplane_write_i64(addr writer.raw, value))

proc writeF64*(writer: var Writer, value: float64) =
  ## Writes a double.
  writer.check(backplane_write_f64(addr writer.raw, value))

proc writeText*(writer: var Writer, value: string) =
  ## Writes text, which must be UTF-8.
  writer.check(backplane_write_text(addr writer.raw, value.toSlice))

proc writeBytes*(writer: var Writer, value: openArray[byte]) =
  ## Writes bytes.
  writer.check(backplane_write_bytes(addr writer.raw, value.toSlice))

proc writeArray*(writer: var Writer, count: int) =
  ## So many items follow.
  writer.check(backplane_write_array(addr writer.raw, uint64 count))

proc writeMap*(writer: var Writer, count: int) =
  ## So many entries follow.
  writer.check(backplane_write_map(addr writer.raw, uint64 count))

proc writeEncoded*(writer: var Writer, value: openArray[byte]) =
  ## Bytes that are a value already.
  writer.check(backplane_write_encoded(addr writer.raw, value.toSlice))

proc writeBlob*(writer: var Writer, value: openArray[byte]) =
  ## Adds an attachment, which is borrowed until the value is sent.
  writer.check(backplane_write_blob(addr writer.raw, value.toSlice))

proc writeStream*(writer: var Writer, stream: Stream) =
  ## Adds a stream. An answer gives it away; arguments lend it, and it must stay until the call is answered.
  if writer.answer and stream.buf.free != nil:
    let written = backplane_write_stream(addr writer.raw, addr stream.buf)
    stream.buf = BackplaneBuf()
    writer.check(written)
  elif stream.buf.free != nil:
    writer.check(backplane_write_blob(addr writer.raw, stream.buf.toSlice))
  else:
    writer.check(backplane_write_blob(addr writer.raw, stream.name.toSlice))

proc written*(writer: Writer): seq[byte] =
  ## A copy of what is written.
  BackplaneSlice(`ptr`: writer.raw.`ptr`, len: writer.raw.len).toBytes

proc newStream*(buf: BackplaneBuf): Stream =
  ## The reading end of a stream that was opened.
  Stream(buf: buf)

proc newStream*(name: seq[byte]): Stream =
  ## The reading end of a stream by its name, for `claim`.
  Stream(name: name)

proc streamName*(stream: Stream): BackplaneSlice =
  ## The name of a stream, borrowed.
  if stream.buf.free != nil: stream.buf.toSlice else: stream.name.toSlice
