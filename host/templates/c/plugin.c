// Greets people, and counts them.

#include <backplane_sdk.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

// The text of what stands between the brackets.
#define JSON(...) #__VA_ARGS__

static int32_t create(const backplane_host *host, const backplane_module_info *info, backplane_module_handle *module,
                      backplane_reply *reply);

// What the plugin is, what it offers, and what it would ask of others.
BACKPLANE_PLUGIN(JSON({
    "name": "plugin-name",
    "version": "0.1.0",
    "docs": "Greets people.",
    "license": "MIT",
    "state": {"version": 1, "reads": [1]},
    "provides": [{
        "id": "plugin-name.greeter",
        "version": "1.0.0",
        "docs": "Greets people, and counts them.",
        "methods": [{
            "name": "greet",
            "docs": "Greets `name`.",
            "params": [{"name": "name", "type": "text"}],
            "returns": "text",
            "error": {"record": {"name": "Nobody", "docs": "The name is empty.", "fields": []}},
            "inline": true,
            "deadline_ms": 30000
        }, {
            "name": "count",
            "docs": "How many people were greeted.",
            "params": [],
            "returns": "u64",
            "inline": true,
            "deadline_ms": 30000
        }],
        "events": [{"name": "greeted", "docs": "Somebody was greeted.", "body": "text"}]
    }]
}), create)

// Their places in the manifest.
enum { GREET, COUNT };
enum { GREETED };

typedef struct {
    backplane_host host;
    // Calls come on any thread, at the same time.
    atomic_uint_fast64_t count;
} plugin;

// Reads the one parameter of `greet`.
static bool read_name(backplane_reader *in, backplane_slice *name) {
    backplane_items fields;
    backplane_slice key;
    bool found = false;
    in->where = "name";
    if (!backplane_read_map(in, &fields)) return false;
    while (backplane_next(in, &fields)) {
        if (!backplane_read_text(in, &key)) return false;
        if (backplane_is(key, "name")) {
            found = backplane_read_text(in, name);
        } else {
            backplane_skip(in);
        }
    }
    return backplane_read_end(in) && (found || backplane_reader_fail(in, BACKPLANE_PROBLEM_MISSING));
}

// The answer for a name, in memory that is freed as a whole; `ptr` is null if there is none.
static backplane_slice greeting(backplane_slice name, backplane_arena *memory) {
    static const char hello[] = "Hello, ";
    size_t start = sizeof hello - 1, len = start + name.len + 1;
    uint8_t *text = backplane_arena_take(memory, len);
    if (text == NULL) return (backplane_slice){NULL, 0};
    memcpy(text, hello, start);
    memcpy(text + start, name.ptr, name.len);
    text[len - 1] = '!';
    return (backplane_slice){text, len};
}

static int32_t greet(plugin *self, const backplane_call *call, backplane_arena *memory, backplane_reply *reply) {
    backplane_slice name, text;
    backplane_reader in;
    backplane_writer out;
    backplane_reader_of_args(&in, &call->args, memory);
    backplane_writer_init(&out, 0);
    if (!read_name(&in, &name)) return backplane_refuse_arguments(reply, &in);
    if (name.len == 0) {
        // The error of the interface: a record without fields.
        backplane_write_map(&out, 0);
        return backplane_answer(reply, BACKPLANE_STATUS_FAILED, &out);
    }
    text = greeting(name, memory);
    if (text.ptr == NULL) return backplane_refuse(reply, BACKPLANE_STATUS_INTERNAL, "there is no memory for the answer");
    atomic_fetch_add(&self->count, 1);
    backplane_write_text(&out, name);
    // A subscriber that has no room for it sees the gap. The writer is empty then.
    backplane_emit(&self->host, 0, GREETED, &call->context, &out);
    backplane_write_text(&out, text);
    return backplane_answer(reply, BACKPLANE_STATUS_OK, &out);
}

static int32_t answer_count(plugin *self, backplane_reply *reply) {
    backplane_writer out;
    backplane_writer_init(&out, 0);
    backplane_write_u64(&out, atomic_load(&self->count));
    return backplane_answer(reply, BACKPLANE_STATUS_OK, &out);
}

static int32_t call(void *module, const backplane_call *call, backplane_reply *reply) {
    backplane_arena memory;
    int32_t status;
    switch (call->method) {
        case GREET:
            backplane_arena_init(&memory, 0);
            status = greet(module, call, &memory, reply);
            backplane_arena_free(&memory);
            return status;
        case COUNT: return answer_count(module, reply);
        default: return backplane_refuse_method(reply, "plugin-name.greeter", call->method);
    }
}

static int32_t start(void *module, backplane_reply *reply) {
    (void)module;
    return backplane_answer_nothing(reply);
}

static int32_t stop(void *module, uint32_t deadline_ms, backplane_reply *reply) {
    (void)module, (void)deadline_ms;
    return backplane_answer_nothing(reply);
}

// What the next version takes over when it is swapped in.
static int32_t export_state(void *module, backplane_reply *reply) {
    return answer_count(module, reply);
}

static int32_t import_state(void *module, uint32_t schema, backplane_slice state, backplane_reply *reply) {
    plugin *self = module;
    backplane_reader in;
    uint64_t count = 0;
    (void)schema;
    backplane_reader_init(&in, state, NULL);
    if (!backplane_read_u64(&in, &count) || !backplane_read_end(&in)) return backplane_refuse_arguments(reply, &in);
    atomic_store(&self->count, count);
    return backplane_answer_nothing(reply);
}

static const backplane_module_table table = {
    .size = sizeof table,
    .abi = BACKPLANE_ABI_LEVEL,
    .start = start,
    .call = call,
    .export_state = export_state,
    .import_state = import_state,
    .stop = stop,
    .destroy = free,
};

static int32_t create(const backplane_host *host, const backplane_module_info *info, backplane_module_handle *module,
                      backplane_reply *reply) {
    plugin *self = malloc(sizeof *self);
    (void)info;
    if (self == NULL) return backplane_refuse(reply, BACKPLANE_STATUS_INTERNAL, "there is no memory");
    self->host = *host;
    atomic_init(&self->count, 0);
    *module = (backplane_module_handle){self, &table};
    return backplane_answer_nothing(reply);
}
