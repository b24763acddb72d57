// Calls, and waiting for their answers.

#define _POSIX_C_SOURCE 200809L

#include <backplane_sdk.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

// So many attachments are passed without taking memory.
#define FEW 8

// Passes what a writer has written to a function of the host. `send` gets it as `args`.
typedef struct {
    backplane_args args;
    backplane_slice few[FEW];
    backplane_slice *many;
} parcel;

static bool pack(parcel *out, const backplane_writer *from) {
    backplane_slice *slices = out->few;
    size_t i;
    memset(out, 0, sizeof *out);
    if (from->attachment_count > FEW) {
        slices = out->many = (backplane_slice *)malloc(from->attachment_count * sizeof *slices);
        if (slices == NULL) return false;
    }
    for (i = 0; i < from->attachment_count; i++) slices[i] = backplane_bytes_of(&from->attachments[i]);
    out->args.payload.ptr = from->ptr;
    out->args.payload.len = from->len;
    out->args.attachments = from->attachment_count > 0 ? slices : NULL;
    out->args.attachment_count = from->attachment_count;
    return true;
}

// Makes the call; the status, which may be `PENDING`.
static int32_t send_call(const backplane_host *host, uint64_t binding, uint32_t method,
                         const backplane_call_context *context, backplane_writer *args, backplane_reply *reply) {
    parcel sent;
    int32_t status;
    memset(reply, 0, sizeof *reply);
    if (args->problem != BACKPLANE_PROBLEM_NONE) {
        status = backplane_refuse(reply, BACKPLANE_STATUS_BAD_ARGUMENTS, "the arguments cannot be written: %s",
                                  backplane_problem_text(args->problem));
    } else if (!pack(&sent, args)) {
        status = backplane_refuse(reply, BACKPLANE_STATUS_INTERNAL, "there is no memory for the attachments");
    } else {
        status = host->table->call(host->ctx, binding, method, context, &sent.args, reply);
        free(sent.many);
    }
    backplane_writer_free(args);
    return status;
}

// What is told when a call is answered later.
typedef struct {
    void *user;
    backplane_done_fn done;
} listener;

static void tell(void *user, backplane_reply *reply) {
    listener *of = (listener *)user;
    of->done(of->user, reply);
    backplane_reply_free(reply);
    free(of);
}

uint64_t backplane_call_then(const backplane_host *host, uint64_t binding, uint32_t method,
                             const backplane_call_context *context, backplane_writer *args, void *user,
                             backplane_done_fn done) {
    backplane_reply reply;
    // Taken first: a call that is made must be answered.
    listener *of = (listener *)malloc(sizeof *of);
    if (of == NULL) {
        backplane_writer_free(args);
        backplane_refuse(&reply, BACKPLANE_STATUS_INTERNAL, "there is no memory for the call");
    } else if (send_call(host, binding, method, context, args, &reply) == BACKPLANE_STATUS_PENDING) {
        uint64_t ticket = reply.ticket;
        of->user = user;
        of->done = done;
        host->table->when_done(host->ctx, ticket, of, tell);
        return ticket;
    }
    free(of);
    done(user, &reply);
    backplane_reply_free(&reply);
    return 0;
}

typedef struct {
    pthread_mutex_t lock;
    pthread_cond_t answered;
    bool done;
    backplane_reply *reply;
} waiting;

static void wake(void *user, backplane_reply *reply) {
    waiting *of = (waiting *)user;
    pthread_mutex_lock(&of->lock);
    *of->reply = *reply;
    memset(reply, 0, sizeof *reply);
    of->done = true;
    pthread_cond_signal(&of->answered);
    pthread_mutex_unlock(&of->lock);
}

int32_t backplane_wait(const backplane_host *host, uint64_t ticket, backplane_reply *reply) {
    waiting of;
    memset(&of, 0, sizeof of);
    pthread_mutex_init(&of.lock, NULL);
    pthread_cond_init(&of.answered, NULL);
    of.reply = reply;
    host->table->when_done(host->ctx, ticket, &of, wake);
    pthread_mutex_lock(&of.lock);
    while (!of.done) pthread_cond_wait(&of.answered, &of.lock);
    pthread_mutex_unlock(&of.lock);
    pthread_cond_destroy(&of.answered);
    pthread_mutex_destroy(&of.lock);
    return reply->status;
}

int32_t backplane_call_wait(const backplane_host *host, uint64_t binding, uint32_t method,
                            const backplane_call_context *context, backplane_writer *args, backplane_reply *reply) {
    int32_t status = send_call(host, binding, method, context, args, reply);
    return status == BACKPLANE_STATUS_PENDING ? backplane_wait(host, reply->ticket, reply) : status;
}

int32_t backplane_resolve(const backplane_host *host, const char *interface, const char *requirement,
                          uint64_t *binding, backplane_reply *reply) {
    memset(reply, 0, sizeof *reply);
    return host->table->resolve(host->ctx, backplane_text(interface), backplane_text(requirement), binding, reply);
}

static void forget(void *user, backplane_reply *reply) {
    (void)user;
    backplane_reply_free(reply);
}

int32_t backplane_emit(const backplane_host *host, uint32_t interface, uint32_t event,
                       const backplane_call_context *context, backplane_writer *body) {
    backplane_reply reply;
    parcel sent;
    int32_t status = BACKPLANE_STATUS_INTERNAL;
    memset(&reply, 0, sizeof reply);
    if (body->problem != BACKPLANE_PROBLEM_NONE) {
        status = BACKPLANE_STATUS_BAD_ARGUMENTS;
    } else if (pack(&sent, body)) {
        status = host->table->emit(host->ctx, interface, event, context, &sent.args, &reply);
        free(sent.many);
    }
    backplane_writer_free(body);
    if (status == BACKPLANE_STATUS_PENDING) {
        host->table->when_done(host->ctx, reply.ticket, NULL, forget);
        return BACKPLANE_STATUS_OK;
    }
    backplane_reply_free(&reply);
    return status;
}
