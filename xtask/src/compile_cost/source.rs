//! The three crates as text: 50 tables of 12 columns in ten groups of five, each the parent of the next, and two
//! queries for each table.

const GROUPS: [&str; 10] =
    ["clinic", "shop", "school", "farm", "museum", "theatre", "library", "harbour", "airport", "hotel"];
const LEVELS: [&str; 5] = ["site", "hall", "room", "shelf", "item"];

/// What stands before the number that an edit changes.
pub(super) const EDITED: &str = "/* edited */ .limit(";

/// The files of a crate, and their text.
type Sources = fn() -> Vec<(&'static str, String)>;

pub(super) const MIZZLE: &str = "with-mizzle";

/// What the others are measured by.
pub(super) const DIESEL: &str = "with-diesel";

/// Each crate.
pub(super) const CRATES: [(&str, Sources); 3] =
    [(MIZZLE, mizzle), (DIESEL, diesel), ("with-sea-orm", sea_orm)];

/// A table of the schema: its names, and those of its parent and its child where it has them.
struct Table {
    /// `clinic_site`.
    module: String,
    /// `ClinicSite`.
    name: String,
    parent: Option<(String, String)>,
    child: Option<(String, String)>,
    /// The first query of all has the place that is edited.
    first: bool,
}

pub(super) fn workspace() -> String {
    let members: Vec<String> = CRATES.iter().map(|(name, _)| format!("\"{name}\"")).collect();
    format!(
        "[workspace]\nresolver = \"3\"\nmembers = [{}]\n\n[profile.dev]\ndebug = \"line-tables-only\"\n",
        members.join(", ")
    )
}

fn tables() -> Vec<Table> {
    let names = |group: &str, level: &str| {
        (format!("{group}_{level}"), format!("{}{}", capital(group), capital(level)))
    };
    let mut tables = Vec::new();
    for group in GROUPS {
        for (at, level) in LEVELS.iter().enumerate() {
            let (module, name) = names(group, level);
            let parent = at.checked_sub(1).map(|at| names(group, LEVELS[at]));
            let child = LEVELS.get(at + 1).map(|level| names(group, level));
            tables.push(Table { module, name, parent, child, first: tables.is_empty() });
        }
    }
    tables
}

fn capital(word: &str) -> String {
    format!("{}{}", word[..1].to_uppercase(), &word[1..])
}

impl Table {
    fn limit(&self) -> String {
        if self.first { format!("{EDITED}20)") } else { ".limit(20)".to_owned() }
    }
}

fn package(name: &str, dependencies: &str) -> (&'static str, String) {
    let head =
        format!("[package]\nname = \"{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[dependencies]\n");
    let common = "chrono = { version = \"0.4\", default-features = false, features = [\"std\", \"clock\"] }\n\
                  uuid = { version = \"1\", features = [\"v4\"] }\n";
    ("Cargo.toml", format!("{head}{common}{dependencies}"))
}

fn library() -> (&'static str, String) {
    ("src/lib.rs", "pub mod queries;\npub mod schema;\n".to_owned())
}

/// Each table as text, after a head.
fn file(head: &str, of: impl Fn(&Table) -> String) -> String {
    tables().iter().fold(format!("{head}\n"), |text, table| text + "\n" + &of(table))
}

const FIELDS: &str = "    pub name: String,
    pub city: String,
    pub email: Option<String>,
    pub note: Option<String>,
    pub quantity: i32,
    pub amount: i64,
    pub score: f64,
    pub active: bool,
    pub created_at: DateTime<Utc>,
    pub updated_at: Option<DateTime<Utc>>,
";

fn mizzle() -> Vec<(&'static str, String)> {
    let schema = file("use chrono::{DateTime, Utc};\nuse mizzle::prelude::*;\nuse uuid::Uuid;", |table| {
        let Table { name, parent, child, .. } = table;
        let has =
            child.as_ref().map(|(_, child)| format!("#[has_many(parts: {child})]\n")).unwrap_or_default();
        let belongs = parent
            .as_ref()
            .map(|(_, parent)| format!("    #[belongs_to(parent: {parent})]\n"))
            .unwrap_or_default();
        format!(
            "#[table]\n{has}pub struct {name} {{\n    #[column(primary_key, default = gen_random_uuid())]\n    \
             pub id: Uuid,\n{belongs}    pub parent_id: Uuid,\n{FIELDS}}}\n"
        )
    });
    let head = "use crate::schema::*;\nuse mizzle::prelude::*;\nuse uuid::Uuid;";
    let queries = file(head, |table| {
        let Table { module, name, child, .. } = table;
        let limit = table.limit();
        let list = format!(
            "pub async fn list_{module}(db: &Db, name: &str) -> Result<usize, mizzle::Error> {{
    let query = {name}::query()
        .filter({module}::name.eq(name))
        .filter({module}::quantity.gt(3))
        .order_by({module}::created_at.desc())
        {limit};
    Ok(db.load(query).await?.len())
}}
"
        );
        let other = match child {
            Some(_) => format!(
                "pub async fn tree_{module}(db: &Db) -> Result<usize, mizzle::Error> {{
    let query = {name}::query()
        .filter({module}::active.eq(true))
        .order_by({module}::name)
        .limit(50)
        .with({name}::parts());
    let found = db.load(query).await?;
    Ok(found.iter().map(|found| found.related.len()).sum())
}}
"
            ),
            None => format!(
                "pub async fn patch_{module}(db: &Db, id: Uuid, name: &str) -> Result<usize, mizzle::Error> {{
    let patch = {name}Patch {{ name: Some(name.into()), note: Some(None), ..Default::default() }};
    Ok(db.execute({name}::update(patch).filter({module}::id.eq(id))).await? as usize)
}}
"
            ),
        };
        format!("{list}\n{other}")
    });
    let path = std::env::current_dir().unwrap_or_default().join("crates/mizzle");
    let dependency = format!("mizzle = {{ path = {path:?}, default-features = false }}\n");
    vec![package(MIZZLE, &dependency), library(), ("src/schema.rs", schema), ("src/queries.rs", queries)]
}

