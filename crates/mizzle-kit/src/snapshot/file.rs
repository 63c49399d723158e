//! The file of a snapshot: JSON with a version and a hash.

use serde::{Deserialize, Serialize};

use super::Snapshot;
use crate::sql::canonical;
use crate::{Checksum, Error};

/// The version of the format. A newer one is refused, an older one is read.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct Written<'a> {
    version: u32,
    hash: String,
    #[serde(flatten)]
    snapshot: &'a Snapshot,
}

impl Snapshot {
    /// The text of `snapshot.json`: the same for the same schema, whatever order it was made in.
    pub fn to_json(&self) -> String {
        let mut snapshot = self.clone();
        snapshot.normalise();
        let written = Written { version: VERSION, hash: self.hash().to_string(), snapshot: &snapshot };
        serde_json::to_string_pretty(&written).expect("names and texts are JSON") + "\n"
    }

    /// Reads the text of `snapshot.json`.
    ///
    /// # Errors
    /// When it is no snapshot, or one of a newer version.
    pub fn from_json(text: &str) -> Result<Self, Error> {
        #[derive(Deserialize)]
        struct Versioned {
            version: u32,
        }
        let unreadable = Error::unreadable_snapshot;
        // The version first, so that what is newer is called newer and not broken.
        let Versioned { version } = serde_json::from_str(text).map_err(unreadable)?;
        if version > VERSION {
            return Err(Error::newer_snapshot(version, VERSION));
        }
        let mut snapshot: Self = serde_json::from_str(text).map_err(unreadable)?;
        snapshot.normalise();
        Ok(snapshot)
    }

    /// The sum of all that a comparison looks at: equal for snapshots that differ in nothing.
    pub fn hash(&self) -> Checksum {
        let mut compared = self.clone();
        compared.normalise();
        compared.forget_what_is_no_difference();
        Checksum::of(&serde_json::to_string(&compared).expect("names and texts are JSON"))
    }

    /// Drops how a thing is spelled, ordered, kept or was called.
    fn forget_what_is_no_difference(&mut self) {
        // A struct says nothing of its schema.
        self.schemas.iter_mut().for_each(|schema| schema.comment = None);
        let expression = |text: &mut String| *text = canonical(text);
        for domain in &mut self.domains {
            domain.default.iter_mut().for_each(expression);
            domain.checks.iter_mut().for_each(|check| expression(&mut check.sql));
        }
        for table in &mut self.tables {
            table.renamed_from = None;
            table.columns.sort_by(|a, b| a.name.cmp(&b.name));
            for column in &mut table.columns {
                column.renamed_from = None;
                column.not_null = column.not_null.take().filter(|check| !check.valid);
                column.default.iter_mut().chain(&mut column.generated).for_each(expression);
            }
            table.checks.iter_mut().for_each(|check| expression(&mut check.sql));
            for index in &mut table.indexes {
                index.condition.iter_mut().for_each(expression);
                for key in &mut index.keys {
                    if let super::KeyValue::Expression(sql) = &mut key.value {
                        expression(sql);
                    }
                }
            }
        }
        for view in &mut self.views {
            view.renamed_from = None;
            view.columns.clear();
            expression(&mut view.query);
        }
    }
}
