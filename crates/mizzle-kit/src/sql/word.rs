//! Names in SQL, in quotes only where PostgreSQL needs them.

/// Words that cannot stand for a column, table or function without quotes, or not everywhere (manual, "SQL Key Words").
const KEYWORDS: &str = " all analyse analyze and any array as asc asymmetric authorization between bigint binary bit boolean both \
    case cast char character check coalesce collate collation column concurrently constraint create cross current_catalog \
    current_date current_role current_schema current_time current_timestamp current_user dec decimal default deferrable desc \
    distinct do else end except exists extract false fetch float for foreign freeze from full grant greatest group grouping \
    having ilike in initially inner inout int integer intersect interval into is isnull join json json_array json_arrayagg \
    json_object json_objectagg lateral leading least left like limit localtime localtimestamp national natural nchar none \
    normalize not notnull null nullif numeric offset on only or order out outer overlaps overlay placing position precision \
    primary real references returning right row select session_user setof similar smallint some substring symmetric \
    system_user table tablesample then time timestamp to trailing treat trim true union unique user using values varchar \
    variadic verbose when where window with xmlattributes xmlconcat xmlelement xmlexists xmlforest xmlnamespaces xmlparse \
    xmlpi xmlroot xmlserialize xmltable ";

/// A name as SQL writes it.
pub(crate) fn quoted(name: &str) -> String {
    if is_plain(name) && !is_keyword(name) { name.to_owned() } else { crate::name::identifier(name) }
}

/// Whether the word means something by itself.
pub(crate) fn is_keyword(word: &str) -> bool {
    KEYWORDS.contains(&format!(" {word} "))
}

fn is_plain(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_lowercase() || first == '_')
        && name.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_')
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_name_is_in_quotes_only_where_it_must_be() {
        for (name, sql) in [
            ("owner_2", "owner_2"),
            ("_x", "_x"),
            ("order", "\"order\""),
            ("Owner", "\"Owner\""),
            ("back room", "\"back room\""),
            ("a\"b", "\"a\"\"b\""),
            ("2nd", "\"2nd\""),
            ("é", "\"é\""),
            ("name", "name"),
            ("", "\"\""),
        ] {
            assert_eq!(quoted(name), sql);
        }
    }
}