fn diesel() -> Vec<(&'static str, String)> {
    let columns = "        id -> Uuid,
        parent_id -> Uuid,
        name -> Varchar,
        city -> Varchar,
        email -> Nullable<Varchar>,
        note -> Nullable<Varchar>,
        quantity -> Integer,
        amount -> BigInt,
        score -> Double,
        active -> Bool,
        created_at -> Timestamptz,
        updated_at -> Nullable<Timestamptz>,
";
    let head = "use chrono::{DateTime, Utc};\nuse diesel::prelude::*;\nuse uuid::Uuid;";
    let mut schema = file(head, |table| {
        let Table { module, name, parent, .. } = table;
        let joinable = parent
            .as_ref()
            .map(|(parent, _)| format!("diesel::joinable!({module} -> {parent} (parent_id));\n\n"))
            .unwrap_or_default();
        let (derives, belongs) = match parent {
            Some((_, parent)) => {
                (", Associations", format!(", belongs_to({parent}, foreign_key = parent_id)"))
            }
            None => ("", String::new()),
        };
        let attribute = format!("#[diesel(table_name = {module}, check_for_backend(diesel::pg::Pg)");
        let patch = format!(
            "    pub parent_id: Option<Uuid>,\n{}",
            FIELDS.lines().fold(String::new(), |text, line| {
                let (name, ty) = line.split_once(": ").unwrap_or((line, ""));
                format!("{text}{name}: Option<{}>,\n", ty.trim_end_matches(','))
            })
        );
        format!(
            "diesel::table! {{\n    {module} (id) {{\n{columns}    }}\n}}\n\n{joinable}\
             #[derive(Queryable, Selectable, Identifiable{derives})]\n{attribute}{belongs})]\n\
             pub struct {name} {{\n    pub id: Uuid,\n    pub parent_id: Uuid,\n{FIELDS}}}\n\n\
             #[derive(Insertable)]\n{attribute})]\n\
             pub struct New{name} {{\n    pub parent_id: Uuid,\n{FIELDS}}}\n\n\
             #[derive(AsChangeset, Default)]\n{attribute})]\npub struct {name}Patch {{\n{patch}}}\n"
        )
    });
    for group in GROUPS {
        let tables: Vec<String> = LEVELS.iter().map(|level| format!("{group}_{level}")).collect();
        schema += &format!("\ndiesel::allow_tables_to_appear_in_same_query!({});\n", tables.join(", "));
    }
    let head = "use crate::schema::*;\nuse diesel::prelude::*;\nuse diesel_async::{AsyncPgConnection, RunQueryDsl};\n\
                use uuid::Uuid;";
    let queries = file(head, |table| {
        let Table { module, name, child, .. } = table;
        let limit = table.limit();
        let list = format!(
            "pub async fn list_{module}(connection: &mut AsyncPgConnection, name: &str) -> QueryResult<usize> {{
    let query = {module}::table
        .filter({module}::name.eq(name))
        .filter({module}::quantity.gt(3))
        .order_by({module}::created_at.desc())
        {limit}
        .select({name}::as_select());
    Ok(query.load(connection).await?.len())
}}
"
        );
        let other = match child {
            Some((_, child)) => format!(
                "pub async fn tree_{module}(connection: &mut AsyncPgConnection) -> QueryResult<usize> {{
    let parents: Vec<{name}> = {module}::table
        .filter({module}::active.eq(true))
        .order_by({module}::name)
        .limit(50)
        .select({name}::as_select())
        .load(connection)
        .await?;
    let parts = {child}::belonging_to(&parents).select({child}::as_select()).load(connection).await?;
    let grouped = parts.grouped_by(&parents);
    let found: Vec<({name}, Vec<{child}>)> = parents.into_iter().zip(grouped).collect();
    Ok(found.iter().map(|(_, parts)| parts.len()).sum())
}}
"
            ),
            None => format!(
                "pub async fn patch_{module}(
    connection: &mut AsyncPgConnection,
    id: Uuid,
    name: &str,
) -> QueryResult<usize> {{
    let patch = {name}Patch {{ name: Some(name.into()), note: Some(None), ..Default::default() }};
    diesel::update({module}::table.find(id)).set(patch).execute(connection).await
}}
"
            ),
        };
        format!("{list}\n{other}")
    });
    let dependencies = "diesel = { version = \"~2.3.14\", default-features = false, features = [\"postgres_backend\", \
                        \"uuid\", \"chrono\"] }\n\
                        diesel-async = { version = \"=0.9.2\", default-features = false, features = [\"postgres\"] }\n";
    vec![package(DIESEL, dependencies), library(), ("src/schema.rs", schema), ("src/queries.rs", queries)]
}

