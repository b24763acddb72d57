//! The tables are frozen: size, alignment and the place of each field are those of the golden file, and those
//! that a C compiler finds in the header.

#![cfg(target_pointer_width = "64")]

use backplane_plugin_api::*;
use std::fmt::Write as _;
use std::mem::offset_of;
use std::path::Path;
use std::process::Command;

struct Table {
    name: &'static str,
    c_name: &'static str,
    size: usize,
    align: usize,
    fields: Vec<Field>,
}

struct Field {
    name: &'static str,
    offset: usize,
    size: usize,
}

fn size_of_field<T, F>(_: impl Fn(&T) -> &F) -> usize {
    size_of::<F>()
}

macro_rules! table {
    ($ty:ident as $c_name:ident: $($field:ident)*) => {{
        // A field that is not listed does not compile.
        let _all = |table: &$ty| { let $ty { $($field: _),* } = table; };
        Table {
            name: stringify!($ty),
            c_name: stringify!($c_name),
            size: size_of::<$ty>(),
            align: align_of::<$ty>(),
            fields: vec![$(Field {
                name: stringify!($field),
                offset: offset_of!($ty, $field),
                size: size_of_field(|table: &$ty| &table.$field),
            }),*],
        }
    }};
}

fn tables() -> Vec<Table> {
    vec![
        table!(Slice as backplane_slice: ptr len),
        table!(Buf as backplane_buf: ptr len cap free),
        table!(BufList as backplane_buf_list: ptr len cap free),
        table!(CallContext as backplane_call_context:
            deadline_ns trace_high trace_low span depth chain),
        table!(Args as backplane_args: payload attachments attachment_count),
        table!(Call as backplane_call:
            size kind interface method context caller sequence lost args token),
        table!(Reply as backplane_reply: payload attachments status ticket),
        table!(LogRecord as backplane_log_record: level target message fields context),
        table!(Host as backplane_host: table ctx),
        table!(HostTable as backplane_host_table:
            size abi log log_level now resolve call when_done cancel defer complete emit retain release query_service),
        table!(ModuleHandle as backplane_module_handle: ctx table),
        table!(ModuleInfo as backplane_module_info: size generation name data_dir config),
        table!(ModuleTable as backplane_module_table:
            size abi start call cancel export_state import_state stop destroy query_interface),
        table!(PluginDeclaration as backplane_plugin_declaration: size abi manifest create layout),
        table!(StreamTable as backplane_stream_table: size version open claim write finish read),
        table!(LayoutRecord as backplane_layout_record: version layout),
        table!(ControlTable as backplane_control_table: size version request_stop dependency_lost),
    ]
}

fn render(tables: &[Table]) -> String {
    let mut text = format!("ABI level {ABI_LEVEL}\n");
    for table in tables {
        writeln!(
            text,
            "\n{}: {} bytes, alignment {}",
            table.name, table.size, table.align
        )
        .expect("a string");
        for Field { name, offset, size } in &table.fields {
            writeln!(text, "  {offset:>3} +{size:<3} {name}").expect("a string");
        }
    }
    text
}

#[test]
fn the_tables_are_those_of_the_golden_file() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("layout.golden");
    let layout = render(&tables());
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &layout).expect("the golden file is writable");
    }
    let golden = std::fs::read_to_string(&path).expect("layout.golden");
    assert!(
        layout == golden,
        "a frozen table has changed. Plugins that are in use would break: append to a table, under a new ABI \
         level, or add an interface. Now:\n{layout}\nbefore:\n{golden}"
    );
}

#[test]
fn a_c_compiler_finds_the_same_layout() {
    let mut source =
        String::from("#include <backplane_plugin.h>\n#define SAME(a, b) _Static_assert((a) == (b), #a)\n");
    for table in tables() {
        let c_name = table.c_name;
        writeln!(source, "SAME(sizeof({c_name}), {});", table.size).expect("a string");
        writeln!(source, "SAME(_Alignof({c_name}), {});", table.align).expect("a string");
        for Field { name, offset, size } in &table.fields {
            writeln!(source, "SAME(offsetof({c_name}, {name}), {offset});").expect("a string");
            writeln!(source, "SAME(sizeof((({c_name} *)0)->{name}), {size});").expect("a string");
        }
    }
    writeln!(
        source,
        "SAME(sizeof(backplane_done_fn), {});",
        size_of::<DoneFn>()
    )
    .expect("a string");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("layout.c");
    std::fs::write(&file, source).expect("the file is writable");
    let include = Path::new(env!("CARGO_MANIFEST_DIR")).join("../sdk/c/include");
    let output = Command::new("cc")
        .args(["-std=c11", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-I"])
        .args([&include, &file])
        .output()
        .expect("the compiler cc can be run");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
