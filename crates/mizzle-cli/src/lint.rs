//! `mizzle lint`: says what Aurora DSQL refuses in SQL files, and what it accepts and one regrets.

use std::io::{IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use clap::Args;
use mizzle_kit::lint::{Finding, Linter, RULES, Severity, Source, find};
use serde_json::{Value, json};

use crate::failure::Failure;

/// Check SQL for what Aurora DSQL refuses, and for what it accepts and hurts.
///
/// Reads files, folders with all their .sql files in the order of their numbers, or standard input (-).
/// Files are read one after the other as they would run, so that a rule about tables knows what came before.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Options {
    /// Files and folders; - is standard input
    #[arg(value_name = "PATH", default_value = "migrations")]
    paths: Vec<PathBuf>,

    /// Mend what needs no decision, in place; of standard input, to standard output
    #[arg(long)]
    fix: bool,

    /// Print one JSON document instead of text
    #[arg(long)]
    json: bool,

    /// Print the page of a rule: why it is there, what is bad, what is good
    #[arg(long, value_name = "RULE", conflicts_with_all = ["fix", "json"])]
    explain: Option<String>,

    /// List the rules
    #[arg(long, conflicts_with_all = ["fix", "json", "explain"])]
    rules: bool,
}

const EXAMPLES: &str = "\
Examples:
  mizzle lint                           the folder `migrations`
  mizzle lint schema.sql --fix          mend it, and say what is left
  pg_dump --schema-only | mizzle lint - what would a cluster say to this dump?
  mizzle lint --explain index-async     a rule's page

A finding that is meant is let pass by a comment at its statement, with a reason:
  -- mizzle-lint: allow(drop-table) nobody has read it since March
What a migration allows by the name of a hazard, -- mizzle: allow drops-table, is let pass as well.

Exit codes: 0 nothing found, 1 findings, 2 the command line or a file is wrong, 3 a fault of our own.";

/// What the command ends with.
const FINDINGS: u8 = 1;
const USAGE: u8 = 2;
const FAULT: u8 = 3;

pub(crate) fn run(options: &Options) -> ExitCode {
    let outcome = match (&options.explain, options.rules) {
        (Some(rule), _) => explain(rule),
        (None, true) => list(),
        (None, false) => check(options),
    };
    match outcome {
        Ok(code) => code.into(),
        Err((code, failure)) => {
            failure.print(options.json);
            code.into()
        }
    }
}

type Outcome = Result<u8, (u8, Failure)>;

fn explain(id: &str) -> Outcome {
    let Some(rule) = find(id) else {
        let failure = format!("there is no rule `{id}`");
        return Err((USAGE, Failure::new(failure, Some("`mizzle lint --rules` lists them".to_owned()))));
    };
    say(&rule.page())?;
    Ok(0)
}

fn list() -> Outcome {
    let lines: Vec<String> =
        RULES.iter().map(|rule| format!("{:<24}{}\n", rule.id, rule.title.replace('`', ""))).collect();
    say(&lines.concat())?;
    Ok(0)
}

fn check(options: &Options) -> Outcome {
    let mut sources = sources(&options.paths)?;
    let linter = Linter::new();
    let fixed = if options.fix { fix(&linter, &mut sources)? } else { Vec::new() };
    let findings = linter.lint(&sources);
    let taken = options.fix && sources.iter().any(|source| source.name == STDIN);
    let text = if options.json {
        format!("{}\n", document(&findings, &sources, &fixed))
    } else {
        shown(&findings, &sources, !taken && std::io::stdout().is_terminal())
    };
    // The mended text has the standard output to itself.
    if taken {
        eprint!("{text}");
    } else {
        say(&text)?;
    }
    if !options.json {
        eprintln!("{}", summary(&findings, sources.len(), fixed.len()));
    }
    Ok(if findings.is_empty() { 0 } else { FINDINGS })
}

/// What standard input is called.
const STDIN: &str = "<stdin>";

fn sources(paths: &[PathBuf]) -> Result<Vec<Source>, (u8, Failure)> {
    let mut sources = Vec::new();
    for path in paths {
        if path.as_os_str() == "-" {
            let mut text = String::new();
            let read = std::io::stdin().read_to_string(&mut text);
            read.map_err(|error| unreadable(Path::new("standard input"), &error))?;
            sources.push(Source::new(STDIN, text));
            continue;
        }
        for file in files(path)? {
            let text = std::fs::read_to_string(&file).map_err(|error| unreadable(&file, &error))?;
            sources.push(Source::new(file.display().to_string(), text));
        }
    }
    if sources.is_empty() {
        let failure = format!("no .sql file in `{}`", paths[0].display());
        return Err((
            USAGE,
            Failure::new(failure, Some("name a file, a folder, or - for standard input".to_owned())),
        ));
    }
    Ok(sources)
}

