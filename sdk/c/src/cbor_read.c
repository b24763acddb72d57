// Reading CBOR.

#include <backplane_cbor.h>
#include <math.h>
#include <string.h>

enum { UNSIGNED, NEGATIVE, BYTES, TEXT, ARRAY, MAP, TAG, OTHER };

#define BREAK 0xff
#define ENDLESS 31

// The beginning of a value: its major type, the five bits beside it, and the number that they stand for.
typedef struct {
    unsigned major, info;
    uint64_t number;
} head;

static void begin(backplane_reader *in, backplane_slice bytes, backplane_arena *memory) {
    static const uint8_t nothing[1] = {0};
    memset(in, 0, sizeof *in);
    in->at = bytes.len > 0 ? bytes.ptr : nothing;
    in->end = in->at + bytes.len;
    in->memory = memory;
    in->where = "value";
}

void backplane_reader_init(backplane_reader *in, backplane_slice bytes, backplane_arena *memory) {
    begin(in, bytes, memory);
}

void backplane_reader_of_args(backplane_reader *in, const backplane_args *args, backplane_arena *memory) {
    begin(in, args->payload, memory);
    in->slices = args->attachments;
    in->attachments = args->attachment_count;
}

void backplane_reader_of_reply(backplane_reader *in, const backplane_reply *reply, backplane_arena *memory) {
    backplane_slice payload;
    payload.ptr = reply->payload.ptr;
    payload.len = reply->payload.len;
    begin(in, payload, memory);
    in->bufs = reply->attachments.ptr;
    in->attachments = reply->attachments.len;
}

bool backplane_reader_fail(backplane_reader *in, backplane_problem problem) {
    if (in->problem == BACKPLANE_PROBLEM_NONE) in->problem = problem;
    return false;
}

static size_t left(const backplane_reader *in) {
    return (size_t)(in->end - in->at);
}

static bool read_head(backplane_reader *in, head *out) {
    unsigned first;
    size_t width, i;
    if (in->problem != BACKPLANE_PROBLEM_NONE) return false;
    if (left(in) == 0) return backplane_reader_fail(in, BACKPLANE_PROBLEM_TRUNCATED);
    first = *in->at;
    out->major = first >> 5;
    out->info = first & 31;
    out->number = 0;
    if (out->info < 24) {
        out->number = out->info;
    } else if (out->info < 28) {
        width = (size_t)1 << (out->info - 24);
        if (left(in) - 1 < width) return backplane_reader_fail(in, BACKPLANE_PROBLEM_TRUNCATED);
        for (i = 1; i <= width; i++) out->number = out->number << 8 | in->at[i];
        in->at += width;
    } else if (out->info != ENDLESS || out->major < BYTES || out->major == TAG) {
        return backplane_reader_fail(in, BACKPLANE_PROBLEM_MALFORMED);
    }
    in->at++;
    return true;
}

// The beginning of a value of this major type.
static bool expect(backplane_reader *in, unsigned major, head *out) {
    if (!read_head(in, out)) return false;
    return out->major == major || backplane_reader_fail(in, BACKPLANE_PROBLEM_TYPE);
}

static bool read_unsigned(backplane_reader *in, uint64_t most, uint64_t *value) {
    head found;
    if (!read_head(in, &found)) return false;
    if (found.major != UNSIGNED && found.major != NEGATIVE) return backplane_reader_fail(in, BACKPLANE_PROBLEM_TYPE);
    if (found.major == NEGATIVE || found.number > most) return backplane_reader_fail(in, BACKPLANE_PROBLEM_RANGE);
    *value = found.number;
    return true;
}

// `most` is the greatest value; the least is -most - 1.
static bool read_signed(backplane_reader *in, int64_t most, int64_t *value) {
    head found;
    if (!read_head(in, &found)) return false;
    if (found.major != UNSIGNED && found.major != NEGATIVE) return backplane_reader_fail(in, BACKPLANE_PROBLEM_TYPE);
    if (found.number > (uint64_t)most) return backplane_reader_fail(in, BACKPLANE_PROBLEM_RANGE);
    *value = found.major == UNSIGNED ? (int64_t)found.number : -1 - (int64_t)found.number;
    return true;
}

