//! The relations that stand on the struct, from attributes to plain values.

use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Attribute, Ident, Path, Token, parenthesized, token};

use crate::ast::{RelationInput, RelationKind, TableInput};
use crate::constraint::{ForeignKeyInput, ForeignKeyOptions};

/// `#[has_many(pets: Pet)]`, `#[has_one(…)]`, either with `by = column` or `by = (one, other)`.
pub(crate) fn has(
    attribute: &Attribute,
    one: bool,
    relations: &mut Vec<RelationInput>,
    errors: &mut Vec<syn::Error>,
) {
    let (word, example) = match one {
        true => ("has_one", "passport: Passport"),
        false => ("has_many", "pets: Pet"),
    };
    let kind = |options: &mut Options| {
        let by = options.take("by")?;
        options.finish(|| {
            format!(
                "unknown option of `{word}`: write `{word}({example})` or `{word}({example}, by = owner_id)`"
            )
        })?;
        Ok(RelationKind::Has { by, one })
    };
    read(attribute, kind, relations, errors);
}

/// `#[belongs_to(order: Order, by = (region, order_id))]`, perhaps with `foreign_key(…)`.
pub(crate) fn belongs_to(
    attribute: &Attribute,
    relations: &mut Vec<RelationInput>,
    foreign_keys: &mut Vec<ForeignKeyInput>,
    errors: &mut Vec<syn::Error>,
) {
    let example = "`belongs_to(order: Order, by = (region, order_id))`";
    let mut foreign_key = None;
    let kind = |options: &mut Options| {
        let columns = options.take("by")?;
        foreign_key = options.foreign_key.take();
        options.finish(|| format!("unknown option of `belongs_to`: write {example}"))?;
        if columns.is_empty() {
            return Err(syn::Error::new(
                options.span,
                format!("on the struct, `belongs_to` names the fields that hold the key: {example}"),
            ));
        }
        Ok(RelationKind::BelongsTo { columns })
    };
    let before = relations.len();
    read(attribute, kind, relations, errors);
    if let (Some(options), Some(RelationInput { name, target, kind: RelationKind::BelongsTo { columns } })) =
        (foreign_key, relations.get(before))
    {
        foreign_keys.push(ForeignKeyInput {
            span: name.span(),
            columns: columns.clone(),
            target: target.clone(),
            references: Vec::new(),
            options,
        });
    }
}

/// `#[many_to_many(friends: Person, through = Friendship, from = a_id, to = b_id)]`.
pub(crate) fn many_to_many(
    attribute: &Attribute,
    relations: &mut Vec<RelationInput>,
    errors: &mut Vec<syn::Error>,
) {
    let example = "`many_to_many(specialties: Specialty, through = SpecialtyToVet)`";
    let kind = |options: &mut Options| {
        let through = options.through.take().ok_or_else(|| {
            syn::Error::new(options.span, format!("`many_to_many` needs its link table: {example}"))
        })?;
        let (from, to) = (options.take("from")?, options.take("to")?);
        options.finish(|| {
            format!("unknown option of `many_to_many`: write {example}, with `from = column, to = column` if need be")
        })?;
        Ok(RelationKind::ManyToMany { through, from, to })
    };
    read(attribute, kind, relations, errors);
}

fn read(
    attribute: &Attribute,
    kind: impl FnOnce(&mut Options) -> syn::Result<RelationKind>,
    relations: &mut Vec<RelationInput>,
    errors: &mut Vec<syn::Error>,
) {
    let relation = attribute.parse_args::<Named>().and_then(|Named { name, target, mut options }| {
        Ok(RelationInput { kind: kind(&mut options)?, name, target })
    });
    match relation {
        Ok(relation) => relations.push(relation),
        Err(error) => errors.push(error),
    }
}

/// `name: Target`, and options.
struct Named {
    name: Ident,
    target: Path,
    options: Options,
}

/// `, through = Path`, `, foreign_key(…)` and `, word = column`, `, word = (column, column)`.
struct Options {
    span: proc_macro2::Span,
    through: Option<Path>,
    foreign_key: Option<ForeignKeyOptions>,
    columns: Vec<(Ident, Vec<Ident>)>,
}

