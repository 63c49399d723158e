//! A parse tree of one statement, with the forms that only Aurora DSQL has taken out first.

use squawk_syntax::ast::AstNode;
use squawk_syntax::{Parse, SourceFile, SyntaxKind, SyntaxNode, SyntaxToken};

/// One statement as a tree and as words.
pub(crate) struct Tree {
    node: Option<SyntaxNode>,
    text: String,
    offset: usize,
    words: Vec<String>,
    mode: Mode,
    whole: bool,
}

/// What stood in the text that PostgreSQL does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Plain,
    /// `CREATE INDEX ASYNC`, `ALTER TABLE ASYNC`.
    Async,
    /// `AWS IAM GRANT`, `AWS IAM REVOKE`.
    Iam,
}

impl Tree {
    /// Reads a text of any number of statements; empty ones are left out.
    pub(crate) fn read(text: &str) -> Vec<Tree> {
        let parse = SourceFile::parse(text);
        let pieces = pieces(parse.tree().syntax());
        // One statement from the first character on, the usual case, is not parsed again.
        let alone = pieces.iter().filter(|tokens| tokens.iter().any(is_significant)).count() == 1;
        pieces.iter().filter_map(|tokens| Tree::of(text, tokens, alone.then_some(&parse))).collect()
    }

    /// The statement's node; none when the text is not a statement the parser knows.
    pub(crate) fn kind(&self) -> Option<SyntaxKind> {
        self.node.as_ref().map(SyntaxNode::kind)
    }

    /// Every node, the statement's own first. Empty when the parser did not understand every part: then the
    /// text is PostgreSQL's to judge.
    pub(crate) fn nodes(&self) -> impl Iterator<Item = SyntaxNode> + use<> {
        self.node.clone().filter(|_| self.whole).into_iter().flat_map(|node| node.descendants())
    }

    /// The text without the forms that PostgreSQL does not know; the rest stays where it was.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Whether the parser understood every part.
    pub(crate) fn is_whole(&self) -> bool {
        self.whole
    }

    pub(crate) fn offset(&self) -> usize {
        self.offset
    }

    /// Everything but space and comments, one word each; what is not quoted in lower case.
    pub(crate) fn words(&self) -> &[String] {
        &self.words
    }

    pub(crate) fn mode(&self) -> Mode {
        self.mode
    }

    /// Whether the words begin so.
    pub(crate) fn starts_with(&self, words: &[&str]) -> bool {
        self.words.len() >= words.len() && self.words.iter().zip(words).all(|(have, want)| have == want)
    }

    fn of(whole_text: &str, tokens: &[SyntaxToken], alone: Option<&Parse<SourceFile>>) -> Option<Tree> {
        let significant: Vec<&SyntaxToken> = tokens.iter().filter(|token| is_significant(token)).collect();
        let (first, last) = (significant.first()?, significant.last()?);
        let (start, end) = (usize::from(first.text_range().start()), usize::from(last.text_range().end()));
        let mut text = whole_text[start..end].to_owned();
        let mut words: Vec<String> = significant.iter().map(|token| word(token.text())).collect();
        let (mode, extra) = mode(&words);
        if mode == Mode::Async {
            let range = significant[extra].text_range();
            let (from, to) = (usize::from(range.start()) - start, usize::from(range.end()) - start);
            text.replace_range(from..to, &" ".repeat(to - from));
            words.remove(extra);
        }
        let parse = match alone {
            Some(parse) if start == 0 && mode == Mode::Plain => parse.clone(),
            _ => SourceFile::parse(&text),
        };
        let node = parse.tree().syntax().children().next();
        let node = node.filter(|node| node.kind() != SyntaxKind::ERROR && mode != Mode::Iam);
        let whole = node.is_some() && parse.errors().is_empty();
        Some(Tree { node, text, offset: whole_text[..start].chars().count(), words, mode, whole })
    }
}

/// The tokens of each statement.
fn pieces(file: &SyntaxNode) -> Vec<Vec<SyntaxToken>> {
    let mut pieces = vec![Vec::new()];
    let tokens = file.descendants_with_tokens().filter_map(|element| element.into_token());
    for token in tokens {
        // A semicolon that ends a statement is a child of the statement, or of the file.
        let ends = token.kind() == SyntaxKind::SEMICOLON && token.parent_ancestors().nth(2).is_none();
        let last = pieces.len() - 1;
        pieces[last].push(token);
        if ends {
            pieces.push(Vec::new());
        }
    }
    pieces
}

/// Neither space nor comment, nor the end of a statement.
fn is_significant(token: &SyntaxToken) -> bool {
    !matches!(token.kind(), SyntaxKind::WHITESPACE | SyntaxKind::COMMENT | SyntaxKind::SEMICOLON)
}

fn word(text: &str) -> String {
    if text.contains(['\'', '"', '$']) { text.to_owned() } else { text.to_lowercase() }
}

/// The mode, and which word says so.
fn mode(words: &[String]) -> (Mode, usize) {
    let at = |index: usize| words.get(index).map_or("", String::as_str);
    // What follows `ALTER TABLE async` when that is the name of a table.
    let action = |word: &str| {
        matches!(
            word,
            "add" | "alter" | "drop" | "rename" | "set" | "reset" | "owner" | "validate" | "enable"
        ) || matches!(
            word,
            "disable" | "inherit" | "no" | "cluster" | "replica" | "attach" | "detach" | "." | ""
        )
    };
    // A table may be called as an action is: `ALTER TABLE ASYNC owner VALIDATE CONSTRAINT c`.
    let is_validated = (at(4), at(5)) == ("validate", "constraint");
    match (at(0), at(1), at(2), at(3)) {
        ("aws", "iam", "grant" | "revoke", _) => (Mode::Iam, 0),
        ("create", "index", "async", _) => (Mode::Async, 2),
        ("create", "unique", "index", "async") => (Mode::Async, 3),
        ("alter", "table", "async", next) if !action(next) || is_validated => (Mode::Async, 2),
        _ => (Mode::Plain, 0),
    }
}
