//! Many values as one parameter: PostgreSQL's arrays in binary.

use tokio_postgres::types::Type;

use crate::statement::Parameter;

/// The type of an array of these, for every type that a column of Aurora DSQL can have.
pub(crate) fn array_type(element: &Type) -> Option<Type> {
    let types = [
        (Type::BOOL, Type::BOOL_ARRAY),
        (Type::INT2, Type::INT2_ARRAY),
        (Type::INT4, Type::INT4_ARRAY),
        (Type::INT8, Type::INT8_ARRAY),
        (Type::FLOAT4, Type::FLOAT4_ARRAY),
        (Type::FLOAT8, Type::FLOAT8_ARRAY),
        (Type::NUMERIC, Type::NUMERIC_ARRAY),
        (Type::TEXT, Type::TEXT_ARRAY),
        (Type::VARCHAR, Type::VARCHAR_ARRAY),
        (Type::BPCHAR, Type::BPCHAR_ARRAY),
        (Type::BYTEA, Type::BYTEA_ARRAY),
        (Type::UUID, Type::UUID_ARRAY),
        (Type::DATE, Type::DATE_ARRAY),
        (Type::TIME, Type::TIME_ARRAY),
        (Type::TIMETZ, Type::TIMETZ_ARRAY),
        (Type::TIMESTAMP, Type::TIMESTAMP_ARRAY),
        (Type::TIMESTAMPTZ, Type::TIMESTAMPTZ_ARRAY),
        (Type::INTERVAL, Type::INTERVAL_ARRAY),
        (Type::JSON, Type::JSON_ARRAY),
        (Type::JSONB, Type::JSONB_ARRAY),
    ];
    types.into_iter().find(|(known, _)| known == element).map(|(_, array)| array)
}

/// An array of one dimension, counted from 1, as `array_recv` reads it.
pub(crate) fn array<'a>(
    element: &Type,
    values: impl ExactSizeIterator<Item = &'a Parameter> + Clone,
) -> Parameter {
    let size: usize = values.clone().map(|value| 4 + value.size()).sum();
    let mut out = Vec::with_capacity(20 + size);
    let nulls = values.clone().any(|value| value.0.is_none());
    let dimensions = u32::from(values.len() > 0);
    for word in [dimensions, u32::from(nulls), element.oid()] {
        out.extend(word.to_be_bytes());
    }
    if dimensions == 1 {
        out.extend(length(values.len()).to_be_bytes());
        out.extend(1_i32.to_be_bytes());
    }
    for value in values {
        match &value.0 {
            Some(bytes) => {
                out.extend(length(bytes.len()).to_be_bytes());
                out.extend(bytes);
            }
            None => out.extend((-1_i32).to_be_bytes()),
        }
    }
    Parameter(Some(out))
}

/// No message is longer than 10 MiB, so no length is.
fn length(length: usize) -> i32 {
    i32::try_from(length).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use tokio_postgres::types::FromSql;

    use super::*;

    #[test]
    fn an_array_reads_back_as_it_was_written() {
        let values = [Some("Ann"), None, Some("")].map(|text| Parameter(text.map(|text| text.into())));
        let Parameter(Some(bytes)) = array(&Type::TEXT, values.iter()) else {
            panic!("an array is not NULL")
        };
        let read = Vec::<Option<String>>::from_sql(&Type::TEXT_ARRAY, &bytes).unwrap();
        assert_eq!(read, [Some("Ann".to_owned()), None, Some(String::new())]);
        let Parameter(Some(bytes)) = array(&Type::TEXT, [].iter()) else { panic!("an array is not NULL") };
        assert_eq!(Vec::<String>::from_sql(&Type::TEXT_ARRAY, &bytes).unwrap(), [""; 0]);
    }
}
