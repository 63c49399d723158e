//! Diesel's methods of expressions, with words of our own where the two sides of a comparison have different types.

use diesel::dsl;
use diesel::expression::array_comparison::AsInExpression;
use diesel::expression::{AsExpression, Expression};
use diesel::sql_types::{SingleValue, SqlType};

/// The methods of Diesel's trait of this name, with a short error for a value of another type.
///
/// What they return is Diesel's, so expressions of both traits go together. Diesel's has `cast` and `fallible_cast` besides: import
/// it by its name, `use mizzle::diesel::ExpressionMethods`, which hides the one of the prelude.
///
/// ```
/// # use mizzle::prelude::*;
/// # #[table] struct Account { #[column(primary_key)] id: i64, balance: i64, note: Option<String> }
/// # fn main() {
/// let poor = Account::query().filter(account::balance.lt(10).and(account::note.is_null()));
/// let some = Account::query().filter(account::id.eq_any([1, 2, 3])).order_by(account::balance.desc());
/// # let _ = (poor, some);
/// # }
/// ```
pub trait ExpressionMethods: Expression<SqlType: SqlType + SingleValue> + Sized {
    /// `self = other`, which is NULL where either is.
    fn eq<T: Compared<Self::SqlType, By>, By>(self, other: T) -> dsl::Eq<Self, T::Operand> {
        diesel::ExpressionMethods::eq(self, other.into_operand())
    }

    /// `self != other`, which is NULL where either is.
    fn ne<T: Compared<Self::SqlType, By>, By>(self, other: T) -> dsl::NotEq<Self, T::Operand> {
        diesel::ExpressionMethods::ne(self, other.into_operand())
    }

    /// `self > other`.
    fn gt<T: Compared<Self::SqlType, By>, By>(self, other: T) -> dsl::Gt<Self, T::Operand> {
        diesel::ExpressionMethods::gt(self, other.into_operand())
    }

    /// `self >= other`.
    fn ge<T: Compared<Self::SqlType, By>, By>(self, other: T) -> dsl::GtEq<Self, T::Operand> {
        diesel::ExpressionMethods::ge(self, other.into_operand())
    }

    /// `self < other`.
    fn lt<T: Compared<Self::SqlType, By>, By>(self, other: T) -> dsl::Lt<Self, T::Operand> {
        diesel::ExpressionMethods::lt(self, other.into_operand())
    }

    /// `self <= other`.
    fn le<T: Compared<Self::SqlType, By>, By>(self, other: T) -> dsl::LtEq<Self, T::Operand> {
        diesel::ExpressionMethods::le(self, other.into_operand())
    }

    /// `self BETWEEN lower AND upper`, both of them included.
    fn between<T: Compared<Self::SqlType, By>, U: Compared<Self::SqlType, And>, By, And>(
        self,
        lower: T,
        upper: U,
    ) -> dsl::Between<Self, T::Operand, U::Operand> {
        diesel::ExpressionMethods::between(self, lower.into_operand(), upper.into_operand())
    }

    /// `self NOT BETWEEN lower AND upper`.
    fn not_between<T: Compared<Self::SqlType, By>, U: Compared<Self::SqlType, And>, By, And>(
        self,
        lower: T,
        upper: U,
    ) -> dsl::NotBetween<Self, T::Operand, U::Operand> {
        diesel::ExpressionMethods::not_between(self, lower.into_operand(), upper.into_operand())
    }

    /// `self = ANY(values)`: values in an array, a `Vec`, or a query of one column.
    fn eq_any<T: Among<Self::SqlType, By>, By>(self, values: T) -> dsl::EqAny<Self, T::Values> {
        diesel::ExpressionMethods::eq_any(self, values.into_values())
    }

    /// `self != ALL(values)`.
    fn ne_all<T: Among<Self::SqlType, By>, By>(self, values: T) -> dsl::NeAny<Self, T::Values> {
        diesel::ExpressionMethods::ne_all(self, values.into_values())
    }

    /// `self IS NULL`.
    #[allow(clippy::wrong_self_convention)]
    fn is_null(self) -> dsl::IsNull<Self> {
        diesel::ExpressionMethods::is_null(self)
    }

    /// `self IS NOT NULL`.
    #[allow(clippy::wrong_self_convention)]
    fn is_not_null(self) -> dsl::IsNotNull<Self> {
        diesel::ExpressionMethods::is_not_null(self)
    }

    /// The least first.
    fn asc(self) -> dsl::Asc<Self> {
        diesel::ExpressionMethods::asc(self)
    }

    /// The greatest first.
    fn desc(self) -> dsl::Desc<Self> {
        diesel::ExpressionMethods::desc(self)
    }
}

impl<E: Expression<SqlType: SqlType + SingleValue>> ExpressionMethods for E {}

/// A value that can stand beside an expression of the SQL type `ST`.
///
/// `By` is found by the compiler. There are two ways, of which one never applies: where neither does, the compiler has no operand to
/// go on with, and one wrong value is one error.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not compared with the SQL type `{ST}`",
    label = "not a value of the column's type",
    note = "a column is compared with values of its field's type, `Option` of it if it can be NULL, and with columns of the same type"
)]
pub trait Compared<ST, By> {
    /// What the value is in SQL.
    type Operand: Expression<SqlType = ST>;
    #[doc(hidden)]
    fn into_operand(self) -> Self::Operand;
}

/// The way of Diesel: the value knows what it is in SQL.
#[derive(Debug, Clone, Copy)]
pub enum AsValue {}

/// The way that never applies.
#[derive(Debug, Clone, Copy)]
pub enum Never {}

trait Impossible {}

#[diagnostic::do_not_recommend]
impl<ST, T> Compared<ST, AsValue> for T
where
    ST: SqlType + diesel::expression::TypedExpressionType,
    T: AsExpression<ST>,
{
    type Operand = T::Expression;

    fn into_operand(self) -> T::Expression {
        self.as_expression()
    }
}

#[diagnostic::do_not_recommend]
#[allow(private_bounds)]
impl<ST, T: Impossible + Expression<SqlType = ST>> Compared<ST, Never> for T {
    type Operand = T;

    fn into_operand(self) -> T {
        self
    }
}

/// Values, or a query, among which there may be one of the SQL type `ST`. `By` is as that of [`Compared`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not hold values of the SQL type `{ST}`",
    label = "not values of the column's type",
    note = "`eq_any` and `ne_all` take an array, a `Vec` or an iterator of values of the field's type, or a Diesel query of one column"
)]
pub trait Among<ST: SqlType, By> {
    /// What the values are for Diesel.
    type Values: AsInExpression<ST>;
    #[doc(hidden)]
    fn into_values(self) -> Self::Values;
}

#[diagnostic::do_not_recommend]
impl<ST, T> Among<ST, AsValue> for T
where
    ST: SqlType + diesel::expression::TypedExpressionType,
    T: AsInExpression<ST>,
{
    type Values = T;

    fn into_values(self) -> T {
        self
    }
}

#[diagnostic::do_not_recommend]
#[allow(private_bounds)]
impl<ST: SqlType, T: Impossible + AsInExpression<ST>> Among<ST, Never> for T {
    type Values = T;

    fn into_values(self) -> T {
        self
    }
}
