//! The learner's way: steps and rules, one View for the window to draw.

pub mod view;
