//! What PostgreSQL gets instead, where Aurora DSQL's words mean something else to it or nothing at all.

use squawk_syntax::SyntaxKind as K;

use super::edit::{Edit, Shifts, apply};
use super::told::Told;
use super::{Kind, Mode, Tree, bare, time, told};

/// Our own text, and the command tag that hides it.
pub(super) struct Rewrite {
    pub(super) sql: String,
    pub(super) tag: Option<&'static str>,
    /// Where things stood; none when nothing of the client's text is left.
    pub(super) shifts: Option<Shifts>,
    /// What the last columns tell.
    pub(super) told: Vec<Told>,
}

pub(super) fn of(tree: &Tree, kind: Kind, tell: bool) -> Option<Rewrite> {
    match tree.mode() {
        Mode::Iam => iam(tree),
        Mode::Async => Some(job(tree)),
        Mode::Plain => show(tree).or_else(|| edited(tree, kind, tell)),
    }
}

fn ours(sql: String, tag: &'static str) -> Rewrite {
    Rewrite { sql, tag: Some(tag), shifts: None, told: Vec::new() }
}

/// The client's text with words of ours in it.
fn edited(tree: &Tree, kind: Kind, tell: bool) -> Option<Rewrite> {
    let mut edits = numeric(tree);
    let mut columns = Vec::new();
    // What the catalog stores stays as it was written.
    if matches!(kind, Kind::Read | Kind::Write | Kind::Lock | Kind::LockKey) {
        edits.extend(patient(tree));
        edits.extend(time::of(tree));
        if tell && let Some((told, edit)) = told::of(tree) {
            columns = told;
            edits.push(edit);
        }
    }
    if edits.is_empty() {
        return None;
    }
    let (sql, shifts) = apply(tree.text(), edits);
    Some(Rewrite { sql, tag: None, shifts: Some(shifts), told: columns })
}

/// `AWS IAM GRANT r TO 'arn'`, `AWS IAM REVOKE r FROM 'arn'`.
fn iam(tree: &Tree) -> Option<Rewrite> {
    let words: Vec<&str> = tree.words().iter().map(String::as_str).collect();
    let (procedure, tag, role, arn) = match words[..] {
        ["aws", "iam", "grant", role, "to", arn] => ("local_iam_grant", "AWS IAM GRANT", role, arn),
        ["aws", "iam", "revoke", role, "from", arn] => ("local_iam_revoke", "AWS IAM REVOKE", role, arn),
        _ => return None,
    };
    if !arn.starts_with('\'') {
        return None;
    }
    let role = bare(role);
    let sql = format!("CALL sys.{procedure}('{}', {arn})", role.replace('\'', "''"));
    Some(ours(sql, tag))
}

/// An asynchronous statement becomes a call that submits a job and answers it.
fn job(tree: &Tree) -> Rewrite {
    match tree.kind() {
        Some(K::ALTER_TABLE) => validation(tree),
        _ => index(tree),
    }
}

/// A unique index is made as a plain one and becomes unique after that: see `jobs.sql`.
fn index(tree: &Tree) -> Rewrite {
    let mut text = tree.text().to_owned();
    let unique = tree.starts_with(&["create", "unique"]);
    if unique && let Some(at) = text.to_lowercase().find("unique") {
        text.replace_range(at..at + "unique".len(), "      ");
    }
    let sql = format!("SELECT sys.local_async_index({}, {unique}) AS job_id", literal(&text));
    ours(sql, "CREATE INDEX")
}

fn validation(tree: &Tree) -> Rewrite {
    let named = |kind| tree.nodes().find(|node| node.kind() == kind).map(|node| node.text().to_string());
    let table = named(K::TABLE_NAME_REF).unwrap_or_default();
    let constraint = named(K::CONSTRAINT_NAME_REF).map(|name| bare(&name)).unwrap_or_default();
    let missing_ok = tree.nodes().any(|node| node.kind() == K::IF_EXISTS);
    let sql = format!(
        "SELECT sys.local_async_validate({}, {}, {missing_ok}) AS job_id",
        literal(table.trim()),
        literal(&constraint)
    );
    ours(sql, "ALTER TABLE")
}

/// A text as PostgreSQL reads it, whatever stands in it.
fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn show(tree: &Tree) -> Option<Rewrite> {
    let value = match tree.words() {
        [show, name] if show == "show" && name == "server_version" => "16.13",
        [show, name] if show == "show" && name == "server_version_num" => "160013",
        _ => return None,
    };
    Some(ours(format!("SELECT '{value}'::text AS {}", tree.words()[1]), "SHOW"))
}

/// `NOWAIT` and `SKIP LOCKED` ask about locks that nobody waits for: blanks stand in their place.
fn patient(tree: &Tree) -> impl Iterator<Item = Edit> {
    tree.nodes().filter(|node| matches!(node.kind(), K::NOWAIT | K::SKIP_LOCKED)).map(|node| {
        let range = node.text_range();
        Edit::blank(range.start().into()..range.end().into())
    })
}

/// A column of bare `numeric` is one of `numeric(18,6)`.
fn numeric(tree: &Tree) -> Vec<Edit> {
    tree.nodes()
        .filter(|node| {
            let parent = node.parent().map(|parent| parent.kind());
            node.kind() == K::PATH_TYPE
                && matches!(parent, Some(K::COLUMN | K::ADD_COLUMN | K::CREATE_DOMAIN))
                && is_bare_numeric(&node.text().to_string())
        })
        .map(|node| Edit::insert(node.text_range().end().into(), "(18,6)"))
        .collect()
}

fn is_bare_numeric(text: &str) -> bool {
    let text = text.trim().to_lowercase();
    matches!(text.strip_prefix("pg_catalog.").unwrap_or(&text), "numeric" | "decimal" | "dec")
}