fn sea_orm() -> Vec<(&'static str, String)> {
    let schema = file("", |table| {
        let Table { module, parent, child, .. } = table;
        let belongs = parent
            .as_ref()
            .map(|(parent, _)| {
                format!(
                    "        #[sea_orm(belongs_to, from = \"parent_id\", to = \"id\")]\n        \
                     pub parent: HasOne<super::{parent}::Entity>,\n"
                )
            })
            .unwrap_or_default();
        let has = child
            .as_ref()
            .map(|(child, _)| {
                format!("        #[sea_orm(has_many)]\n        pub parts: HasMany<super::{child}::Entity>,\n")
            })
            .unwrap_or_default();
        let fields = FIELDS.lines().fold(String::new(), |text, line| format!("{text}    {line}\n"));
        format!(
            "pub mod {module} {{
    use chrono::{{DateTime, Utc}};
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = \"{module}\")]
    pub struct Model {{
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub parent_id: Uuid,
{fields}{belongs}{has}    }}

    impl ActiveModelBehavior for ActiveModel {{}}
}}
"
        )
    });
    let head = "use crate::schema::*;\nuse sea_orm::entity::prelude::*;\n\
                use sea_orm::{DatabaseConnection, EntityLoaderTrait, QueryOrder, QuerySelect, Set};";
    let queries = file(head, |table| {
        let Table { module, child, .. } = table;
        let limit = table.limit();
        let list = format!(
            "pub async fn list_{module}(db: &DatabaseConnection, name: &str) -> Result<usize, DbErr> {{
    let query = {module}::Entity::find()
        .filter({module}::Column::Name.eq(name))
        .filter({module}::Column::Quantity.gt(3))
        .order_by_desc({module}::Column::CreatedAt)
        {limit};
    Ok(query.all(db).await?.len())
}}
"
        );
        let other = match child {
            Some((child, _)) => format!(
                "pub async fn tree_{module}(db: &DatabaseConnection) -> Result<usize, DbErr> {{
    let query = {module}::Entity::load()
        .filter({module}::Column::Active.eq(true))
        .order_by_asc({module}::Column::Name)
        .with({child}::Entity);
    let found = query.paginate(db, 50).fetch().await?;
    Ok(found.iter().map(|found| found.parts.len()).sum())
}}
"
            ),
            None => format!(
                "pub async fn patch_{module}(db: &DatabaseConnection, id: Uuid, name: &str) -> Result<usize, DbErr> {{
    let patch = {module}::ActiveModel {{ name: Set(name.into()), note: Set(None), ..Default::default() }};
    let update = {module}::Entity::update_many().set(patch).filter({module}::Column::Id.eq(id));
    Ok(update.exec(db).await?.rows_affected as usize)
}}
"
            ),
        };
        format!("{list}\n{other}")
    });
    let dependencies = "sea-orm = { version = \"2.0.4\", default-features = false, features = [\"macros\", \
                        \"runtime-tokio\", \"sqlx-postgres\", \"with-chrono\", \"with-uuid\"] }\n";
    vec![
        package("with-sea-orm", dependencies),
        library(),
        ("src/schema.rs", schema),
        ("src/queries.rs", queries),
    ]
}
