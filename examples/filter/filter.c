// Covers words that are not for everybody, and says who has used one in the chat.

#include "words.h"
#include <backplane_sdk.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

// The text of what stands between the brackets.
#define JSON(...) #__VA_ARGS__

static int32_t create(const backplane_host *host, const backplane_module_info *info, backplane_module_handle *module,
                      backplane_reply *reply);

// What the plugin is, what it offers, and what it asks of others.
BACKPLANE_PLUGIN(JSON({
    "name": "filter",
    "version": "0.1.0",
    "docs": "Covers words that are not for everybody, and says who has used one in the chat.",
    "license": "MIT",
    "state": {"version": 1, "reads": [1]},
    "requires": [{"interface": "chat.room", "version": "^1", "optional": true}],
    "subscribes": [{"interface": "chat.room", "version": "^1", "event": "message", "depth": 256}],
    "provides": [{
        "id": "text.filter",
        "version": "1.0.0",
        "docs": "Makes texts fit for everybody.",
        "methods": [{
            "name": "clean",
            "docs": "The text with what is not fit for everybody covered by asterisks.",
            "params": [{"name": "text", "type": "text"}],
            "returns": {"record": {"name": "Cleaned", "docs": "A text that is fit for everybody.", "fields": [
                {"name": "text", "docs": "The text.", "type": "text"},
                {"name": "covered", "docs": "How many words are covered.", "type": "u32"}]}},
            "inline": true,
            "deadline_ms": 30000
        }, {
            "name": "add",
            "docs": "Adds words of 1 to 64 bytes, up to the first that is refused. How many there are now, at most 1024.",
            "params": [{"name": "words", "type": {"list": "text"}}],
            "returns": "u32",
            "error": {"record": {"name": "Refused", "docs": "A word that is not added.", "fields": [
                {"name": "word", "docs": "The word.", "type": "text"},
                {"name": "reason", "docs": "Why.", "type": "text"}]}},
            "inline": true,
            "deadline_ms": 30000
        }],
        "events": [{
            "name": "caught",
            "docs": "Somebody has used such words in the chat.",
            "body": {"record": {"name": "Caught", "docs": "Who, and how many.", "fields": [
                {"name": "nick", "docs": "The nickname in the chat.", "type": "text"},
                {"name": "covered", "docs": "How many words.", "type": "u32"}]}}
        }]
    }]
}), create)

// Their places in the manifest.
enum { CLEAN, ADD };
enum { CAUGHT };

typedef struct {
    backplane_host host;
    // Calls come on any thread, at the same time.
    pthread_mutex_t lock;
    words words;
} filter;

// Covers the words in a copy of the text; its `ptr` is null without memory.
static backplane_slice cover(filter *self, backplane_slice text, backplane_arena *memory, uint32_t *covered) {
    char *copy = backplane_arena_take(memory, text.len + 1);
    *covered = 0;
    if (copy == NULL) return (backplane_slice){NULL, 0};
    memcpy(copy, text.ptr, text.len);
    pthread_mutex_lock(&self->lock);
    size_t len = words_cover(&self->words, copy, text.len, covered);
    pthread_mutex_unlock(&self->lock);
    return (backplane_slice){(const uint8_t *)copy, len};
}

// Reads a map, and of it the texts of these two keys; null for the second if it is not wanted. Both must be there.
static bool read_texts(backplane_reader *in, const char *first, backplane_slice *a, const char *second,
                       backplane_slice *b) {
    backplane_items fields;
    backplane_slice key;
    bool has_a = false, has_b = second == NULL;
    in->where = first;
    if (!backplane_read_map(in, &fields)) return false;
    while (backplane_next(in, &fields)) {
        if (!backplane_read_text(in, &key)) return false;
        if (backplane_equal(key, first, strlen(first))) {
            has_a = backplane_read_text(in, a);
        } else if (second != NULL && backplane_equal(key, second, strlen(second))) {
            has_b = backplane_read_text(in, b);
        } else {
            backplane_skip(in);
        }
    }
    return backplane_read_end(in) && ((has_a && has_b) || backplane_reader_fail(in, BACKPLANE_PROBLEM_MISSING));
}

static int32_t clean(filter *self, const backplane_call *call, backplane_arena *memory, backplane_reply *reply) {
    backplane_reader in;
    backplane_writer out;
    backplane_slice text;
    uint32_t covered;
    backplane_reader_of_args(&in, &call->args, memory);
    if (!read_texts(&in, "text", &text, NULL, NULL)) return backplane_refuse_arguments(reply, &in);
    text = cover(self, text, memory, &covered);
    if (text.ptr == NULL) return backplane_refuse(reply, BACKPLANE_STATUS_TOO_LARGE, "there is no memory for the text");
    backplane_writer_init(&out, 0);
    backplane_write_map(&out, 2);
    backplane_write_name(&out, "text");
    backplane_write_text(&out, text);
    backplane_write_name(&out, "covered");
    backplane_write_u64(&out, covered);
    return backplane_answer(reply, BACKPLANE_STATUS_OK, &out);
}

// Adds the words of a list; the first that is refused, with its reason. Null if there is none.
static const char *add_all(filter *self, backplane_reader *in, backplane_slice *word) {
    backplane_items items;
    const char *reason = NULL;
    if (!backplane_read_array(in, &items)) return NULL;
    while (reason == NULL && backplane_next(in, &items) && backplane_read_text(in, word)) {
        pthread_mutex_lock(&self->lock);
        word_outcome outcome = words_add(&self->words, (const char *)word->ptr, word->len);
        pthread_mutex_unlock(&self->lock);
        if (outcome == WORD_WRONG) reason = "it is no word of 1 to 64 bytes";
        if (outcome == WORD_NO_ROOM) reason = "there are 1024 words, and no room for more";
    }
    return reason;
}

