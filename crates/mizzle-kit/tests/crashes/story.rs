//! Six long migrations, what stands before them, and what is asked behind them.

use std::collections::BTreeSet;

use mizzle_kit::plan::plan;
use mizzle_kit::snapshot::Snapshot;

use crate::notation;

pub(crate) struct Story {
    pub(crate) name: &'static str,
    /// Statements that stand before, each alone, behind those that make the old schema.
    pub(crate) before: &'static [&'static str],
    migration: Migration,
    /// Queries of one text, besides the catalog's.
    pub(crate) rows: &'static [&'static str],
}

enum Migration {
    Written(&'static str),
    /// A schema with lines that only the old one (`-`) or the new one (`+`) has, in the notation of the stories.
    Planned(&'static str),
}

/// Rows in a chunk of a planned backfill: several chunks for a few hundred rows.
const CHUNK: &str = "chunk=60";

impl Story {
    /// What is planned to make the old schema, if that is not written down.
    pub(crate) fn ground(&self) -> Option<String> {
        match self.migration {
            Migration::Written(_) => None,
            Migration::Planned(schema) => Some(planned(&Snapshot::default(), &side(schema, '-'))),
        }
    }

    /// The text of the migration.
    pub(crate) fn migration(&self) -> String {
        match self.migration {
            Migration::Written(text) => text.to_owned(),
            Migration::Planned(schema) => planned(&side(schema, '-'), &side(schema, '+')),
        }
    }
}

fn planned(old: &Snapshot, new: &Snapshot) -> String {
    let plan = plan(old, new).expect("a plan");
    let hazards: BTreeSet<String> = plan.hazards().map(|hazard| hazard.kind.to_string()).collect();
    let allowed = hazards.iter().map(|kind| format!("-- mizzle: allow {kind}\n"));
    allowed.collect::<String>() + &plan.to_sql().replace("chunk=3000", CHUNK)
}

fn side(schema: &str, side: char) -> Snapshot {
    let lines = schema.lines().filter(|line| line.starts_with(side) || line.starts_with(' '));
    notation::snapshot(&lines.map(|line| &line[1..]).collect::<Vec<_>>().join("\n"))
}

const OWNERS: &str = "CREATE TABLE owner (id integer PRIMARY KEY, name text NOT NULL, n integer NOT NULL)";
const FILL_OWNERS: &str = "INSERT INTO owner SELECT i, 'owner ' || i, i FROM generate_series(1, 300) AS i";
const FILL_PETS: &str = "INSERT INTO pet SELECT i, i, i % 50 FROM generate_series(1, 200) AS i";

pub(crate) const STORIES: &[Story] = &[
    Story {
        name: "indexes",
        before: &[OWNERS, FILL_OWNERS],
        migration: Migration::Written(
            "\
CREATE INDEX ASYNC owner_name ON owner (name);
--> statement-breakpoint
CREATE UNIQUE INDEX ASYNC owner_n ON owner (n) INCLUDE (name);
--> statement-breakpoint
CREATE INDEX ASYNC owner_lower_idx ON owner (lower(name)) WHERE n > 10;
--> statement-breakpoint
-- mizzle: wait
CREATE UNIQUE INDEX ASYNC owner_both ON public.owner (n, name);
--> statement-breakpoint
ALTER TABLE owner ADD CONSTRAINT owner_both_key UNIQUE USING INDEX owner_both;
--> statement-breakpoint
ALTER INDEX owner_name RENAME TO owner_by_name;
--> statement-breakpoint
DROP INDEX owner_n;
--> statement-breakpoint
ALTER TABLE owner ADD CONSTRAINT owner_n_check CHECK (n > 0) NOT VALID;
--> statement-breakpoint
ALTER TABLE owner RENAME CONSTRAINT owner_both_key TO owner_twice;
--> statement-breakpoint
COMMENT ON TABLE owner IS 'who brings pets';",
        ),
        rows: &["SELECT count(*)::text FROM sys.jobs WHERE job_type = 'INDEX_BUILD'"],
    },
    Story {
        name: "columns",
        before: &[FILL_OWNERS, FILL_PETS],
        migration: Migration::Planned(
            "
 table owner
   id integer
   name text
   n integer
+  visits integer = 0
+  born timestamptz = now()
   key id
+  unique n
+  check owner_n_check n > 0
 table pet
   id integer
   owner_id integer?
-  weight integer?
+  weight integer = 7
+  index owner_id
   key id
+  fk owner_id -> owner(id) on delete cascade",
        ),
        rows: &[
            "SELECT count(*)::text FROM sys.jobs WHERE job_type = 'VALIDATE_CONSTRAINT'",
            "SELECT concat_ws(' ', count(*), sum(visits), count(born)) FROM owner",
            "SELECT concat_ws(' ', count(*), sum(weight)) FROM pet",
        ],
    },
    Story {
        name: "backfill",
        before: &[OWNERS, FILL_OWNERS],
        migration: Migration::Written(
            "\
ALTER TABLE owner ADD COLUMN visits integer;
--> statement-breakpoint
ALTER TABLE owner ALTER COLUMN visits SET DEFAULT 0;
--> statement-breakpoint
-- mizzle: backfill chunk=70
UPDATE owner SET visits = n * 2 WHERE visits IS NULL;
--> statement-breakpoint
-- mizzle: backfill chunk=70
UPDATE owner SET n = n + 1;
--> statement-breakpoint
-- mizzle: backfill chunk=70
DELETE FROM owner WHERE id IN (SELECT id FROM owner WHERE id > 200 LIMIT 70);
--> statement-breakpoint
ALTER TABLE owner ADD CONSTRAINT visits_known CHECK (visits IS NOT NULL) NOT VALID;
--> statement-breakpoint
ALTER TABLE ASYNC public.owner VALIDATE CONSTRAINT visits_known;",
        ),
        rows: &["SELECT concat_ws(' ', count(*), sum(n), sum(visits)) FROM owner"],
    },
    Story {
        name: "type change",
        before: &[FILL_OWNERS, FILL_PETS],
        migration: Migration::Planned(
            "
 table owner
   id integer
   name text
-  n integer
+  n bigint = 7
   key id
   unique n
   check owner_n_check n > 0
 table pet
   id integer
-  owner_id integer?
+  owner_id bigint?
-  weight integer?
+  weight numeric(10,2)? -- in pounds
   key id
   index weight
   fk owner_id -> owner(n) on delete set null",
        ),
        rows: &["SELECT concat_ws(' ', count(*), sum(weight), sum(owner_id)) FROM pet"],
    },
    Story {
        name: "key change",
        before: &[FILL_OWNERS, FILL_PETS],
        migration: Migration::Planned(
            "
 table owner
-  id integer
+  id bigint
   name text
   n integer
   key id
   unique n
   index name
 table pet
   id integer
-  owner_id integer?
+  owner_id bigint?
-  weight integer?
+  weight integer? -- in pounds
-  key id
+  key id
+  number bigint identity cache 1
   fk owner_id -> owner(id)",
        ),
        rows: &[
            "SELECT concat_ws(' ', count(*), sum(id), sum(n)) FROM owner",
            "SELECT concat_ws(' ', count(*), sum(owner_id), max(number) >= 200) FROM pet",
        ],
    },
    Story {
        name: "objects",
        before: &[OWNERS, FILL_OWNERS],
        migration: Migration::Written(
            "\
CREATE SCHEMA clinic;
--> statement-breakpoint
CREATE TABLE clinic.vet (id bigint GENERATED BY DEFAULT AS IDENTITY (CACHE 1) PRIMARY KEY, name text);
--> statement-breakpoint
INSERT INTO clinic.vet (name) SELECT 'vet ' || i FROM generate_series(1, 20) AS i;
--> statement-breakpoint
UPDATE owner SET n = n + 1000;
--> statement-breakpoint
WITH gone AS (DELETE FROM owner WHERE id = 1 RETURNING name) INSERT INTO clinic.vet (name) SELECT name FROM gone;
--> statement-breakpoint
CREATE VIEW clinic.names AS SELECT name FROM clinic.vet;
--> statement-breakpoint
CREATE OR REPLACE VIEW clinic.names AS SELECT name, id FROM clinic.vet;
--> statement-breakpoint
CREATE DOMAIN clinic.kind AS text CHECK (VALUE IN ('cat', 'dog'));
--> statement-breakpoint
CREATE FUNCTION clinic.twice(i integer) RETURNS integer LANGUAGE sql AS 'SELECT i * 2';
--> statement-breakpoint
CREATE SEQUENCE clinic.numbers CACHE 1;
--> statement-breakpoint
CREATE ROLE assistant WITH LOGIN;
--> statement-breakpoint
GRANT USAGE ON SCHEMA clinic TO assistant;
--> statement-breakpoint
DROP SEQUENCE clinic.numbers;",
        ),
        rows: &[
            "SELECT concat_ws(' ', count(*), sum(n)) FROM owner",
            "SELECT concat_ws(' ', count(*), min(name), max(name)) FROM clinic.vet",
            "SELECT clinic.twice(4)::text",
            "SELECT string_agg(rolname, ' ') FROM pg_roles WHERE rolname = 'assistant'",
        ],
    },
];

/// What the catalog holds of a program's own objects, as one text.
pub(crate) const CATALOG: &[&str] = &[
    "SELECT string_agg(concat_ws(' ', c.oid::regclass, c.relkind, obj_description(c.oid)), E'\\n' \
     ORDER BY c.oid::regclass::text) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
     WHERE n.nspname IN ('public', 'clinic') AND relname NOT LIKE '%mizzle%'",
    "SELECT string_agg(concat_ws(' ', a.attrelid::regclass, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, \
     pg_get_expr(d.adbin, d.adrelid)), E'\\n' ORDER BY a.attrelid::regclass::text, a.attnum) FROM pg_attribute a \
     JOIN pg_class c ON c.oid = a.attrelid AND c.relkind IN ('r', 'v') JOIN pg_namespace n ON n.oid = c.relnamespace \
     LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum \
     WHERE n.nspname IN ('public', 'clinic') AND c.relname NOT LIKE '%mizzle%' AND a.attnum > 0 AND NOT a.attisdropped",
    "SELECT string_agg(concat_ws(' ', conrelid::regclass, conname, pg_get_constraintdef(o.oid), convalidated), E'\\n' \
     ORDER BY conrelid::regclass::text, conname) FROM pg_constraint o JOIN pg_namespace n ON n.oid = o.connamespace \
     WHERE n.nspname IN ('public', 'clinic') AND conrelid::regclass::text NOT LIKE '%mizzle%'",
    "SELECT string_agg(concat_ws(' ', pg_get_indexdef(indexrelid), indisvalid), E'\\n' ORDER BY indexrelid::regclass::text) \
     FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace \
     WHERE n.nspname IN ('public', 'clinic') AND c.relname NOT LIKE '%mizzle%'",
];
