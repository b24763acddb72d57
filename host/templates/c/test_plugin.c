// Drives the plugin through its table, as a host does.

#include <backplane_sdk.h>
#include <stdio.h>
#include <stdlib.h>

// Ends the test with the line that does not hold, in every build.
#define CHECK(condition) ((condition) ? (void)0 : (fprintf(stderr, "line %d: %s\n", __LINE__, #condition), exit(1)))

static unsigned events;

// What stands in for the host's events.
static int32_t emit(const void *host, uint32_t interface, uint32_t event, const backplane_call_context *context,
                    const backplane_args *args, backplane_reply *reply) {
    (void)host, (void)context;
    CHECK(interface == 0 && event == 0 && args->payload.len == 4);
    events++;
    return backplane_answer_nothing(reply);
}

static backplane_module_handle start(void) {
    static const backplane_host_table table = {.size = sizeof table, .abi = BACKPLANE_ABI_LEVEL, .emit = emit};
    static const backplane_host host = {&table, NULL};
    const backplane_plugin_declaration *plugin = backplane_plugin_v1(BACKPLANE_ABI_LEVEL);
    backplane_module_info info = {.size = sizeof info, .generation = 1};
    backplane_module_handle module;
    backplane_reply reply = {.status = BACKPLANE_STATUS_OK};
    CHECK(plugin != NULL && plugin->create(&host, &info, &module, &reply) == BACKPLANE_STATUS_OK);
    CHECK(module.table->start(module.ctx, &reply) == BACKPLANE_STATUS_OK);
    return module;
}

static void end(backplane_module_handle module) {
    backplane_reply reply = {.status = BACKPLANE_STATUS_OK};
    CHECK(module.table->stop(module.ctx, 1000, &reply) == BACKPLANE_STATUS_OK);
    module.table->destroy(module.ctx);
}

// Calls `greet`; the status.
static int32_t greet(backplane_module_handle module, const char *name, backplane_reply *reply) {
    backplane_call call = {.size = sizeof call, .kind = BACKPLANE_KIND_METHOD};
    backplane_writer args;
    backplane_writer_init(&args, 0);
    backplane_write_map(&args, 1);
    backplane_write_name(&args, "name");
    backplane_write_text(&args, backplane_text(name));
    call.args.payload = (backplane_slice){args.ptr, args.len};
    int32_t status = module.table->call(module.ctx, &call, reply);
    backplane_writer_free(&args);
    return status;
}

static uint64_t count(backplane_module_handle module) {
    backplane_call call = {.size = sizeof call, .kind = BACKPLANE_KIND_METHOD, .method = 1};
    backplane_reply reply = {.status = BACKPLANE_STATUS_OK};
    backplane_reader in;
    uint64_t count = 0;
    CHECK(module.table->call(module.ctx, &call, &reply) == BACKPLANE_STATUS_OK);
    backplane_reader_of_reply(&in, &reply, NULL);
    CHECK(backplane_read_u64(&in, &count) && backplane_read_end(&in));
    backplane_reply_free(&reply);
    return count;
}

int main(void) {
    backplane_module_handle old = start(), new = start();
    backplane_reply reply = {.status = BACKPLANE_STATUS_OK};
    backplane_reader in;
    backplane_slice text;

    CHECK(greet(old, "Ada", &reply) == BACKPLANE_STATUS_OK);
    backplane_reader_of_reply(&in, &reply, NULL);
    CHECK(backplane_read_text(&in, &text) && backplane_is(text, "Hello, Ada!"));
    backplane_reply_free(&reply);
    CHECK(events == 1 && count(old) == 1);

    CHECK(greet(old, "", &reply) == BACKPLANE_STATUS_FAILED);
    backplane_reply_free(&reply);
    CHECK(events == 1 && count(old) == 1);

    // The next version goes on counting.
    CHECK(old.table->export_state(old.ctx, &reply) == BACKPLANE_STATUS_OK);
    backplane_reply taken = {.status = BACKPLANE_STATUS_OK};
    CHECK(new.table->import_state(new.ctx, 1, backplane_bytes_of(&reply.payload), &taken) == BACKPLANE_STATUS_OK);
    backplane_reply_free(&reply);
    CHECK(count(new) == 1);

    end(old);
    end(new);
    puts("all is well");
    return 0;
}
