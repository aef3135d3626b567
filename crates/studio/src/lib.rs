//! Draws synthetic learners and specimen ID cards with known truth.
