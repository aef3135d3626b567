//! Who is signed in: login flows and tokens. Its vault is the only code that names keyring.
