//! A local DSQL as its clients see it: over TCP, with drivers and programs of other people.

mod cluster;
mod concurrency;
mod engine;
mod entry;
mod faults;
mod jobs;
mod limits;
mod objects;
mod protocol;
mod psql;
mod roles;
mod statements;
mod supported;
