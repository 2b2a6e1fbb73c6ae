//! An opened release, in the size that fits.

mod acts;
mod budgets;
mod chart;
mod cockpit;
mod controller;
mod lines;
mod metrics;
pub mod panel;
mod revisions;
mod shared;
mod steps;
mod tabs;
mod traffic;
mod verdict;
mod vital;

use crate::{
    core::{
        layout::{self, Tier},
        state::{Open, State},
    },
    view::canvas::Canvas,
};

pub use vital::{state_row, verdict_row};

pub fn draw(state: &State, open: &Open, canvas: &mut Canvas) {
    match layout::tier(state.size) {
        Tier::Cockpit => cockpit::draw(state, open, canvas),
        Tier::Tabs => tabs::draw(state, open, canvas),
        Tier::Lines => lines::draw(state, open, canvas),
    }
}
