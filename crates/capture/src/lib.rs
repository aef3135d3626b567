//! Guided capture: watches frames, gives one hint at a time, takes the burst, yields a CapturedPhoto.
