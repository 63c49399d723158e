//! A statement as a value: SQL text and binary parameters, ready for the wire.

use std::sync::Arc;

use diesel::QueryResult;
use diesel::pg::{Pg, PgMetadataLookup, PgQueryBuilder, PgTypeMetadata};
use diesel::query_builder::bind_collector::RawBytesBindCollector;
use diesel::query_builder::{QueryBuilder, QueryFragment};
use diesel::result::Error;
use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{IsNull, ToSql, Type};

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
        let mut collector = RawBytesBindCollector::<Pg>::new();
        query.collect_binds(&mut collector, &mut BuiltinTypes, &Pg)?;
        let types = collector.metadata.iter().map(builtin).collect::<QueryResult<_>>()?;
        let parameters = collector.binds.into_iter().map(Parameter).collect();
        Ok(Self { sql: builder.finish().into(), types, parameters, inserts: 0 })
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
