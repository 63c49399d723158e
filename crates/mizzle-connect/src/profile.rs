//! The region of a profile in AWS's shared configuration file.

use std::path::PathBuf;

use crate::config::{Named, Origin};

/// The region that the profile names: the last resort when neither the caller, the host nor a variable does. A file that is
/// not there or cannot be read names none.
pub(crate) fn region(name: Option<&str>, variable: impl Fn(&str) -> Option<String>) -> Option<Named> {
    let profile = name.map(str::to_owned).or_else(|| variable("AWS_PROFILE"));
    let profile = profile.unwrap_or_else(|| "default".to_owned());
    let file = variable("AWS_CONFIG_FILE").map(PathBuf::from).or_else(|| {
        let home = variable("HOME").or_else(|| variable("USERPROFILE"))?;
        Some(PathBuf::from(home).join(".aws/config"))
    })?;
    let text = std::fs::read_to_string(file).ok()?;
    Some(Named { value: find(&text, &profile)?, origin: Origin::Profile(profile) })
}

/// `region = …` under `[profile name]`, or `[default]`.
fn find(text: &str, profile: &str) -> Option<String> {
    let mut inside = false;
    for line in text.lines() {
        let plain = line.split(['#', ';']).next().unwrap_or_default().trim_end();
        if let Some(section) = plain.trim().strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            let section = section.trim();
            let named = section.strip_prefix("profile").map(str::trim);
            inside = named == Some(profile) || (profile == "default" && section == "default");
            continue;
        }
        // An indented line belongs to the setting above it.
        if inside
            && !plain.starts_with([' ', '\t'])
            && let Some((name, value)) = plain.split_once('=')
            && name.trim() == "region"
        {
            return Some(value.trim().to_owned()).filter(|value| !value.is_empty());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_region_of_a_profile_is_found() {
        let text = "\
[default]
region = eu-west-1 # here
[profile dev]
s3 =
  region = us-west-2
output = json
region=us-east-1
[sso-session dev]
region = ap-south-1
[profile none]
region =
";
        for (profile, expect) in
            [("default", Some("eu-west-1")), ("dev", Some("us-east-1")), ("none", None), ("other", None)]
        {
            assert_eq!(find(text, profile).as_deref(), expect, "{profile}");
        }
    }
}
