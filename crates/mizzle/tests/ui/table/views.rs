use mizzle::prelude::*;

#[table(view)]
pub struct Keyless {
    pub name: String,
}

#[table(view)]
#[index(name)]
pub struct Indexed {
    #[column(primary_key)]
    pub name: String,
}

fn main() {}