impl Options {
    /// The columns behind this word; none if it is not there.
    fn take(&mut self, word: &str) -> syn::Result<Vec<Ident>> {
        match self.columns.iter().position(|(found, _)| found == word) {
            Some(at) => Ok(self.columns.remove(at).1),
            None => Ok(Vec::new()),
        }
    }

    /// Refuses what nobody has taken.
    fn finish(&self, message: impl FnOnce() -> String) -> syn::Result<()> {
        match (self.columns.first(), &self.through) {
            (Some((word, _)), _) => Err(syn::Error::new(word.span(), message())),
            (None, Some(path)) => Err(syn::Error::new_spanned(path, message())),
            (None, None) if self.foreign_key.is_some() => Err(syn::Error::new(self.span, message())),
            (None, None) => Ok(()),
        }
    }
}

impl Parse for Named {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let (name, target) = name_and_target(input)?;
        let mut options =
            Options { span: name.span(), through: None, foreign_key: None, columns: Vec::new() };
        while input.parse::<Option<Token![,]>>()?.is_some() && !input.is_empty() {
            let word: Ident = input.parse()?;
            if word == "foreign_key" {
                options.foreign_key = Some(foreign_key(input)?);
                continue;
            }
            input.parse::<Token![=]>()?;
            if word == "through" {
                options.through = Some(input.parse()?);
            } else {
                options.columns.push((word, columns(input)?));
            }
        }
        Ok(Self { name, target, options })
    }
}

/// `name: Target`.
pub(crate) fn name_and_target(input: ParseStream<'_>) -> syn::Result<(Ident, Path)> {
    let shape = "a relation is a name and the struct of a table, as in `pets: Pet`";
    let start = input.fork();
    let name = input.parse::<Ident>().map_err(|_| start.error(shape))?;
    if input.parse::<Token![:]>().is_err() {
        return Err(syn::Error::new(name.span(), shape));
    }
    let start = input.fork();
    let target = input.parse::<Path>().map_err(|_| start.error(shape))?;
    if target.segments.iter().any(|segment| !segment.arguments.is_none()) {
        return Err(syn::Error::new_spanned(&target, shape));
    }
    Ok((name, target))
}

/// Nothing, or `(on_delete = cascade)`.
pub(crate) fn foreign_key(input: ParseStream<'_>) -> syn::Result<ForeignKeyOptions> {
    if !input.peek(token::Paren) {
        return Ok(ForeignKeyOptions::default());
    }
    let inside;
    parenthesized!(inside in input);
    inside.parse()
}

/// `column` or `(one, other)`.
fn columns(input: ParseStream<'_>) -> syn::Result<Vec<Ident>> {
    if !input.peek(token::Paren) {
        return Ok(vec![input.parse()?]);
    }
    let inside;
    parenthesized!(inside in input);
    Ok(Punctuated::<Ident, Token![,]>::parse_terminated(&inside)?.into_iter().collect())
}

/// Refuses relations by fields that are not there, and relations that are called like a field.
pub(crate) fn check(table: &TableInput, errors: &mut Vec<syn::Error>) {
    let is_field = |name: &Ident| table.columns.iter().any(|column| column.ident == *name);
    for relation in &table.relations {
        if is_field(&relation.name) {
            errors.push(syn::Error::new(
                relation.name.span(),
                format!("`{}` is a column already: give the relation a name of its own", relation.name),
            ));
        }
        if let RelationKind::BelongsTo { columns } = &relation.kind {
            for column in columns.iter().filter(|column| !is_field(column)) {
                errors.push(syn::Error::new(
                    column.span(),
                    format!("`{}` has no field `{column}`", table.ident),
                ));
            }
        }
    }
}

/// Takes out the relations that [`check`] refuses.
pub(crate) fn repair(table: &mut TableInput) {
    let fields: Vec<_> = table.columns.iter().map(|column| column.ident.clone()).collect();
    table.relations.retain(|relation| {
        let known = match &relation.kind {
            RelationKind::BelongsTo { columns } => columns.iter().all(|column| fields.contains(column)),
            _ => true,
        };
        known && !fields.contains(&relation.name)
    });
}