#define UNSIGNED_READER(name, type, most)                            \
    bool backplane_read_##name(backplane_reader *in, type *value) {  \
        uint64_t wide;                                               \
        if (!read_unsigned(in, most, &wide)) return false;           \
        *value = (type)wide;                                         \
        return true;                                                 \
    }
#define SIGNED_READER(name, type, most)                              \
    bool backplane_read_##name(backplane_reader *in, type *value) {  \
        int64_t wide;                                                \
        if (!read_signed(in, most, &wide)) return false;             \
        *value = (type)wide;                                         \
        return true;                                                 \
    }

UNSIGNED_READER(u8, uint8_t, UINT8_MAX)
UNSIGNED_READER(u16, uint16_t, UINT16_MAX)
UNSIGNED_READER(u32, uint32_t, UINT32_MAX)
UNSIGNED_READER(u64, uint64_t, UINT64_MAX)
SIGNED_READER(i8, int8_t, INT8_MAX)
SIGNED_READER(i16, int16_t, INT16_MAX)
SIGNED_READER(i32, int32_t, INT32_MAX)
SIGNED_READER(i64, int64_t, INT64_MAX)

bool backplane_read_null(backplane_reader *in) {
    head found;
    if (!expect(in, OTHER, &found)) return false;
    return found.info == 22 || backplane_reader_fail(in, BACKPLANE_PROBLEM_TYPE);
}

bool backplane_take_null(backplane_reader *in) {
    if (in->problem != BACKPLANE_PROBLEM_NONE || left(in) == 0) return false;
    if (*in->at != 0xf6 && *in->at != 0xf7) return false;
    in->at++;
    return true;
}

bool backplane_read_bool(backplane_reader *in, bool *value) {
    head found;
    if (!expect(in, OTHER, &found)) return false;
    if (found.info != 20 && found.info != 21) return backplane_reader_fail(in, BACKPLANE_PROBLEM_TYPE);
    *value = found.info == 21;
    return true;
}

static double half(uint64_t bits) {
    int exponent = (int)(bits >> 10 & 31);
    double value = (double)(bits & 1023);
    if (exponent == 31) {
        value = value > 0 ? (double)NAN : (double)INFINITY;
    } else if (exponent == 0) {
        value /= 16777216.0;
    } else {
        value += 1024.0;
        for (; exponent > 25; exponent--) value *= 2;
        for (; exponent < 25; exponent++) value /= 2;
    }
    return bits >> 15 ? -value : value;
}

bool backplane_read_f64(backplane_reader *in, double *value) {
    head found;
    uint32_t narrow;
    float single;
    if (!expect(in, OTHER, &found)) return false;
    switch (found.info) {
    case 25: *value = half(found.number); return true;
    case 26:
        narrow = (uint32_t)found.number;
        memcpy(&single, &narrow, sizeof single);
        *value = (double)single;
        return true;
    case 27: memcpy(value, &found.number, sizeof *value); return true;
    default: return backplane_reader_fail(in, BACKPLANE_PROBLEM_TYPE);
    }
}

// One code point of UTF-8 without surrogates and overlong forms; how many bytes it has, or 0.
static size_t code_point(const uint8_t *at, size_t rest) {
    size_t len = at[0] < 0x80 ? 1 : at[0] < 0xc2 ? 0 : at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : at[0] < 0xf5 ? 4 : 0;
    size_t i;
    if (len == 0 || len > rest) return 0;
    for (i = 1; i < len; i++) {
        if ((at[i] & 0xc0) != 0x80) return 0;
    }
    if (at[0] == 0xe0 && at[1] < 0xa0) return 0;
    if (at[0] == 0xed && at[1] >= 0xa0) return 0;
    if (at[0] == 0xf0 && at[1] < 0x90) return 0;
    if (at[0] == 0xf4 && at[1] >= 0x90) return 0;
    return len;
}

