//! One story: a schema before and after as a difference, rows that live through it, and what is planned.

use std::fmt::Write;

use mizzle_kit::introspect::{introspect, introspect_for, settle};
use mizzle_kit::plan::{Plan, StepKind, plan};
use mizzle_kit::snapshot::Snapshot;

use crate::law::{Ground, first, is_as, rows};
use crate::notation;

#[derive(Clone)]
pub(crate) struct Story {
    pub(crate) name: String,
    /// Lines that begin with a blank, `-` for what is in the old schema alone, `+` for what is in the new one alone.
    schema: Vec<String>,
    /// Statements that are run on the old schema.
    rows: Vec<String>,
    /// Queries of the new schema with their answers.
    queries: Vec<(String, String)>,
    pub(crate) expected: Expected,
}

#[derive(Clone, Default, PartialEq)]
pub(crate) struct Expected {
    changes: Vec<String>,
    plan: Vec<String>,
    hazards: Vec<String>,
    refused: Vec<String>,
}

/// What stands above the first story, and the stories.
pub(crate) fn read(text: &str) -> (String, Vec<Story>) {
    let mut parts = text.split("\n## ");
    let head = parts.next().unwrap_or_default();
    (format!("{}\n", head.trim_end()), parts.map(story).collect())
}

fn story(text: &str) -> Story {
    let mut lines = text.lines();
    let name = lines.next().expect("a name").to_owned();
    let mut story = Story {
        name,
        schema: Vec::new(),
        rows: Vec::new(),
        queries: Vec::new(),
        expected: Expected::default(),
    };
    let mut section = "schema";
    for line in lines.filter(|line| !line.trim().is_empty()) {
        if let Some(name) =
            line.strip_suffix(':').filter(|line| line.chars().all(|letter| letter.is_ascii_lowercase()))
        {
            section = match name {
                "rows" => "rows",
                "then" => "then",
                "changes" => "changes",
                "plan" => "plan",
                "hazards" => "hazards",
                "refused" => "refused",
                other => panic!("{}: there is no section {other}", story.name),
            };
            continue;
        }
        let text = line.strip_prefix("  ").unwrap_or(line).to_owned();
        match section {
            "schema" => story.schema.push(line.to_owned()),
            "rows" => story.rows.push(text),
            "then" => match text.strip_prefix("= ") {
                Some(answer) => story.queries.last_mut().expect("a query").1.push_str(answer),
                None => story.queries.push((text, String::new())),
            },
            "changes" => story.expected.changes.push(text),
            "plan" => story.expected.plan.push(text),
            "hazards" => story.expected.hazards.push(text),
            _ => story.expected.refused.push(text),
        }
    }
    story
}

/// Plays the story, and writes what is found in the place of what was expected.
pub(crate) async fn play(ground: &Ground, story: &mut Story) -> Result<Snapshot, String> {
    let (old, new) = (story.side('-'), story.side('+'));
    story.expected = Expected::default();
    let made = ground.make(&old).await?;
    for statement in &story.rows {
        let answer = ground.sql(statement).await?;
        if statement.contains(" ASYNC ") {
            let job = first(&answer).ok_or_else(|| format!("{statement}: no job"))?;
            ground.sql(&format!("CALL sys.wait_for_job('{job}')")).await?;
        }
    }
    let found = introspect(&ground.client).await.map_err(|error| error.to_string())?;
    let (mut read, mut as_old) = (found.clone(), found);
    settle(&ground.client, &mut read, &new).await.map_err(|error| error.to_string())?;
    let by_hand = story.is_by_hand();
    if !by_hand {
        settle(&ground.client, &mut as_old, &old).await.map_err(|error| error.to_string())?;
        is_as(&as_old, &made).map_err(|difference| format!("old: {difference}"))?;
    }
    let planned = if by_hand { plan(&read, &new) } else { plan(&made, &new) };
    let planned = match planned {
        Ok(planned) => planned,
        Err(refused) => {
            story.expected.refused = refused.refusals.iter().map(ToString::to_string).collect();
            return Ok(made);
        }
    };
    story.note(&planned);
    same_from_the_database(&planned, &read, &new)?;
    parses(&planned)?;
    ground.run_dying(&planned).await?;
    let read = introspect_for(&ground.client, &planned.snapshot).await.map_err(|error| error.to_string())?;
    is_as(&read, &planned.snapshot)?;
    is_as(&read, &new)?;
    for (query, answer) in &mut story.queries {
        let found = rows(&ground.sql(query).await?).replace('\n', "; ");
        if std::env::var_os("UPDATE_STORIES").is_some() && answer.is_empty() {
            answer.clone_from(&found);
        }
        if *answer != found {
            return Err(format!("{query}: {found}, expected {answer}"));
        }
    }
    Ok(read)
}

