//! From consent to decision: capture session, manifest, sending, status.
