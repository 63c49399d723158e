//! SQL as a client may write it: parsed, judged, rewritten.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| mizzle_local::fuzzing::statements(text));
