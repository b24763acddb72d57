//! The helper library, compiled with a harness and loaded.

use backplane_test_support::{target_dir, workspace};
use libloading::{Library as Loaded, Symbol};
use std::path::PathBuf;
use std::process::Command;
use std::sync::LazyLock;

/// A buffer as the header has it.
#[repr(C)]
struct Buf {
    ptr: *mut u8,
    len: usize,
    cap: usize,
    free: Option<unsafe extern "C" fn(*mut u8, usize, usize)>,
}

/// An answer as the header has it.
#[repr(C)]
struct Reply {
    payload: Buf,
    attachments: [usize; 4],
    status: i32,
    ticket: u64,
}

pub(crate) struct Library(Loaded);

impl Library {
    pub(crate) fn get() -> &'static Self {
        static LIBRARY: LazyLock<Library> = LazyLock::new(|| {
            let path = compile();
            // SAFETY: loading the library runs no code of it.
            Library(unsafe { Loaded::new(path) }.expect("the library is loaded"))
        });
        &LIBRARY
    }

    fn function<T>(&self, name: &str) -> Symbol<'_, T> {
        // SAFETY: each caller names the type that the harness defines.
        unsafe { self.0.get(name.as_bytes()) }.expect("the harness has it")
    }

    pub(crate) fn copy(&self, bytes: &[u8]) -> Result<Vec<u8>, String> {
        self.copy_within(bytes, 0)
    }

    /// The same with so much memory for what cannot be borrowed.
    pub(crate) fn copy_within(&self, bytes: &[u8], memory: usize) -> Result<Vec<u8>, String> {
        type Copy = unsafe extern "C" fn(*const u8, usize, usize, *mut Reply) -> i32;
        // SAFETY: an empty reply is all zeroes.
        let mut reply: Reply = unsafe { std::mem::zeroed() };
        // SAFETY: the bytes are borrowed for the call, and the reply is ours.
        let problem =
            unsafe { self.function::<Copy>("copy")(bytes.as_ptr(), bytes.len(), memory, &mut reply) };
        if problem != 0 {
            return Err(name(problem));
        }
        let Buf { ptr, len, cap, free } = reply.payload;
        // SAFETY: the payload is `len` bytes until it is freed, and freed once.
        Ok(unsafe {
            let copy = std::slice::from_raw_parts(ptr, len).to_vec();
            free.expect("the answer is owned")(ptr, len, cap);
            copy
        })
    }

    /// The problem with passing over a value, or 0.
    pub(crate) fn skip(&self, bytes: &[u8]) -> i32 {
        type Skip = unsafe extern "C" fn(*const u8, usize) -> i32;
        // SAFETY: the bytes are borrowed for the call.
        unsafe { self.function::<Skip>("skip")(bytes.as_ptr(), bytes.len()) }
    }

    /// How many bytes were written into so much room.
    pub(crate) fn bounded(&self, room: usize) -> Result<i32, String> {
        type Bounded = unsafe extern "C" fn(usize, *mut u8) -> i32;
        let mut bytes = [0xaa; 16];
        // SAFETY: there are more bytes than are said.
        let written = unsafe { self.function::<Bounded>("bounded")(room, bytes.as_mut_ptr()) };
        assert!(bytes[room..].iter().all(|byte| *byte == 0xaa), "a byte beyond");
        if written < 0 {
            Err(name(-written))
        } else {
            Ok(written)
        }
    }

    pub(crate) fn fits(&self, limit: usize, size: usize) -> bool {
        type Fits = unsafe extern "C" fn(usize, usize) -> i32;
        // SAFETY: plain numbers.
        unsafe { self.function::<Fits>("fits")(limit, size) != 0 }
    }
}

/// The name of a problem, as the header has it.
fn name(problem: i32) -> String {
    let header = workspace().join("sdk/c/include/backplane_cbor.h");
    let header = std::fs::read_to_string(header).expect("the header is readable");
    let names = header
        .lines()
        .filter_map(|line| line.trim().strip_prefix("BACKPLANE_PROBLEM_"));
    let name = names.map(|it| it.trim_end_matches(',').trim_end_matches(" = 0"));
    name.clone()
        .nth(problem as usize)
        .expect("a problem of the header")
        .to_owned()
}

/// The sources of the library.
pub(crate) fn sources() -> Vec<PathBuf> {
    let folder = workspace().join("sdk/c/src");
    let entries = std::fs::read_dir(folder).expect("the folder is there");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("a file").path()).collect();
    files.sort();
    files
}

fn compiler(program: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .args(["-Wall", "-Wextra", "-Werror", "-pedantic", "-I"]);
    command.arg(workspace().join("sdk/c/include"));
    command
}

pub(crate) fn succeed(command: &mut Command) -> String {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{command:?} cannot be run: {error}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}:\n{said}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Undefined behaviour ends the test.
fn compile() -> PathBuf {
    let folder = target_dir().join("fixtures");
    std::fs::create_dir_all(&folder).expect("the target folder is writable");
    let library = folder.join(format!("libc-library-{}.so", std::process::id()));
    let flags = ["-std=c99", "-O1", "-shared", "-fPIC", "-fvisibility=hidden"];
    let mut cc = compiler("cc", &flags);
    cc.args(["-fsanitize=undefined", "-fsanitize-undefined-trap-on-error", "-o"]);
    succeed(
        cc.arg(&library)
            .arg(workspace().join("bindgen/tests/library/copy.c"))
            .args(sources()),
    );
    library
}

#[test]
fn the_library_is_good_c99_and_good_cpp() {
    succeed(compiler("cc", &["-std=c99", "-fsyntax-only"]).args(sources()));
    succeed(compiler("c++", &["-std=c++11", "-x", "c++", "-fsyntax-only"]).args(sources()));
}
