// Generated from the crate backplane-plugin-api. Do not edit.
//
// The stable ABI between a Backplane host and its plugins.
//
// A plugin is a dynamic library that exports exactly one symbol, BACKPLANE_ENTRY_SYMBOL, and carries its
// manifest as JSON in the section BACKPLANE_MANIFEST_SECTION, so that it can be inspected without running a
// line of it. The entry function returns a backplane_plugin_declaration; from it the host creates module
// instances, each a context pointer with a backplane_module_table. The host answers through a backplane_host_table.
//
// Everything here is laid out as C does it. Every table starts with its own size in bytes, so that a later
// level can append entries; what is there is never changed, reordered or removed.
//
// # Rules for both sides
//
// * **Memory.** A backplane_slice is borrowed for the duration of the call that passes it. A backplane_buf is owned by
//   whoever holds it and carries its own `free`; nobody frees the other side's memory otherwise.
// * **Completion.** A call answers at once, or it answers BACKPLANE_STATUS_PENDING and is completed later,
//   exactly once, by backplane_host_table.complete with the ticket that backplane_host_table.defer gave.
// * **Threads.** Every function may be called from any thread, at the same time, unless its text says
//   otherwise. The host holds no lock while plugin code runs.
// * **Unwinding.** Nothing unwinds across. A function that would panic answers BACKPLANE_STATUS_PANICKED.

#ifndef BACKPLANE_PLUGIN_H
#define BACKPLANE_PLUGIN_H


#include <stdint.h>
#include <stddef.h>

// Makes the entry function visible to the host.
#if defined(_WIN32)
#define BACKPLANE_EXPORT __declspec(dllexport)
#else
#define BACKPLANE_EXPORT __attribute__((visibility("default")))
#endif

// Puts a constant array of characters, the manifest, into the section that the host reads.
#if defined(__APPLE__)
#define BACKPLANE_MANIFEST __attribute__((used, section("__DATA,__backplane")))
#else
#define BACKPLANE_MANIFEST __attribute__((used, section(".backplane")))
#endif

// The name of the function that a plugin exports.
#define BACKPLANE_ENTRY_SYMBOL "backplane_plugin_v1"

// The section of the library that holds the manifest.
#define BACKPLANE_MANIFEST_SECTION ".backplane"

// The release of abi_stable that writes layout records.
#define BACKPLANE_LAYOUT_VERSION "abi_stable 0.11.3"

// The service by which query_service gives a backplane_stream_table.
#define BACKPLANE_STREAM_SERVICE "backplane.streams"

// The service by which query_service gives a backplane_control_table.
#define BACKPLANE_CONTROL_SERVICE "backplane.control"


// The ABI level of these tables. A plugin and a host work together when they name the same level.
#define BACKPLANE_ABI_LEVEL 1

// How many modules a chain of nested calls may pass through. The next one is refused with
// BACKPLANE_STATUS_DEADLOCK.
#define BACKPLANE_CHAIN_LIMIT 16

// A method call: `interface` counts the manifest's `provides`, `method` the interface's methods.
#define BACKPLANE_KIND_METHOD 0

// An event: `interface` counts the manifest's `subscribes`; `method` is 0.
#define BACKPLANE_KIND_EVENT 1

// The version of BACKPLANE_CONTROL_SERVICE that backplane_control_table is.
#define BACKPLANE_CONTROL_VERSION 1

// The largest manifest that a host reads, in bytes.
#define BACKPLANE_MANIFEST_LIMIT (1 << 20)

// Something failed.
#define BACKPLANE_LEVEL_ERROR 1

// Something is suspicious.
#define BACKPLANE_LEVEL_WARN 2

// Something happened that an operator wants to know.
#define BACKPLANE_LEVEL_INFO 3

// For developers.
#define BACKPLANE_LEVEL_DEBUG 4

// For developers, very much of it.
#define BACKPLANE_LEVEL_TRACE 5

// Done; the payload is the encoded result.
#define BACKPLANE_STATUS_OK 0

// Not done yet; the ticket names the call, and the answer follows once.
#define BACKPLANE_STATUS_PENDING 1

// The interface's own error; the payload is the encoded error value.
#define BACKPLANE_STATUS_FAILED 2

// A bounded queue or window is full; nothing was done, trying later may help.
#define BACKPLANE_STATUS_BUSY 3

// The deadline passed before the answer came.
#define BACKPLANE_STATUS_TIMEOUT 4

