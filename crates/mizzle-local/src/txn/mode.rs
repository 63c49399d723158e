//! Row-lock modes, and which of them two transactions may not both have on one row.

use std::ops::{BitOr, BitOrAssign};

/// A set of modes that one transaction has on one row.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Modes(u8);

impl Modes {
    /// `SELECT … FOR KEY SHARE`, and the parent row of a foreign key.
    pub(crate) const KEY_SHARE: Modes = Modes(1);
    /// `SELECT … FOR SHARE`; no client can ask for it, the matrix is whole with it.
    #[cfg_attr(not(test), allow(dead_code))]
    pub(crate) const SHARE: Modes = Modes(2);
    /// `UPDATE` of columns that are no key.
    pub(crate) const NO_KEY_UPDATE: Modes = Modes(4);
    /// `INSERT`, `DELETE`, `UPDATE` of a key, `SELECT … FOR UPDATE`.
    pub(crate) const UPDATE: Modes = Modes(8);

    /// Whether the later of two committers has to fail: PostgreSQL's tuple-lock matrix, which is also the one
    /// that Aurora DSQL publishes.
    pub(crate) fn clash(self, other: Modes) -> bool {
        let against = |mode: u8, modes: u8| if self.0 & mode == 0 { 0 } else { modes };
        (against(1, 8) | against(2, 4 | 8) | against(4, 2 | 4 | 8) | against(8, 1 | 2 | 4 | 8)) & other.0 != 0
    }
}

impl BitOr for Modes {
    type Output = Modes;

    fn bitor(self, other: Modes) -> Modes {
        Modes(self.0 | other.0)
    }
}

impl BitOrAssign for Modes {
    fn bitor_assign(&mut self, other: Modes) {
        self.0 |= other.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_matrix_is_postgresqls() {
        let modes = [Modes::KEY_SHARE, Modes::SHARE, Modes::NO_KEY_UPDATE, Modes::UPDATE];
        let rows = ["   X", "  XX", " XXX", "XXXX"];
        for (one, row) in modes.iter().zip(rows) {
            for (other, cell) in modes.iter().zip(row.chars()) {
                assert_eq!(one.clash(*other), cell == 'X', "{one:?} {other:?}");
            }
        }
    }

    #[test]
    fn a_set_clashes_when_one_of_its_modes_does() {
        assert!((Modes::KEY_SHARE | Modes::NO_KEY_UPDATE).clash(Modes::NO_KEY_UPDATE));
        assert!(!(Modes::KEY_SHARE | Modes::SHARE).clash(Modes::KEY_SHARE));
        assert!(!Modes::default().clash(Modes::UPDATE));
    }
}
