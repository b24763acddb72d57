## Generated from the C header `backplane_plugin.h`. Do not edit.
##
## The stable ABI between a Backplane host and its plugins.
##
## A plugin is a dynamic library that exports exactly one symbol, BACKPLANE_ENTRY_SYMBOL, and carries its
## manifest as JSON in the section BACKPLANE_MANIFEST_SECTION, so that it can be inspected without running a
## line of it. The entry function returns a backplane_plugin_declaration; from it the host creates module
## instances, each a context pointer with a backplane_module_table. The host answers through a backplane_host_table.
##
## Everything here is laid out as C does it. Every table starts with its own size in bytes, so that a later
## level can append entries; what is there is never changed, reordered or removed.
##
## # Rules for both sides
##
## * **Memory.** A backplane_slice is borrowed for the duration of the call that passes it. A backplane_buf is owned by
##   whoever holds it and carries its own `free`; nobody frees the other side's memory otherwise.
## * **Completion.** A call answers at once, or it answers BACKPLANE_STATUS_PENDING and is completed later,
##   exactly once, by backplane_host_table.complete with the ticket that backplane_host_table.defer gave.
## * **Threads.** Every function may be called from any thread, at the same time, unless its text says
##   otherwise. The host holds no lock while plugin code runs.
## * **Unwinding.** Nothing unwinds across. A function that would panic answers BACKPLANE_STATUS_PANICKED.
##

const
  BACKPLANE_ENTRY_SYMBOL* = "backplane_plugin_v1"
    ## The name of the function that a plugin exports.
  BACKPLANE_MANIFEST_SECTION* = ".backplane"
    ## The section of the library that holds the manifest.
  BACKPLANE_LAYOUT_VERSION* = "abi_stable 0.11.3"
    ## The release of abi_stable that writes layout records.
  BACKPLANE_STREAM_SERVICE* = "backplane.streams"
    ## The service by which query_service gives a backplane_stream_table.
  BACKPLANE_CONTROL_SERVICE* = "backplane.control"
    ## The service by which query_service gives a backplane_control_table.
  BACKPLANE_ABI_LEVEL* = 1
    ## The ABI level of these tables. A plugin and a host work together when they name the same level.
  BACKPLANE_CHAIN_LIMIT* = 16
    ## How many modules a chain of nested calls may pass through. The next one is refused with
    ## BACKPLANE_STATUS_DEADLOCK.
  BACKPLANE_KIND_METHOD* = 0
    ## A method call: `interface` counts the manifest's `provides`, `method` the interface's methods.
  BACKPLANE_KIND_EVENT* = 1
    ## An event: `interface` counts the manifest's `subscribes`; `method` is 0.
  BACKPLANE_CONTROL_VERSION* = 1
    ## The version of BACKPLANE_CONTROL_SERVICE that backplane_control_table is.
  BACKPLANE_MANIFEST_LIMIT* = 1 shl 20
    ## The largest manifest that a host reads, in bytes.
  BACKPLANE_LEVEL_ERROR* = 1
    ## Something failed.
  BACKPLANE_LEVEL_WARN* = 2
    ## Something is suspicious.
  BACKPLANE_LEVEL_INFO* = 3
    ## Something happened that an operator wants to know.
  BACKPLANE_LEVEL_DEBUG* = 4
    ## For developers.
  BACKPLANE_LEVEL_TRACE* = 5
    ## For developers, very much of it.
  BACKPLANE_STATUS_OK* = 0
    ## Done; the payload is the encoded result.
  BACKPLANE_STATUS_PENDING* = 1
    ## Not done yet; the ticket names the call, and the answer follows once.
  BACKPLANE_STATUS_FAILED* = 2
    ## The interface's own error; the payload is the encoded error value.
  BACKPLANE_STATUS_BUSY* = 3
    ## A bounded queue or window is full; nothing was done, trying later may help.
  BACKPLANE_STATUS_TIMEOUT* = 4
    ## The deadline passed before the answer came.
  BACKPLANE_STATUS_CANCELLED* = 5
    ## The caller cancelled.
  BACKPLANE_STATUS_STOPPING* = 6
    ## The module or the host is stopping.
  BACKPLANE_STATUS_UNAVAILABLE* = 7
    ## No module provides the interface now.
  BACKPLANE_STATUS_NOT_FOUND* = 8
    ## There is no such interface, method, module or ticket.
  BACKPLANE_STATUS_BAD_ARGUMENTS* = 9
    ## The arguments could not be decoded or break a stated limit.
  BACKPLANE_STATUS_DENIED* = 10
    ## The manifest or the bundle does not permit it; the message names the rule.
  BACKPLANE_STATUS_DEADLOCK* = 11
    ## Waiting would never end; the message names the chain of modules.
  BACKPLANE_STATUS_PANICKED* = 12
    ## The plugin panicked; the message says where.
  BACKPLANE_STATUS_TOO_LARGE* = 13
    ## A message is larger than the limit; the message names both.
  BACKPLANE_STATUS_UNSUPPORTED* = 14
    ## The provider is too old for this method; the message names the version that has it.
  BACKPLANE_STATUS_VERSION* = 15
    ## Versions do not fit; the message names them.
  BACKPLANE_STATUS_INTERNAL* = 16
    ## A fault of the host or of the plugin that no other code describes.
  BACKPLANE_STREAM_VERSION* = 1
    ## The version of BACKPLANE_STREAM_SERVICE that backplane_stream_table is.

