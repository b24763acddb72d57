// What a plugin in C or C++ needs beside the tables: answering, calling, publishing, streams, the log.
//
// Compile src/*.c of this folder with the plugin. Every function may be called from any thread; those whose names end
// in `wait` block it, so they are for threads of the plugin's own and for `start`, `export_state`, `import_state` and
// `stop`, never for a method or a handler of events.

#ifndef BACKPLANE_SDK_H
#define BACKPLANE_SDK_H

#include <backplane_cbor.h>

#ifdef __cplusplus
extern "C" {
#endif

// The longest message of backplane_refuse and backplane_log, in bytes; the rest is left out.
#define BACKPLANE_MESSAGE_LIMIT 512

#if defined(__GNUC__)
#define BACKPLANE_FORMAT(at) __attribute__((format(printf, at, at + 1)))
#else
#define BACKPLANE_FORMAT(at)
#endif

// Defines what the host looks for: the manifest, and a declaration with the function that makes instances. Once in a
// plugin. `manifest` is JSON as a literal; the macros of generated interfaces may stand within.
#define BACKPLANE_PLUGIN(manifest, create)                                                           \
    static const char backplane_manifest_text[] BACKPLANE_MANIFEST = manifest;                       \
    static const backplane_plugin_declaration backplane_declaration = {                              \
        sizeof(backplane_plugin_declaration),                                                        \
        BACKPLANE_ABI_LEVEL,                                                                         \
        {(const uint8_t *)backplane_manifest_text, sizeof backplane_manifest_text - 1},              \
        create,                                                                                      \
        NULL,                                                                                        \
    };                                                                                               \
    const backplane_plugin_declaration *backplane_plugin_v1(uint32_t host_abi) {                     \
        return host_abi == BACKPLANE_ABI_LEVEL ? &backplane_declaration : NULL;                      \
    }

// A text that ends with a zero byte, as a slice.
backplane_slice backplane_text(const char *text);

// The bytes of a buffer, borrowed.
backplane_slice backplane_bytes_of(const backplane_buf *buf);

// Frees a buffer, and leaves an empty one.
void backplane_buf_free(backplane_buf *buf);

// ---------------------------------------------------------------------------------------------------- answering
//
// Each of these fills an empty reply and gives its status, so that a method ends with `return backplane_...`.

// Frees what a reply holds, and leaves an empty one.
void backplane_reply_free(backplane_reply *reply);

// `OK` with nothing: of a method that answers nothing, of an event, and of `start` and `stop`.
int32_t backplane_answer_nothing(backplane_reply *reply);

// `OK`, or `FAILED` for the interface's own error, with what `value` has written. The writer is freed. With a problem
// of the writer the answer is `INTERNAL`, or `TOO_LARGE`, and names the problem.
int32_t backplane_answer(backplane_reply *reply, int32_t status, backplane_writer *value);

// Another status with a message for people, as of printf.
int32_t backplane_refuse(backplane_reply *reply, int32_t status, const char *format, ...) BACKPLANE_FORMAT(3);

// `BAD_ARGUMENTS`, or `TOO_LARGE`, with the place and the problem of a reader.
int32_t backplane_refuse_arguments(backplane_reply *reply, const backplane_reader *in);

// `UNSUPPORTED`: `interface` has no method of this number.
int32_t backplane_refuse_method(backplane_reply *reply, const char *interface, uint32_t method);

// ---------------------------------------------------------------------------------------------------- calling

// Calls a method of a bound interface, and has `done` told the answer exactly once: before this returns, where the
// answer is there at once, else on a thread of the host, where it must not block. `done` may take what is in the reply;
// what it leaves is freed. `context` is that of the call being served, or null. The writer is freed.
//
// The ticket by which backplane_host_table.cancel gives up waiting, or 0 if the answer was there at once.
uint64_t backplane_call_then(const backplane_host *host, uint64_t binding, uint32_t method,
                             const backplane_call_context *context, backplane_writer *args, void *user,
                             backplane_done_fn done);

// The same, and blocks until the answer is there. `reply` is the caller's to free; its status is given.
int32_t backplane_call_wait(const backplane_host *host, uint64_t binding, uint32_t method,
                            const backplane_call_context *context, backplane_writer *args, backplane_reply *reply);

// Waits for the answer of a function that gave `PENDING` with this ticket.
int32_t backplane_wait(const backplane_host *host, uint64_t ticket, backplane_reply *reply);

// Binds an interface that the manifest requires. On failure the reply holds the message, and is the caller's to free.
int32_t backplane_resolve(const backplane_host *host, const char *interface, const char *requirement,
                          uint64_t *binding, backplane_reply *reply);

// ---------------------------------------------------------------------------------------------------- publishing

// Publishes an event: `interface` counts the manifest's `provides`, `event` the interface's events. Does not wait for
// room in the queues of subscribers that block: such a subscriber gets the event when it has room. `context` is that of
// the call being served, or null. The writer is freed. `OK`, or why it was not published.
int32_t backplane_emit(const backplane_host *host, uint32_t interface, uint32_t event,
                       const backplane_call_context *context, backplane_writer *body);

// A line for the host's log: one of BACKPLANE_LEVEL_*, where it comes from, and a message as of printf.
void backplane_log(const backplane_host *host, uint32_t level, const char *target, const char *format, ...)
    BACKPLANE_FORMAT(4);

// ---------------------------------------------------------------------------------------------------- streams

// The writing end of a stream. `host` must outlive it.
typedef struct {
    const backplane_host *host;
    uint64_t id;
} backplane_stream_writer;

// Opens a stream. `reader` is its reading end, to be given to backplane_write_stream.
int32_t backplane_stream_open(const backplane_host *host, backplane_stream_writer *writer, backplane_buf *reader,
                              backplane_reply *reply);

// Writes one item. The writer of CBOR is emptied and may be used for the next one, unless the answer is `PENDING`:
// then there is no room, and the ticket in the reply tells when to try again.
int32_t backplane_stream_write(const backplane_stream_writer *writer, backplane_writer *item,
                               const backplane_call_context *context, backplane_reply *reply);

// The same, and blocks until there is room.
int32_t backplane_stream_write_wait(const backplane_stream_writer *writer, backplane_writer *item,
                                    const backplane_call_context *context, backplane_reply *reply);

// Ends the stream: with `OK`, or with a status and a message that the reader gets last.
void backplane_stream_finish(const backplane_stream_writer *writer, int32_t status, const char *message);

// The reading end of a stream, once it is claimed. `host` must outlive it.
typedef struct {
    const backplane_host *host;
    // The name; freeing it closes the stream.
    backplane_buf end;
    // Items that were read and not yet given out, from `at` on.
    backplane_reply chunk;
    size_t at;
} backplane_stream_reader;

// Takes over the reading end of this name, which came with arguments or an answer.
int32_t backplane_stream_claim(const backplane_host *host, backplane_slice name, backplane_stream_reader *reader,
                               backplane_reply *reply);

// The next item, which is valid until the next call; blocks until it is there. False after the last, with `OK` in the
// reply, and after a failure, with its status and message.
bool backplane_stream_next_wait(backplane_stream_reader *reader, const backplane_call_context *context,
                                backplane_slice *item, backplane_reply *reply);

// Closes the stream: whoever writes it gets `CANCELLED`.
void backplane_stream_close(backplane_stream_reader *reader);

#ifdef __cplusplus
}  // extern "C"
#endif

#endif  // BACKPLANE_SDK_H
