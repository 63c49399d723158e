//! What is said of a relation before it is loaded, the same for each kind: filters, order, limits, further relations.

/// Filters, order and further relations, for every kind.
macro_rules! relation_builder {
    ($relation:ident<$($end:ident),+>, $child:ident) => {
        impl<$($end),+> $relation<'_, $($end),+> {
            /// The relation as declared: unfiltered, in no particular order.
            #[allow(clippy::new_without_default)]
            pub fn new() -> Self {
                Self { select: Select::default(), with: (), ends: PhantomData }
            }
        }

        impl<'q, $($end,)+ W> $relation<'q, $($end,)+ W>
        where
            $child: Model,
        {
            /// Keeps the related rows for which the condition is true. Several filters must all be true.
            pub fn filter<Cond: Condition<<$child as Model>::Table> + 'q>(mut self, condition: Cond) -> Self {
                self.select.filters.push(Arc::new(condition));
                self
            }

            /// Orders the related rows of each row; a further call orders those that are equal so far.
            pub fn order_by<By: Order<<$child as Model>::Table> + 'q>(mut self, order: By) -> Self {
                self.select.orders.push(Arc::new(order));
                self
            }

            /// Loads a relation beside each related row, in the same round trip.
            pub fn with<R>(self, relation: R) -> $relation<'q, $($end,)+ W::Out>
            where
                R: Relation<$child>,
                W: Push<R>,
            {
                $relation { select: self.select, with: self.with.push(relation), ends: PhantomData }
            }
        }

        impl<$($end,)+ W: Clone> Clone for $relation<'_, $($end,)+ W> {
            fn clone(&self) -> Self {
                Self { select: self.select.clone(), with: self.with.clone(), ends: PhantomData }
            }
        }

        impl<$($end,)+ W> fmt::Debug for $relation<'_, $($end,)+ W> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(stringify!($relation))
            }
        }
    };
}

/// Limits, for the kinds that have several related rows.
macro_rules! limits {
    ($relation:ident<$($end:ident),+>, $child:ident) => {
        impl<'q, $($end,)+ W> $relation<'q, $($end,)+ W>
        where
            $child: Model,
        {
            /// Gives each row at most this many related rows: the first in the order given, by primary key where they are equal.
            pub fn limit(mut self, rows: i64) -> Self {
                self.select.limit = Some(rows);
                self
            }

            /// Skips this many related rows of each row.
            pub fn offset(mut self, rows: i64) -> Self {
                self.select.offset = Some(rows);
                self
            }
        }
    };
}

pub(super) use {limits, relation_builder};
