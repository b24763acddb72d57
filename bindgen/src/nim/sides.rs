//! Typed calls, and what answers them.

use super::Unit;
use crate::model::label;
use crate::names::{camel, nim_member, pascal};
use crate::text::{comment, line};
use backplane_descriptor::{Method, Type};

/// The exception of an error type.
pub(super) fn failure(error: &Type) -> String {
    format!("{}Failure", pascal(&label(error)))
}

/// The exceptions of both sides.
pub(super) fn failures(out: &mut String, unit: &Unit<'_>) {
    let mut seen: Vec<String> = Vec::new();
    for error in unit.interface.methods.iter().filter_map(|it| it.error.as_ref()) {
        let name = failure(error);
        if !seen.contains(&name) {
            line!(out, "type {name}* = object of CatchableError");
            line!(
                out,
                "  ## The interface's own error.\n  error*: {}",
                unit.ty(error)
            );
            line!(out, "    ## What it says.\n");
            line!(out, "proc failure*(error: {}): ref {name} =", unit.ty(error));
            line!(out, "  ## The exception of an error.");
            line!(
                out,
                "  result = newException({name}, \"the interface's own error\")\n  result.error = error\n"
            );
            seen.push(name);
        }
    }
}

fn params(method: &Method) -> (String, String) {
    match method.params.is_empty() {
        true => (String::new(), "writer.writeMap(0)".to_owned()),
        false => {
            let name = pascal(&method.name);
            (
                format!(", params: {name}Params"),
                format!("writer.write{name}Params(params)"),
            )
        }
    }
}

pub(super) fn client(out: &mut String, unit: &Unit<'_>) {
    let (client, name) = (format!("{}Client", unit.name), camel(&unit.name));
    line!(
        out,
        "type {client}* = object\n  ## The interface in whichever module provides it."
    );
    line!(out, "  host: BackplaneHost\n  binding: uint64\n");
    line!(
        out,
        "proc {name}Client*(host: BackplaneHost, requirement: string): {client} ="
    );
    line!(
        out,
        "  ## Binds the interface, which the manifest must require; raises a `CallError`."
    );
    line!(
        out,
        "  {client}(host: host, binding: host.resolve({name}Id, requirement))\n"
    );
    for (number, method) in unit.interface.methods.iter().enumerate() {
        call(out, unit, &client, number, method);
    }
    for event in &unit.interface.events {
        let returns = match event.body {
            Type::Unit => String::new(),
            ref ty => format!(": {}", unit.ty(ty)),
        };
        line!(
            out,
            "proc read{}Event*(call: ptr BackplaneCall){returns} =",
            pascal(&event.name)
        );
        line!(
            out,
            "  ## Reads the event from a call of the kind BACKPLANE_KIND_EVENT; raises a `CborError`."
        );
        line!(out, "  var reader: Reader\n  reader.init(addr call.args)");
        let result = if event.body == Type::Unit { "" } else { "result = " };
        line!(out, "  {result}{}\n  reader.finish()\n", unit.read(&event.body));
    }
}

fn call(out: &mut String, unit: &Unit<'_>, client: &str, number: usize, method: &Method) {
    let (params, write) = params(method);
    let name = camel(&method.name);
    let returns = match method.returns {
        Type::Unit => String::new(),
        ref ty => format!(": {}", unit.ty(ty)),
    };
    let result = if method.returns == Type::Unit {
        ""
    } else {
        "result = "
    };
    line!(out, "proc {name}Answer*(reply: ptr BackplaneReply){returns} =");
    line!(
        out,
        "  ## What {} answered; raises a `CallError`{}.",
        method.name,
        match &method.error {
            Some(error) => format!(" or a `{}`", failure(error)),
            None => String::new(),
        }
    );
    line!(
        out,
        "  checkReply(reply)\n  var reader: Reader\n  reader.init(reply)"
    );
    line!(out, "  if reply.status == BACKPLANE_STATUS_FAILED:");
    match &method.error {
        Some(error) => {
            line!(
                out,
                "    let error = {}\n    reader.finish()\n    raise failure(error)",
                unit.read(error)
            );
        }
        None => line!(
            out,
            "    raiseCall(BACKPLANE_STATUS_INTERNAL, \"the method failed, but it declares no error\")"
        ),
    }
    line!(
        out,
        "  {result}{}\n  reader.finish()\n",
        unit.read(&method.returns)
    );
    let member = nim_member(&method.name);
    line!(
        out,
        "proc {member}*(client: {client}{params}, context: ptr BackplaneCallContext = nil){returns} ="
    );
    comment(out, "  ##", &method.docs);
    line!(
        out,
        "  ## Blocks until the answer is there. `context` is that of the call being served."
    );
    line!(
        out,
        "  var writer: Writer\n  var reply: BackplaneReply\n  defer: freeReply(reply)"
    );
    line!(
        out,
        "  writer.init()\n  {write}\n  client.host.callWait(client.binding, {number}, writer, addr reply, context)"
    );
    line!(out, "  {name}Answer(addr reply)\n");
    line!(
        out,
        "proc {name}Then*(client: {client}{params}, user: pointer, done: BackplaneDoneFn,"
    );
    line!(
        out,
        "    context: ptr BackplaneCallContext = nil): uint64 {{.discardable.}} ="
    );
    line!(
        out,
        "  ## The same without waiting: `done` is told the answer once, perhaps before this returns, and reads it with"
    );
    line!(out, "  ## `{name}Answer`. The ticket to cancel by, or 0.");
    line!(out, "  var writer: Writer\n  writer.init()\n  {write}");
    line!(
        out,
        "  client.host.callThen(client.binding, {number}, writer, user, done, context)\n"
    );
}

