// CBOR (RFC 8949) for plugins in C and C++: what arguments, answers, events and items of streams are written in.
//
// Compile src/*.c of this folder with the plugin. Nothing here keeps state, and nothing is shared between threads.
//
// * **Bounds.** Depth, memory and length are bounded by the limits below; what is beyond is a problem, never a crash.
// * **Memory.** A reader copies nothing: text and bytes point into what it reads. Lists, maps, and text that came in
//   pieces, lie in an arena that the caller gives and frees as a whole. A writer grows one buffer.
// * **Problems stick.** After the first problem every further read or write does nothing and answers false, so a
//   function may read or write all of a value and ask once, at the end.

#ifndef BACKPLANE_CBOR_H
#define BACKPLANE_CBOR_H

#include <backplane_plugin.h>
#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

// How deep values may lie in each other.
#define BACKPLANE_DEPTH_LIMIT 64

// The most bytes that an arena holds, unless it is told another limit.
#define BACKPLANE_MEMORY_LIMIT ((size_t)256 << 20)

// The largest payload of a call, in bytes: the limit of a host.
#define BACKPLANE_PAYLOAD_LIMIT ((size_t)72 << 20)

// The most attachments of a call: the limit of a host.
#define BACKPLANE_ATTACHMENT_LIMIT 1024

// Why something cannot be read or written.
typedef enum {
    // All is well.
    BACKPLANE_PROBLEM_NONE = 0,
    // The bytes end within a value.
    BACKPLANE_PROBLEM_TRUNCATED,
    // The bytes are no CBOR.
    BACKPLANE_PROBLEM_MALFORMED,
    // The value is of another type than is expected.
    BACKPLANE_PROBLEM_TYPE,
    // The number is out of the range of its type.
    BACKPLANE_PROBLEM_RANGE,
    // The text is no UTF-8.
    BACKPLANE_PROBLEM_UTF8,
    // The bytes are not as many as the type says.
    BACKPLANE_PROBLEM_LENGTH,
    // A field that has no default is not there.
    BACKPLANE_PROBLEM_MISSING,
    // A field is there twice.
    BACKPLANE_PROBLEM_DUPLICATE,
    // The enum or union has no such case.
    BACKPLANE_PROBLEM_CASE,
    // A union is a map of exactly one entry, or the name of a case that carries nothing.
    BACKPLANE_PROBLEM_ONE_ENTRY,
    // There is no attachment of this number, or there are too many.
    BACKPLANE_PROBLEM_ATTACHMENT,
    // Bytes follow the value.
    BACKPLANE_PROBLEM_TRAILING,
    // Values lie deeper than BACKPLANE_DEPTH_LIMIT in each other.
    BACKPLANE_PROBLEM_DEPTH,
    // The limit of the arena or of the writer is reached.
    BACKPLANE_PROBLEM_TOO_LARGE,
    // The system has no memory.
    BACKPLANE_PROBLEM_MEMORY
} backplane_problem;

// What a problem is, for people, in English.
const char *backplane_problem_text(backplane_problem problem);

// ---------------------------------------------------------------------------------------------------- memory

// Memory that is taken piece by piece and freed as a whole.
typedef struct {
    // The blocks, the last one first; null at first.
    struct backplane_block *blocks;
    // How many bytes were taken from the system.
    size_t taken;
    // The most bytes that may be.
    size_t limit;
} backplane_arena;

// Makes an empty arena, which takes nothing yet. With a limit of 0 it is BACKPLANE_MEMORY_LIMIT.
void backplane_arena_init(backplane_arena *arena, size_t limit);

// `size` bytes that are 0, aligned for any type; null where the limit or the system does not allow it.
void *backplane_arena_take(backplane_arena *arena, size_t size);

// A copy of `bytes` in the arena, for what must outlive the call that lent it. On failure `ptr` is null.
backplane_slice backplane_arena_copy(backplane_arena *arena, backplane_slice bytes);

// Frees everything; the arena is empty then and may be used again.
void backplane_arena_free(backplane_arena *arena);

// ---------------------------------------------------------------------------------------------------- reading

// Reads one value after another. Make it with one of the functions below.
typedef struct {
    // The next byte, and the end.
    const uint8_t *at, *end;
    // The attachments that arguments refer to.
    const backplane_slice *slices;
    // The attachments that an answer refers to.
    const backplane_buf *bufs;
    // How many attachments there are.
    size_t attachments;
    // Where lists, maps and text in pieces go; may be null, which makes these a problem.
    backplane_arena *memory;
    // What is read now, for the message: the reader of a record sets it. Never null.
    const char *where;
    // The first problem.
    backplane_problem problem;
    // How deep the value lies that is read now.
    unsigned depth;
} backplane_reader;

// Reads `bytes`, which refer to no attachment.
void backplane_reader_init(backplane_reader *in, backplane_slice bytes, backplane_arena *memory);

// Reads the arguments of a call or the body of an event.
void backplane_reader_of_args(backplane_reader *in, const backplane_args *args, backplane_arena *memory);

// Reads the payload of an answer: the result or the error.
void backplane_reader_of_reply(backplane_reader *in, const backplane_reply *reply, backplane_arena *memory);

// Notes a problem, unless there is one; always false.
bool backplane_reader_fail(backplane_reader *in, backplane_problem problem);

