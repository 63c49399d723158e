//! Tests that need every crate together.