// The caller cancelled.
#define BACKPLANE_STATUS_CANCELLED 5

// The module or the host is stopping.
#define BACKPLANE_STATUS_STOPPING 6

// No module provides the interface now.
#define BACKPLANE_STATUS_UNAVAILABLE 7

// There is no such interface, method, module or ticket.
#define BACKPLANE_STATUS_NOT_FOUND 8

// The arguments could not be decoded or break a stated limit.
#define BACKPLANE_STATUS_BAD_ARGUMENTS 9

// The manifest or the bundle does not permit it; the message names the rule.
#define BACKPLANE_STATUS_DENIED 10

// Waiting would never end; the message names the chain of modules.
#define BACKPLANE_STATUS_DEADLOCK 11

// The plugin panicked; the message says where.
#define BACKPLANE_STATUS_PANICKED 12

// A message is larger than the limit; the message names both.
#define BACKPLANE_STATUS_TOO_LARGE 13

// The provider is too old for this method; the message names the version that has it.
#define BACKPLANE_STATUS_UNSUPPORTED 14

// Versions do not fit; the message names them.
#define BACKPLANE_STATUS_VERSION 15

// A fault of the host or of the plugin that no other code describes.
#define BACKPLANE_STATUS_INTERNAL 16

// The version of BACKPLANE_STREAM_SERVICE that backplane_stream_table is.
#define BACKPLANE_STREAM_VERSION 1

// Bytes that belong to somebody else and are valid for the duration of the call that passes them.
typedef struct {
    // The first byte; may be null when `len` is 0.
    const uint8_t *ptr;
    // How many bytes there are.
    size_t len;
} backplane_slice;

// What travels with a call from module to module: deadline, trace and the chain of modules it came through.
//
// Plain data: it is copied, never pointed to. A nested call passes on the context of the call that it serves.
typedef struct {
    // When the caller gives up, on the clock of backplane_host_table.now, in nanoseconds.
    // 0: the method's own default applies.
    uint64_t deadline_ns;
    // The W3C trace id, high half. Both halves 0: not traced.
    uint64_t trace_high;
    // The W3C trace id, low half.
    uint64_t trace_low;
    // The span that caused this call.
    uint64_t span;
    // How many entries of `chain` are used.
    uint32_t depth;
    // The slots of the modules that this call came through, the first caller first.
    uint16_t chain[BACKPLANE_CHAIN_LIMIT];
} backplane_call_context;

// One line for the host's log.
typedef struct {
    // One of BACKPLANE_LEVEL_*.
    uint32_t level;
    // Where it comes from, for example a module path, in UTF-8.
    backplane_slice target;
    // What happened, in UTF-8.
    backplane_slice message;
    // Further fields as one JSON object, or empty.
    backplane_slice fields;
    // Which call it belongs to.
    backplane_call_context context;
} backplane_log_record;

// Bytes that are owned by the holder and know how to free themselves.
typedef struct {
    // The first byte; may be null when `len` is 0.
    uint8_t *ptr;
    // How many bytes there are.
    size_t len;
    // The capacity that `free` is told.
    size_t cap;
    // Frees the memory; called once with `ptr`, `len` and `cap`. Null when there is nothing to free.
    void (*free)(uint8_t *ptr, size_t len, size_t cap);
} backplane_buf;

// A list of owned buffers: the attachments of a reply.
typedef struct {
    // The first buffer; may be null when `len` is 0.
    backplane_buf *ptr;
    // How many buffers there are.
    size_t len;
    // The capacity that `free` is told.
    size_t cap;
    // Frees the buffers and the list; called once. Null when there is nothing to free.
    void (*free)(backplane_buf *ptr, size_t len, size_t cap);
} backplane_buf_list;

// The answer to a call. The caller passes one that is backplane_reply.EMPTY; the callee fills it.
typedef struct {
    // With BACKPLANE_STATUS_OK the encoded result, with BACKPLANE_STATUS_FAILED the encoded
    // error, else a message for people in UTF-8.
    backplane_buf payload;
    // The attachments of the result.
    backplane_buf_list attachments;
    // One of BACKPLANE_STATUS_*; the same value that the function returns.
    int32_t status;
    // With BACKPLANE_STATUS_PENDING the name of the call, else 0.
    uint64_t ticket;
} backplane_reply;

