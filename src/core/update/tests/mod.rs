//! The program without a screen: keys and news in, effects and notices out. Time passes only when told to.

mod acts;
mod answered;
mod asking;
mod board;
mod budgets;
mod clocks;
mod doubts;
mod gaps;
mod guarding;
mod judging;
mod kinds;
mod leaving;
mod mandate;
mod moves;
mod past;
mod properties;
mod prospects;
mod readable;
mod releases;
mod rereading;
mod resetting;
mod sentry;
mod shop;
mod unproven;
mod world;
