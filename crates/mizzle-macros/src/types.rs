//! What a macro can know of a column's type: the Rust types with one SQL type, and those that no column has.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Ident, LitInt, Type};

use crate::ast::{inside, last_segment};

/// A Rust type that is the same column wherever it stands.
pub(crate) struct Known {
    rust: &'static str,
    /// Diesel's name of the SQL type.
    diesel: &'static str,
    /// Which literals are a default.
    pub(crate) literal: Literal,
    /// Whether values are equal or not, and have a hash: floats do not.
    pub(crate) is_hashed: bool,
}

/// The literals of Rust that SQL reads as a value of the type.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Literal {
    Text,
    Bool,
    /// Whole numbers of this range.
    Whole(i64, i64),
    Number,
}

const KNOWN: &[Known] = &[
    known("Uuid", "Uuid", Literal::Text),
    known("String", "Text", Literal::Text),
    known("bool", "Bool", Literal::Bool),
    known("i16", "SmallInt", Literal::Whole(i16::MIN as i64, i16::MAX as i64)),
    known("i32", "Integer", Literal::Whole(i32::MIN as i64, i32::MAX as i64)),
    known("i64", "BigInt", Literal::Whole(i64::MIN, i64::MAX)),
    known("f32", "Float", Literal::Number),
    known("f64", "Double", Literal::Number),
    known("BigDecimal", "Numeric", Literal::Number),
    known("NaiveDate", "Date", Literal::Text),
    known("NaiveTime", "Time", Literal::Text),
    known("NaiveDateTime", "Timestamp", Literal::Text),
    known("DateTime", "Timestamptz", Literal::Text),
    known("Vec", "Binary", Literal::Text),
];

const fn known(rust: &'static str, diesel: &'static str, literal: Literal) -> Known {
    Known { rust, diesel, literal, is_hashed: rust.as_bytes()[0] != b'f' }
}

impl Known {
    /// The entry for a type, by its name: `chrono::NaiveDate` and `NaiveDate` are the same to a macro.
    pub(crate) fn of(ty: &Type) -> Option<&'static Self> {
        let name = last_segment(ty);
        // jiff has a DateTime as well; chrono's says its zone
        let other = match name.as_str() {
            "Vec" => !is_bytes(ty),
            "DateTime" => inside(ty, "DateTime").is_none(),
            _ => false,
        };
        KNOWN.iter().find(|known| known.rust == name && !other)
    }

    /// The Diesel SQL type.
    pub(crate) fn diesel(&self, span: proc_macro2::Span) -> TokenStream {
        let name = Ident::new(self.diesel, span);
        quote!(diesel::sql_types::#name)
    }
}

pub(crate) fn is_bytes(ty: &Type) -> bool {
    inside(ty, "Vec").map(last_segment).as_deref() == Some("u8")
}

/// Types that are plainly not columns; others are judged by the trait `ColumnType`.
pub(crate) fn refusal(ty: &Type) -> Option<&'static str> {
    Some(match ty {
        Type::Array(_) | Type::Slice(_) => "Aurora DSQL has no array columns: use a table of its own",
        Type::Tuple(_) => "Aurora DSQL has no composite columns: give each part a field of its own",
        Type::Reference(_) => "a row owns its values: use `String` for text and `Vec<u8>` for bytes",
        _ => match last_segment(ty).as_str() {
            "Vec" if !is_bytes(ty) => {
                "Aurora DSQL has no array columns: use a table of its own, or `Vec<u8>` for bytes"
            }
            "VecDeque" | "HashSet" | "BTreeSet" | "LinkedList" => {
                "Aurora DSQL has no array columns: use a table of its own, or `Json<…>`"
            }
            "HashMap" | "BTreeMap" => "Aurora DSQL has no map columns: use a table of its own, or `Json<…>`",
            "u8" | "u16" | "u32" | "u64" | "u128" | "usize" | "i8" | "i128" | "isize" => {
                "Aurora DSQL has signed integers of 2, 4 and 8 bytes: use `i16`, `i32` or `i64`"
            }
            "char" => "a column of one character is text: use `String` with `#[column(varchar(1))]`",
            "IpAddr" | "Ipv4Addr" | "Ipv6Addr" | "IpNet" | "IpNetwork" | "SocketAddr" | "MacAddress" => {
                "Aurora DSQL has no network columns: store the address as text"
            }
            "Range" | "RangeInclusive" => "Aurora DSQL has no range columns: use two columns, start and end",
            "Duration" | "TimeDelta" => "a span of time is an `Interval`: months, days and microseconds",
            "Instant" => "an `Instant` is no time of day: use `DateTime<Utc>`",
            "SystemTime" | "Local" => "Aurora DSQL stores moments in UTC: use `DateTime<Utc>`",
            "Option" => "a column is NULL or not: one `Option` is enough",
            _ => return None,
        },
    })
}

