#!/bin/sh
# Runs the tests of ABI, loader, router, streams and swap under a sanitizer: tests/sanitize.sh address|thread [FILTER...]
# What it covers, and what it has shown: docs/sanitizers.md
set -eu
cd "$(dirname "$0")/.."

sanitizer=${1:-}
case $sanitizer in
    address | thread) shift ;;
    *)
        echo "usage: tests/sanitize.sh address|thread [FILTER...]" >&2
        exit 2
        ;;
esac

# Plugins that the tests build inherit all of this, so that host and plugins are built alike. With a target named,
# the flags are not for build scripts and macros.
CARGO_BUILD_TARGET=$(rustup run nightly rustc -vV | sed -n 's/^host: //p')
CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target}/sanitize-$sanitizer
# Plugins take the sanitizer's runtime from the program that loads them, which has to export it.
RUSTFLAGS="-Zsanitizer=$sanitizer -Clink-arg=-rdynamic"
export CARGO_BUILD_TARGET CARGO_TARGET_DIR RUSTFLAGS
unset BACKPLANE_PREBUILT

if [ -f "$(rustup run nightly rustc --print sysroot)/lib/rustlib/src/rust/library/Cargo.lock" ]; then
    export CARGO_UNSTABLE_BUILD_STD=std,panic_unwind,proc_macro
elif [ "$sanitizer" = thread ]; then
    echo "ThreadSanitizer needs the standard library's source, or it reports every contended lock:" >&2
    echo "rustup component add rust-src --toolchain nightly" >&2
    exit 3
fi

# Instances that hang are given up on purpose: what they hold is not lost by mistake.
export ASAN_OPTIONS="detect_leaks=0:detect_stack_use_after_return=1:${ASAN_OPTIONS:-}"
export TSAN_OPTIONS="second_deadlock_stack=1:${TSAN_OPTIONS:-}"

# Left out: a plugin of the nightly compiler in a host of the stable one, as here both are of the nightly one.
exec rustup run nightly cargo test --jobs "${JOBS:-2}" --no-fail-fast --no-default-features \
    -p backplane-plugin-api -p backplane-sdk -p backplane-host -p backplane-tests \
    --lib --test kit --test loading --test calls --test streams --test swap --test faults --test unload --test json_plugins -- \
    --skip a_plugin_of_the_nightly_compiler_loads "$@"