// The arguments of a call or the body of an event: one encoded value and any number of attachments.
typedef struct {
    // The encoded value: CBOR (RFC 8949); JSON at the door of a plugin whose manifest says `"codec": "json"`.
    backplane_slice payload;
    // The attachments: large byte strings that the payload refers to by index. None with JSON, which holds them
    // itself.
    const backplane_slice *attachments;
    // How many attachments there are.
    size_t attachment_count;
} backplane_args;

// Called once when a pending call has its answer. `reply` is the receiver's to take: it moves the contents
// out or frees them. Any thread; may run before backplane_host_table.when_done returns; must not block.
typedef void (*backplane_done_fn)(void *user, backplane_reply *reply);

// A method call or an event on its way into a module. Valid until the function that gets it returns.
typedef struct {
    // The size of this struct in bytes as the host knows it; later levels append.
    uint32_t size;
    // One of BACKPLANE_KIND_*.
    uint32_t kind;
    // Which interface, or which subscription; see BACKPLANE_KIND_*.
    uint32_t interface;
    // Which method, counted in the order of the interface.
    uint32_t method;
    // Deadline, trace and chain.
    backplane_call_context context;
    // Who calls or publishes: the name of a module, or of a front end. Set by the host, not by the caller.
    backplane_slice caller;
    // The number of the event, counted from 1 for each publisher and event. 0 for calls.
    uint64_t sequence;
    // How many events this subscription lost directly before this one. 0 for calls.
    uint64_t lost;
    // The arguments.
    backplane_args args;
    // The host's own; passed back by backplane_host_table.defer.
    void *token;
} backplane_call;

// The functions of the host. The table is valid as long as the host; the context until
// backplane_module_table.destroy returns, and longer where it was retained.
//
// All of them may be called from any thread at any time between `create` and the return of `stop`; calls
// to other modules are allowed from `start` on. Afterwards they refuse with `STOPPING`.
typedef struct {
    // The size of this table in bytes as the host knows it; later levels append.
    uint32_t size;
    // The ABI level of the host.
    uint32_t abi;
    // Takes a line for the log. Never blocks; lines beyond the rate limit are counted and dropped.
    void (*log)(const void *host, const backplane_log_record *record);
    // The most verbose level that anybody reads now.
    uint32_t (*log_level)(const void *host);
    // Nanoseconds on the host's monotonic clock.
    uint64_t (*now)(const void *host);
    // Binds an interface that the manifest requires. On `OK` `binding` is valid for the life of the module,
    // across swaps of the provider. Errors: `DENIED`, `NOT_FOUND`, `VERSION`, with a message.
    int32_t (*resolve)(const void *host,
                       backplane_slice interface,
                       backplane_slice requirement,
                       uint64_t *binding,
                       backplane_reply *reply);
    // Calls a method of a bound interface. Answers at once or with `PENDING` and a ticket, which the caller
    // must hand to `when_done` or `cancel`. `context` is that of the call being served, or null.
    int32_t (*call)(const void *host,
                    uint64_t binding,
                    uint32_t method,
                    const backplane_call_context *context,
                    const backplane_args *args,
                    backplane_reply *reply);
    // Asks to be told when the pending call `ticket` has its answer. Once for each ticket.
    void (*when_done)(const void *host, uint64_t ticket, void *user, backplane_done_fn done);
    // Gives up waiting for `ticket`. If `when_done` was called, `done` still comes, at once, with
    // `CANCELLED`; else the ticket is gone.
    void (*cancel)(const void *host, uint64_t ticket);
    // Announces, from within backplane_module_table.call, that `call` will be answered
    // later. The function then returns `PENDING`. The ticket may be completed before it has returned.
    uint64_t (*defer)(const void *host, const backplane_call *call);
    // Answers a deferred call; takes what is in `reply`. A second answer, or one for a call that is over, is
    // freed and counted.
    void (*complete)(const void *host, uint64_t ticket, backplane_reply *reply);
    // Publishes an event: `interface` counts the manifest's `provides`, `event` the interface's events.
    // `PENDING` means that a subscriber whose policy is `block` has no room: wait for the ticket.
    int32_t (*emit)(const void *host,
                    uint32_t interface,
                    uint32_t event,
                    const backplane_call_context *context,
                    const backplane_args *args,
                    backplane_reply *reply);
    // Keeps the context valid after `destroy`, until as many calls of `release`: for a thread that may outlive
    // the instance. All that it then gets are refusals.
    void (*retain)(const void *host);
    // Ends one `retain`.
    void (*release)(const void *host);
    // A further table of the host by name and version, or null.
    const void *(*query_service)(const void *host, backplane_slice name, uint32_t version);
} backplane_host_table;

