#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| waku_fuzz_checks::waku_sync_payload(input));