/// What is said of a type that is no column, when the compiler finds it to be none.
pub(crate) fn unknown(ty: &Type) -> String {
    let name = quote!(#ty).to_string().replace(' ', "");
    format!(
        "no column has the type `{name}`: derive `DbEnum` on an enum, `DbType` on a struct of one field, either with `Debug, Clone, \
         PartialEq`; other data goes into `Json<{name}>`"
    )
}

/// Whether the type may be an enum with a check on its values, as far as its name tells.
pub(crate) fn may_be_enum(ty: &Type) -> bool {
    const OTHERS: &[&str] = &[
        "Json",
        "Value",
        "Interval",
        "PgInterval",
        "TimeTz",
        "Decimal",
        "Date",
        "Time",
        "DateTime",
        "Timestamp",
    ];
    Known::of(ty).is_none() && !OTHERS.contains(&last_segment(ty).as_str())
}

/// Why the column cannot be a key or be indexed, as far as its name tells.
pub(crate) fn key_refusal(ty: &Type, declared: Option<&Declared>) -> Option<String> {
    let name = last_segment(ty);
    let sql = match (name.as_str(), declared) {
        (_, Some(Declared::Json | Declared::Jsonb)) | ("Json" | "Value", _) => "json",
        ("Interval" | "PgInterval", _) => "interval",
        ("TimeTz", _) => "timetz",
        _ if is_bytes(ty) => "bytea",
        _ => return declared.and_then(too_wide),
    };
    Some(format!("{sql} cannot be a key or be indexed: use `Uuid`, text, a number or a time"))
}

/// A key's text column is at most this wide as declared, else 54000 `key size greater than 2000 bytes not supported`.
const KEY_WIDTH: u64 = 2_000;

fn too_wide(declared: &Declared) -> Option<String> {
    let (Declared::Varchar(length) | Declared::Char(length)) = declared else { return None };
    (length.base10_parse::<u64>().ok()? > KEY_WIDTH).then(|| {
        format!("text in a key or an index is at most {KEY_WIDTH} bytes wide: declare it shorter, or as text")
    })
}

/// A column type that the Rust type alone does not say.
#[derive(Clone)]
pub(crate) enum Declared {
    Text,
    Varchar(LitInt),
    Char(LitInt),
    Numeric(LitInt, Scale),
    Json,
    Jsonb,
    Time(LitInt),
    Timestamp(LitInt),
    Timestamptz(LitInt),
}

/// Digits behind the point; negative ones round before it.
#[derive(Clone)]
pub(crate) struct Scale {
    pub(crate) negative: bool,
    pub(crate) digits: Option<LitInt>,
}

impl Declared {
    /// The type as SQL writes it.
    pub(crate) fn to_sql(&self) -> String {
        match self {
            Self::Text => "text".into(),
            Self::Varchar(length) => format!("varchar({})", length.base10_digits()),
            Self::Char(length) => format!("char({})", length.base10_digits()),
            Self::Numeric(precision, scale) => {
                let sign = if scale.negative { "-" } else { "" };
                let digits = scale.digits.as_ref().map_or("0", LitInt::base10_digits);
                format!("numeric({},{sign}{digits})", precision.base10_digits())
            }
            Self::Json => "json".into(),
            Self::Jsonb => "jsonb".into(),
            Self::Time(precision) => format!("time({})", precision.base10_digits()),
            Self::Timestamp(precision) => format!("timestamp({})", precision.base10_digits()),
            Self::Timestamptz(precision) => format!("timestamptz({})", precision.base10_digits()),
        }
    }

    /// Diesel's name of the SQL type.
    pub(crate) fn diesel(&self) -> TokenStream {
        match self {
            Self::Text | Self::Varchar(_) | Self::Char(_) => quote!(diesel::sql_types::Text),
            Self::Numeric(..) => quote!(diesel::sql_types::Numeric),
            Self::Json => quote!(diesel::sql_types::Json),
            Self::Jsonb => quote!(diesel::sql_types::Jsonb),
            Self::Time(_) => quote!(diesel::sql_types::Time),
            Self::Timestamp(_) => quote!(diesel::sql_types::Timestamp),
            Self::Timestamptz(_) => quote!(diesel::sql_types::Timestamptz),
        }
    }

    /// The Rust type that reads it, if it is one of those whose name says all.
    pub(crate) fn rust(&self) -> &'static str {
        match self {
            Self::Text | Self::Varchar(_) | Self::Char(_) => "String",
            Self::Numeric(..) => "BigDecimal",
            Self::Json | Self::Jsonb => "Value",
            Self::Time(_) => "NaiveTime",
            Self::Timestamp(_) => "NaiveDateTime",
            Self::Timestamptz(_) => "DateTime",
        }
    }
}