/// A plan from the database is the plan from the file.
fn same_from_the_database(planned: &Plan, read: &Snapshot, new: &Snapshot) -> Result<(), String> {
    let again = plan(read, new).map_err(|refused| refused.to_string())?;
    if again.steps == planned.steps {
        return Ok(());
    }
    let differs = planned.steps.iter().zip(&again.steps).find(|(one, other)| one != other);
    Err(format!(
        "the plan from the database is another: {} and {} steps, {differs:?}",
        planned.steps.len(),
        again.steps.len()
    ))
}

/// The text of a migration has the statements of the plan, as the folder reads it.
fn parses(planned: &Plan) -> Result<(), String> {
    if planned.is_empty() {
        return Ok(());
    }
    let text = planned.to_sql();
    let folder =
        mizzle_kit::Folder::embedded(&[("0_story", &text)]).map_err(|error| format!("{error}\n{text}"))?;
    let read = folder.migrations()[0].statements.iter().map(|statement| statement.sql.as_str());
    if read.eq(planned.steps.iter().map(|step| step.sql.as_str())) {
        Ok(())
    } else {
        Err(format!("read otherwise:\n{text}"))
    }
}

impl Story {
    /// Whether something was done to the old schema that is in no file.
    pub(crate) fn is_by_hand(&self) -> bool {
        self.rows.iter().any(|row| row.starts_with("ALTER") || row.starts_with("CREATE"))
    }

    /// The schema of one side.
    pub(crate) fn side(&self, side: char) -> Snapshot {
        let lines = self.schema.iter().filter(|line| line.starts_with(side) || line.starts_with(' '));
        notation::snapshot(&lines.map(|line| &line[1..]).collect::<Vec<_>>().join("\n"))
    }

    fn note(&mut self, planned: &Plan) {
        self.expected.changes = planned.changes.iter().map(ToString::to_string).collect();
        let steps = planned.steps.iter().map(|step| {
            let how = match step.kind {
                StepKind::Ddl | StepKind::Statement => "",
                StepKind::Index | StepKind::Validation => "wait: ",
                StepKind::Backfill { .. } => "fill: ",
            };
            format!("{how}{}", step.sql.split_whitespace().collect::<Vec<_>>().join(" "))
        });
        self.expected.plan = steps.collect();
        let hazards = planned.hazards();
        self.expected.hazards = hazards.map(|hazard| format!("{}: {}", hazard.kind, hazard.text)).collect();
    }

    pub(crate) fn to_text(&self) -> String {
        let mut text = format!("\n## {}\n", self.name);
        for line in &self.schema {
            let _ = writeln!(text, "{line}");
        }
        let mut section = |name: &str, lines: &[String]| {
            if !lines.is_empty() {
                let _ = writeln!(text, "{name}:");
                lines.iter().for_each(|line| {
                    let _ = writeln!(text, "  {line}");
                });
            }
        };
        section("rows", &self.rows);
        let queries: Vec<String> =
            self.queries.iter().flat_map(|(query, answer)| [query.clone(), format!("= {answer}")]).collect();
        section("then", &queries);
        section("changes", &self.expected.changes);
        section("plan", &self.expected.plan);
        section("hazards", &self.expected.hazards);
        section("refused", &self.expected.refused);
        text
    }
}
