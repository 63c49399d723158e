//! Principals on the command line: `name:access-key:secret:arn[,session-token=T][,actions=A+B]`.

use mizzle_local::Principal;

use crate::failure::Failure;

const GRAMMAR: &str = "write name:access-key:secret:arn[,session-token=TOKEN][,actions=DbConnect+DbConnectAdmin], \
    such as app:AKIAAPP:secret:arn:aws:iam::123456789012:role/app";

/// The actions that a policy may allow.
const ACTIONS: &[&str] = &["DbConnect", "DbConnectAdmin"];

/// Reads a principal; its ARN has colons of its own, and may have commas.
pub(crate) fn read(text: &str) -> Result<Principal, Failure> {
    let (options, plain): (Vec<&str>, Vec<&str>) = text.split(',').partition(|part| is_option(part));
    let plain = plain.join(",");
    let parts: Vec<&str> = plain.splitn(4, ':').collect();
    let mut principal = match parts[..] {
        [name, key, secret, arn]
            if arn.starts_with("arn:") && [name, key, secret].iter().all(|part| !part.is_empty()) =>
        {
            Principal::new(name, key, secret, arn)
        }
        _ => return Err(no(format!("{text:?} is no principal"))),
    };
    for option in options {
        principal = match option.split_once('=') {
            Some(("session-token", token)) if !token.is_empty() => principal.session_token(token),
            Some(("actions", actions)) => principal.actions(read_actions(actions)?),
            _ => return Err(no(format!("a principal has no {option:?}"))),
        };
    }
    Ok(principal)
}

/// Whether a part is `name=value`, and not a piece of an ARN or of a secret that has an equals sign.
fn is_option(part: &str) -> bool {
    part.split_once('=')
        .is_some_and(|(name, _)| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'))
}

/// `DbConnect`, `dsql:DbConnectAdmin`, or both with a plus between.
fn read_actions(text: &str) -> Result<Vec<&str>, Failure> {
    let plain =
        |action: &str| ACTIONS.iter().find(|known| **known == action.trim_start_matches("dsql:")).copied();
    let read = |action| plain(action).ok_or_else(|| no(format!("there is no action {action:?}")));
    text.split('+').map(read).collect()
}

fn no(message: String) -> Failure {
    Failure::new(message, Some(GRAMMAR.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARN: &str = "arn:aws:iam::123456789012:role/a,b";

    #[test]
    fn principals_are_read() {
        let plain = Principal::new("app", "AKIA", "s/+cret", ARN);
        let check = |more: &str, expect: Principal| {
            assert!(
                read(&format!("app:AKIA:s/+cret:{ARN}{more}")).is_ok_and(|read| read == expect),
                "{more}"
            );
        };
        check("", plain.clone());
        check(",session-token=a/b+c==", plain.clone().session_token("a/b+c=="));
        check(
            ",actions=dsql:DbConnect+DbConnectAdmin,session-token=t",
            plain.session_token("t").actions(["DbConnect", "DbConnectAdmin"]),
        );
    }

    #[test]
    fn what_is_no_principal_is_explained() {
        let check = |text: &str, said: &str| {
            let failure = read(text).expect_err(text).to_string();
            assert!(
                failure.starts_with(&format!("error: {said}\nhint: write name:access-key:")),
                "{failure}"
            );
        };
        check("app", "\"app\" is no principal");
        check("app::secret:arn:x", "\"app::secret:arn:x\" is no principal");
        check("app:key:secret:arn:x,actions=Drop", "there is no action \"Drop\"");
        check("app:key:secret:arn:x,session-token=", "a principal has no \"session-token=\"");
        check("app:key:secret:arn:x,token=y", "a principal has no \"token=y\"");
    }
}