/// A file, or the SQL files of a folder and its folders: by their numbers, so that 10 comes after 9, then by
/// name.
fn files(path: &Path) -> Result<Vec<PathBuf>, (u8, Failure)> {
    let is_folder = std::fs::metadata(path).map_err(|error| unreadable(path, &error))?.is_dir();
    if !is_folder {
        return Ok(vec![path.to_owned()]);
    }
    let entries = std::fs::read_dir(path).map_err(|error| unreadable(path, &error))?;
    let mut found: Vec<PathBuf> = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|error| unreadable(path, &error))?.path();
        let name = entry.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if !name.starts_with('.') && (entry.is_dir() || name.ends_with(".sql")) {
            found.push(entry);
        }
    }
    found.sort_by_key(|entry| {
        let name = entry.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let digits: String = name.chars().take_while(char::is_ascii_digit).collect();
        (digits.parse::<u64>().unwrap_or(u64::MAX), name)
    });
    let inner: Result<Vec<_>, _> = found.iter().map(|entry| files(entry)).collect();
    Ok(inner?.concat())
}

fn unreadable(path: &Path, error: &std::io::Error) -> (u8, Failure) {
    let hint = match error.kind() {
        std::io::ErrorKind::InvalidData => "save it as UTF-8",
        _ => "name a file, a folder, or - for standard input",
    };
    (USAGE, Failure::new(format!("cannot read `{}`: {error}", path.display()), Some(hint.to_owned())))
}

/// Mends the texts, and the files they came from; answers the names of those that changed.
fn fix(linter: &Linter<'_>, sources: &mut [Source]) -> Result<Vec<String>, (u8, Failure)> {
    let mut changed = Vec::new();
    let texts = linter.fix(sources);
    for (source, text) in sources.iter_mut().zip(texts) {
        let same = source.text == text;
        if source.name == STDIN {
            say(&text)?;
        } else if !same {
            let written = std::fs::write(&source.name, &text);
            written.map_err(|error| {
                (FAULT, Failure::new(format!("cannot write `{}`: {error}", source.name), None))
            })?;
        }
        if !same {
            changed.push(source.name.clone());
            source.text = text;
        }
    }
    Ok(changed)
}

/// The findings as a person reads them.
fn shown(findings: &[Finding], sources: &[Source], colour: bool) -> String {
    let colour = colour && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    let one = |finding: &Finding| {
        let level = match finding.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let mut group = Group::with_title(level.primary_title(&*finding.message).id(finding.rule));
        if let Some(place) = &finding.place {
            let source = &sources[place.source];
            // The lines around the place alone: the whole text would be read again for each finding.
            let start = source.text[..place.span.start].rfind('\n').map_or(0, |at| at + 1);
            let end =
                source.text[place.span.end..].find('\n').map_or(source.text.len(), |at| place.span.end + at);
            let at = AnnotationKind::Primary.span(place.span.start - start..place.span.end - start);
            let lines = Snippet::source(&source.text[start..end]).line_start(place.line);
            group = group.element(lines.path(&*source.name).annotation(at));
        }
        group = group.element(Level::HELP.message(&*finding.hint));
        if finding.fix.is_some() {
            group = group.element(Level::NOTE.message("`--fix` does it"));
        }
        format!("{}\n\n", renderer.render(&[group]))
    };
    findings.iter().map(one).collect()
}

/// The findings as a program reads them.
fn document(findings: &[Finding], sources: &[Source], fixed: &[String]) -> Value {
    let one = |finding: &Finding| {
        let place = finding.place.as_ref();
        let edits = finding.fix.as_ref().map(|edits| {
            let edit = |edit: &mizzle_kit::lint::Edit| {
                json!({"start": edit.span.start, "end": edit.span.end, "text": edit.text})
            };
            edits.iter().map(edit).collect::<Vec<_>>()
        });
        json!({
            "rule": finding.rule,
            "severity": finding.severity.to_string(),
            "message": finding.message,
            "hint": finding.hint,
            "file": place.map(|at| sources[at.source].name.as_str()),
            "line": place.map(|at| at.line),
            "column": place.map(|at| at.column),
            "start": place.map(|at| at.span.start),
            "end": place.map(|at| at.span.end),
            "edits": edits,
        })
    };
    json!({
        "findings": findings.iter().map(one).collect::<Vec<_>>(),
        "errors": count(findings, Severity::Error),
        "warnings": count(findings, Severity::Warning),
        "files": sources.len(),
        "fixed": fixed,
    })
}

fn summary(findings: &[Finding], files: usize, fixed: usize) -> String {
    let several = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    let (errors, warnings) = (count(findings, Severity::Error), count(findings, Severity::Warning));
    let mended = findings.iter().filter(|finding| finding.fix.is_some()).count();
    let mut said = match findings.len() {
        0 => format!("nothing found in {}", several(files, "file")),
        _ => format!(
            "{}, {} in {}",
            several(errors, "error"),
            several(warnings, "warning"),
            several(files, "file")
        ),
    };
    if mended > 0 {
        said += &format!("; --fix mends {mended}");
    }
    if fixed > 0 {
        said += &format!("; {} changed", several(fixed, "file"));
    }
    said
}

fn count(findings: &[Finding], severity: Severity) -> usize {
    findings.iter().filter(|finding| finding.severity == severity).count()
}

/// A reader that went away has seen enough.
fn say(text: &str) -> Result<(), (u8, Failure)> {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err((FAULT, Failure::new(format!("cannot write the answer: {error}"), None)))
        }
        _ => Ok(()),
    }
}
