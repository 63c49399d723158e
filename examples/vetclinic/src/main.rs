//! x
mod schema;
mod sample;
fn main() { let _ = async |db: mizzle::Db| sample::run(&db).await;}
