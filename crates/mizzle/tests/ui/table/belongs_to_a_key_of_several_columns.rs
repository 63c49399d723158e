use mizzle::prelude::*;

#[table]
#[has_many(lines: Line)]
pub struct Order {
    #[column(primary_key)]
    pub region: i32,
    #[column(primary_key)]
    pub number: i64,
}

#[table]
pub struct Line {
    #[column(primary_key)]
    pub id: i64,
    #[belongs_to(order: Order)]
    pub order_number: i64,
}

mizzle::schema! { Order, Line }

fn main() {
    let _ = Line::query().with(Line::order()).filter(line::order_number.eq(3));
    let _ = line::table.inner_join(order::table);
}
