//! A stream cut into frames; the first byte says where the network cut it.
#![no_main]

libfuzzer_sys::fuzz_target!(|stream: &[u8]| mizzle_local::fuzzing::frames(stream));
