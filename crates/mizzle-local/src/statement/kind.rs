//! What a statement does to a transaction.

use squawk_syntax::SyntaxKind as K;

use super::{Mode, Tree};

/// The kinds the session tells apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Begin {
        read_only: Option<bool>,
    },
    Commit,
    Rollback,
    /// Reads, `SHOW` and `EXPLAIN` included.
    Read,
    /// Reads that lock rows against every change.
    Lock,
    /// Reads that lock rows against the change of their keys: `FOR KEY SHARE` and nothing stronger.
    LockKey,
    /// Changes rows.
    Write,
    /// Changes the catalog.
    Ddl,
    /// Changes the session.
    Set,
    /// `CALL sys.wait_for_job`.
    Wait,
    /// `ANALYZE`, outside of transactions.
    Analyze,
    /// `ALTER TABLE … ENABLE|DISABLE TRIGGER ALL|USER`: accepted, and nothing comes of it.
    Nothing,
    /// `DEALLOCATE ALL`: nothing prepared is left.
    Forget,
    /// What nobody here understands; PostgreSQL answers.
    Other,
}

impl Kind {
    /// Whether the session answers by itself.
    pub(crate) fn is_local(self) -> bool {
        matches!(self, Kind::Begin { .. } | Kind::Commit | Kind::Rollback | Kind::Nothing)
    }

    /// Whether it is heard in a transaction that failed.
    pub(crate) fn ends_transaction(self) -> bool {
        matches!(self, Kind::Commit | Kind::Rollback)
    }
}

pub(super) fn of(tree: &Tree) -> Kind {
    if tree.mode() != Mode::Plain {
        return Kind::Ddl;
    }
    match super::copy::comes_in(tree) {
        Some(true) => return Kind::Write,
        Some(false) => return query(tree),
        None => {}
    }
    let Some(kind) = tree.kind() else { return by_words(tree) };
    match kind {
        K::BEGIN => Kind::Begin { read_only: read_only(tree) },
        K::COMMIT_TRANSACTION => Kind::Commit,
        K::ROLLBACK_TRANSACTION => Kind::Rollback,
        K::INSERT | K::UPDATE | K::DELETE | K::MERGE | K::COPY => Kind::Write,
        K::EXPLAIN if tree.nodes().any(|node| node.kind() == K::EXPLAIN_ANALYZE) => query(tree),
        K::EXPLAIN | K::SHOW => Kind::Read,
        K::SELECT | K::COMPOUND_SELECT | K::PAREN_SELECT | K::VALUES | K::TABLE => query(tree),
        K::SET | K::RESET | K::SET_ROLE | K::RESET_ROLE | K::SET_SESSION_AUTH | K::SET_TRANSACTION => {
            Kind::Set
        }
        K::SET_CONSTRAINTS | K::RESET_SESSION_AUTH => Kind::Set,
        K::DEALLOCATE => Kind::Forget,
        K::ANALYZE => Kind::Analyze,
        K::CALL if tree.starts_with(&["call", "sys", ".", "wait_for_job"]) => Kind::Wait,
        K::ALTER_TABLE if switches_triggers(tree) => Kind::Nothing,
        _ => by_words(tree),
    }
}

/// Writes may hide in a WITH, locks anywhere.
fn query(tree: &Tree) -> Kind {
    let writes = |word: &String| matches!(word.as_str(), "insert" | "update" | "delete" | "merge");
    if !tree.is_whole() && tree.words().iter().any(writes) {
        return Kind::Write;
    }
    let mut kind = if !tree.is_whole() && locks(tree) { Kind::Lock } else { Kind::Read };
    for node in tree.nodes() {
        match node.kind() {
            K::INSERT | K::UPDATE | K::DELETE | K::MERGE => return Kind::Write,
            K::FOR_KEY_SHARE if kind == Kind::Read => kind = Kind::LockKey,
            K::FOR_UPDATE => kind = Kind::Lock,
            _ => {}
        }
    }
    kind
}

fn read_only(tree: &Tree) -> Option<bool> {
    tree.nodes().find_map(|node| match node.kind() {
        K::READ_ONLY => Some(true),
        K::READ_WRITE => Some(false),
        _ => None,
    })
}

fn switches_triggers(tree: &Tree) -> bool {
    let mut actions =
        tree.nodes().filter(|node| matches!(node.kind(), K::ENABLE_TRIGGER | K::DISABLE_TRIGGER));
    actions.next().is_some_and(|action| {
        let text = action.text().to_string().to_lowercase();
        text.ends_with(" all") || text.ends_with(" user")
    })
}

/// Whether a clause locks rows; of what the parser did not understand, whether it may be so.
pub(super) fn locks(tree: &Tree) -> bool {
    let clause = |pair: &[String]| pair[0] == "for" && matches!(pair[1].as_str(), "update" | "key");
    match tree.is_whole() {
        true => tree.nodes().any(|node| node.kind() == K::LOCKING_CLAUSE),
        false => tree.words().windows(2).any(clause),
    }
}

fn by_words(tree: &Tree) -> Kind {
    match tree.words().first().map_or("", String::as_str) {
        "select" | "values" | "table" | "explain" => query(tree),
        "show" => Kind::Read,
        "insert" | "update" | "delete" | "merge" | "with" => Kind::Write,
        "create" | "alter" | "drop" | "grant" | "revoke" | "comment" => Kind::Ddl,
        "set" | "reset" => Kind::Set,
        _ => Kind::Other,
    }
}
