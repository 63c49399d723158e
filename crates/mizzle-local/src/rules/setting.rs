//! The parameters a session may set.

use crate::refusal::Refusal;

/// Aurora DSQL's list (AWS's `dsql` skill, limits and error codes).
const SETTABLE: &[&str] = &[
    "application_name",
    "client_encoding",
    "datestyle",
    "dsql.enable_batched_nestloop",
    "enable_bitmapscan",
    "enable_hashjoin",
    "enable_indexonlyscan",
    "enable_indexscan",
    "enable_material",
    "enable_mergejoin",
    "enable_nestloop",
    "enable_seqscan",
    "extra_float_digits",
    "intervalstyle",
    "role",
    "search_path",
    "timezone",
];

/// Whether a client may set the parameter, by `SET`, `set_config` or at start-up.
pub(crate) fn settable(name: &str) -> bool {
    SETTABLE.contains(&name.to_lowercase().as_str())
}

/// What is said to any other; `{}` stands for its name.
pub(super) const UNSETTABLE: &str = "setting configuration parameter \"{}\" not supported";

pub(crate) fn unsettable(name: &str) -> Refusal {
    Refusal::new("0A000", UNSETTABLE.replace("{}", &name.to_lowercase()))
}
