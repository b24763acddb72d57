//! A table of functions, and what calls them.

use super::types::{lvalue, value_param};
use super::{Unit, place};
use crate::names::c_member;
use crate::text::{comment, line};
use backplane_descriptor::{Event, Method, Type};

pub(super) fn header(unit: &Unit<'_>) -> String {
    let (mut out, server) = (String::new(), unit.name("server"));
    line!(
        out,
        "// What a module does. Each function answers at once: it fills the reply, best by one of the functions below, and"
    );
    line!(
        out,
        "// gives its status. Or it calls backplane_host_table.defer, keeps the ticket, copies what it needs, gives"
    );
    line!(
        out,
        "// BACKPLANE_STATUS_PENDING, and completes the call later. The parameters are valid until it returns. A function that"
    );
    line!(out, "// is null is answered BACKPLANE_STATUS_UNSUPPORTED.");
    line!(out, "typedef struct {{");
    for method in &unit.interface.methods {
        comment(&mut out, "    //", &method.docs);
        let params = match method.params.is_empty() {
            true => String::new(),
            false => format!(
                " const {} *params,",
                unit.name(&format!("{}_params", method.name))
            ),
        };
        line!(
            out,
            "    int32_t (*{})(void *module, const backplane_call *call,{params} backplane_reply *reply);",
            c_member(&method.name)
        );
    }
    if unit.interface.methods.is_empty() {
        line!(out, "    // A struct of C holds something.\n    char nothing;");
    }
    line!(out, "}} {server};\n");
    line!(
        out,
        "// Answers a call of a method: reads its parameters, and calls its function."
    );
    line!(
        out,
        "int32_t {}(const {server} *server, void *module, const backplane_call *call, backplane_reply *reply);\n",
        unit.name("serve")
    );
    for method in &unit.interface.methods {
        declare(&mut out, unit, method);
    }
    for event in &unit.interface.events {
        line!(
            out,
            "// Publishes {}. `provided` counts the manifest's `provides`; see backplane_emit.",
            event.name
        );
        comment(&mut out, "//", &event.docs);
        line!(out, "{};", emit(unit, event));
    }
    let include = format!("\"{}.h\"", unit.prefix);
    unit.header(
        "server_h",
        "Answers the methods, and publishes the events.",
        &[&include],
        &out,
    )
}

fn answer(unit: &Unit<'_>, start: &str, method: &Method, ty: &Type) -> String {
    let function = unit.name(&format!("{start}_{}", method.name));
    format!(
        "int32_t {function}(backplane_reply *reply{})",
        value_param(unit, ty, "value")
    )
}

fn declare(out: &mut String, unit: &Unit<'_>, method: &Method) {
    line!(out, "// Answers {}.", method.name);
    line!(out, "{};", answer(unit, "answer", method, &method.returns));
    if let Some(error) = &method.error {
        line!(out, "// Answers {} with the interface's own error.", method.name);
        line!(out, "{};", answer(unit, "fail", method, error));
    }
}

fn emit(unit: &Unit<'_>, event: &Event) -> String {
    let function = unit.name(&format!("emit_{}", event.name));
    let body = value_param(unit, &event.body, "body");
    format!(
        "int32_t {function}(const backplane_host *host, uint32_t provided, const backplane_call_context *context{body})"
    )
}

pub(super) fn source(unit: &Unit<'_>) -> String {
    let mut out = unit.introduction("Answers the methods, and publishes the events.");
    line!(out, "#include \"{}_server.h\"\n", unit.prefix);
    for method in &unit.interface.methods {
        define(&mut out, unit, "answer", method, &method.returns, "OK");
        if let Some(error) = &method.error {
            define(&mut out, unit, "fail", method, error, "FAILED");
        }
        take(&mut out, unit, method);
    }
    serve(&mut out, unit);
    for event in &unit.interface.events {
        line!(
            out,
            "{} {{\n    backplane_writer body_out, *out = &body_out;",
            emit(unit, event)
        );
        line!(
            out,
            "    backplane_writer_init(out, 0);\n    {};",
            unit.write(&event.body, &lvalue(&event.body, "body"))
        );
        let number = unit.constant(&format!("event_{}", event.name));
        line!(
            out,
            "    return backplane_emit(host, provided, {number}, context, out);\n}}\n"
        );
    }
    out.trim_end().to_owned() + "\n"
}

fn define(out: &mut String, unit: &Unit<'_>, start: &str, method: &Method, ty: &Type, status: &str) {
    line!(out, "{} {{", answer(unit, start, method, ty));
    if *ty == Type::Unit {
        line!(out, "    return backplane_answer_nothing(reply);\n}}\n");
        return;
    }
    line!(
        out,
        "    backplane_writer value_out, *out = &value_out;\n    backplane_writer_init(out, 0);"
    );
    line!(out, "    {};", unit.write(ty, &lvalue(ty, "value")));
    line!(
        out,
        "    return backplane_answer(reply, BACKPLANE_STATUS_{status}, out);\n}}\n"
    );
}

/// A function that reads the parameters and calls that of the module.
fn take(out: &mut String, unit: &Unit<'_>, method: &Method) {
    let (name, member) = (&method.name, c_member(&method.name));
    line!(
        out,
        "static int32_t take_{name}(const {} *server, void *module, const backplane_call *call, backplane_reply *reply) {{",
        unit.name("server")
    );
    line!(
        out,
        "    backplane_reader in;\n    backplane_arena memory;\n    int32_t status;"
    );
    if !method.params.is_empty() {
        line!(out, "    {} params;", unit.name(&format!("{name}_params")));
    }
    line!(
        out,
        "    if (server->{member} == NULL) return backplane_refuse_method(reply, {}, call->method);",
        unit.constant("id")
    );
    line!(
        out,
        "    backplane_arena_init(&memory, 0);\n    backplane_reader_of_args(&in, &call->args, &memory);"
    );
    let params = match method.params.is_empty() {
        true => {
            line!(
                out,
                "    in.where = {};\n    backplane_skip(&in);",
                place(unit, name)
            );
            ""
        }
        false => {
            line!(
                out,
                "    {}(&in, &params);",
                unit.name(&format!("read_{name}_params"))
            );
            " &params,"
        }
    };
    line!(
        out,
        "    if (backplane_read_end(&in)) {{\n        status = server->{member}(module, call,{params} reply);"
    );
    line!(
        out,
        "    }} else {{\n        status = backplane_refuse_arguments(reply, &in);\n    }}"
    );
    line!(
        out,
        "    backplane_arena_free(&memory);\n    return reply->status = status;\n}}\n"
    );
}

fn serve(out: &mut String, unit: &Unit<'_>) {
    line!(
        out,
        "int32_t {}(const {} *server, void *module, const backplane_call *call, backplane_reply *reply) {{",
        unit.name("serve"),
        unit.name("server")
    );
    if unit.interface.methods.is_empty() {
        line!(out, "    (void)server;\n    (void)module;");
        line!(
            out,
            "    return backplane_refuse_method(reply, {}, call->method);\n}}\n",
            unit.constant("id")
        );
        return;
    }
    line!(out, "    switch (call->method) {{");
    for method in &unit.interface.methods {
        let number = unit.constant(&format!("method_{}", method.name));
        line!(
            out,
            "    case {number}: return take_{}(server, module, call, reply);",
            method.name
        );
    }
    line!(
        out,
        "    default: return backplane_refuse_method(reply, {}, call->method);\n    }}\n}}\n",
        unit.constant("id")
    );
}
