## Prints each argument, a value in hexadecimal digits, in its shortest form, or the problem with it.

import backplane
import std/[os, strutils]

proc copy(reader: var Reader, writer: var Writer, bytes: seq[byte]) =
  let first = bytes[reader.position]
  case first shr 5
  of 0: writer.writeUnsigned(reader.readU64())
  of 1: writer.writeSigned(reader.readI64())
  of 2: writer.writeBytes(reader.readBytes())
  of 3: writer.writeText(reader.readText())
  of 4:
    var items: seq[seq[byte]]
    for _ in reader.items:
      var item: Writer
      item.init()
      copy(reader, item, bytes)
      items.add(item.written)
    writer.writeArray(items.len)
    for item in items: writer.writeEncoded(item)
  of 5:
    var entries: seq[(string, seq[byte])]
    for key in reader.entries:
      let name = key.toString
      var item: Writer
      item.init()
      copy(reader, item, bytes)
      entries.add((name, item.written))
    writer.writeMap(entries.len)
    for (name, item) in entries:
      writer.writeText(name)
      writer.writeEncoded(item)
  else:
    if reader.takeNull(): writer.writeNull()
    elif first in [0xf4'u8, 0xf5]: writer.writeBool(reader.readBool())
    else: writer.writeF64(reader.readF64())

for argument in commandLineParams():
  let text = parseHexStr(argument)
  let bytes = @(text.toOpenArrayByte(0, text.high))
  try:
    var reader: Reader
    reader.init(bytes.toSlice)
    var writer: Writer
    writer.init()
    copy(reader, writer, bytes)
    reader.finish()
    var digits = ""
    for each in writer.written: digits.add(toLowerAscii(toHex(each)))
    echo digits
  except CborError as error:
    echo error.msg
