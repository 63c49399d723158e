//! The page of a rule, made of what the rule says of itself, so that a page cannot differ from what the lint
//! does.

use std::fmt::Write;

use super::{Finding, Linter, Rule, Severity, Source, rules};

/// The tables that every example stands on.
pub const GROUND: &str = "\
CREATE TABLE owner (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    name varchar(30) NOT NULL,
    city varchar(80)
);
CREATE TABLE pet (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    name varchar(30) NOT NULL,
    birth_date date,
    owner_id uuid
);
CREATE INDEX ASYNC pet_owner_id_idx ON pet (owner_id);
";

impl Rule {
    /// What the lint says of a text that stands on the [`GROUND`].
    #[must_use]
    pub fn findings(text: &str) -> Vec<Finding> {
        let found = Linter::new().lint(&sources(text));
        found.into_iter().filter(|finding| finding.place.as_ref().is_none_or(|at| at.source == 1)).collect()
    }

    /// What `--fix` makes of the bad example; none when a person has to decide.
    #[must_use]
    pub fn fixed(&self) -> Option<String> {
        let fixed = Linter::new().fix(&sources(self.bad)).swap_remove(1);
        (fixed != self.bad).then_some(fixed)
    }

    /// Its page, in Markdown.
    #[must_use]
    pub fn page(&self) -> String {
        let mut page = format!("# {}\n\n{}\n\n", self.id, self.title);
        let verdict = match (self.state, self.severity) {
            (Some(state), _) => format!("An error: Aurora DSQL refuses it with SQLSTATE {state}."),
            (None, Severity::Error) => "An error: it does not run as it stands.".to_owned(),
            (None, Severity::Warning) => "A warning: Aurora DSQL accepts it.".to_owned(),
        };
        let why = wrapped(self.why);
        let _ = writeln!(page, "{verdict} Source ([names](../dsql.md)): {}.\n\n{why}\n", self.source);
        let _ = writeln!(page, "## Bad\n\n```sql\n{}\n```\n", self.bad);
        for finding in Rule::findings(self.bad).iter().filter(|finding| finding.rule == self.id) {
            let _ = writeln!(page, "> {finding}");
        }
        let _ = writeln!(page, "\n{}.\n\n## Good\n\n```sql\n{}\n```", self.hint, self.good);
        if let Some(fixed) = self.fixed() {
            let _ = write!(page, "\n`mizzle lint --fix` writes:\n\n```sql\n{}\n```\n", fixed.trim_end());
        }
        page
    }
}

/// The page that lists them all.
#[must_use]
pub fn contents() -> String {
    let mut page = include_str!("contents.md").replace("{ground}", GROUND.trim_end());
    for severity in [Severity::Error, Severity::Warning] {
        let title = if severity == Severity::Error { "Errors" } else { "Warnings" };
        let _ = write!(page, "\n## {title}\n\n| rule | what | SQLSTATE | `--fix` |\n|---|---|---|---|\n");
        for rule in rules::RULES.iter().filter(|rule| rule.severity == severity) {
            let fix = if rule.fixed().is_some() { "yes" } else { "" };
            let (id, title, state) = (rule.id, rule.title, rule.state.unwrap_or(""));
            let _ = writeln!(page, "| [{id}]({id}.md) | {title} | {state} | {fix} |");
        }
    }
    page
}

/// In lines of at most 120 characters.
fn wrapped(text: &str) -> String {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let last = lines.len() - 1;
        if lines[last].len() + word.len() >= 120 {
            lines.push(word.to_owned());
        } else {
            let space = if lines[last].is_empty() { "" } else { " " };
            lines[last] += space;
            lines[last] += word;
        }
    }
    lines.join("\n")
}

fn sources(text: &str) -> [Source; 2] {
    [Source::new("ground.sql", GROUND), Source::new("example.sql", text)]
}
