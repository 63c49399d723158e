//! Stories of tokens that are let in and tokens that are not, under a clock that stands still.

use super::*;

const HOST: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaa.dsql.us-east-1.on.aws";

/// Signed by AWS's own Python library (botocore 1.43.11, `SigV4QueryAuth`) with the credentials of [`gate`].
const ADMIN: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaa.dsql.us-east-1.on.aws/?Action=DbConnectAdmin\
    &X-Amz-Algorithm=AWS4-HMAC-SHA256\
    &X-Amz-Credential=AKIDEXAMPLE%2F20260102%2Fus-east-1%2Fdsql%2Faws4_request\
    &X-Amz-Date=20260102T030405Z&X-Amz-Expires=900&X-Amz-SignedHeaders=host\
    &X-Amz-Signature=6ccc85a77cff89c7412322e8fa40bbe20809ad70d8e1003e4669d799c48e0d66";
const ROLE_SIGNATURE: &str = "64f31193e9ccb8755cf9ce063782f55aced3ad976e9c8fd2667607ef29d6d70b";

fn gate() -> Gate {
    Gate {
        principals: vec![Principal::new(
            "local",
            "AKIDEXAMPLE",
            "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
            "arn:aws:iam::123456789012:user/local",
        )],
        hosts: vec![HOST.to_owned(), "localhost".to_owned()],
        region: "us-east-1".to_owned(),
        cluster_arn: "arn:aws:dsql:us-east-1:123456789012:cluster/aaaaaaaaaaaaaaaaaaaaaaaaaa".to_owned(),
    }
}

fn time(text: &str) -> Timestamp {
    Timestamp::read(text).expect("a time")
}

fn signed(host: &str, region: &str, user: &str, life: u64) -> String {
    let life = Duration::from_secs(life);
    sign(&gate().principals[0], host, region, user, time("20260102T030405Z"), life)
}

fn check(token: &str, user: &str, now: &str, expect: &str) {
    let seen = match gate().admit(token, user, time(now)) {
        Ok(principal) => format!("in as {}", principal.arn),
        Err(refusal) => {
            assert_eq!(refusal.state, "28000");
            assert_eq!(refusal.message, "unable to accept connection, access denied");
            refusal.hint.expect("every refusal of a token has a hint")
        }
    };
    assert!(seen.starts_with(expect), "{seen}\n  is not\n{expect}");
}

#[test]
fn our_tokens_are_the_ones_aws_would_sign() {
    assert_eq!(signed(HOST, "us-east-1", "admin", 900), ADMIN);
    assert!(signed(HOST, "us-east-1", "app", 900).ends_with(ROLE_SIGNATURE));
}

#[test]
fn a_token_of_aws_is_let_in_until_it_expires() {
    check(ADMIN, "admin", "20260102T030405Z", "in as arn:aws:iam::123456789012:user/local");
    check(ADMIN, "admin", "20260102T031905Z", "in as");
    check(
        ADMIN,
        "admin",
        "20260102T031906Z",
        "Signature expired: 20260102T031905Z is now earlier than 20260102T031906Z",
    );
    check(ADMIN, "admin", "20260102T025905Z", "in as");
    check(ADMIN, "admin", "20260102T025904Z", "Signature not yet current");
}

#[test]
fn the_action_has_to_fit_the_user() {
    let now = "20260102T030405Z";
    let role = signed(HOST, "us-east-1", "app", 900);
    check(&role, "app", now, "in as");
    check(&role, "admin", now, "Wrong user to action mapping. user: admin, action: DbConnect");
    check(ADMIN, "app", now, "Wrong user to action mapping. user: app, action: DbConnectAdmin");
}

#[test]
fn a_token_that_was_changed_after_signing_is_refused() {
    let now = "20260102T030405Z";
    let reason = "The request signature we calculated does not match";
    for (from, to) in [
        ("Expires=900", "Expires=901"),
        ("DbConnectAdmin", "DbConnect"),
        ("T030405Z", "T030406Z"),
        ("6ccc85", "6ccc86"),
        ("aaaaaaaaaaaaaaaaaaaaaaaaaa.dsql.us-east-1.on.aws/", "localhost/"),
        ("&X-Amz-SignedHeaders", "&x=y&X-Amz-SignedHeaders"),
    ] {
        check(&ADMIN.replacen(from, to, 1), "admin", now, reason);
    }
}