static bool is_utf8(const uint8_t *at, size_t len) {
    while (len > 0) {
        size_t one = code_point(at, len);
        if (one == 0) return false;
        at += one;
        len -= one;
    }
    return true;
}

// The bytes that a definite head announces.
static bool take_bytes(backplane_reader *in, const head *of, backplane_slice *value) {
    if (of->number > left(in)) return backplane_reader_fail(in, BACKPLANE_PROBLEM_TRUNCATED);
    value->ptr = in->at;
    value->len = (size_t)of->number;
    in->at += value->len;
    if (of->major == TEXT && !is_utf8(value->ptr, value->len)) return backplane_reader_fail(in, BACKPLANE_PROBLEM_UTF8);
    return true;
}

// Whether another piece follows, which is then read.
static bool next_piece(backplane_reader *in, unsigned major, backplane_slice *piece) {
    head found;
    if (in->problem == BACKPLANE_PROBLEM_NONE && left(in) > 0 && *in->at == BREAK) {
        in->at++;
        return false;
    }
    if (!read_head(in, &found)) return false;
    if (found.major != major || found.info == ENDLESS) return backplane_reader_fail(in, BACKPLANE_PROBLEM_MALFORMED);
    return take_bytes(in, &found, piece);
}

// Puts text or bytes that came in pieces together: once to count, once to copy.
static bool read_pieces(backplane_reader *in, unsigned major, backplane_slice *value) {
    const uint8_t *first = in->at;
    backplane_slice piece;
    uint8_t *room;
    size_t len = 0;
    while (next_piece(in, major, &piece)) len += piece.len;
    if (in->problem != BACKPLANE_PROBLEM_NONE) return false;
    room = in->memory ? (uint8_t *)backplane_arena_take(in->memory, len + 1) : NULL;
    if (room == NULL) return backplane_reader_fail(in, BACKPLANE_PROBLEM_TOO_LARGE);
    value->ptr = room;
    value->len = len;
    in->at = first;
    while (next_piece(in, major, &piece)) {
        if (piece.len > 0) memcpy(room, piece.ptr, piece.len);
        room += piece.len;
    }
    return true;
}

static bool read_string(backplane_reader *in, unsigned major, backplane_slice *value) {
    head found;
    if (!expect(in, major, &found)) return false;
    return found.info == ENDLESS ? read_pieces(in, major, value) : take_bytes(in, &found, value);
}

bool backplane_read_text(backplane_reader *in, backplane_slice *value) {
    return read_string(in, TEXT, value);
}

bool backplane_read_bytes(backplane_reader *in, backplane_slice *value) {
    return read_string(in, BYTES, value);
}

bool backplane_read_fixed(backplane_reader *in, size_t len, backplane_slice *value) {
    if (!read_string(in, BYTES, value)) return false;
    return value->len == len || backplane_reader_fail(in, BACKPLANE_PROBLEM_LENGTH);
}

bool backplane_read_attachment(backplane_reader *in, backplane_slice *value) {
    uint64_t number;
    if (!read_unsigned(in, UINT64_MAX, &number)) return false;
    if (number >= in->attachments) return backplane_reader_fail(in, BACKPLANE_PROBLEM_ATTACHMENT);
    if (in->slices != NULL) {
        *value = in->slices[number];
    } else {
        value->ptr = in->bufs[number].ptr;
        value->len = in->bufs[number].len;
    }
    return true;
}

static bool enter(backplane_reader *in, unsigned major, backplane_items *items) {
    head found;
    items->left = 0;
    items->endless = false;
    if (!expect(in, major, &found)) return false;
    if (++in->depth > BACKPLANE_DEPTH_LIMIT) return backplane_reader_fail(in, BACKPLANE_PROBLEM_DEPTH);
    items->left = found.number;
    items->endless = found.info == ENDLESS;
    return true;
}

bool backplane_read_array(backplane_reader *in, backplane_items *items) {
    return enter(in, ARRAY, items);
}