pub(super) fn server(out: &mut String, unit: &Unit<'_>) {
    for method in &unit.interface.methods {
        answer(out, unit, "answer", method, &method.returns, "OK");
        if let Some(error) = &method.error {
            answer(out, unit, "fail", method, error, "FAILED");
        }
    }
    serve(out, unit);
    for (number, event) in unit.interface.events.iter().enumerate() {
        let body = match event.body {
            Type::Unit => String::new(),
            ref ty => format!(", body: {}", unit.ty(ty)),
        };
        line!(
            out,
            "proc emit{}*(host: BackplaneHost, provided: uint32{body},",
            pascal(&event.name)
        );
        line!(out, "    context: ptr BackplaneCallContext = nil) =");
        comment(out, "  ##", &event.docs);
        line!(
            out,
            "  ## `provided` counts the manifest's `provides`; raises a `CallError`."
        );
        line!(
            out,
            "  var writer: Writer\n  writer.init()\n  {}",
            unit.write(&event.body, "body")
        );
        line!(out, "  host.emit(provided, {number}, writer, context)\n");
    }
}

fn answer(out: &mut String, unit: &Unit<'_>, start: &str, method: &Method, ty: &Type, status: &str) {
    let name = pascal(&method.name);
    if *ty == Type::Unit {
        line!(out, "proc {start}{name}*(reply: ptr BackplaneReply): int32 =");
        line!(out, "  ## Answers {}.\n  reply.succeed()\n", method.name);
        return;
    }
    line!(
        out,
        "proc {start}{name}*(reply: ptr BackplaneReply, value: {}): int32 =",
        unit.ty(ty)
    );
    let own = if start == "fail" {
        " with the interface's own error"
    } else {
        ""
    };
    line!(out, "  ## Answers {}{own}.\n  var writer: Writer", method.name);
    line!(out, "  writer.init(answer = true)\n  {}", unit.write(ty, "value"));
    line!(out, "  reply.answer(BACKPLANE_STATUS_{status}, writer)\n");
}

/// A template, so that the procs of the module are found where it stands.
fn serve(out: &mut String, unit: &Unit<'_>) {
    let name = &unit.name;
    line!(
        out,
        "template serve{name}*(moduleArgument, callArgument, replyArgument: untyped): int32 ="
    );
    line!(
        out,
        "  ## Answers a call of a method: reads its parameters and calls the proc of the method's name, which gets the"
    );
    line!(
        out,
        "  ## module, the call and the parameters, if there are any, and gives the value. It may raise the interface's own"
    );
    line!(
        out,
        "  ## error with `failure`, a `Refusal`, or `Deferred` when it answers later."
    );
    for method in &unit.interface.methods {
        line!(out, "  mixin {}", nim_member(&method.name));
    }
    line!(
        out,
        "  block:\n    var status: int32\n    case callArgument.`method`"
    );
    for (number, method) in unit.interface.methods.iter().enumerate() {
        serve_method(out, number, method);
    }
    line!(
        out,
        "    else: status = replyArgument.answerMethod({}Id, callArgument.`method`)\n    status\n",
        camel(name)
    );
}

fn serve_method(out: &mut String, number: usize, method: &Method) {
    let (name, member) = (pascal(&method.name), nim_member(&method.name));
    line!(
        out,
        "    of {number}:\n      var input: Reader\n      input.init(addr callArgument.args)"
    );
    let params = match method.params.is_empty() {
        true => {
            line!(out, "      input.skip()");
            ""
        }
        false => {
            line!(out, "      let parameters = input.read{name}Params()");
            ", parameters"
        }
    };
    line!(out, "      input.finish()");
    let call = format!("{member}(moduleArgument, callArgument{params})");
    let indent = match &method.error {
        Some(_) => {
            line!(out, "      try:");
            "        "
        }
        None => "      ",
    };
    match method.returns {
        Type::Unit => line!(
            out,
            "{indent}{call}\n{indent}status = answer{name}(replyArgument)"
        ),
        _ => line!(out, "{indent}status = answer{name}(replyArgument, {call})"),
    }
    if let Some(error) = &method.error {
        line!(out, "      except {} as failed:", failure(error));
        line!(out, "        status = fail{name}(replyArgument, failed.error)");
    }
}
