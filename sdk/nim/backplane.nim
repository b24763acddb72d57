## What a plugin in Nim needs: the tables of the ABI, CBOR, modules, clients and streams.
##
## ```sh
## nim c -d:release --threads:on --mm:arc -d:useMalloc --app:lib --path:backplane/sdk/nim --out:libhello.so hello.nim
## ```
##
## The host calls from threads of its own, which is why the allocator must be that of C and the memory management ARC or
## ORC; compiling with other options is refused.

import backplane/[abi, cbor, plugin, client]
export abi, cbor, plugin, client
