//! One statement: its words, and its tree with the forms that only Aurora DSQL has taken out first.

use std::ops::Range;

use squawk_syntax::ast::AstNode;
use squawk_syntax::{SourceFile, SyntaxKind as K, SyntaxNode};

use super::depth::Depth;
use super::script::Token;

/// A statement of a text. All spans are those of the whole text.
#[derive(Debug)]
pub(crate) struct Statement<'a> {
    pub(crate) text: &'a str,
    pub(crate) source: usize,
    /// How many separators stand before it.
    pub(crate) piece: usize,
    /// From its first word to its last.
    pub(crate) span: Range<usize>,
    /// Behind its semicolon, if it has one.
    pub(crate) end: usize,
    pub(crate) words: Vec<Word>,
    pub(crate) form: Form,
    /// What the parser did not understand.
    pub(crate) error: Option<(Range<usize>, String)>,
    /// Its tree, every node of it; empty when the parser did not understand every part.
    nodes: Vec<SyntaxNode>,
}

/// Anything but space and comments: in lower case, unless it is quoted.
#[derive(Debug, Clone)]
pub(crate) struct Word {
    pub(crate) text: String,
    pub(crate) span: Range<usize>,
}

/// What stands in the text that PostgreSQL does not know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Form {
    Plain,
    /// `CREATE INDEX ASYNC`, `ALTER TABLE ASYNC`: where the word is.
    Async(Range<usize>),
    /// `AWS IAM GRANT`, `AWS IAM REVOKE`.
    Iam,
}

/// What a statement is to a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    Begin,
    End,
    Ddl,
    Dml,
    /// Not in a transaction block: `CALL sys.wait_for_job`, `ANALYZE`.
    Alone,
    Other,
}

