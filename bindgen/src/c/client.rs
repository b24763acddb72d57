//! Typed calls, and reading events.

use super::codec::READ_STREAM;
use super::{Unit, place};
use crate::text::{comment, line};
use backplane_descriptor::{Event, Method, Type};

pub(super) fn header(unit: &Unit<'_>) -> String {
    let (mut out, name) = (String::new(), unit.name("client"));
    line!(
        out,
        "// The interface in whichever module provides it. `host` must outlive it."
    );
    line!(
        out,
        "typedef struct {{\n    const backplane_host *host;\n    uint64_t binding;\n}} {name};\n"
    );
    line!(
        out,
        "// Binds the interface, which the manifest must require. On failure the reply holds the message."
    );
    line!(
        out,
        "int32_t {name}_resolve({name} *client, const backplane_host *host, const char *requirement,"
    );
    line!(out, "    backplane_reply *reply);\n");
    for method in &unit.interface.methods {
        declare(&mut out, unit, method);
    }
    for event in &unit.interface.events {
        line!(
            out,
            "// Reads the event {} from a call of the kind BACKPLANE_KIND_EVENT. The body borrows from the call",
            event.name
        );
        line!(
            out,
            "// and from `memory`. On failure the reply is filled, and its status given."
        );
        line!(out, "{};", read_event(unit, event));
    }
    let include = format!("\"{}.h\"", unit.prefix);
    unit.header(
        "client_h",
        "Calls the methods, and reads the events.",
        &[&include],
        &out,
    )
}

fn names(unit: &Unit<'_>, method: &Method) -> (String, String) {
    let answer = unit.name(&format!("{}_answer", method.name));
    let params = match method.params.is_empty() {
        true => String::new(),
        false => format!(
            ", const {} *params",
            unit.name(&format!("{}_params", method.name))
        ),
    };
    (answer, params)
}

fn declare(out: &mut String, unit: &Unit<'_>, method: &Method) {
    let (answer, params) = names(unit, method);
    let name = unit.name(&method.name);
    line!(
        out,
        "// What {} answers. What it points to is valid until {answer}_free.",
        method.name
    );
    line!(out, "typedef struct {{");
    line!(
        out,
        "    // BACKPLANE_STATUS_OK{}, or another status with a message.",
        if method.error.is_some() {
            " with `value`, BACKPLANE_STATUS_FAILED with `error`"
        } else {
            ""
        }
    );
    line!(out, "    int32_t status;\n    backplane_slice message;");
    if method.returns != Type::Unit {
        line!(out, "    {} value;", unit.ty(&method.returns));
    }
    if let Some(error) = &method.error {
        line!(out, "    {} error;", unit.ty(error));
    }
    line!(
        out,
        "    backplane_reply reply;\n    backplane_arena memory;\n}} {answer};\n"
    );
    line!(out, "void {answer}_free({answer} *answer);");
    comment(out, "//", &method.docs);
    line!(
        out,
        "//\n// Blocks until the answer is there; its status is given, and it is the caller's to free."
    );
    line!(
        out,
        "int32_t {name}_wait(const {0} *client, const backplane_call_context *context{params},",
        unit.name("client")
    );
    line!(out, "    {answer} *answer);");
    line!(
        out,
        "// The same without waiting: `done` is told the answer once, perhaps before this returns, and must not block. The"
    );
    line!(
        out,
        "// answer is freed afterwards. The ticket to cancel by, or 0."
    );
    line!(out, "typedef void (*{name}_done)(void *user, {answer} *answer);");
    line!(
        out,
        "uint64_t {name}_then(const {0} *client, const backplane_call_context *context{params},",
        unit.name("client")
    );
    line!(out, "    void *user, {name}_done done);\n");
}

fn read_event(unit: &Unit<'_>, event: &Event) -> String {
    let body = match event.body {
        Type::Unit => String::new(),
        ref ty => format!(" {} *body,", unit.ty(ty)),
    };
    let function = unit.name(&format!("read_{}_event", event.name));
    format!(
        "int32_t {function}(const backplane_call *call, backplane_arena *memory,{body} backplane_reply *reply)"
    )
}

pub(super) fn source(unit: &Unit<'_>) -> String {
    let mut out = unit.introduction("Calls the methods, and reads the events.");
    line!(
        out,
        "#include \"{0}_client.h\"\n#include <stdlib.h>\n#include <string.h>\n",
        unit.prefix
    );
    let streams = unit
        .interface
        .methods
        .iter()
        .any(|it| matches!(it.returns, Type::Stream(_)));
    if streams {
        out += READ_STREAM;
    }
    let name = unit.name("client");
    line!(
        out,
        "int32_t {name}_resolve({name} *client, const backplane_host *host, const char *requirement,"
    );
    line!(out, "    backplane_reply *reply) {{\n    client->host = host;");
    line!(
        out,
        "    return backplane_resolve(host, {}, requirement, &client->binding, reply);\n}}\n",
        unit.constant("id")
    );
    for method in &unit.interface.methods {
        define(&mut out, unit, method);
    }
    for event in &unit.interface.events {
        define_event(&mut out, unit, event);
    }
    out.trim_end().to_owned() + "\n"
}

