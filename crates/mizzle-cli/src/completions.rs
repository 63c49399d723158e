//! `mizzle completions`: what a shell needs to complete the command.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::failure::Failure;

/// Print completions for a shell.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  mizzle completions bash > /etc/bash_completion.d/mizzle
  mizzle completions zsh > \"${fpath[1]}/_mizzle\"
  mizzle completions fish > ~/.config/fish/completions/mizzle.fish")]
pub(crate) struct Options {
    /// The shell
    shell: Shell,
}

pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    clap_complete::generate(
        options.shell,
        &mut crate::Arguments::command(),
        "mizzle",
        &mut std::io::stdout(),
    );
    Ok(())
}
