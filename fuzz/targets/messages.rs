//! What a client sends once it came in.
#![no_main]

libfuzzer_sys::fuzz_target!(|stream: &[u8]| mizzle_local::fuzzing::messages(stream));
