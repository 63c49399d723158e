//! PostgreSQL's frontend/backend protocol, version 3: frames, start-up packets, and the messages we write ourselves.

mod frame;
mod message;
mod startup;

pub(crate) use frame::{Frame, Framed};
pub(crate) use message::{Answer, Fields, Reader, Request, Severity};
pub(crate) use startup::{Preamble, Startup};

/// The protocol version we speak: 3.0.
pub(crate) const PROTOCOL: u32 = 3 << 16;
