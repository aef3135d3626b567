-- Computers that guests sign in at with their own phone.
CREATE TABLE kiosks (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    secret_hash TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

-- One guest's sign-in. status: waiting, proven, approved, refused. jkt is that of the first question; browser_hash is the phone's.
CREATE TABLE device_codes (
    device_hash TEXT PRIMARY KEY,
    user_code_hash TEXT NOT NULL UNIQUE,
    kiosk_id TEXT NOT NULL REFERENCES kiosks(id),
    jkt TEXT,
    scope TEXT NOT NULL,
    status TEXT NOT NULL,
    account_id TEXT REFERENCES accounts(id),
    browser_hash TEXT,
    auth_time BIGINT,
    interval_s BIGINT NOT NULL,
    next_poll_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);
