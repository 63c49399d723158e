//! `#[derive(Shape)]`: a struct whose fields name what it wants of a table's rows.

mod held;

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Expr, Fields, Ident, Path, Type, Visibility};

use crate::ast::{inside, last_segment, module_of, text_of};

/// The struct under `#[derive(Shape)]`.
struct ShapeInput {
    visibility: Visibility,
    ident: Ident,
    /// The table's struct.
    of: Path,
    fields: Vec<FieldInput>,
}

/// One field: a column or relation, or a number about a relation.
struct FieldInput {
    /// Which field of the struct.
    place: usize,
    ident: Ident,
    ty: Type,
    /// What it is called in the table, if not like the field.
    from: Option<Ident>,
    aggregate: Option<AggregateInput>,
    /// `filter`, `order_by`, `limit`, `offset`, as method calls.
    narrowed: Vec<(Ident, Expr)>,
}

/// `count = pets`, or `sum = pets, column = pet::weight`.
struct AggregateInput {
    function: Ident,
    relation: Ident,
    column: Option<Path>,
}

pub(crate) fn expand(item: &TokenStream) -> TokenStream {
    let mut errors = Vec::new();
    let input = syn::parse2::<DeriveInput>(item.clone())
        .map_err(|error| errors.push(error))
        .ok()
        .and_then(|input| ShapeInput::read(input, &mut errors));
    let errors: TokenStream = errors.iter().map(syn::Error::to_compile_error).collect();
    let Some(input) = input.filter(|_| errors.is_empty()) else { return errors };
    let (shape, query) = (input.shape(), input.query());
    quote!(#shape #query)
}

impl ShapeInput {
    fn read(input: DeriveInput, errors: &mut Vec<syn::Error>) -> Option<Self> {
        let Data::Struct(syn::DataStruct { fields: Fields::Named(fields), .. }) = input.data else {
            errors.push(syn::Error::new(
                input.ident.span(),
                "a shape is a struct with named fields, one for each column or relation",
            ));
            return None;
        };
        if !input.generics.params.is_empty() {
            errors.push(syn::Error::new_spanned(input.generics, "a shape cannot be generic"));
            return None;
        }
        let mut of = None;
        for attribute in input.attrs.iter().filter(|attribute| attribute.path().is_ident("shape")) {
            let result = attribute.parse_nested_meta(|meta| {
                if !meta.path.is_ident("of") {
                    return Err(meta.error("unknown option of `shape`: write `#[shape(of = Owner)]`"));
                }
                of = Some(meta.value()?.call(Path::parse_mod_style)?);
                Ok(())
            });
            errors.extend(result.err());
        }
        if of.is_none() && errors.is_empty() {
            errors.push(syn::Error::new(
                input.ident.span(),
                "a shape is of a table: add `#[shape(of = Owner)]` with the table's struct",
            ));
        }
        let fields = fields
            .named
            .into_iter()
            .enumerate()
            .filter_map(|(place, field)| FieldInput::read(place, field, errors))
            .collect();
        Some(Self { visibility: input.vis, ident: input.ident, of: of?, fields })
    }

    fn shape(&self) -> TokenStream {
        let Self { ident, of, .. } = self;
        let query = self.query_ident();
        let names = self.fields.iter().map(|field| &field.ident);
        let adds = self.fields.iter().map(|field| field.add(&self.held(field)));
        let reads = self.fields.iter().map(|field| field.read_from_row(&self.held(field)));
        let helds = self.fields.iter().map(|field| held::expand(ident, field, &self.part(field)));
        quote! {
            #(#helds)*
            impl ::mizzle::Shape for #ident {
                type Of = #of;
                type Query<'q> = #query<'q>;
                fn parts(parts: &mut ::mizzle::__private::Parts<'_>) { #(#adds)* }
                fn read(
                    row: &mut ::mizzle::__private::Reader<'_>,
                ) -> ::mizzle::__private::diesel::QueryResult<Self> {
                    ::core::result::Result::Ok(Self { #(#names: #reads),* })
                }
            }
        }
    }

    /// The query as a type of the user's own crate, so that it can have a method for each relation.
    fn query(&self) -> TokenStream {
        let Self { visibility, ident, of, .. } = self;
        let query = self.query_ident();
        let table = quote!(<#of as ::mizzle::Model>::Table);
        let doc = format!("A query on `{}` that gives `{ident}`.", quote!(#of));
        let methods = self.fields.iter().filter_map(|field| field.method(&self.held(field), visibility));
        let stream = self.stream();
        quote! {
            #[doc = #doc]
            #[must_use = "a query does nothing until it is loaded"]
            #[derive(Clone, Debug)]
            #visibility struct #query<'q>(::mizzle::__private::Node<'q>);

            #[allow(dead_code)]
            impl #ident {
                /// Every row of the table, in no particular order.
                #visibility fn query<'q>() -> #query<'q> {
                    #query(::mizzle::__private::node_of::<Self>())
                }
            }

            #[allow(dead_code)]
            impl<'q> #query<'q> {
                /// Keeps the rows for which the condition is true. Several filters must all be true.
                #visibility fn filter<C: ::mizzle::Condition<#table> + 'q>(self, condition: C) -> Self {
                    Self(self.0.filter(condition))
                }
                /// Orders the rows; a further call orders those that are equal so far.
                #visibility fn order_by<O: ::mizzle::Order<#table> + 'q>(self, order: O) -> Self {
                    Self(self.0.order_by(order))
                }
                /// Gives at most this many rows; of each parent's, if it is the query of a relation.
                #visibility fn limit(self, rows: i64) -> Self { Self(self.0.limit(rows)) }
                /// Skips this many rows.
                #visibility fn offset(self, rows: i64) -> Self { Self(self.0.offset(rows)) }
                #(#methods)*
            }

            impl<'q> ::core::convert::From<::mizzle::__private::Node<'q>> for #query<'q> {
                fn from(node: ::mizzle::__private::Node<'q>) -> Self { Self(node) }
            }
            impl<'q> ::core::convert::From<#query<'q>> for ::mizzle::__private::Node<'q> {
                fn from(query: #query<'q>) -> Self { query.0 }
            }
            impl ::mizzle::ToSqlText for #query<'_> {
                fn to_sql(&self) -> ::core::result::Result<::mizzle::SqlText, ::mizzle::Error> {
                    ::mizzle::SqlText::of_node(::core::clone::Clone::clone(&self.0))
                }
            }
            #[diagnostic::do_not_recommend]
            impl ::mizzle::Load<#ident> for #query<'_> {
                fn plan(
                    self,
                ) -> ::mizzle::__private::diesel::QueryResult<::mizzle::__private::Plan<#ident>> {
                    ::mizzle::__private::plan::<#ident>(self.0)
                }
            }
            #stream
        }
    }

    /// That the rows can be read one by one, if all fields are columns. Where a field's type does not tell, the compiler does.
    fn stream(&self) -> Option<TokenStream> {
        if self.fields.iter().any(|field| field.aggregate.is_some()) {
            return None;
        }
        let (ident, query) = (&self.ident, self.query_ident());
        let columns = self.fields.iter().filter(|field| !is_surely_a_column(&field.ty)).map(|field| {
            let part = self.part(field);
            quote_spanned!(field.ident.span() => #part: ::mizzle::IsColumn<'q>)
        });
        Some(quote! {
            #[diagnostic::do_not_recommend]
            impl<'q> ::mizzle::LoadRows<#ident> for #query<'q>
            where
                #(#columns),*
            {
                fn statement(self) -> ::mizzle::__private::diesel::QueryResult<::mizzle::__private::RowsOf<#ident>> {
                    ::mizzle::__private::rows_of::<#ident>(self.0)
                }
            }
        })
    }

    fn query_ident(&self) -> Ident {
        format_ident!("{}Query", self.ident)
    }

    /// The column or relation of a field, as far as the field can hold it.
    fn held(&self, field: &FieldInput) -> TokenStream {
        match &field.aggregate {
            Some(_) => self.part(field),
            None => held::part(&self.ident, field),
        }
    }

    /// The column or relation of a field, all of it at the field: a mistake is reported there.
    fn part(&self, field: &FieldInput) -> TokenStream {
        let mut module = module_of(&self.of);
        for segment in &mut module.segments {
            segment.ident.set_span(field.ident.span());
        }
        let name = match &field.aggregate {
            Some(aggregate) => &aggregate.relation,
            None => field.from.as_ref().unwrap_or(&field.ident),
        };
        let kind = if field.aggregate.is_some() { "relations" } else { "__parts" };
        let kind = Ident::new(kind, field.ident.span());
        quote_spanned!(field.ident.span() => #module::#kind::#name)
    }
}

