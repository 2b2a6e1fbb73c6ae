//! Small parts that screens are built of. They know roles and columns, and nothing of releases.

pub mod bar;
pub mod cells;
pub mod row;
pub mod spark;