fn define(out: &mut String, unit: &Unit<'_>, method: &Method) {
    let (answer, params) = names(unit, method);
    let (name, client) = (unit.name(&method.name), unit.name("client"));
    line!(out, "void {answer}_free({answer} *answer) {{");
    line!(
        out,
        "    backplane_reply_free(&answer->reply);\n    backplane_arena_free(&answer->memory);\n}}\n"
    );
    read_answer(out, unit, method, &answer);
    let number = unit.constant(&format!("method_{}", method.name));
    let write = match method.params.is_empty() {
        true => "backplane_write_map(&args, 0)".to_owned(),
        false => format!(
            "{}(&args, params)",
            unit.name(&format!("write_{}_params", method.name))
        ),
    };
    line!(
        out,
        "int32_t {name}_wait(const {client} *client, const backplane_call_context *context{params},"
    );
    line!(
        out,
        "    {answer} *answer) {{\n    backplane_writer args;\n    memset(answer, 0, sizeof *answer);"
    );
    line!(
        out,
        "    backplane_writer_init(&args, 0);\n    args.lends = true;\n    {write};"
    );
    line!(
        out,
        "    backplane_call_wait(client->host, client->binding, {number}, context, &args, &answer->reply);"
    );
    line!(out, "    return settle_{}(answer);\n}}\n", method.name);
    line!(
        out,
        "typedef struct {{\n    void *user;\n    {name}_done done;\n}} {}_listener;\n",
        method.name
    );
    line!(
        out,
        "static void told_{}(void *user, backplane_reply *reply) {{",
        method.name
    );
    line!(
        out,
        "    {0}_listener *of = ({0}_listener *)user;\n    {answer} answer;",
        method.name
    );
    line!(
        out,
        "    memset(&answer, 0, sizeof answer);\n    answer.reply = *reply;\n    memset(reply, 0, sizeof *reply);"
    );
    line!(
        out,
        "    settle_{}(&answer);\n    of->done(of->user, &answer);",
        method.name
    );
    line!(out, "    {answer}_free(&answer);\n    free(of);\n}}\n");
    line!(
        out,
        "uint64_t {name}_then(const {client} *client, const backplane_call_context *context{params},"
    );
    line!(out, "    void *user, {name}_done done) {{");
    line!(
        out,
        "    {0}_listener *of = ({0}_listener *)malloc(sizeof *of);\n    backplane_writer args;",
        method.name
    );
    line!(
        out,
        "    if (of == NULL) {{\n        {answer} answer;\n        memset(&answer, 0, sizeof answer);"
    );
    line!(
        out,
        "        backplane_refuse(&answer.reply, BACKPLANE_STATUS_INTERNAL, \"there is no memory for the call\");"
    );
    line!(
        out,
        "        settle_{}(&answer);\n        done(user, &answer);\n        {answer}_free(&answer);\n        return 0;\n    }}",
        method.name
    );
    line!(out, "    of->user = user;\n    of->done = done;");
    line!(
        out,
        "    backplane_writer_init(&args, 0);\n    args.lends = true;\n    {write};"
    );
    line!(
        out,
        "    return backplane_call_then(client->host, client->binding, {number}, context, &args, of, told_{});\n}}\n",
        method.name
    );
}

fn read_answer(out: &mut String, unit: &Unit<'_>, method: &Method, answer: &str) {
    line!(out, "static int32_t settle_{}({answer} *answer) {{", method.name);
    line!(
        out,
        "    backplane_reader in;\n    backplane_arena_init(&answer->memory, 0);"
    );
    line!(
        out,
        "    backplane_reader_of_reply(&in, &answer->reply, &answer->memory);"
    );
    line!(
        out,
        "    in.where = {};\n    answer->status = answer->reply.status;",
        place(unit, &method.name)
    );
    let failed = match &method.error {
        Some(error) => unit.read(error, "&in", "answer->error"),
        None => "backplane_reader_fail(&in, BACKPLANE_PROBLEM_TYPE)".to_owned(),
    };
    line!(out, "    if (answer->status == BACKPLANE_STATUS_OK) {{");
    line!(
        out,
        "        {};",
        unit.read(&method.returns, "&in", "answer->value")
    );
    line!(
        out,
        "    }} else if (answer->status == BACKPLANE_STATUS_FAILED) {{\n        {failed};"
    );
    line!(
        out,
        "    }} else {{\n        answer->message = backplane_bytes_of(&answer->reply.payload);"
    );
    line!(out, "        return answer->status;\n    }}");
    line!(out, "    if (!backplane_read_end(&in)) {{");
    line!(
        out,
        "        answer->message = backplane_text(backplane_problem_text(in.problem));"
    );
    line!(
        out,
        "        answer->status = BACKPLANE_STATUS_INTERNAL;\n    }}\n    return answer->status;\n}}\n"
    );
}

fn define_event(out: &mut String, unit: &Unit<'_>, event: &Event) {
    line!(out, "{} {{", read_event(unit, event));
    line!(
        out,
        "    backplane_reader in;\n    backplane_reader_of_args(&in, &call->args, memory);"
    );
    line!(
        out,
        "    in.where = {};\n    {};",
        place(unit, &event.name),
        unit.read(&event.body, "&in", "(*body)")
    );
    line!(
        out,
        "    if (!backplane_read_end(&in)) return backplane_refuse_arguments(reply, &in);"
    );
    line!(out, "    return backplane_answer_nothing(reply);\n}}\n");
}
