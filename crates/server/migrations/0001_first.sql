-- Identifiers, hashes and keys are TEXT, times are milliseconds since 1970, what is sealed is BLOB and ends in _sealed or _wrapped.
-- The SQL is kept to what SQLite and PostgreSQL both read, except for BLOB, which PostgreSQL calls BYTEA.

CREATE TABLE server_keys (
    name TEXT PRIMARY KEY,
    key_wrapped BLOB NOT NULL,
    kek_id TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE accounts (
    id TEXT PRIMARY KEY,
    status TEXT NOT NULL,
    role TEXT NOT NULL,
    display_name_sealed BLOB,
    created_at BIGINT NOT NULL
);

CREATE TABLE emails (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts(id),
    addr_sealed BLOB NOT NULL,
    addr_lookup TEXT NOT NULL UNIQUE,
    is_primary BIGINT NOT NULL,
    verified_at BIGINT
);
CREATE INDEX emails_account ON emails(account_id);

CREATE TABLE passwords (
    account_id TEXT PRIMARY KEY REFERENCES accounts(id),
    phc TEXT NOT NULL,
    changed_at BIGINT NOT NULL
);

-- Keyed by the address that was tried, known or not, so that counting tells nothing about accounts.
CREATE TABLE attempts (
    addr_lookup TEXT PRIMARY KEY,
    failures BIGINT NOT NULL,
    next_at BIGINT NOT NULL
);

CREATE TABLE grants (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts(id),
    client_id TEXT NOT NULL,
    jkt TEXT NOT NULL,
    scope TEXT NOT NULL,
    device_label_sealed BLOB,
    created_at BIGINT NOT NULL,
    auth_time BIGINT NOT NULL,
    revoked_at BIGINT,
    why TEXT
);
CREATE INDEX grants_account ON grants(account_id);

CREATE TABLE auth_codes (
    hash TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts(id),
    client_id TEXT NOT NULL,
    jkt TEXT NOT NULL,
    challenge TEXT NOT NULL,
    scope TEXT NOT NULL,
    device_label_sealed BLOB,
    auth_time BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT,
    grant_id TEXT
);

CREATE TABLE refresh_tokens (
    hash TEXT PRIMARY KEY,
    grant_id TEXT NOT NULL REFERENCES grants(id),
    parent TEXT,
    rotated_at BIGINT,
    successor TEXT,
    successor_sealed BLOB,
    expires_at BIGINT NOT NULL
);
CREATE INDEX refresh_tokens_grant ON refresh_tokens(grant_id);

CREATE TABLE access_tokens (
    hash TEXT PRIMARY KEY,
    grant_id TEXT NOT NULL REFERENCES grants(id),
    expires_at BIGINT NOT NULL
);
CREATE INDEX access_tokens_grant ON access_tokens(grant_id);

CREATE TABLE dpop_seen (
    jti_hash TEXT PRIMARY KEY,
    expires_at BIGINT NOT NULL
);

CREATE TABLE consents (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts(id),
    policy_version TEXT NOT NULL,
    text_hash TEXT NOT NULL,
    locale TEXT NOT NULL,
    given_at BIGINT NOT NULL,
    withdrawn_at BIGINT
);
CREATE INDEX consents_account ON consents(account_id);

CREATE TABLE capture_sessions (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts(id),
    consent_id TEXT NOT NULL REFERENCES consents(id),
    jkt TEXT NOT NULL,
    public_key_json TEXT NOT NULL,
    nonce_hash TEXT NOT NULL,
    id_layout TEXT NOT NULL,
    required_json TEXT NOT NULL,
    kept_json TEXT NOT NULL,
    continues TEXT,
    device_json TEXT NOT NULL,
    started_at BIGINT NOT NULL,
    capture_by BIGINT NOT NULL,
    upload_by BIGINT NOT NULL,
    state TEXT NOT NULL
);
CREATE INDEX capture_sessions_account ON capture_sessions(account_id, started_at);

CREATE TABLE uploads (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts(id),
    capture_session TEXT NOT NULL REFERENCES capture_sessions(id),
    kind TEXT NOT NULL,
    length BIGINT NOT NULL,
    offset_bytes BIGINT NOT NULL,
    sha256 TEXT NOT NULL,
    state TEXT NOT NULL,
    finding TEXT,
    chunks_json TEXT NOT NULL,
    dek_wrapped BLOB,
    lease TEXT,
    lease_until BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX uploads_photo ON uploads(capture_session, kind, sha256) WHERE state <> 'aborted';

CREATE TABLE profiles (
    account_id TEXT PRIMARY KEY REFERENCES accounts(id),
    status TEXT NOT NULL,
    submission_id TEXT NOT NULL,
    updated_at BIGINT NOT NULL,
    version BIGINT NOT NULL
);

CREATE TABLE submissions (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts(id),
    n BIGINT NOT NULL,
    reference TEXT NOT NULL UNIQUE,
    capture_session TEXT NOT NULL REFERENCES capture_sessions(id),
    id_layout TEXT NOT NULL,
    dek_wrapped BLOB NOT NULL,
    full_name_sealed BLOB NOT NULL,
    manifest_sealed BLOB NOT NULL,
    evidence_sealed BLOB NOT NULL,
    outcome TEXT,
    submitted_at BIGINT NOT NULL,
    decided_at BIGINT,
    delete_media_at BIGINT,
    UNIQUE (account_id, n)
);
CREATE INDEX submissions_waiting ON submissions(outcome, submitted_at);

-- A photo belongs to an upload until it is submitted, then to a submission; a kept photo moves on to the submission that repairs the first.
CREATE TABLE media (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts(id),
    upload_id TEXT REFERENCES uploads(id),
    submission_id TEXT REFERENCES submissions(id),
    kind TEXT NOT NULL,
    object_key TEXT NOT NULL,
    bytes BIGINT NOT NULL,
    width_px BIGINT NOT NULL,
    height_px BIGINT NOT NULL,
    sha256_uploaded TEXT NOT NULL,
    sha256_stored TEXT NOT NULL,
    dek_wrapped BLOB,
    kek_id TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    deleted_at BIGINT
);
CREATE INDEX media_submission ON media(submission_id);
CREATE INDEX media_upload ON media(upload_id);

CREATE TABLE photo_fingerprints (
    hmac TEXT PRIMARY KEY,
    account_id TEXT NOT NULL,
    submission_id TEXT NOT NULL
);

CREATE TABLE decisions (
    submission_id TEXT PRIMARY KEY REFERENCES submissions(id),
    reviewer TEXT NOT NULL,
    outcome TEXT NOT NULL,
    reasons_json TEXT NOT NULL,
    may_resubmit BIGINT NOT NULL,
    note_sealed BLOB,
    internal_note_sealed BLOB,
    body_hash TEXT NOT NULL,
    decided_at BIGINT NOT NULL
);

CREATE TABLE claims (
    submission_id TEXT PRIMARY KEY REFERENCES submissions(id),
    reviewer TEXT NOT NULL,
    claimed_at BIGINT NOT NULL,
    lease_until BIGINT NOT NULL
);

CREATE TABLE media_access (
    id TEXT PRIMARY KEY,
    ticket_hash TEXT NOT NULL UNIQUE,
    media_id TEXT NOT NULL REFERENCES media(id),
    submission_id TEXT NOT NULL,
    reviewer TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    viewed_at BIGINT
);
CREATE INDEX media_access_submission ON media_access(submission_id, reviewer);

CREATE TABLE idempotency (
    account_id TEXT NOT NULL,
    key TEXT NOT NULL,
    route TEXT NOT NULL,
    body_hash TEXT NOT NULL,
    status BIGINT NOT NULL,
    response_sealed BLOB NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, key)
);

CREATE TABLE mail_outbox (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts(id),
    template TEXT NOT NULL,
    vars_sealed BLOB NOT NULL,
    locale TEXT NOT NULL,
    state TEXT NOT NULL,
    tries BIGINT NOT NULL,
    next_at BIGINT NOT NULL,
    lease_until BIGINT NOT NULL,
    last_error TEXT,
    created_at BIGINT NOT NULL
);
CREATE INDEX mail_outbox_due ON mail_outbox(state, next_at);

-- The hash chain over these rows comes later: its columns are here so that it needs no migration of old rows.
CREATE TABLE audit (
    id TEXT PRIMARY KEY,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    object TEXT NOT NULL,
    meta_json TEXT NOT NULL,
    chain_pos BIGINT,
    prev_hash TEXT,
    hash TEXT
);

CREATE TABLE console_sessions (
    hash TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts(id),
    created_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    ended_at BIGINT
);

-- Practice mode only; empty on every other server.
CREATE TABLE practice_accounts (
    account_id TEXT PRIMARY KEY REFERENCES accounts(id),
    position BIGINT NOT NULL,
    password_sealed BLOB NOT NULL,
    for_trying TEXT NOT NULL
);

CREATE TABLE console_links (
    hash TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts(id),
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);