#[test]
fn a_token_for_elsewhere_is_refused() {
    let now = "20260102T030405Z";
    check(&signed("localhost", "us-east-1", "admin", 900), "admin", now, "in as");
    check(
        &signed("other.dsql.us-east-1.on.aws", "us-east-1", "admin", 900),
        "admin",
        now,
        "The token is signed",
    );
    check(
        &signed(HOST, "eu-west-1", "admin", 900),
        "admin",
        now,
        "Credential should be scoped to a valid region",
    );
    check(&ADMIN.replace("%2Fdsql", "%2Fs3"), "admin", now, "Credential should be scoped to correct service");
    check(&ADMIN.replace("AKIDEXAMPLE", "AKIDOTHER"), "admin", now, "The security token included");
}

#[test]
fn seven_days_is_the_longest_life() {
    let now = "20260102T030405Z";
    check(&signed(HOST, "us-east-1", "admin", 604_800), "admin", now, "in as");
    check(&signed(HOST, "us-east-1", "admin", 604_801), "admin", now, "X-Amz-Expires must be less than");
}

#[test]
fn a_password_of_another_shape_is_refused() {
    let now = "20260102T030405Z";
    let reason = "The password is not an authentication token.";
    for password in ["", "secret", "host/?Action=DbConnect", &format!("{ADMIN}&Action=DbConnect")] {
        check(password, "admin", now, reason);
    }
    check(&ADMIN.replace("SHA256&", "SHA512&"), "admin", now, reason);
}

#[test]
fn a_token_is_read_as_one_word_too_and_only_its_separators_are_respelled() {
    let word = as_one_word(ADMIN);
    assert!(!word.contains('&'));
    check(&word, "admin", "20260102T030406Z", "in as ");
    let encoded_whole = ADMIN.replace('%', "%25").replace('&', "%26").replace('=', "%3D").replace('/', "%2F");
    check(&encoded_whole, "admin", "20260102T030406Z", "The password is not an authentication token.");
}

#[test]
fn temporary_credentials_come_with_their_session_token() {
    let arn = "arn:aws:iam::123456789012:role/app";
    let app = Principal::new("app", "ASIAEXAMPLE", "secret", arn).session_token("a/b+c==");
    let mut gate = gate();
    gate.principals.push(app.clone());
    let now = time("20260102T030405Z");
    let token =
        |principal: &Principal| sign(principal, HOST, "us-east-1", "app", now, Duration::from_secs(900));
    let seen = |token: &str| match gate.admit(token, "app", now) {
        Ok(principal) => principal.name.clone(),
        Err(refusal) => refusal.hint.unwrap_or_default(),
    };
    assert_eq!(seen(&token(&app)), "app");
    let invalid = "The security token included in the request is invalid.";
    assert_eq!(seen(&token(&app.clone().session_token("another"))), invalid);
    let without = Principal { session_token: None, ..app.clone() };
    assert_eq!(seen(&token(&without)), invalid);
    let permanent = gate.principals[0].clone().session_token("a/b+c==");
    assert_eq!(seen(&token(&permanent)), invalid);
    let dropped = token(&app).replace("&X-Amz-Security-Token=a%2Fb%2Bc%3D%3D", "");
    assert!(seen(&dropped).starts_with("The request signature we calculated does not match"));
}

#[test]
fn a_policy_says_which_actions_are_allowed() {
    let arn = "arn:aws:iam::123456789012:role/app";
    let app = Principal::new("app", "AKIAAPP", "secret", arn).actions(["dsql:DbConnect"]);
    let mut gate = gate();
    gate.principals.push(app.clone());
    let now = time("20260102T030405Z");
    let seen = |user: &str| {
        let token = sign(&app, HOST, "us-east-1", user, now, Duration::from_secs(900));
        gate.admit(&token, user, now).map(|principal| principal.arn.clone()).map_err(|refusal| refusal.hint)
    };
    assert_eq!(seen("app"), Ok(arn.to_owned()));
    let denied = format!(
        "User: {arn} is not authorized to perform: dsql:DbConnectAdmin on resource: \
         arn:aws:dsql:us-east-1:123456789012:cluster/aaaaaaaaaaaaaaaaaaaaaaaaaa"
    );
    assert_eq!(seen("admin"), Err(Some(denied)));
}