static size_t count(filter *self) {
    pthread_mutex_lock(&self->lock);
    size_t count = self->words.count;
    pthread_mutex_unlock(&self->lock);
    return count;
}

static int32_t add(filter *self, const backplane_call *call, backplane_arena *memory, backplane_reply *reply) {
    backplane_reader in;
    backplane_writer out;
    backplane_items fields;
    backplane_slice key, word;
    const char *reason = NULL;
    backplane_reader_of_args(&in, &call->args, memory);
    in.where = "words";
    if (backplane_read_map(&in, &fields)) {
        while (reason == NULL && backplane_next(&in, &fields) && backplane_read_text(&in, &key)) {
            if (backplane_is(key, "words")) reason = add_all(self, &in, &word);
            else backplane_skip(&in);
        }
    }
    backplane_writer_init(&out, 0);
    if (reason != NULL) {
        backplane_write_map(&out, 2);
        backplane_write_name(&out, "word");
        backplane_write_text(&out, word);
        backplane_write_name(&out, "reason");
        backplane_write_text(&out, backplane_text(reason));
        return backplane_answer(reply, BACKPLANE_STATUS_FAILED, &out);
    }
    if (!backplane_read_end(&in)) return backplane_refuse_arguments(reply, &in);
    backplane_write_u64(&out, count(self));
    return backplane_answer(reply, BACKPLANE_STATUS_OK, &out);
}

// Somebody has said something in the chat.
static int32_t heard(filter *self, const backplane_call *call, backplane_arena *memory, backplane_reply *reply) {
    backplane_reader in;
    backplane_writer out;
    backplane_slice nick, text;
    uint32_t covered;
    backplane_reader_of_args(&in, &call->args, memory);
    if (!read_texts(&in, "nick", &nick, "text", &text)) return backplane_refuse_arguments(reply, &in);
    cover(self, text, memory, &covered);
    if (covered > 0) {
        backplane_writer_init(&out, 0);
        backplane_write_map(&out, 2);
        backplane_write_name(&out, "nick");
        backplane_write_text(&out, nick);
        backplane_write_name(&out, "covered");
        backplane_write_u64(&out, covered);
        // A subscriber that has no room for it sees the gap.
        backplane_emit(&self->host, 0, CAUGHT, &call->context, &out);
    }
    return backplane_answer_nothing(reply);
}

static int32_t call(void *module, const backplane_call *call, backplane_reply *reply) {
    backplane_arena memory;
    int32_t status;
    backplane_arena_init(&memory, 0);
    if (call->kind == BACKPLANE_KIND_EVENT) status = heard(module, call, &memory, reply);
    else if (call->method == CLEAN) status = clean(module, call, &memory, reply);
    else if (call->method == ADD) status = add(module, call, &memory, reply);
    else status = backplane_refuse_method(reply, "text.filter", call->method);
    backplane_arena_free(&memory);
    return status;
}

static int32_t start(void *module, backplane_reply *reply) {
    (void)module;
    return backplane_answer_nothing(reply);
}

static int32_t stop(void *module, uint32_t deadline_ms, backplane_reply *reply) {
    (void)module, (void)deadline_ms;
    return backplane_answer_nothing(reply);
}

// The words, for the next version.
static int32_t export_state(void *module, backplane_reply *reply) {
    filter *self = module;
    backplane_writer out;
    backplane_writer_init(&out, 0);
    pthread_mutex_lock(&self->lock);
    backplane_write_array(&out, self->words.count);
    for (size_t i = 0; i < self->words.count; i++) backplane_write_text(&out, backplane_text(self->words.list[i]));
    pthread_mutex_unlock(&self->lock);
    return backplane_answer(reply, BACKPLANE_STATUS_OK, &out);
}

static int32_t import_state(void *module, uint32_t schema, backplane_slice state, backplane_reply *reply) {
    backplane_reader in;
    backplane_slice word;
    (void)schema;
    backplane_reader_init(&in, state, NULL);
    in.where = "the state";
    if (add_all(module, &in, &word) != NULL) {
        return backplane_refuse(reply, BACKPLANE_STATUS_INTERNAL, "the state holds what is no word");
    }
    if (!backplane_read_end(&in)) return backplane_refuse_arguments(reply, &in);
    return backplane_answer_nothing(reply);
}

static void destroy(void *module) {
    filter *self = module;
    words_free(&self->words);
    pthread_mutex_destroy(&self->lock);
    free(self);
}

static const backplane_module_table table = {
    .size = sizeof table,
    .abi = BACKPLANE_ABI_LEVEL,
    .start = start,
    .call = call,
    .export_state = export_state,
    .import_state = import_state,
    .stop = stop,
    .destroy = destroy,
};

static int32_t create(const backplane_host *host, const backplane_module_info *info, backplane_module_handle *module,
                      backplane_reply *reply) {
    filter *self = malloc(sizeof *self);
    (void)info;
    if (self == NULL || !words_init(&self->words)) {
        free(self);
        return backplane_refuse(reply, BACKPLANE_STATUS_INTERNAL, "there is no memory");
    }
    self->host = *host;
    pthread_mutex_init(&self->lock, NULL);
    *module = (backplane_module_handle){self, &table};
    return backplane_answer_nothing(reply);
}