bool backplane_read_map(backplane_reader *in, backplane_items *items) {
    return enter(in, MAP, items);
}

bool backplane_next(backplane_reader *in, backplane_items *items) {
    if (in->problem != BACKPLANE_PROBLEM_NONE) return false;
    if (!items->endless && items->left > 0) {
        items->left--;
        return true;
    }
    if (items->endless) {
        if (left(in) == 0) return backplane_reader_fail(in, BACKPLANE_PROBLEM_TRUNCATED);
        if (*in->at != BREAK) return true;
        in->at++;
    }
    in->depth--;
    return false;
}

void *backplane_grow(backplane_reader *in, void *list, size_t count, size_t *room, size_t size) {
    size_t wanted = *room == 0 ? 4 : *room * 2;
    void *grown;
    if (count < *room) return list;
    grown = in->memory && wanted <= SIZE_MAX / size ? backplane_arena_take(in->memory, wanted * size) : NULL;
    if (grown == NULL) {
        backplane_reader_fail(in, BACKPLANE_PROBLEM_TOO_LARGE);
        return NULL;
    }
    if (count > 0) memcpy(grown, list, count * size);
    *room = wanted;
    return grown;
}

bool backplane_read_case(backplane_reader *in, backplane_slice *name, backplane_items *rest, bool *alone) {
    *alone = left(in) > 0 && *in->at >> 5 == TEXT;
    if (*alone) return backplane_read_text(in, name);
    if (!backplane_read_map(in, rest)) return false;
    if (!backplane_next(in, rest)) return backplane_reader_fail(in, BACKPLANE_PROBLEM_ONE_ENTRY);
    return backplane_read_text(in, name);
}

bool backplane_end_case(backplane_reader *in, backplane_items *rest, bool alone) {
    if (!alone && backplane_next(in, rest)) return backplane_reader_fail(in, BACKPLANE_PROBLEM_ONE_ENTRY);
    return in->problem == BACKPLANE_PROBLEM_NONE;
}

// Passes over a number, a simple value or a float.
static bool skip_other(backplane_reader *in, const head *of) {
    if (of->info == ENDLESS) return backplane_reader_fail(in, BACKPLANE_PROBLEM_TYPE);
    if (of->info == 24 && of->number < 32) return backplane_reader_fail(in, BACKPLANE_PROBLEM_MALFORMED);
    return true;
}

bool backplane_skip(backplane_reader *in) {
    const uint8_t *start = in->at;
    backplane_items items;
    backplane_slice piece;
    head found;
    unsigned tags = 0;
    do {
        start = in->at;
        if (!read_head(in, &found)) return false;
        if (found.major == TAG && ++tags > BACKPLANE_DEPTH_LIMIT) {
            return backplane_reader_fail(in, BACKPLANE_PROBLEM_DEPTH);
        }
    } while (found.major == TAG);
    switch (found.major) {
    case BYTES:
    case TEXT:
        if (found.info != ENDLESS) return take_bytes(in, &found, &piece);
        while (next_piece(in, found.major, &piece)) continue;
        return in->problem == BACKPLANE_PROBLEM_NONE;
    case ARRAY:
    case MAP:
        in->at = start;
        if (!enter(in, found.major, &items)) return false;
        while (backplane_next(in, &items)) {
            if (found.major == MAP && !backplane_skip(in)) return false;
            if (!backplane_skip(in)) return false;
        }
        return in->problem == BACKPLANE_PROBLEM_NONE;
    case OTHER: return skip_other(in, &found);
    default: return true;
    }
}

bool backplane_read_end(backplane_reader *in) {
    if (in->problem == BACKPLANE_PROBLEM_NONE && left(in) > 0) {
        return backplane_reader_fail(in, BACKPLANE_PROBLEM_TRAILING);
    }
    return in->problem == BACKPLANE_PROBLEM_NONE;
}

bool backplane_equal(backplane_slice slice, const char *text, size_t len) {
    return slice.len == len && (len == 0 || memcmp(slice.ptr, text, len) == 0);
}
