// Answers, and the log.

#include <backplane_sdk.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

backplane_slice backplane_text(const char *text) {
    backplane_slice slice;
    slice.ptr = (const uint8_t *)text;
    slice.len = strlen(text);
    return slice;
}

backplane_slice backplane_bytes_of(const backplane_buf *buf) {
    backplane_slice slice;
    slice.ptr = buf->ptr;
    slice.len = buf->len;
    return slice;
}

void backplane_buf_free(backplane_buf *buf) {
    if (buf->free != NULL) buf->free(buf->ptr, buf->len, buf->cap);
    memset(buf, 0, sizeof *buf);
}

void backplane_reply_free(backplane_reply *reply) {
    backplane_buf_list *list = &reply->attachments;
    backplane_buf_free(&reply->payload);
    if (list->free != NULL) list->free(list->ptr, list->len, list->cap);
    memset(reply, 0, sizeof *reply);
}

static void release(uint8_t *ptr, size_t len, size_t cap) {
    (void)len;
    (void)cap;
    free(ptr);
}

static void release_list(backplane_buf *list, size_t len, size_t cap) {
    size_t i;
    (void)cap;
    for (i = 0; i < len; i++) backplane_buf_free(&list[i]);
    free(list);
}

int32_t backplane_answer_nothing(backplane_reply *reply) {
    static uint8_t null[1] = {0xf6};
    memset(reply, 0, sizeof *reply);
    reply->payload.ptr = null;
    reply->payload.len = reply->payload.cap = sizeof null;
    return reply->status = BACKPLANE_STATUS_OK;
}

// An answer is read after what it borrows is gone: blobs are copied.
static bool own(backplane_buf *buf) {
    uint8_t *copy;
    if (buf->free != NULL) return true;
    copy = (uint8_t *)malloc(buf->len + 1);
    if (copy == NULL) return false;
    if (buf->len > 0) memcpy(copy, buf->ptr, buf->len);
    buf->ptr = copy;
    buf->cap = buf->len + 1;
    buf->free = release;
    return true;
}

int32_t backplane_answer(backplane_reply *reply, int32_t status, backplane_writer *value) {
    size_t i;
    for (i = 0; i < value->attachment_count && value->problem == BACKPLANE_PROBLEM_NONE; i++) {
        if (!own(&value->attachments[i])) value->problem = BACKPLANE_PROBLEM_MEMORY;
    }
    // What is borrowed may be gone before the answer is read.
    if (value->borrowed) value->problem = BACKPLANE_PROBLEM_MEMORY;
    if (value->problem != BACKPLANE_PROBLEM_NONE) {
        bool large = value->problem == BACKPLANE_PROBLEM_TOO_LARGE;
        status = backplane_refuse(reply, large ? BACKPLANE_STATUS_TOO_LARGE : BACKPLANE_STATUS_INTERNAL,
                                  "the answer cannot be written: %s", backplane_problem_text(value->problem));
        backplane_writer_free(value);
        return status;
    }
    memset(reply, 0, sizeof *reply);
    reply->payload.ptr = value->ptr;
    reply->payload.len = value->len;
    reply->payload.cap = value->cap;
    reply->payload.free = release;
    reply->attachments.ptr = value->attachments;
    reply->attachments.len = value->attachment_count;
    reply->attachments.cap = value->attachment_cap;
    reply->attachments.free = value->attachments != NULL ? release_list : NULL;
    backplane_writer_init(value, value->limit);
    return reply->status = status;
}

int32_t backplane_refuse(backplane_reply *reply, int32_t status, const char *format, ...) {
    char *message = (char *)malloc(BACKPLANE_MESSAGE_LIMIT);
    va_list args;
    memset(reply, 0, sizeof *reply);
    if (message != NULL) {
        int len;
        va_start(args, format);
        len = vsnprintf(message, BACKPLANE_MESSAGE_LIMIT, format, args);
        va_end(args);
        reply->payload.ptr = (uint8_t *)message;
        reply->payload.len = len < 0 ? 0 : len < BACKPLANE_MESSAGE_LIMIT ? (size_t)len : BACKPLANE_MESSAGE_LIMIT - 1;
        reply->payload.cap = BACKPLANE_MESSAGE_LIMIT;
        reply->payload.free = release;
    }
    return reply->status = status;
}

int32_t backplane_refuse_arguments(backplane_reply *reply, const backplane_reader *in) {
    bool large = in->problem == BACKPLANE_PROBLEM_TOO_LARGE || in->problem == BACKPLANE_PROBLEM_MEMORY;
    int32_t status = large ? BACKPLANE_STATUS_TOO_LARGE : BACKPLANE_STATUS_BAD_ARGUMENTS;
    return backplane_refuse(reply, status, "%s: %s", in->where, backplane_problem_text(in->problem));
}

int32_t backplane_refuse_method(backplane_reply *reply, const char *interface, uint32_t method) {
    return backplane_refuse(reply, BACKPLANE_STATUS_UNSUPPORTED, "%s has no method %lu here", interface,
                            (unsigned long)method);
}

void backplane_log(const backplane_host *host, uint32_t level, const char *target, const char *format, ...) {
    char message[BACKPLANE_MESSAGE_LIMIT];
    backplane_log_record record;
    va_list args;
    if (level > host->table->log_level(host->ctx)) return;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    memset(&record, 0, sizeof record);
    record.level = level;
    record.target = backplane_text(target);
    record.message = backplane_text(message);
    host->table->log(host->ctx, &record);
}
