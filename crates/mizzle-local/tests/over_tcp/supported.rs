//! Every form that Aurora DSQL supports, run on a fresh cluster.

use crate::cluster::{Cluster, ask};

/// One statement a line; each must succeed. The comment names the page of the user guide.
const FORMS: &str = include_str!("supported.sql");

#[tokio::test]
async fn everything_the_guide_supports_runs() {
    let cluster = Cluster::start().await;
    let client = cluster.admin().await;
    let behind = ask(&client, "select current_setting_of_engine('server_version_num')::int / 10000").await;
    let behind: u32 = behind.split(';').next().and_then(|text| text.parse().ok()).expect("a version");
    let mut failed = Vec::new();
    for form in FORMS.lines().filter(|line| !line.is_empty() && !line.starts_with("--")) {
        // A few forms came with PostgreSQL 16; an older one behind cannot run them.
        let form = match form.strip_prefix("[16] ") {
            Some(_) if behind < 16 => continue,
            Some(rest) => rest,
            None => form,
        };
        let answer = ask(&client, form).await;
        if !answer.contains('#') {
            failed.push(format!("{form}\n    {answer}"));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    cluster.stop().await;
}
