// Arenas, and the texts of problems.

#include <backplane_cbor.h>
#include <stdlib.h>
#include <string.h>

// What a block is at least, in bytes.
#define BLOCK 4096

// Fits the alignment of any type that a value is made of.
typedef union {
    uint64_t number;
    double real;
    void *pointer;
    void (*function)(void);
} aligned;

struct backplane_block {
    struct backplane_block *next;
    size_t used, size;
    aligned bytes[1];
};

#define HEAD offsetof(struct backplane_block, bytes)

void backplane_arena_init(backplane_arena *arena, size_t limit) {
    memset(arena, 0, sizeof *arena);
    arena->limit = limit != 0 ? limit : BACKPLANE_MEMORY_LIMIT;
}

static struct backplane_block *add_block(backplane_arena *arena, size_t size) {
    size_t whole = size < BLOCK ? BLOCK : size;
    struct backplane_block *block;
    if (arena->limit - arena->taken < size + HEAD) return NULL;
    // Near the limit a block is as small as it must be.
    if (arena->limit - arena->taken < whole + HEAD) whole = size;
    block = (struct backplane_block *)calloc(1, whole + HEAD);
    if (block == NULL) return NULL;
    block->size = whole;
    block->next = arena->blocks;
    arena->blocks = block;
    arena->taken += whole + HEAD;
    return block;
}

void *backplane_arena_take(backplane_arena *arena, size_t size) {
    struct backplane_block *block = arena->blocks;
    size_t rounded;
    void *taken;
    if (size > arena->limit || arena->limit - size < sizeof(aligned) + HEAD) return NULL;
    rounded = (size + sizeof(aligned) - 1) / sizeof(aligned) * sizeof(aligned);
    if (block == NULL || block->size - block->used < rounded) block = add_block(arena, rounded);
    if (block == NULL) return NULL;
    taken = (uint8_t *)block->bytes + block->used;
    block->used += rounded;
    return taken;
}

backplane_slice backplane_arena_copy(backplane_arena *arena, backplane_slice bytes) {
    backplane_slice copy = {NULL, 0};
    uint8_t *room = (uint8_t *)backplane_arena_take(arena, bytes.len + 1);
    if (room == NULL) return copy;
    if (bytes.len > 0) memcpy(room, bytes.ptr, bytes.len);
    copy.ptr = room;
    copy.len = bytes.len;
    return copy;
}

void backplane_arena_free(backplane_arena *arena) {
    while (arena->blocks != NULL) {
        struct backplane_block *next = arena->blocks->next;
        free(arena->blocks);
        arena->blocks = next;
    }
    arena->taken = 0;
}

const char *backplane_problem_text(backplane_problem problem) {
    switch (problem) {
    case BACKPLANE_PROBLEM_NONE: return "no problem";
    case BACKPLANE_PROBLEM_TRUNCATED: return "the bytes end within a value";
    case BACKPLANE_PROBLEM_MALFORMED: return "the bytes are no CBOR";
    case BACKPLANE_PROBLEM_TYPE: return "a value of another type is expected";
    case BACKPLANE_PROBLEM_RANGE: return "the number is out of the range of its type";
    case BACKPLANE_PROBLEM_UTF8: return "the text is no UTF-8";
    case BACKPLANE_PROBLEM_LENGTH: return "another number of bytes is expected";
    case BACKPLANE_PROBLEM_MISSING: return "it is missing";
    case BACKPLANE_PROBLEM_DUPLICATE: return "it is there twice";
    case BACKPLANE_PROBLEM_CASE: return "there is no such case";
    case BACKPLANE_PROBLEM_ONE_ENTRY: return "a union is the name of a case, or a map of one entry";
    case BACKPLANE_PROBLEM_ATTACHMENT: return "there is no such attachment, or there are too many";
    case BACKPLANE_PROBLEM_TRAILING: return "bytes follow the value";
    case BACKPLANE_PROBLEM_DEPTH: return "values lie deeper than 64 levels in each other";
    case BACKPLANE_PROBLEM_TOO_LARGE: return "it is larger than the limit";
    case BACKPLANE_PROBLEM_MEMORY: return "there is no memory";
    }
    return "an unknown problem";
}