// The host as one module instance sees it.
typedef struct {
    // The functions.
    const backplane_host_table *table;
    // The first argument of each of them. It carries the identity of the module: never lend it.
    const void *ctx;
} backplane_host;

// What a new instance is told.
typedef struct {
    // The size of this struct in bytes as the host knows it; later levels append.
    uint32_t size;
    // The number of this generation, counted from 1 for each slot.
    uint32_t generation;
    // The name of the module in this host.
    backplane_slice name;
    // A folder of its own, which exists; empty where there is none. UTF-8.
    backplane_slice data_dir;
    // The configuration: a JSON object, already checked against the manifest.
    backplane_slice config;
} backplane_module_info;

// The functions of a module instance. Filled by the plugin; valid until backplane_module_table.destroy returns.
//
// The lifecycle functions `start`, `export_state`, `import_state` and `stop` run on one thread that the host
// keeps for the module, one at a time, and may block up to the deadline that the host sets; they never
// answer BACKPLANE_STATUS_PENDING. Events of one subscription arrive one at a time, the next after the last is
// answered. Calls arrive on any thread, at the same time.
typedef struct {
    // The size of this table in bytes as the plugin knows it; later levels append.
    uint32_t size;
    // The ABI level that the plugin was built for.
    uint32_t abi;
    // Makes the module ready to answer. May call other modules. Answers `OK` or an error message.
    int32_t (*start)(void *module, backplane_reply *reply);
    // Answers a method call or takes an event, at once or after backplane_host_table.defer.
    // What it does at once must not wait: it runs on the caller's thread.
    int32_t (*call)(void *module, const backplane_call *call, backplane_reply *reply);
    // Nobody waits for the deferred call `ticket` any more. A request, not a command: the call is still
    // completed, with `CANCELLED` or with whatever came of it. May be null.
    void (*cancel)(void *module, uint64_t ticket);
    // Writes the state for a successor into the reply's payload. No call or event is under way. May be null.
    int32_t (*export_state)(void *module, backplane_reply *reply);
    // Takes over the state of a predecessor, whose schema version is `schema`. Runs after `start` and before
    // the first call or event. May be null.
    int32_t (*import_state)(void *module, uint32_t schema, backplane_slice state, backplane_reply *reply);
    // Ends all work within `deadline_ms` milliseconds. After it returned, the module calls the host no more.
    int32_t (*stop)(void *module, uint32_t deadline_ms, backplane_reply *reply);
    // Frees the instance. Called once, last, never while another function runs.
    void (*destroy)(void *module);
    // A further table of this module by interface id and descriptor hash (32 bytes), or null. May be null.
    const void *(*query_interface)(void *module, backplane_slice interface, const uint8_t *hash);
} backplane_module_table;

// An instance of a module: a context and the functions that take it.
typedef struct {
    // The first argument of each function.
    void *ctx;
    // The functions.
    const backplane_module_table *table;
} backplane_module_handle;

// The layout of the tables, as one side's compiler saw it.
typedef struct {
    // BACKPLANE_LAYOUT_VERSION of the side that wrote the record.
    backplane_slice version;
    // An `abi_stable::type_layout::TypeLayout` of that release, alive for ever.
    const void *layout;
} backplane_layout_record;

// What a plugin says of itself.
typedef struct {
    // The size of this struct in bytes as the plugin knows it; later levels append.
    uint32_t size;
    // The ABI level that the plugin was built for.
    uint32_t abi;
    // The manifest: JSON in UTF-8, at most BACKPLANE_MANIFEST_LIMIT bytes.
    backplane_slice manifest;
    // Makes an instance, which does nothing before `start`. `host` and `info` are borrowed for the call. Must
    // not call other modules. Answers `OK` and fills `module`, or an error message.
    int32_t (*create)(const backplane_host *host,
                      const backplane_module_info *info,
                      backplane_module_handle *module,
                      backplane_reply *reply);
    // The layout of the tables as the plugin's compiler saw it; null for plugins not written in Rust.
    const backplane_layout_record *layout;
} backplane_plugin_declaration;

// The type of BACKPLANE_ENTRY_SYMBOL. Gets the ABI level of the host; returns a declaration that is valid for the
// life of the process, or null when the plugin refuses the level. Must do nothing else.
typedef const backplane_plugin_declaration *(*backplane_entry_fn)(uint32_t host_abi);

