// Reads a value with the helper library and writes it again, in its shortest form.

#include <backplane_sdk.h>
#include <string.h>

static void copy_value(backplane_reader *in, backplane_writer *out);

static void copy_array(backplane_reader *in, backplane_writer *out) {
    backplane_reader ahead = *in;
    backplane_items items;
    uint64_t count = 0;
    backplane_read_array(&ahead, &items);
    for (; backplane_next(&ahead, &items); count++) backplane_skip(&ahead);
    backplane_write_array(out, count);
    backplane_read_array(in, &items);
    while (backplane_next(in, &items)) copy_value(in, out);
}

static void copy_map(backplane_reader *in, backplane_writer *out) {
    backplane_reader ahead = *in;
    backplane_items items;
    backplane_slice key;
    uint64_t count = 0;
    backplane_read_map(&ahead, &items);
    for (; backplane_next(&ahead, &items); count++) {
        backplane_skip(&ahead);
        backplane_skip(&ahead);
    }
    backplane_write_map(out, count);
    backplane_read_map(in, &items);
    while (backplane_next(in, &items)) {
        if (backplane_read_text(in, &key)) backplane_write_text(out, key);
        copy_value(in, out);
    }
}

static void copy_plain(backplane_reader *in, backplane_writer *out) {
    bool truth;
    double number;
    if (backplane_take_null(in)) {
        backplane_write_null(out);
    } else if (*in->at == 0xf4 || *in->at == 0xf5) {
        if (backplane_read_bool(in, &truth)) backplane_write_bool(out, truth);
    } else if (backplane_read_f64(in, &number)) {
        backplane_write_f64(out, number);
    }
}

static void copy_value(backplane_reader *in, backplane_writer *out) {
    backplane_slice bytes;
    uint64_t number;
    int64_t below;
    if (in->problem != BACKPLANE_PROBLEM_NONE) return;
    if (in->at == in->end) {
        backplane_skip(in);
        return;
    }
    switch (*in->at >> 5) {
    case 0:
        if (backplane_read_u64(in, &number)) backplane_write_u64(out, number);
        break;
    case 1:
        if (backplane_read_i64(in, &below)) backplane_write_i64(out, below);
        break;
    case 2:
        if (backplane_read_bytes(in, &bytes)) backplane_write_bytes(out, bytes);
        break;
    case 3:
        if (backplane_read_text(in, &bytes)) backplane_write_text(out, bytes);
        break;
    case 4: copy_array(in, out); break;
    case 5: copy_map(in, out); break;
    case 6: backplane_reader_fail(in, BACKPLANE_PROBLEM_TYPE); break;
    default: copy_plain(in, out);
    }
}

// The problem, or 0 with the copy in `reply`. `memory` bounds what cannot be borrowed.
BACKPLANE_EXPORT int32_t copy(const uint8_t *bytes, size_t len, size_t memory, backplane_reply *reply) {
    backplane_arena arena;
    backplane_reader in;
    backplane_writer out;
    backplane_slice input;
    int32_t problem;
    input.ptr = bytes;
    input.len = len;
    backplane_arena_init(&arena, memory);
    backplane_reader_init(&in, input, &arena);
    backplane_writer_init(&out, 0);
    copy_value(&in, &out);
    backplane_read_end(&in);
    problem = in.problem != BACKPLANE_PROBLEM_NONE ? in.problem : out.problem;
    if (problem == 0) backplane_answer(reply, BACKPLANE_STATUS_OK, &out);
    backplane_writer_free(&out);
    backplane_arena_free(&arena);
    return problem;
}

// Whether passing over the value finds its end at `len`.
BACKPLANE_EXPORT int32_t skip(const uint8_t *bytes, size_t len) {
    backplane_reader in;
    backplane_slice input;
    input.ptr = bytes;
    input.len = len;
    backplane_reader_init(&in, input, NULL);
    backplane_skip(&in);
    backplane_read_end(&in);
    return in.problem;
}

// How many bytes of null, false, 7 and a text fit into so much room, without a byte beyond it.
BACKPLANE_EXPORT int32_t bounded(size_t room, uint8_t *bytes) {
    backplane_writer out;
    backplane_writer_over(&out, bytes, room);
    backplane_write_null(&out);
    backplane_write_bool(&out, false);
    backplane_write_u64(&out, 7);
    backplane_write_name(&out, "text");
    return out.problem != BACKPLANE_PROBLEM_NONE ? -(int32_t)out.problem : (int32_t)out.len;
}

// Whether `size` bytes fit an arena of `limit` bytes.
BACKPLANE_EXPORT int32_t fits(size_t limit, size_t size) {
    backplane_arena arena;
    uint8_t *taken;
    backplane_arena_init(&arena, limit);
    taken = (uint8_t *)backplane_arena_take(&arena, size);
    if (taken != NULL && size > 0) memset(taken, 1, size);
    backplane_arena_free(&arena);
    return taken != NULL;
}
