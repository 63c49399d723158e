//! A statement as a value: SQL text and binary parameters, ready for the wire.

use std::sync::Arc;

use diesel::QueryResult;
use diesel::pg::{Pg, PgMetadataLookup, PgQueryBuilder, PgTypeMetadata};
use diesel::query_builder::bind_collector::RawBytesBindCollector;
use diesel::query_builder::{BindCollector, QueryBuilder, QueryFragment};
use diesel::result::Error;
use diesel::sql_types::BigInt;
use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{IsNull, ToSql, Type};

use crate::query::Fragment;
use crate::rows::{Out, Written};

/// SQL with its parameters, their types known, so that one round trip is enough.
#[derive(Debug, Clone)]
pub struct Statement {
    pub(crate) sql: Arc<str>,
    pub(crate) types: Vec<Type>,
    pub(crate) parameters: Vec<Parameter>,
    /// How many rows it inserts, where that is known before it runs.
    pub(crate) inserts: u64,
}

/// A parameter in PostgreSQL's binary format; `None` is NULL.
#[derive(Debug, Clone)]
pub(crate) struct Parameter(pub(crate) Option<Vec<u8>>);

impl Statement {
    /// Renders any Diesel query.
    pub(crate) fn of<Q: QueryFragment<Pg> + ?Sized>(query: &Q) -> QueryResult<Self> {
        let mut builder = PgQueryBuilder::default();
        query.to_sql(&mut builder, &Pg)?;
        let mut collector = RawBytesBindCollector::new();
        query.collect_binds(&mut collector, &mut BuiltinTypes, &Pg)?;
        Self::collected(builder.finish(), collector)
    }

    /// Renders a query of ours in one walk, where Diesel takes one for the text and one for the values.
    pub(crate) fn written(query: &impl Written) -> QueryResult<Self> {
        let mut writer = Writer {
            text: String::with_capacity(TEXT),
            builder: PgQueryBuilder::default(),
            collector: RawBytesBindCollector::new(),
        };
        query.walk(&mut writer)?;
        writer.hand_over();
        Self::collected(writer.builder.finish(), writer.collector)
    }

    fn collected(sql: String, collector: RawBytesBindCollector<Pg>) -> QueryResult<Self> {
        let types = collector.metadata.iter().map(builtin).collect::<QueryResult<_>>()?;
        let parameters = collector.binds.into_iter().map(Parameter).collect();
        Ok(Self { sql: sql.into(), types, parameters, inserts: 0 })
    }

    /// SQL that is written already, with its parameters.
    pub(crate) fn new(
        sql: impl Into<Arc<str>>,
        parameters: impl IntoIterator<Item = (Type, Parameter)>,
    ) -> Self {
        let (types, parameters) = parameters.into_iter().unzip();
        Self { sql: sql.into(), types, parameters, inserts: 0 }
    }

    /// Bytes of its parameters.
    pub(crate) fn bytes(&self) -> u64 {
        self.parameters.iter().map(|parameter| parameter.size() as u64).sum()
    }
}

impl Parameter {
    /// How many bytes the value has; none for NULL.
    pub(crate) fn size(&self) -> usize {
        self.0.as_ref().map_or(0, Vec::len)
    }

    /// The bytes; `None` is NULL.
    pub(crate) fn bytes(&self) -> Option<&[u8]> {
        self.0.as_deref()
    }
}

/// A statement as it is written.
struct Writer {
    /// What the builder has not got yet: many small pieces.
    text: String,
    /// Counts the parameters.
    builder: PgQueryBuilder,
    collector: RawBytesBindCollector<Pg>,
}

/// How long a text may get before it is moved.
const TEXT: usize = 256;

impl Writer {
    fn hand_over(&mut self) {
        self.builder.push_sql(&self.text);
        self.text.clear();
    }
}

impl<'b> Out<'b> for Writer {
    fn push_sql(&mut self, sql: &str) {
        self.text.push_str(sql);
    }

    fn push(&mut self, fragment: &'b dyn Fragment) -> QueryResult<()> {
        self.hand_over();
        fragment.to_sql(&mut self.builder, &Pg)?;
        fragment.collect_binds(&mut self.collector, &mut BuiltinTypes, &Pg)
    }

    fn bind(&mut self, value: &'b i64) -> QueryResult<()> {
        self.hand_over();
        self.builder.push_bind_param();
        self.collector.push_bound_value::<BigInt, i64>(value, &mut BuiltinTypes)
    }
}

/// Aurora DSQL has no types of the user's own, so every type is one that PostgreSQL is born with.
pub(crate) struct BuiltinTypes;

impl PgMetadataLookup for BuiltinTypes {
    fn lookup_type(&mut self, _name: &str, _schema: Option<&str>) -> PgTypeMetadata {
        PgTypeMetadata::new(0, 0)
    }
}

fn builtin(metadata: &PgTypeMetadata) -> QueryResult<Type> {
    let oid = metadata.oid().ok().and_then(Type::from_oid);
    oid.ok_or_else(|| Error::QueryBuilderError("Aurora DSQL has no SQL types of one's own".into()))
}

impl ToSql for Parameter {
    fn to_sql(
        &self,
        _: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match &self.0 {
            Some(bytes) => {
                out.extend_from_slice(bytes);
                Ok(IsNull::No)
            }
            None => Ok(IsNull::Yes),
        }
    }

    fn accepts(_: &Type) -> bool {
        // Diesel has checked the type already, at compile time
        true
    }

    fn to_sql_checked(
        &self,
        ty: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        self.to_sql(ty, out)
    }
}
