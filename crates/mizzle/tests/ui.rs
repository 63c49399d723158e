//! What does not compile, and what the compiler then says.

/// What does: the tables of the cases, and their like without a mistake.
// Compiled here, so that the cases need no code of what they depend on, and are all checked in one go.
#[path = "ui/clinic.rs"]
#[expect(dead_code, unreachable_pub, reason = "it need only compile")]
mod clinic;

#[test]
fn mistakes_are_refused_with_a_cure() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/ui/query/*.rs");
    cases.compile_fail("tests/ui/shape/*.rs");
    cases.compile_fail("tests/ui/table/*.rs");
}
