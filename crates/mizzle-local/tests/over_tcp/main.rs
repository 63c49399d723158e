//! A local DSQL as its clients see it: over TCP, with drivers and programs of other people.

mod cluster;
mod concurrency;
mod control;
mod copy;
mod engine;
mod entry;
mod faults;
mod flight;
mod jobs;
mod limits;
mod objects;
mod protocol;
mod psql;
mod races;
mod raw;
mod roles;
mod statements;
mod supported;
