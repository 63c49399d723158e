//! What PostgreSQL gets instead, where Aurora DSQL's words mean something else to it or nothing at all.

use squawk_syntax::SyntaxKind as K;

use super::{Mode, Tree};

/// Our own text, and the command tag that hides it.
pub(super) struct Rewrite {
    pub(super) sql: String,
    pub(super) tag: Option<&'static str>,
}

pub(super) fn of(tree: &Tree) -> Option<Rewrite> {
    match tree.mode() {
        Mode::Iam => iam(tree),
        Mode::Async => Some(job(tree)),
        Mode::Plain => show(tree).or_else(|| numeric(tree)).or_else(|| patient(tree)),
    }
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
    Some(Rewrite { sql, tag: Some(tag) })
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
    Rewrite { sql, tag: Some("CREATE INDEX") }
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
    Rewrite { sql, tag: Some("ALTER TABLE") }
}

/// A text as PostgreSQL reads it, whatever stands in it.
fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// An identifier as PostgreSQL stores it.
fn bare(name: &str) -> String {
    let name = name.trim();
    match name.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(quoted) => quoted.replace("\"\"", "\""),
        None => name.to_lowercase(),
    }
}

fn show(tree: &Tree) -> Option<Rewrite> {
    let value = match tree.words() {
        [show, name] if show == "show" && name == "server_version" => "16.13",
        [show, name] if show == "show" && name == "server_version_num" => "160013",
        _ => return None,
    };
    Some(Rewrite { sql: format!("SELECT '{value}'::text AS {}", tree.words()[1]), tag: Some("SHOW") })
}

/// `NOWAIT` and `SKIP LOCKED` ask about locks that nobody waits for: blanks stand in their place.
fn patient(tree: &Tree) -> Option<Rewrite> {
    let mut sql = tree.text().to_owned();
    for node in tree.nodes().filter(|node| matches!(node.kind(), K::NOWAIT | K::SKIP_LOCKED)) {
        let range = node.text_range();
        let (from, to) = (usize::from(range.start()), usize::from(range.end()));
        sql.replace_range(from..to, &" ".repeat(to - from));
    }
    (sql != tree.text()).then_some(Rewrite { sql, tag: None })
}

/// A column of bare `numeric` is one of `numeric(18,6)`.
fn numeric(tree: &Tree) -> Option<Rewrite> {
    let mut sql = tree.text().to_owned();
    let ends: Vec<usize> = tree
        .nodes()
        .filter(|node| {
            let parent = node.parent().map(|parent| parent.kind());
            node.kind() == K::PATH_TYPE
                && matches!(parent, Some(K::COLUMN | K::ADD_COLUMN | K::CREATE_DOMAIN))
                && is_bare_numeric(&node.text().to_string())
        })
        .map(|node| usize::from(node.text_range().end()))
        .collect();
    if ends.is_empty() {
        return None;
    }
    for end in ends.iter().rev() {
        sql.insert_str(*end, "(18,6)");
    }
    Some(Rewrite { sql, tag: None })
}

fn is_bare_numeric(text: &str) -> bool {
    let text = text.trim().to_lowercase();
    matches!(text.strip_prefix("pg_catalog.").unwrap_or(&text), "numeric" | "decimal" | "dec")
}