type
  BackplaneSlice* {.bycopy.} = object
    ## Bytes that belong to somebody else and are valid for the duration of the call that passes them.
    `ptr`*: ptr uint8
      ## The first byte; may be null when `len` is 0.
    len*: csize_t
      ## How many bytes there are.
  BackplaneCallContext* {.bycopy.} = object
    ## What travels with a call from module to module: deadline, trace and the chain of modules it came through.
    ##
    ## Plain data: it is copied, never pointed to. A nested call passes on the context of the call that it serves.
    deadlineNs*: uint64
      ## When the caller gives up, on the clock of backplane_host_table.now, in nanoseconds.
      ## 0: the method's own default applies.
    traceHigh*: uint64
      ## The W3C trace id, high half. Both halves 0: not traced.
    traceLow*: uint64
      ## The W3C trace id, low half.
    span*: uint64
      ## The span that caused this call.
    depth*: uint32
      ## How many entries of `chain` are used.
    chain*: array[BACKPLANE_CHAIN_LIMIT, uint16]
      ## The slots of the modules that this call came through, the first caller first.
  BackplaneLogRecord* {.bycopy.} = object
    ## One line for the host's log.
    level*: uint32
      ## One of BACKPLANE_LEVEL_*.
    target*: BackplaneSlice
      ## Where it comes from, for example a module path, in UTF-8.
    message*: BackplaneSlice
      ## What happened, in UTF-8.
    fields*: BackplaneSlice
      ## Further fields as one JSON object, or empty.
    context*: BackplaneCallContext
      ## Which call it belongs to.
  BackplaneBuf* {.bycopy.} = object
    ## Bytes that are owned by the holder and know how to free themselves.
    `ptr`*: ptr uint8
      ## The first byte; may be null when `len` is 0.
    len*: csize_t
      ## How many bytes there are.
    cap*: csize_t
      ## The capacity that `free` is told.
    free*: proc (`ptr`: ptr uint8, len: csize_t, cap: csize_t) {.cdecl, gcsafe, raises: [].}
      ## Frees the memory; called once with `ptr`, `len` and `cap`. Null when there is nothing to free.
  BackplaneBufList* {.bycopy.} = object
    ## A list of owned buffers: the attachments of a reply.
    `ptr`*: ptr BackplaneBuf
      ## The first buffer; may be null when `len` is 0.
    len*: csize_t
      ## How many buffers there are.
    cap*: csize_t
      ## The capacity that `free` is told.
    free*: proc (`ptr`: ptr BackplaneBuf, len: csize_t, cap: csize_t) {.cdecl, gcsafe, raises: [].}
      ## Frees the buffers and the list; called once. Null when there is nothing to free.
  BackplaneReply* {.bycopy.} = object
    ## The answer to a call. The caller passes one that is backplane_reply.EMPTY; the callee fills it.
    payload*: BackplaneBuf
      ## With BACKPLANE_STATUS_OK the encoded result, with BACKPLANE_STATUS_FAILED the encoded
      ## error, else a message for people in UTF-8.
    attachments*: BackplaneBufList
      ## The attachments of the result.
    status*: int32
      ## One of BACKPLANE_STATUS_*; the same value that the function returns.
    ticket*: uint64
      ## With BACKPLANE_STATUS_PENDING the name of the call, else 0.
  BackplaneArgs* {.bycopy.} = object
    ## The arguments of a call or the body of an event: one encoded value and any number of attachments.
    payload*: BackplaneSlice
      ## The encoded value: CBOR (RFC 8949); JSON at the door of a plugin whose manifest says `"codec": "json"`.
    attachments*: ptr BackplaneSlice
      ## The attachments: large byte strings that the payload refers to by index. None with JSON, which holds them
      ## itself.
    attachmentCount*: csize_t
      ## How many attachments there are.
  BackplaneDoneFn* = proc (user: pointer, reply: ptr BackplaneReply) {.cdecl, gcsafe, raises: [].}
    ## Called once when a pending call has its answer. `reply` is the receiver's to take: it moves the contents
    ## out or frees them. Any thread; may run before backplane_host_table.when_done returns; must not block.
  BackplaneCall* {.bycopy.} = object
    ## A method call or an event on its way into a module. Valid until the function that gets it returns.
    size*: uint32
      ## The size of this struct in bytes as the host knows it; later levels append.
    kind*: uint32
      ## One of BACKPLANE_KIND_*.
    `interface`*: uint32
      ## Which interface, or which subscription; see BACKPLANE_KIND_*.
    `method`*: uint32
      ## Which method, counted in the order of the interface.
    context*: BackplaneCallContext
      ## Deadline, trace and chain.
    caller*: BackplaneSlice
      ## Who calls or publishes: the name of a module, or of a front end. Set by the host, not by the caller.
    sequence*: uint64
      ## The number of the event, counted from 1 for each publisher and event. 0 for calls.
    lost*: uint64
      ## How many events this subscription lost directly before this one. 0 for calls.
    args*: BackplaneArgs
      ## The arguments.
    token*: pointer
      ## The host's own; passed back by backplane_host_table.defer.
  BackplaneHostTable* {.bycopy.} = object
    ## The functions of the host. The table is valid as long as the host; the context until
    ## backplane_module_table.destroy returns, and longer where it was retained.
    ##
    ## All of them may be called from any thread at any time between `create` and the return of `stop`; calls
    ## to other modules are allowed from `start` on. Afterwards they refuse with `STOPPING`.
    size*: uint32
      ## The size of this table in bytes as the host knows it; later levels append.
    abi*: uint32
      ## The ABI level of the host.
    log*: proc (host: pointer, record: ptr BackplaneLogRecord) {.cdecl, gcsafe, raises: [].}
      ## Takes a line for the log. Never blocks; lines beyond the rate limit are counted and dropped.
    logLevel*: proc (host: pointer): uint32 {.cdecl, gcsafe, raises: [].}
      ## The most verbose level that anybody reads now.
    now*: proc (host: pointer): uint64 {.cdecl, gcsafe, raises: [].}
      ## Nanoseconds on the host's monotonic clock.
    resolve*: proc (host: pointer, `interface`: BackplaneSlice, requirement: BackplaneSlice, binding: ptr uint64, reply: ptr BackplaneReply): int32 {.cdecl, gcsafe, raises: [].}
      ## Binds an interface that the manifest requires. On `OK` `binding` is valid for the life of the module,
      ## across swaps of the provider. Errors: `DENIED`, `NOT_FOUND`, `VERSION`, with a message.
    call*: proc (host: pointer, binding: uint64, `method`: uint32, context: ptr BackplaneCallContext, args: ptr BackplaneArgs, reply: ptr BackplaneReply): int32 {.cdecl, gcsafe, raises: [].}
      ## Calls a method of a bound interface. Answers at once or with `PENDING` and a ticket, which the caller
      ## must hand to `when_done` or `cancel`. `context` is that of the call being served, or null.
    whenDone*: proc (host: pointer, ticket: uint64, user: pointer, done: BackplaneDoneFn) {.cdecl, gcsafe, raises: [].}
      ## Asks to be told when the pending call `ticket` has its answer. Once for each ticket.
    cancel*: proc (host: pointer, ticket: uint64) {.cdecl, gcsafe, raises: [].}
      ## Gives up waiting for `ticket`. If `when_done` was called, `done` still comes, at once, with
      ## `CANCELLED`; else the ticket is gone.
    `defer`*: proc (host: pointer, call: ptr BackplaneCall): uint64 {.cdecl, gcsafe, raises: [].}
      ## Announces, from within backplane_module_table.call, that `call` will be answered
      ## later. The function then returns `PENDING`. The ticket may be completed before it has returned.
    complete*: proc (host: pointer, ticket: uint64, reply: ptr BackplaneReply) {.cdecl, gcsafe, raises: [].}
      ## Answers a deferred call; takes what is in `reply`. A second answer, or one for a call that is over, is
      ## freed and counted.
    emit*: proc (host: pointer, `interface`: uint32, event: uint32, context: ptr BackplaneCallContext, args: ptr BackplaneArgs, reply: ptr BackplaneReply): int32 {.cdecl, gcsafe, raises: [].}
      ## Publishes an event: `interface` counts the manifest's `provides`, `event` the interface's events.
      ## `PENDING` means that a subscriber whose policy is `block` has no room: wait for the ticket.
    retain*: proc (host: pointer) {.cdecl, gcsafe, raises: [].}
      ## Keeps the context valid after `destroy`, until as many calls of `release`: for a thread that may outlive
      ## the instance. All that it then gets are refusals.
    release*: proc (host: pointer) {.cdecl, gcsafe, raises: [].}
      ## Ends one `retain`.
    queryService*: proc (host: pointer, name: BackplaneSlice, version: uint32): pointer {.cdecl, gcsafe, raises: [].}
      ## A further table of the host by name and version, or null.
  BackplaneHost* {.bycopy.} = object
    ## The host as one module instance sees it.
    table*: ptr BackplaneHostTable
      ## The functions.
    ctx*: pointer
      ## The first argument of each of them. It carries the identity of the module: never lend it.
  BackplaneModuleInfo* {.bycopy.} = object
    ## What a new instance is told.
    size*: uint32
      ## The size of this struct in bytes as the host knows it; later levels append.
    generation*: uint32
      ## The number of this generation, counted from 1 for each slot.
    name*: BackplaneSlice
      ## The name of the module in this host.
    dataDir*: BackplaneSlice
      ## A folder of its own, which exists; empty where there is none. UTF-8.
    config*: BackplaneSlice
      ## The configuration: a JSON object, already checked against the manifest.
  BackplaneModuleTable* {.bycopy.} = object
    ## The functions of a module instance. Filled by the plugin; valid until backplane_module_table.destroy returns.
    ##
    ## The lifecycle functions `start`, `export_state`, `import_state` and `stop` run on one thread that the host
    ## keeps for the module, one at a time, and may block up to the deadline that the host sets; they never
    ## answer BACKPLANE_STATUS_PENDING. Events of one subscription arrive one at a time, the next after the last is
    ## answered. Calls arrive on any thread, at the same time.
    size*: uint32
      ## The size of this table in bytes as the plugin knows it; later levels append.
    abi*: uint32
      ## The ABI level that the plugin was built for.
    start*: proc (module: pointer, reply: ptr BackplaneReply): int32 {.cdecl, gcsafe, raises: [].}
      ## Makes the module ready to answer. May call other modules. Answers `OK` or an error message.
    call*: proc (module: pointer, call: ptr BackplaneCall, reply: ptr BackplaneReply): int32 {.cdecl, gcsafe, raises: [].}
      ## Answers a method call or takes an event, at once or after backplane_host_table.defer.
      ## What it does at once must not wait: it runs on the caller's thread.
    cancel*: proc (module: pointer, ticket: uint64) {.cdecl, gcsafe, raises: [].}
      ## Nobody waits for the deferred call `ticket` any more. A request, not a command: the call is still
      ## completed, with `CANCELLED` or with whatever came of it. May be null.
    exportState*: proc (module: pointer, reply: ptr BackplaneReply): int32 {.cdecl, gcsafe, raises: [].}
      ## Writes the state for a successor into the reply's payload. No call or event is under way. May be null.
    importState*: proc (module: pointer, schema: uint32, state: BackplaneSlice, reply: ptr BackplaneReply): int32 {.cdecl, gcsafe, raises: [].}
      ## Takes over the state of a predecessor, whose schema version is `schema`. Runs after `start` and before
      ## the first call or event. May be null.
    stop*: proc (module: pointer, deadlineMs: uint32, reply: ptr BackplaneReply): int32 {.cdecl, gcsafe, raises: [].}
      ## Ends all work within `deadline_ms` milliseconds. After it returned, the module calls the host no more.
    destroy*: proc (module: pointer) {.cdecl, gcsafe, raises: [].}
      ## Frees the instance. Called once, last, never while another function runs.
    queryInterface*: proc (module: pointer, `interface`: BackplaneSlice, hash: ptr uint8): pointer {.cdecl, gcsafe, raises: [].}
      ## A further table of this module by interface id and descriptor hash (32 bytes), or null. May be null.
  BackplaneModuleHandle* {.bycopy.} = object
    ## An instance of a module: a context and the functions that take it.
    ctx*: pointer
      ## The first argument of each function.
    table*: ptr BackplaneModuleTable
      ## The functions.
  BackplaneLayoutRecord* {.bycopy.} = object
    ## The layout of the tables, as one side's compiler saw it.
    version*: BackplaneSlice
      ## BACKPLANE_LAYOUT_VERSION of the side that wrote the record.
    layout*: pointer
      ## An `abi_stable::type_layout::TypeLayout` of that release, alive for ever.
  BackplanePluginDeclaration* {.bycopy.} = object
    ## What a plugin says of itself.
    size*: uint32
      ## The size of this struct in bytes as the plugin knows it; later levels append.
    abi*: uint32
      ## The ABI level that the plugin was built for.
    manifest*: BackplaneSlice
      ## The manifest: JSON in UTF-8, at most BACKPLANE_MANIFEST_LIMIT bytes.
    create*: proc (host: ptr BackplaneHost, info: ptr BackplaneModuleInfo, module: ptr BackplaneModuleHandle, reply: ptr BackplaneReply): int32 {.cdecl, gcsafe, raises: [].}
      ## Makes an instance, which does nothing before `start`. `host` and `info` are borrowed for the call. Must
      ## not call other modules. Answers `OK` and fills `module`, or an error message.
    layout*: ptr BackplaneLayoutRecord
      ## The layout of the tables as the plugin's compiler saw it; null for plugins not written in Rust.
  BackplaneEntryFn* = proc (hostAbi: uint32): ptr BackplanePluginDeclaration {.cdecl, gcsafe, raises: [].}
    ## The type of BACKPLANE_ENTRY_SYMBOL. Gets the ABI level of the host; returns a declaration that is valid for the
    ## life of the process, or null when the plugin refuses the level. Must do nothing else.
  BackplaneStreamTable* {.bycopy.} = object
    ## The streams of the host, a service beside its table.
    ##
    ## A stream is a bounded pipe that the host owns. Its writing end is a number that counts only for the module
    ## that opened it. Its reading end is a backplane_buf of 16 bytes that nobody can guess: its name. Freeing the
    ## `Buf` closes it, and a later write answers BACKPLANE_STATUS_CANCELLED. A reading end travels
    ## as an attachment, and the payload holds the number of the attachment, as for a blob: in a reply the `Buf`
    ## itself, in arguments a slice of its bytes. Whoever gets it claims it.
    ##
    ## What must wait answers BACKPLANE_STATUS_PENDING with a ticket, as a call does. Once the ticket is
    ## answered with BACKPLANE_STATUS_OK, the function is called again: nothing is lost or done twice when a wait is
    ## cancelled. A wait ends with BACKPLANE_STATUS_TIMEOUT at the deadline of its context, or else of the host.
    size*: uint32
      ## The size of this table in bytes as the host knows it; later levels append.
    version*: uint32
      ## BACKPLANE_STREAM_VERSION.
    open*: proc (host: pointer, window: uint64, writer: ptr uint64, reader: ptr BackplaneBuf, reply: ptr BackplaneReply): int32 {.cdecl, gcsafe, raises: [].}
      ## Opens a stream that holds up to `window` bytes of items, or fewer where the host allows fewer; with 0 as
      ## many as the host likes. `reader` is overwritten. Errors: `BUSY` when the module has too many streams open.
    claim*: proc (host: pointer, name: BackplaneSlice, reader: ptr BackplaneBuf, reply: ptr BackplaneReply): int32 {.cdecl, gcsafe, raises: [].}
      ## Takes over the reading end `name`, which gets another name: the first claim wins, and freeing the `Buf` of the
      ## former owner does nothing any more. `reader` is overwritten. Errors: `NOT_FOUND`.
    write*: proc (host: pointer, writer: uint64, item: BackplaneSlice, context: ptr BackplaneCallContext, reply: ptr BackplaneReply): int32 {.cdecl, gcsafe, raises: [].}
      ## Writes one encoded item, which refers to no attachment. `OK`: it was taken. `PENDING`: there is no room, and
      ## it was not taken; wait for the ticket and write it again. `context` is that of the call being served,
      ## or null. Errors: `CANCELLED` when the reader is gone, `TOO_LARGE`, `NOT_FOUND` when the module has no
      ## such writing end, `BUSY` while another write waits.
    finish*: proc (host: pointer, writer: uint64, status: int32, message: BackplaneSlice, reply: ptr BackplaneReply): int32 {.cdecl, gcsafe, raises: [].}
      ## Ends the stream: with `OK`, or with the status and message (UTF-8) that the reader gets once it has read what
      ## was written. Errors: `NOT_FOUND` as above.
    read*: proc (host: pointer, name: BackplaneSlice, credit: uint64, context: ptr BackplaneCallContext, reply: ptr BackplaneReply): int32 {.cdecl, gcsafe, raises: [].}
      ## Reads the items at hand, up to `credit` bytes and at least one: a CBOR sequence (RFC 8742). An empty payload
      ## is the end. `PENDING`: there is none yet; wait for the ticket and read again. `context` as above. Errors:
      ## the status and message that the stream was ended with, `NOT_FOUND` when the module has no such reading end,
      ## `BUSY` while another read waits.
  BackplaneControlTable* {.bycopy.} = object
    ## What a module asks of the host as a whole, a service beside its table.
    size*: uint32
      ## The size of this table in bytes as the host knows it; later levels append.
    version*: uint32
      ## BACKPLANE_CONTROL_VERSION.
    requestStop*: proc (host: pointer, code: int32, reason: BackplaneSlice, reply: ptr BackplaneReply): int32 {.cdecl, gcsafe, raises: [].}
      ## Asks the host to stop, for a `reason` in UTF-8. `code` is 0 where all is well, anything else where something
      ## has failed. `OK`: it will; the module is then stopped like all others. Errors: `DENIED` unless the bundle says
      ## `may-stop-host = true`.
    dependencyLost*: proc (host: pointer, reply: ptr BackplaneReply): int32 {.cdecl, gcsafe, raises: [].}
      ## The next module that is gone for good and that served this one: in the codec of the plugin a record of `module`,
      ## the `interfaces` that it served this one with, and the `reason`. `PENDING`: there is none yet; wait for the
      ## ticket, and once it is answered with `OK` or BACKPLANE_STATUS_TIMEOUT call again: nothing is lost when a
      ## wait is cancelled. Errors: `BUSY` while another call waits.
