//! How a command that did not work ends: what, why, and what to try next.

/// Prints `error: …` with its causes, and the first hint that one of them has.
pub(crate) fn print(error: &anyhow::Error) {
    let mut line = format!("error: {error}");
    let mut said = error.to_string();
    for cause in error.chain().skip(1) {
        let cause = cause.to_string();
        if !said.contains(&cause) {
            line.push_str(&format!(": {cause}"));
        }
        said = cause;
    }
    eprintln!("{line}");
    if let Some(hint) = error.chain().find_map(hint) {
        eprintln!("hint: {hint}");
    }
}

fn hint<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a str> {
    None.or_else(|| error.downcast_ref::<mizzle::Error>().and_then(mizzle::Error::hint))
        .or_else(|| error.downcast_ref::<mizzle::connect::Error>().and_then(mizzle::connect::Error::hint))
        .or_else(|| error.downcast_ref::<mizzle_kit::Error>().and_then(mizzle_kit::Error::hint))
        .or_else(|| error.downcast_ref::<mizzle_local::Error>().and_then(mizzle_local::Error::hint))
}
