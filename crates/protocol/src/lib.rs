//! The verification API on the wire, shared by client and server.
