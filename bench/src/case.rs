//! What every library does: the same rows in, the same rows out.

use std::ops::Range;

/// One kind of work. A new one is a line in [`CASES`] and an arm in each file of `peer/`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Case {
    /// One owner by its key.
    ByKey,
    /// One owner of whom only name and city are given; the whole row comes back.
    Insert,
    /// Another city for the owner with the key, in one statement.
    Patch,
    /// The first owners by key with their pets: the number of pets.
    Pets { owners: usize },
    /// The first owners by key with their pets and these with their visits: the number of visits.
    Visits { owners: usize },
    /// Every visit.
    Scan,
    /// So many new readings, with ids from `from` on: as each library's documentation says to, in chunks that
    /// Aurora DSQL takes.
    Readings { from: i64 },
}

/// Each case, how a report calls it, and how many rounds are counted.
pub(crate) const CASES: [(Case, &str, usize); 7] = [
    (Case::ByKey, "a row by key", 600),
    (Case::Insert, "insert, defaults returned", 300),
    (Case::Patch, "patch of one column", 300),
    (Case::Pets { owners: 20 }, "20 owners × 5 pets", 200),
    (Case::Pets { owners: OWNERS }, "1,000 owners × 5 pets", 40),
    (Case::Visits { owners: 100 }, "100 owners × 5 pets × 2 visits", 60),
    (Case::Scan, "scan of 10,000 rows", 40),
];

pub(crate) const OWNERS: usize = 1_000;
pub(crate) const PETS: usize = 5;
pub(crate) const VISITS: usize = 2;

/// What an inserted owner is called, and where it lives: the report tells by the city what to take away again.
pub(crate) const NEW: (&str, &str) = ("Ann", "Bergen");

/// How many readings are inserted, and how many of them at a time.
pub(crate) const READINGS: i64 = 100_000;
pub(crate) const CHUNK: i64 = 1_000;

/// The chunks of the readings from this one on.
pub(crate) fn chunks(from: i64) -> impl Iterator<Item = Range<i64>> + Send {
    (from..from + READINGS).step_by(CHUNK as usize).map(|chunk| chunk..chunk + CHUNK)
}

/// What a reading says of its station.
pub(crate) fn station(id: i64) -> String {
    format!("station {}", id % 100)
}

pub(crate) const TABLES: [&str; 4] = [
    "CREATE TABLE owner (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), name varchar(30) NOT NULL, \
     city varchar(80) NOT NULL, telephone varchar(20))",
    "CREATE TABLE pet (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), name varchar(30) NOT NULL, \
     owner_id uuid NOT NULL)",
    "CREATE TABLE visit (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), description varchar(80) NOT NULL, \
     pet_id uuid NOT NULL)",
    "CREATE TABLE reading (id bigint PRIMARY KEY, station text NOT NULL, height bigint NOT NULL)",
];

pub(crate) const INDEXES: [&str; 2] =
    ["CREATE INDEX ASYNC ON pet (owner_id)", "CREATE INDEX ASYNC ON visit (pet_id)"];
