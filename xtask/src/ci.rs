//! What a change must pass, step by step; the first step that does not pass ends it.

use std::time::Instant;

use crate::cargo;

/// Each step: what it proves, and the arguments of cargo.
const STEPS: &[(&str, &[&str])] = &[
    ("format", &["fmt", "--all", "--check"]),
    ("clippy", &["clippy", "--workspace", "--all-targets", "--", "--deny", "warnings"]),
    (
        "clippy, fewest features",
        &[
            "clippy",
            "--package",
            "mizzle",
            "--package",
            "mizzle-local",
            "--no-default-features",
            "--",
            "--deny",
            "warnings",
        ],
    ),
    ("docs", &["doc", "--workspace", "--no-deps"]),
    // the README's command
    ("tests", &["test", "--workspace"]),
];

pub(crate) fn run() -> Result<(), String> {
    for (name, arguments) in STEPS {
        println!("── {name}: cargo {}", arguments.join(" "));
        let started = Instant::now();
        crate::run(cargo(arguments).env("RUSTDOCFLAGS", "--deny warnings"))?;
        println!("── {name}: {:.0} s", started.elapsed().as_secs_f64());
    }
    println!("── checks: cargo xtask checks");
    crate::checks::run(false)
}