impl FieldInput {
    fn read(place: usize, field: syn::Field, errors: &mut Vec<syn::Error>) -> Option<Self> {
        let ident = field.ident?;
        let mut input =
            Self { place, ident, ty: field.ty, from: None, aggregate: None, narrowed: Vec::new() };
        for attribute in field.attrs.iter().filter(|attribute| attribute.path().is_ident("shape")) {
            let mut column = None;
            let result = attribute.parse_nested_meta(|meta| {
                let word = meta.path.require_ident()?.clone();
                match word.to_string().as_str() {
                    "from" => input.from = Some(meta.value()?.parse()?),
                    "count" | "sum" | "avg" | "min" | "max" => {
                        let relation = meta.value()?.parse()?;
                        input.aggregate = Some(AggregateInput { function: word, relation, column: None });
                    }
                    "column" => column = Some(meta.value()?.call(Path::parse_mod_style)?),
                    "filter" | "order_by" | "limit" | "offset" => {
                        input.narrowed.push((word, meta.value()?.parse()?));
                    }
                    _ => {
                        return Err(meta.error(
                            "unknown option of `shape`: one of `from`, `filter`, `order_by`, `limit`, `offset`, `count`, `sum`, \
                             `avg`, `min`, `max`",
                        ));
                    }
                }
                Ok(())
            });
            errors.extend(result.err());
            if let Some(aggregate) = &mut input.aggregate {
                aggregate.column = column;
            }
        }
        if let Some(AggregateInput { function, relation, column }) = &input.aggregate {
            let example = format!("`#[shape({function} = {relation}, column = pet::weight)]`");
            match (function == "count", column) {
                (true, Some(column)) => {
                    errors.push(syn::Error::new_spanned(column, "`count` counts rows, it takes no column"));
                }
                (false, None) => errors.push(syn::Error::new(
                    function.span(),
                    format!("`{function}` needs a column of the related rows: {example}"),
                )),
                _ => {}
            }
        }
        Some(input)
    }

