#[path = "../clinic.rs"]
mod clinic;
use clinic::*;
use mizzle::prelude::*;

struct Odd;

fn main() {
    let odd = Odd;
    let _ = sql!("SELECT {owner::nmae} FROM {owner::table}");
    let _ = sql!("SELECT 1 WHERE 1 = {odd}");
    let _ = sql!("SELECT 1 WHERE 1 = {1 +}");
    let _ = sql!("SELECT 1 }");
    let _ = sql!("SELECT 1 WHERE kind = {Kind::Cat}");
    let _ = sql!("SELECT 1 WHERE kind = {(Kind::Cat)}");
}
