//! The first packet of a connection, without its length.
#![no_main]

libfuzzer_sys::fuzz_target!(|packet: &[u8]| mizzle_local::fuzzing::startup(packet));
