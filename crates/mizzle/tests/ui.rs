//! What does not compile, and what the compiler then says.

#[test]
fn mistakes_are_refused_with_a_cure() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/ui/clinic.rs");
    cases.compile_fail("tests/ui/query/*.rs");
    cases.compile_fail("tests/ui/shape/*.rs");
    cases.compile_fail("tests/ui/table/*.rs");
}