    /// Adds the field to what is selected.
    fn add(&self, part: &TokenStream) -> TokenStream {
        let (ty, field) = (&self.ty, text_of(&self.ident));
        if self.aggregate.is_some() {
            let relation = self.relation(part);
            return quote!(parts.aggregate(#field, #relation););
        }
        let add = quote_spanned!(self.ident.span() => <#part as ::mizzle::Part<#ty>>::add(#field, parts););
        if self.narrowed.is_empty() {
            return add;
        }
        let calls = self.calls();
        quote_spanned!(self.ident.span() => #add parts.narrow::<#part, #ty>(#field, |query| query #calls);)
    }

    fn read_from_row(&self, part: &TokenStream) -> TokenStream {
        let ty = &self.ty;
        if self.aggregate.is_some() {
            let relation = self.relation(part);
            return quote_spanned!(self.span() => ::mizzle::__private::read_aggregate::<_, _, #ty>(|| #relation, row)?);
        }
        quote_spanned!(self.ident.span() => <#part as ::mizzle::Part<#ty>>::read(row)?)
    }

    /// `Related::new().filter(…).count()`.
    fn relation(&self, part: &TokenStream) -> TokenStream {
        let calls = self.calls();
        let aggregate = self
            .aggregate
            .as_ref()
            .map(|AggregateInput { function, column, .. }| quote!(.#function(#column)));
        quote!(::mizzle::Related::<#part>::new() #calls #aggregate)
    }

    fn calls(&self) -> TokenStream {
        self.narrowed.iter().map(|(method, argument)| quote!(.#method(#argument))).collect()
    }

    /// The method that says more about a relation; columns of well-known types have none.
    fn method(&self, part: &TokenStream, visibility: &Visibility) -> Option<TokenStream> {
        let (ident, ty, field) = (&self.ident, &self.ty, text_of(&self.ident));
        let doc = format!("Says more about `{field}`: which rows, in which order, how many.");
        let (query, narrow) = match &self.aggregate {
            Some(_) => (
                quote!(::mizzle::Query<'q, <#part as ::mizzle::Link>::Child>),
                quote!(|node| more(node.into()).into()),
            ),
            None if is_surely_a_column(ty) => return None,
            None => (
                quote_spanned!(ident.span() => <#part as ::mizzle::Part<#ty>>::Query<'q>),
                quote_spanned!(ident.span() => |node| <#part as ::mizzle::Part<#ty>>::narrow(node, more)),
            ),
        };
        Some(quote_spanned! { ident.span() =>
            #[doc = #doc]
            #visibility fn #ident(mut self, more: impl FnOnce(#query) -> #query) -> Self {
                self.0.narrow(#field, #narrow);
                self
            }
        })
    }

    /// Where a mismatch between the field and the table is reported.
    fn span(&self) -> Span {
        self.ty.span().resolved_at(Span::call_site())
    }
}

/// Whether a field of this type holds a value and no related row. A newtype may be either.
fn is_surely_a_column(ty: &Type) -> bool {
    let ty = inside(ty, "Option").unwrap_or(ty);
    let vec = inside(ty, "Vec").map(last_segment);
    let columns = [
        "Uuid",
        "String",
        "bool",
        "i16",
        "i32",
        "i64",
        "f32",
        "f64",
        "BigDecimal",
        "NaiveDate",
        "NaiveTime",
        "NaiveDateTime",
        "DateTime",
    ];
    vec.as_deref() == Some("u8") || columns.contains(&last_segment(ty).as_str())
}
