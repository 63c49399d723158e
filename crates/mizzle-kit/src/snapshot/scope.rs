//! A part of a snapshot: some of its schemas, or one under another name.

use super::{Name, PUBLIC, Schema, Snapshot};

impl Snapshot {
    /// What stands in one schema stands in another instead; references follow, SQL texts stay as they are.
    #[must_use]
    pub fn moved(&self, from: &str, to: &str) -> Self {
        let mut moved = self.clone();
        let rename = |name: &mut Name| {
            if name.schema == from {
                to.clone_into(&mut name.schema);
            }
        };
        moved.domains.iter_mut().for_each(|domain| rename(&mut domain.name));
        moved.views.iter_mut().for_each(|view| rename(&mut view.name));
        for table in &mut moved.tables {
            rename(&mut table.name);
            table.foreign_keys.iter_mut().for_each(|key| rename(&mut key.table));
        }
        moved.schemas.retain(|schema| schema.name != from && schema.name != to);
        if to != PUBLIC {
            let found = self.schemas.iter().find(|schema| schema.name == to || schema.name == from);
            let comment = found.and_then(|schema| schema.comment.clone());
            moved.schemas.push(Schema { name: to.to_owned(), comment });
        }
        moved.normalise();
        moved
    }

    /// Leaves out every schema but those that `other` speaks of, and this one: a cluster may hold what is none of our
    /// business.
    pub fn keep_schemas_of(&mut self, other: &Self, schema: &str) {
        let ours = |name: &str| {
            name == schema
                || other.schemas.iter().any(|known| known.name == name)
                || other.tables.iter().any(|table| table.name.schema == name)
                || other.views.iter().any(|view| view.name.schema == name)
        };
        self.schemas.retain(|schema| ours(&schema.name));
        self.domains.retain(|domain| ours(&domain.name.schema));
        self.tables.retain(|table| ours(&table.name.schema));
        self.views.retain(|view| ours(&view.name.schema));
    }
}
