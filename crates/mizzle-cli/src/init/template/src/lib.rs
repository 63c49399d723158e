//! What the application and its schema binary share.

pub mod schema;
