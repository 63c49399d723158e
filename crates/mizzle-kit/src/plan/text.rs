//! A plan for people: the file of a migration, and the explanation of each step.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::{Plan, Step, StepKind};
use crate::split::SEPARATOR;

impl Plan {
    /// The text of `migration.sql`: a header, then the statements between separators.
    ///
    /// What a runner has to know of a statement stands in comments before it: `-- mizzle: wait` where a job is waited for,
    /// `-- mizzle: backfill chunk=3000` where a statement is run in chunks, and `-- mizzle: hazard NAME` for
    /// what has to be allowed.
    pub fn to_sql(&self) -> String {
        let mut text = String::new();
        for change in &self.changes {
            let _ = writeln!(text, "-- {}", one_line(&change.to_string()));
        }
        let mut hazards: BTreeMap<_, Vec<&str>> = BTreeMap::new();
        for hazard in self.hazards() {
            let texts = hazards.entry(hazard.kind).or_default();
            if !texts.contains(&&*hazard.text) {
                texts.push(&hazard.text);
            }
        }
        if !hazards.is_empty() {
            text += "--\n-- Hazards: nothing of this runs until each is allowed, here by a line `-- mizzle: allow NAME`:\n";
        }
        for (kind, texts) in hazards {
            for hazard in texts {
                let _ = writeln!(text, "-- {kind}: {}", one_line(hazard));
            }
        }
        if !text.is_empty() {
            text.push('\n');
        }
        let steps: Vec<String> = self.steps.iter().map(statement).collect();
        text + &steps.join(&format!("{SEPARATOR}\n"))
    }

    /// Each step with why it is there, whom it locks out and what it costs on a big table.
    pub fn explain(&self) -> String {
        if self.steps.is_empty() {
            return "Nothing to do\n".to_owned();
        }
        let mut text = String::new();
        for (at, step) in self.steps.iter().enumerate() {
            let _ = writeln!(text, "{}. {}", at + 1, step.sql.replace('\n', "\n   "));
            let _ = writeln!(text, "   why: {}", step.why);
            let _ = writeln!(text, "   run: {}", run(step.kind));
            let _ = writeln!(text, "   locks out: {}", step.locks_out);
            let _ = writeln!(text, "   costs: {}", step.cost);
            for hazard in &step.hazards {
                let _ = writeln!(text, "   hazard {}: {}", hazard.kind, hazard.text);
            }
        }
        text
    }
}

fn statement(step: &Step) -> String {
    let mut text = format!("-- {}\n", one_line(&step.why));
    for hazard in &step.hazards {
        let _ = writeln!(text, "-- mizzle: hazard {}", hazard.kind);
    }
    match step.kind {
        StepKind::Index | StepKind::Validation => text += "-- mizzle: wait\n",
        StepKind::Backfill { chunk } => {
            let _ = writeln!(text, "-- mizzle: backfill chunk={chunk}");
        }
        StepKind::Ddl | StepKind::Statement => {}
    }
    text + &step.sql + ";\n"
}

fn run(kind: StepKind) -> &'static str {
    match kind {
        StepKind::Ddl => "once, in a transaction of its own",
        StepKind::Index => "once; then wait for its job, and see that the index is valid",
        StepKind::Validation => "once; then wait for its job, and see that the constraint is validated",
        StepKind::Backfill { .. } => "in chunks, each in a transaction of its own, until no row is left",
        StepKind::Statement => "once",
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use crate::plan::plan;
    use crate::snapshot::{Column, Name, PUBLIC, PrimaryKey, Snapshot, Table};

    fn column(name: &str, sql_type: &str, default: Option<&str>) -> Column {
        Column {
            name: name.into(),
            renamed_from: None,
            sql_type: sql_type.into(),
            nullable: false,
            not_null: None,
            default: default.map(str::to_owned),
            identity: None,
            generated: None,
            comment: None,
        }
    }

    fn pet(columns: Vec<Column>) -> Snapshot {
        let table = Table {
            name: Name::new(PUBLIC, "pet"),
            renamed_from: None,
            comment: None,
            columns,
            primary_key: Some(PrimaryKey { name: "pet_pkey".into(), columns: vec!["id".into()] }),
            uniques: Vec::new(),
            checks: Vec::new(),
            foreign_keys: Vec::new(),
            indexes: Vec::new(),
        };
        Snapshot { tables: vec![table], ..Snapshot::default() }
    }

    #[test]
    fn a_migration_says_what_it_does_and_what_may_hurt() {
        let old = pet(vec![column("id", "uuid", None), column("name", "text", None)]);
        let new = pet(vec![column("id", "uuid", None), column("legs", "integer", Some("4"))]);
        let plan = plan(&old, &new).expect("a plan");
        let expected = "\
-- pet: add column legs
-- pet: drop column name
--
-- Hazards: nothing of this runs until each is allowed, here by a line `-- mizzle: allow NAME`:
-- drops-column: every value of pet.name is lost

-- column legs is new; DSQL adds it without default and NOT NULL
ALTER TABLE pet ADD COLUMN legs integer;
--> statement-breakpoint
-- rows that are inserted from here on have it
ALTER TABLE pet ALTER COLUMN legs SET DEFAULT 4;
--> statement-breakpoint
-- rows that are there, or get NULL meanwhile, get the default of legs
-- mizzle: backfill chunk=3000
UPDATE pet SET legs = 4 WHERE legs IS NULL;
--> statement-breakpoint
-- DSQL has no SET NOT NULL: a check keeps NULL out instead
ALTER TABLE pet ADD CONSTRAINT pet_legs_not_null CHECK (legs IS NOT NULL) NOT VALID;
--> statement-breakpoint
-- pet_legs_not_null is then known to hold for every row
-- mizzle: wait
ALTER TABLE ASYNC pet VALIDATE CONSTRAINT pet_legs_not_null;
--> statement-breakpoint
-- column name is gone
-- mizzle: hazard drops-column
ALTER TABLE pet DROP COLUMN name;
";
        assert_eq!(plan.to_sql(), expected);
        assert!(plan.explain().ends_with(
            "6. ALTER TABLE pet DROP COLUMN name\n   why: column name is gone\n   \
             run: once, in a transaction of its own\n   \
             locks out: nobody; transactions that are open meanwhile end in OC001 and run again\n   \
             costs: the catalog alone, whatever the table's size\n   \
             hazard drops-column: every value of pet.name is lost\n"
        ));
    }

    #[test]
    fn a_snapshot_is_the_same_from_its_file() {
        let snapshot =
            pet(vec![column("id", "int8", None), column("name", "character varying(3)", Some("'x'"))]);
        let mut normal = snapshot.clone();
        normal.normalise();
        let read = Snapshot::from_json(&snapshot.to_json()).expect("a snapshot");
        assert_eq!(read, normal);
        assert_eq!((read.hash(), read.to_json()), (snapshot.hash(), normal.to_json()));
        let newer = read.to_json().replace("\"version\": 1", "\"version\": 9");
        let error = Snapshot::from_json(&newer).expect_err("a newer version");
        assert_eq!(error.to_string(), "the snapshot has version 9, and this mizzle reads versions up to 1");
        assert_eq!(error.hint(), Some("use the version of mizzle that wrote it, or a newer one"));
        assert!(Snapshot::from_json("{").is_err());
    }
}
