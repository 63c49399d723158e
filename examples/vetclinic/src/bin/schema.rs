//! Tells the `mizzle` command what the clinic's structs declare: `mizzle generate` runs it.

use std::process::ExitCode;

fn main() -> ExitCode {
    mizzle_kit::main(vetclinic::schema::TABLES)
}
