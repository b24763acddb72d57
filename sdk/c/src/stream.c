// Streams.

#include <backplane_sdk.h>
#include <string.h>

// How many bytes of items are read at once.
#define CREDIT (64 << 10)

static const backplane_stream_table *streams(const backplane_host *host, backplane_reply *reply) {
    const void *table;
    memset(reply, 0, sizeof *reply);
    table = host->table->query_service(host->ctx, backplane_text(BACKPLANE_STREAM_SERVICE), BACKPLANE_STREAM_VERSION);
    if (table == NULL) backplane_refuse(reply, BACKPLANE_STATUS_UNSUPPORTED, "the host has no streams");
    return (const backplane_stream_table *)table;
}

int32_t backplane_stream_open(const backplane_host *host, backplane_stream_writer *writer, backplane_buf *reader,
                              backplane_reply *reply) {
    const backplane_stream_table *table = streams(host, reply);
    if (table == NULL) return reply->status;
    memset(reader, 0, sizeof *reader);
    writer->host = host;
    return table->open(host->ctx, 0, &writer->id, reader, reply);
}

int32_t backplane_stream_write(const backplane_stream_writer *writer, backplane_writer *item,
                               const backplane_call_context *context, backplane_reply *reply) {
    const backplane_stream_table *table = streams(writer->host, reply);
    backplane_slice bytes;
    int32_t status;
    if (table == NULL) return reply->status;
    if (item->problem != BACKPLANE_PROBLEM_NONE) {
        status = backplane_refuse(reply, BACKPLANE_STATUS_BAD_ARGUMENTS, "the item cannot be written: %s",
                                  backplane_problem_text(item->problem));
        item->problem = BACKPLANE_PROBLEM_NONE;
        item->len = 0;
        return status;
    }
    bytes.ptr = item->ptr;
    bytes.len = item->len;
    status = table->write(writer->host->ctx, writer->id, bytes, context, reply);
    if (status != BACKPLANE_STATUS_PENDING) item->len = 0;
    return status;
}

int32_t backplane_stream_write_wait(const backplane_stream_writer *writer, backplane_writer *item,
                                    const backplane_call_context *context, backplane_reply *reply) {
    for (;;) {
        int32_t status = backplane_stream_write(writer, item, context, reply);
        if (status != BACKPLANE_STATUS_PENDING) return status;
        status = backplane_wait(writer->host, reply->ticket, reply);
        if (status != BACKPLANE_STATUS_OK) return status;
        backplane_reply_free(reply);
    }
}

void backplane_stream_finish(const backplane_stream_writer *writer, int32_t status, const char *message) {
    backplane_reply reply;
    const backplane_stream_table *table = streams(writer->host, &reply);
    if (table != NULL) table->finish(writer->host->ctx, writer->id, status, backplane_text(message), &reply);
    backplane_reply_free(&reply);
}

int32_t backplane_stream_claim(const backplane_host *host, backplane_slice name, backplane_stream_reader *reader,
                               backplane_reply *reply) {
    const backplane_stream_table *table = streams(host, reply);
    memset(reader, 0, sizeof *reader);
    reader->host = host;
    return table == NULL ? reply->status : table->claim(host->ctx, name, &reader->end, reply);
}

// Reads the next items; false at the end and after a failure.
static bool refill(backplane_stream_reader *reader, const backplane_call_context *context, backplane_reply *reply) {
    const backplane_stream_table *table;
    backplane_reply_free(&reader->chunk);
    reader->at = 0;
    for (;;) {
        int32_t status;
        table = streams(reader->host, reply);
        if (table == NULL) return false;
        status = table->read(reader->host->ctx, backplane_bytes_of(&reader->end), CREDIT, context, reply);
        if (status == BACKPLANE_STATUS_OK) break;
        if (status != BACKPLANE_STATUS_PENDING) return false;
        if (backplane_wait(reader->host, reply->ticket, reply) != BACKPLANE_STATUS_OK) return false;
        backplane_reply_free(reply);
    }
    reader->chunk = *reply;
    memset(reply, 0, sizeof *reply);
    return reader->chunk.payload.len > 0;
}

bool backplane_stream_next_wait(backplane_stream_reader *reader, const backplane_call_context *context,
                                backplane_slice *item, backplane_reply *reply) {
    backplane_reader in;
    backplane_slice rest;
    memset(reply, 0, sizeof *reply);
    if (reader->at == reader->chunk.payload.len && !refill(reader, context, reply)) return false;
    rest.ptr = reader->chunk.payload.ptr + reader->at;
    rest.len = reader->chunk.payload.len - reader->at;
    backplane_reader_init(&in, rest, NULL);
    if (!backplane_skip(&in)) {
        backplane_refuse(reply, BACKPLANE_STATUS_INTERNAL, "an item of the stream is not readable: %s",
                         backplane_problem_text(in.problem));
        return false;
    }
    item->ptr = rest.ptr;
    item->len = (size_t)(in.at - rest.ptr);
    reader->at += item->len;
    return true;
}

void backplane_stream_close(backplane_stream_reader *reader) {
    backplane_buf_free(&reader->end);
    backplane_reply_free(&reader->chunk);
    reader->at = 0;
}
