//! What one frame shows: faces, card, light, blur, text. Pure functions, numbers with units.
