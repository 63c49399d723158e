//! What a declaration promises of types and tables that only the compiler knows; a broken promise does not compile.
//!
//! `track_caller` puts the compiler's mark where the promise was made.

/// Refuses a column declared as another type than its Rust type is stored as.
#[track_caller]
pub const fn declared_agrees(declared: &str, sql: &str) {
    if !same_family(declared, sql) {
        panic!("the type in `#[column(…)]` is not one that the field's type is stored as");
    }
}

/// Refuses an identity that is no bigint.
#[track_caller]
pub const fn is_bigint(sql: &str) {
    if !equal(sql, "bigint") {
        panic!("an identity is a bigint: use `i64`, or a `DbType` of one");
    }
}

/// Refuses a key of a type without an order: `datatype … is not supported in a key`.
#[track_caller]
pub const fn can_be_a_key(sql: &str) {
    let ordered = !equal(sql, "bytea")
        && !equal(sql, "json")
        && !equal(sql, "jsonb")
        && !equal(sql, "interval")
        && !equal(sql, "timetz");
    if !ordered {
        panic!("bytea, json, interval and timetz cannot be a key or be indexed");
    }
}

/// Refuses a foreign key with another number of columns than the key it refers to.
#[track_caller]
pub const fn refers_to(columns: usize, primary_key: &[&str]) {
    if columns != primary_key.len() {
        panic!(
            "the key referred to has another number of columns: name them, `#[foreign_key(a, b => Target(x, y))]`"
        );
    }
}

/// Whether both are text, both json, or the same name before the parenthesis.
const fn same_family(left: &str, right: &str) -> bool {
    equal(family(left), family(right))
}

const fn family(sql: &str) -> &str {
    let bytes = sql.as_bytes();
    let mut end = 0;
    while end < bytes.len() && bytes[end] != b'(' {
        end += 1;
    }
    let (name, _) = sql.split_at(end);
    if equal(name, "varchar") || equal(name, "char") {
        return "text";
    }
    if equal(name, "json") { "jsonb" } else { name }
}

const fn equal(left: &str, right: &str) -> bool {
    let (left, right) = (left.as_bytes(), right.as_bytes());
    if left.len() != right.len() {
        return false;
    }
    let mut at = 0;
    while at < left.len() {
        if left[at] != right[at] {
            return false;
        }
        at += 1;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::same_family;

    #[test]
    fn lengths_and_precisions_keep_a_type_what_it_is() {
        for (left, right, same) in [
            ("varchar(20)", "text", true),
            ("char(7)", "varchar(9)", true),
            ("numeric(12,2)", "numeric(18,6)", true),
            ("json", "jsonb", true),
            ("timestamp(3)", "timestamptz", false),
            ("varchar(20)", "integer", false),
        ] {
            assert_eq!(same_family(left, right), same, "{left} and {right}");
        }
    }
}