bool backplane_read_null(backplane_reader *in);
bool backplane_read_bool(backplane_reader *in, bool *value);
bool backplane_read_u8(backplane_reader *in, uint8_t *value);
bool backplane_read_u16(backplane_reader *in, uint16_t *value);
bool backplane_read_u32(backplane_reader *in, uint32_t *value);
bool backplane_read_u64(backplane_reader *in, uint64_t *value);
bool backplane_read_i8(backplane_reader *in, int8_t *value);
bool backplane_read_i16(backplane_reader *in, int16_t *value);
bool backplane_read_i32(backplane_reader *in, int32_t *value);
bool backplane_read_i64(backplane_reader *in, int64_t *value);
// A float of any width.
bool backplane_read_f64(backplane_reader *in, double *value);
// Text that is UTF-8.
bool backplane_read_text(backplane_reader *in, backplane_slice *value);
bool backplane_read_bytes(backplane_reader *in, backplane_slice *value);
// Exactly `len` bytes.
bool backplane_read_fixed(backplane_reader *in, size_t len, backplane_slice *value);
// The attachment that the value names: the bytes of a blob, or the name of a stream.
bool backplane_read_attachment(backplane_reader *in, backplane_slice *value);

// Whether null or undefined comes next; if so, it is read. For options.
bool backplane_take_null(backplane_reader *in);

// What is left of an array or a map.
typedef struct {
    uint64_t left;
    // Whether a break ends it instead.
    bool endless;
} backplane_items;

bool backplane_read_array(backplane_reader *in, backplane_items *items);
bool backplane_read_map(backplane_reader *in, backplane_items *items);
// Whether another item, or another entry of a map, follows. False at the end and after a problem.
bool backplane_next(backplane_reader *in, backplane_items *items);

// Room for one more item of `size` bytes in a list of `count` in the reader's arena: the list, perhaps moved, or null.
void *backplane_grow(backplane_reader *in, void *list, size_t count, size_t *room, size_t size);

// The name of a case of a union, and whether it stands `alone`, without a value. The value, if any, comes next, and
// then backplane_end_case.
bool backplane_read_case(backplane_reader *in, backplane_slice *name, backplane_items *rest, bool *alone);
bool backplane_end_case(backplane_reader *in, backplane_items *rest, bool alone);

// Passes over any value.
bool backplane_skip(backplane_reader *in);

// Whether all is read, without a problem.
bool backplane_read_end(backplane_reader *in);

// Whether `slice` is this text of `len` bytes.
bool backplane_equal(backplane_slice slice, const char *text, size_t len);

// Whether a slice is a text that is written here.
#define backplane_is(slice, literal) backplane_equal((slice), "" literal, sizeof(literal) - 1)

// ---------------------------------------------------------------------------------------------------- writing

// Writes one value after another. Make it with backplane_writer_init or backplane_writer_over.
typedef struct {
    // What is written.
    uint8_t *ptr;
    size_t len, cap;
    // The most bytes.
    size_t limit;
    // Whether the bytes are the caller's, and stay where they are.
    bool borrowed;
    // Whether streams are lent, as arguments do, instead of given away, as answers do.
    bool lends;
    // The first problem.
    backplane_problem problem;
    // What travels beside: borrowed where it has no function to free it.
    backplane_buf *attachments;
    size_t attachment_count, attachment_cap;
} backplane_writer;

// Writes into memory of its own, at most `limit` bytes; with 0 it is BACKPLANE_PAYLOAD_LIMIT. Nothing is taken yet.
void backplane_writer_init(backplane_writer *out, size_t limit);

// Writes into `size` bytes of the caller, and never beyond them.
void backplane_writer_over(backplane_writer *out, uint8_t *bytes, size_t size);

// Frees what the writer owns, attachments included. It may be used again, as if made anew with the same limit.
void backplane_writer_free(backplane_writer *out);

// Notes a problem, unless there is one; always false.
bool backplane_writer_fail(backplane_writer *out, backplane_problem problem);

bool backplane_write_null(backplane_writer *out);
bool backplane_write_bool(backplane_writer *out, bool value);
bool backplane_write_u64(backplane_writer *out, uint64_t value);
bool backplane_write_i64(backplane_writer *out, int64_t value);
bool backplane_write_f64(backplane_writer *out, double value);
// Text must be UTF-8.
bool backplane_write_text(backplane_writer *out, backplane_slice value);
bool backplane_write_bytes(backplane_writer *out, backplane_slice value);
// Exactly `len` bytes.
bool backplane_write_fixed(backplane_writer *out, size_t len, backplane_slice value);
// So many items, or entries of a map, follow.
bool backplane_write_array(backplane_writer *out, uint64_t count);
bool backplane_write_map(backplane_writer *out, uint64_t count);
// Bytes that are a value already.
bool backplane_write_encoded(backplane_writer *out, backplane_slice value);
// Bytes that travel beside the payload. They are borrowed, and must stay until the value is sent.
bool backplane_write_blob(backplane_writer *out, backplane_slice value);
// The reading end of a stream. In an answer it is given away, also where it cannot be written: do not free it. With
// `lends`, as in arguments, it stays the caller's, who frees it when the call is answered.
bool backplane_write_stream(backplane_writer *out, const backplane_buf *reader);

// Writes a text that is written here: the key of a field, the name of a case.
#define backplane_write_name(out, literal) \
    backplane_write_literal((out), "" literal, sizeof(literal) - 1)
bool backplane_write_literal(backplane_writer *out, const char *text, size_t len);

#ifdef __cplusplus
}  // extern "C"
#endif

#endif  // BACKPLANE_CBOR_H
