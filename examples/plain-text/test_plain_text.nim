## What the library makes of texts, and what the plugin says of itself.

import std/[json, strutils, unidecode]
import backplane
{.warning[UnusedImport]: off.} # It is there for the symbol that it exports.
from plain_text import nil

proc entry(hostAbi: uint32): ptr BackplanePluginDeclaration {.importc: "backplane_plugin_v1", cdecl.}

let manifest = parseJson(entry(BACKPLANE_ABI_LEVEL).manifest.toString)
doAssert manifest["provides"][0]["id"].getStr == "text.plain"
doAssert entry(BACKPLANE_ABI_LEVEL + 1) == nil

doAssert unidecode("Äußerst crème brûlée") == "Ausserst creme brulee"
doAssert unidecode("北京").strip == "Bei Jing"
echo "all is well"
