//! The lint: its rules' examples, its pages, its fixes, and whether the local DSQL and AWS's own lint agree.

mod agreement;
#[path = "../database/mod.rs"]
mod database;
mod examples;
mod fixes;
mod garbage;
mod local;
mod pages;
mod places;
mod schema;
mod suppressions;