// The streams of the host, a service beside its table.
//
// A stream is a bounded pipe that the host owns. Its writing end is a number that counts only for the module
// that opened it. Its reading end is a backplane_buf of 16 bytes that nobody can guess: its name. Freeing the
// `Buf` closes it, and a later write answers BACKPLANE_STATUS_CANCELLED. A reading end travels
// as an attachment, and the payload holds the number of the attachment, as for a blob: in a reply the `Buf`
// itself, in arguments a slice of its bytes. Whoever gets it claims it.
//
// What must wait answers BACKPLANE_STATUS_PENDING with a ticket, as a call does. Once the ticket is
// answered with BACKPLANE_STATUS_OK, the function is called again: nothing is lost or done twice when a wait is
// cancelled. A wait ends with BACKPLANE_STATUS_TIMEOUT at the deadline of its context, or else of the host.
typedef struct {
    // The size of this table in bytes as the host knows it; later levels append.
    uint32_t size;
    // BACKPLANE_STREAM_VERSION.
    uint32_t version;
    // Opens a stream that holds up to `window` bytes of items, or fewer where the host allows fewer; with 0 as
    // many as the host likes. `reader` is overwritten. Errors: `BUSY` when the module has too many streams open.
    int32_t (*open)(const void *host,
                    uint64_t window,
                    uint64_t *writer,
                    backplane_buf *reader,
                    backplane_reply *reply);
    // Takes over the reading end `name`, which gets another name: the first claim wins, and freeing the `Buf` of the
    // former owner does nothing any more. `reader` is overwritten. Errors: `NOT_FOUND`.
    int32_t (*claim)(const void *host, backplane_slice name, backplane_buf *reader, backplane_reply *reply);
    // Writes one encoded item, which refers to no attachment. `OK`: it was taken. `PENDING`: there is no room, and
    // it was not taken; wait for the ticket and write it again. `context` is that of the call being served,
    // or null. Errors: `CANCELLED` when the reader is gone, `TOO_LARGE`, `NOT_FOUND` when the module has no
    // such writing end, `BUSY` while another write waits.
    int32_t (*write)(const void *host,
                     uint64_t writer,
                     backplane_slice item,
                     const backplane_call_context *context,
                     backplane_reply *reply);
    // Ends the stream: with `OK`, or with the status and message (UTF-8) that the reader gets once it has read what
    // was written. Errors: `NOT_FOUND` as above.
    int32_t (*finish)(const void *host,
                      uint64_t writer,
                      int32_t status,
                      backplane_slice message,
                      backplane_reply *reply);
    // Reads the items at hand, up to `credit` bytes and at least one: a CBOR sequence (RFC 8742). An empty payload
    // is the end. `PENDING`: there is none yet; wait for the ticket and read again. `context` as above. Errors:
    // the status and message that the stream was ended with, `NOT_FOUND` when the module has no such reading end,
    // `BUSY` while another read waits.
    int32_t (*read)(const void *host,
                    backplane_slice name,
                    uint64_t credit,
                    const backplane_call_context *context,
                    backplane_reply *reply);
} backplane_stream_table;

// What a module asks of the host as a whole, a service beside its table.
typedef struct {
    // The size of this table in bytes as the host knows it; later levels append.
    uint32_t size;
    // BACKPLANE_CONTROL_VERSION.
    uint32_t version;
    // Asks the host to stop, for a `reason` in UTF-8. `code` is 0 where all is well, anything else where something
    // has failed. `OK`: it will; the module is then stopped like all others. Errors: `DENIED` unless the bundle says
    // `may-stop-host = true`.
    int32_t (*request_stop)(const void *host, int32_t code, backplane_slice reason, backplane_reply *reply);
    // The next module that is gone for good and that served this one: in the codec of the plugin a record of `module`,
    // the `interfaces` that it served this one with, and the `reason`. `PENDING`: there is none yet; wait for the
    // ticket, and once it is answered with `OK` or BACKPLANE_STATUS_TIMEOUT call again: nothing is lost when a
    // wait is cancelled. Errors: `BUSY` while another call waits.
    int32_t (*dependency_lost)(const void *host, backplane_reply *reply);
} backplane_control_table;

#ifdef __cplusplus
extern "C" {
#endif

// What a plugin defines: the function of the type backplane_entry_fn that the host looks for.
BACKPLANE_EXPORT const backplane_plugin_declaration *backplane_plugin_v1(uint32_t host_abi);

#ifdef __cplusplus
}  // extern "C"
#endif

#endif  // BACKPLANE_PLUGIN_H
