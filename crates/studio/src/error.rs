//! Why a scene cannot be drawn. The messages name the allowed range, because they are read at a command line.

/// A scene that has no picture.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum SceneError {
    /// The picture has no pixels, or more than the studio draws.
    #[error("a picture of {width_px} x {height_px} px cannot be drawn: each side must be {least} to {most} px")]
    Size {
        /// The width asked for.
        width_px: u32,
        /// The height asked for.
        height_px: u32,
        /// The smallest side that can be drawn.
        least: u32,
        /// The largest side that can be drawn.
        most: u32,
    },
    /// A number that is infinite or not a number.
    #[error("{what} is not a finite number: give a plain number")]
    NotFinite {
        /// Which number of the scene it is.
        what: &'static str,
    },
    /// A number outside the range in which the drawing makes sense.
    #[error("{what} is {value}, but must be between {least} and {most}")]
    Range {
        /// Which number of the scene it is.
        what: &'static str,
        /// The number given.
        value: f32,
        /// The least allowed value.
        least: f32,
        /// The greatest allowed value.
        most: f32,
    },
    /// More people than one picture may hold.
    #[error("{count} other people are too many: at most {most} can be drawn")]
    Crowd {
        /// How many were asked for.
        count: usize,
        /// How many can be drawn.
        most: usize,
    },
}

/// Refuses a number that is not finite or lies outside `least..=most`.
pub(crate) fn within(what: &'static str, value: f32, least: f32, most: f32) -> Result<(), SceneError> {
    if !value.is_finite() {
        return Err(SceneError::NotFinite { what });
    }
    if value < least || value > most {
        return Err(SceneError::Range { what, value, least, most });
    }
    Ok(())
}
