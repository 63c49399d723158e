//! What the clinic and its schema binary share.

#[allow(missing_docs, reason = "columns are called by what they hold")]
pub mod schema;