impl<'a> Statement<'a> {
    pub(crate) fn read(
        text: &'a str,
        source: usize,
        piece: usize,
        tokens: &[Token],
        end: usize,
    ) -> Statement<'a> {
        let span = tokens[0].span.start..tokens[tokens.len() - 1].span.end;
        let words: Vec<Word> = tokens
            .iter()
            .map(|token| Word { text: word(&text[token.span.clone()]), span: token.span.clone() })
            .collect();
        let form = form(&words);
        let mut statement =
            Statement { text, source, piece, span, end, words, form, error: None, nodes: Vec::new() };
        statement.parse(tokens);
        statement
    }

    fn parse(&mut self, tokens: &[Token]) {
        if self.form == Form::Iam {
            return;
        }
        if Depth::of(self.text, tokens).is_too_deep() {
            self.error = Some((self.span.clone(), "brackets go too deep".to_owned()));
            return;
        }
        let mut text = self.text[self.span.clone()].to_owned();
        for unread in self.unread() {
            let at = unread.start - self.span.start..unread.end - self.span.start;
            text.replace_range(at, &" ".repeat(unread.len()));
        }
        let parse = SourceFile::parse(&text);
        let error = parse.errors().into_iter().next();
        let node = parse.tree().syntax().children().next().filter(|node| node.kind() != K::ERROR);
        if let Some(error) = error {
            let start = self.span.start + usize::from(error.range().start());
            let at = self.words.iter().find(|word| word.span.end > start);
            let span = at.map_or(self.span.end..self.span.end, |word| word.span.clone());
            self.error = Some((span, error.message().to_owned()));
            return;
        }
        match node {
            Some(node) => self.nodes = node.descendants().collect(),
            None => self.error = Some((self.words[0].span.clone(), "expected a statement".to_owned())),
        }
    }

    /// What Aurora DSQL accepts and the parser does not know.
    fn unread(&self) -> Vec<Range<usize>> {
        let asynchronous = match &self.form {
            Form::Async(word) => Some(word.clone()),
            Form::Plain | Form::Iam => None,
        };
        let adds = self.starts_with(&["alter", "table"]);
        let stored = self.words.windows(3).filter(|window| {
            let modes = ["plain", "external", "extended", "main", "default"];
            adds && window[0].text != "set"
                && window[1].text == "storage"
                && modes.contains(&window[2].text.as_str())
        });
        asynchronous
            .into_iter()
            .chain(stored.map(|window| window[1].span.start..window[2].span.end))
            .collect()
    }

    /// Its kind; none when the parser did not understand every part.
    pub(crate) fn kind(&self) -> Option<K> {
        self.root().map(SyntaxNode::kind)
    }

    /// Its tree; none when the parser did not understand every part.
    pub(crate) fn root(&self) -> Option<&SyntaxNode> {
        self.nodes.first()
    }

    /// Every node of these kinds, each before those in it.
    pub(crate) fn all<'s>(&'s self, kinds: &'s [K]) -> impl Iterator<Item = SyntaxNode> + 's {
        self.nodes.iter().filter(|node| kinds.contains(&node.kind())).cloned()
    }

    /// Where a node stands.
    pub(crate) fn span_of(&self, node: &SyntaxNode) -> Range<usize> {
        let range = node.text_range();
        let end = self.span.start + usize::from(range.end());
        let end = self.text[..end].trim_end_matches([';', ' ', '\n']).len();
        self.span.start + usize::from(range.start())..end
    }

    /// How a node begins: two words of it.
    pub(crate) fn head_of(&self, node: &SyntaxNode) -> Range<usize> {
        let span = self.span_of(node);
        let within = |word: &&Word| word.span.start >= span.start && word.span.end <= span.end;
        let mut words = self.words.iter().filter(within);
        let first = words.next().map_or(span.clone(), |word| word.span.clone());
        let is_word = |word: &&Word| word.text.chars().all(|c| c.is_alphanumeric() || c == '_');
        let second = words.next().filter(is_word).map_or(first.end, |word| word.span.end);
        first.start..second
    }

    /// Where it begins: two words of it.
    pub(crate) fn head(&self) -> Range<usize> {
        let end = if self.words.len() > 1 { &self.words[1] } else { &self.words[0] };
        self.words[0].span.start..end.span.end
    }

    /// What a span says, in capitals when it is made of keywords.
    pub(crate) fn said(&self, span: Range<usize>) -> &'a str {
        &self.text[span]
    }

    /// Where these words stand one after the other.
    pub(crate) fn phrase(&self, phrase: &[&str]) -> Option<Range<usize>> {
        let fits = |window: &&[Word]| window.iter().map(|word| word.text.as_str()).eq(phrase.iter().copied());
        let window = self.words.windows(phrase.len()).find(fits)?;
        Some(window[0].span.start..window[phrase.len() - 1].span.end)
    }

    /// Whether it begins with these words.
    pub(crate) fn starts_with(&self, phrase: &[&str]) -> bool {
        let mut words = self.words.iter().map(|word| word.text.as_str());
        phrase.iter().all(|want| words.next() == Some(*want))
    }

    pub(crate) fn is_async(&self) -> bool {
        matches!(self.form, Form::Async(_))
    }

    /// What it is to a transaction.
    pub(crate) fn class(&self) -> Class {
        let writes = [K::INSERT, K::UPDATE, K::DELETE, K::MERGE];
        match self.words[0].text.as_str() {
            "begin" | "start" => Class::Begin,
            "commit" | "end" | "rollback" | "abort" => Class::End,
            "create" | "alter" | "drop" | "grant" | "revoke" | "comment" | "aws" => Class::Ddl,
            "call" if self.phrase(&["wait_for_job"]).is_some() => Class::Alone,
            "analyze" => Class::Alone,
            "explain" if self.all(&[K::EXPLAIN_ANALYZE]).next().is_none() => Class::Other,
            _ if self.all(&writes).next().is_some() => Class::Dml,
            _ => Class::Other,
        }
    }
}

fn word(text: &str) -> String {
    if text.contains(['\'', '"', '$']) { text.to_owned() } else { text.to_lowercase() }
}

fn form(words: &[Word]) -> Form {
    let at = |index: usize| words.get(index).map_or("", |word| word.text.as_str());
    match (at(0), at(1), at(2), at(3)) {
        ("aws", "iam", "grant" | "revoke", _) => Form::Iam,
        ("create", "index", "async", _) => Form::Async(words[2].span.clone()),
        ("create", "unique", "index", "async") => Form::Async(words[3].span.clone()),
        // `async` may be a table's name, and so may `owner`: what follows a name is an action.
        ("alter", "table", "async", next)
            if !ACTIONS.contains(&next) || !at(4).is_empty() && ACTIONS.contains(&at(4)) =>
        {
            Form::Async(words[2].span.clone())
        }
        _ => Form::Plain,
    }
}

/// How an action of ALTER TABLE begins, and what else follows a table's name.
const ACTIONS: &[&str] = &[
    "add", "alter", "drop", "rename", "set", "reset", "owner", "validate", "enable", "disable", "inherit",
    "no", "cluster", "replica", "attach", "detach", ".", "",
];
