// Writing CBOR.

#include <backplane_cbor.h>
#include <stdlib.h>
#include <string.h>

enum { UNSIGNED, NEGATIVE, BYTES, TEXT, ARRAY, MAP };

// What a writer takes at first, in bytes.
#define FIRST 64

void backplane_writer_init(backplane_writer *out, size_t limit) {
    memset(out, 0, sizeof *out);
    out->limit = limit != 0 ? limit : BACKPLANE_PAYLOAD_LIMIT;
}

void backplane_writer_over(backplane_writer *out, uint8_t *bytes, size_t size) {
    memset(out, 0, sizeof *out);
    out->ptr = bytes;
    out->cap = out->limit = size;
    out->borrowed = true;
}

void backplane_writer_free(backplane_writer *out) {
    size_t i;
    for (i = 0; i < out->attachment_count; i++) {
        backplane_buf *buf = &out->attachments[i];
        if (buf->free != NULL) buf->free(buf->ptr, buf->len, buf->cap);
    }
    free(out->attachments);
    out->attachments = NULL;
    out->attachment_count = out->attachment_cap = 0;
    out->problem = BACKPLANE_PROBLEM_NONE;
    out->len = 0;
    if (out->borrowed) return;
    free(out->ptr);
    out->ptr = NULL;
    out->cap = 0;
}

bool backplane_writer_fail(backplane_writer *out, backplane_problem problem) {
    if (out->problem == BACKPLANE_PROBLEM_NONE) out->problem = problem;
    return false;
}

// Makes room for `len` more bytes.
static bool reserve(backplane_writer *out, size_t len) {
    size_t wanted;
    uint8_t *grown;
    if (out->problem != BACKPLANE_PROBLEM_NONE) return false;
    if (len > out->limit - out->len) return backplane_writer_fail(out, BACKPLANE_PROBLEM_TOO_LARGE);
    if (len <= out->cap - out->len) return true;
    wanted = out->cap < FIRST ? FIRST : out->cap;
    while (wanted - out->len < len && wanted <= out->limit / 2) wanted *= 2;
    if (wanted - out->len < len || wanted > out->limit) wanted = out->limit;
    grown = (uint8_t *)realloc(out->ptr, wanted);
    if (grown == NULL) return backplane_writer_fail(out, BACKPLANE_PROBLEM_MEMORY);
    out->ptr = grown;
    out->cap = wanted;
    return true;
}

static bool put(backplane_writer *out, const void *bytes, size_t len) {
    if (!reserve(out, len)) return false;
    if (len > 0) memcpy(out->ptr + out->len, bytes, len);
    out->len += len;
    return true;
}

static bool put_wide(backplane_writer *out, uint8_t first, uint64_t number, unsigned width) {
    uint8_t bytes[9];
    unsigned i;
    bytes[0] = first;
    for (i = width; i > 0; i--, number >>= 8) bytes[i] = (uint8_t)number;
    return put(out, bytes, width + 1);
}

// The shortest beginning of a value.
static bool put_head(backplane_writer *out, unsigned major, uint64_t number) {
    uint8_t first = (uint8_t)(major << 5);
    if (number < 24) return put_wide(out, (uint8_t)(first | number), 0, 0);
    if (number <= UINT8_MAX) return put_wide(out, (uint8_t)(first | 24), number, 1);
    if (number <= UINT16_MAX) return put_wide(out, (uint8_t)(first | 25), number, 2);
    if (number <= UINT32_MAX) return put_wide(out, (uint8_t)(first | 26), number, 4);
    return put_wide(out, (uint8_t)(first | 27), number, 8);
}

bool backplane_write_null(backplane_writer *out) {
    return put_wide(out, 0xf6, 0, 0);
}

bool backplane_write_bool(backplane_writer *out, bool value) {
    return put_wide(out, value ? 0xf5 : 0xf4, 0, 0);
}

bool backplane_write_u64(backplane_writer *out, uint64_t value) {
    return put_head(out, UNSIGNED, value);
}

bool backplane_write_i64(backplane_writer *out, int64_t value) {
    return value >= 0 ? put_head(out, UNSIGNED, (uint64_t)value) : put_head(out, NEGATIVE, (uint64_t)(-1 - value));
}

bool backplane_write_f64(backplane_writer *out, double value) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return put_wide(out, 0xfb, bits, 8);
}

static bool put_string(backplane_writer *out, unsigned major, const void *bytes, size_t len) {
    return put_head(out, major, len) && put(out, bytes, len);
}

bool backplane_write_text(backplane_writer *out, backplane_slice value) {
    return put_string(out, TEXT, value.ptr, value.len);
}

bool backplane_write_literal(backplane_writer *out, const char *text, size_t len) {
    return put_string(out, TEXT, text, len);
}

bool backplane_write_bytes(backplane_writer *out, backplane_slice value) {
    return put_string(out, BYTES, value.ptr, value.len);
}

bool backplane_write_fixed(backplane_writer *out, size_t len, backplane_slice value) {
    if (value.len != len) return backplane_writer_fail(out, BACKPLANE_PROBLEM_LENGTH);
    return backplane_write_bytes(out, value);
}

bool backplane_write_array(backplane_writer *out, uint64_t count) {
    return put_head(out, ARRAY, count);
}

bool backplane_write_map(backplane_writer *out, uint64_t count) {
    return put_head(out, MAP, count);
}

bool backplane_write_encoded(backplane_writer *out, backplane_slice value) {
    return put(out, value.ptr, value.len);
}

static bool attach(backplane_writer *out, backplane_buf attachment) {
    if (out->problem != BACKPLANE_PROBLEM_NONE) return false;
    if (out->attachment_count == BACKPLANE_ATTACHMENT_LIMIT) {
        return backplane_writer_fail(out, BACKPLANE_PROBLEM_ATTACHMENT);
    }
    if (out->attachment_count == out->attachment_cap) {
        size_t wanted = out->attachment_cap == 0 ? 4 : out->attachment_cap * 2;
        backplane_buf *grown = (backplane_buf *)realloc(out->attachments, wanted * sizeof *grown);
        if (grown == NULL) return backplane_writer_fail(out, BACKPLANE_PROBLEM_MEMORY);
        out->attachments = grown;
        out->attachment_cap = wanted;
    }
    if (!put_head(out, UNSIGNED, out->attachment_count)) return false;
    out->attachments[out->attachment_count++] = attachment;
    return true;
}

bool backplane_write_blob(backplane_writer *out, backplane_slice value) {
    backplane_buf borrowed;
    memset(&borrowed, 0, sizeof borrowed);
    // Nobody writes to what has no function to free it.
    memcpy(&borrowed.ptr, &value.ptr, sizeof borrowed.ptr);
    borrowed.len = value.len;
    return attach(out, borrowed);
}

bool backplane_write_stream(backplane_writer *out, const backplane_buf *reader) {
    backplane_buf end = *reader;
    if (out->lends) end.free = NULL;
    if (attach(out, end)) return true;
    if (end.free != NULL) end.free(end.ptr, end.len, end.cap);
    return false;
}
