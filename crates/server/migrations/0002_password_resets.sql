-- Asked for by anybody, for any address: a row is written whether or not the address has an account, and tells nothing about it in clear.
-- code_hash is keyed; it and account_id stay empty where there is no account.
CREATE TABLE password_resets (
    id TEXT PRIMARY KEY,
    addr_lookup TEXT NOT NULL,
    account_id TEXT REFERENCES accounts(id),
    code_hash TEXT,
    tries BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX password_resets_address ON password_resets(addr_lookup, created_at);
