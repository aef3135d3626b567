//! Devices, modes, one running stream of frames. The only crate that names nokhwa.
