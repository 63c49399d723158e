//! Tells the `mizzle` command what the structs declare: `mizzle generate` runs it.

use std::process::ExitCode;

fn main() -> ExitCode {
    mizzle_kit::main(newcomer::schema::TABLES)
}
