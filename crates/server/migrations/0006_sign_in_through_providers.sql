-- Signing in through a provider: who somebody is elsewhere, the trips of the browser there and back, and sign-ins that are not complete yet.

ALTER TABLE idps ADD COLUMN private_network BIGINT NOT NULL DEFAULT 0;
ALTER TABLE invitations ADD COLUMN used_count BIGINT NOT NULL DEFAULT 0;
ALTER TABLE invitations ADD COLUMN max_uses BIGINT NOT NULL DEFAULT 1;
-- Where a code that came through the browser must say it came to; empty for one that did not.
ALTER TABLE auth_codes ADD COLUMN redirect_uri TEXT;

-- What never changes about somebody is the provider, its issuer and its own number for them. An address is only what was seen once.
CREATE TABLE identities (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts(id),
    idp_id TEXT NOT NULL REFERENCES idps(id),
    iss TEXT NOT NULL,
    sub TEXT NOT NULL,
    email_seen_sealed BLOB,
    linked_at BIGINT NOT NULL,
    linked_by TEXT NOT NULL,
    UNIQUE (idp_id, iss, sub)
);
CREATE INDEX identities_account ON identities(account_id);

CREATE TABLE memberships (
    org_id TEXT NOT NULL REFERENCES orgs(id),
    account_id TEXT NOT NULL REFERENCES accounts(id),
    role TEXT NOT NULL,
    since BIGINT NOT NULL,
    ended_at BIGINT,
    PRIMARY KEY (org_id, account_id)
);
CREATE INDEX memberships_account ON memberships(account_id);

-- Announced by the app; opened by the browser, as often as it likes until a code was given.
CREATE TABLE pushed_requests (
    hash TEXT PRIMARY KEY,
    client_id TEXT NOT NULL,
    jkt TEXT NOT NULL,
    challenge TEXT NOT NULL,
    scope TEXT NOT NULL,
    redirect_uri TEXT NOT NULL,
    idp_id TEXT NOT NULL REFERENCES idps(id),
    invitation_id TEXT REFERENCES invitations(id),
    rest_sealed BLOB NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    code_given_at BIGINT
);

-- One trip of one browser to a provider. Its state is used once.
CREATE TABLE trips (
    state_hash TEXT PRIMARY KEY,
    request_hash TEXT NOT NULL REFERENCES pushed_requests(hash) ON DELETE CASCADE,
    browser_hash TEXT NOT NULL,
    trip_sealed BLOB NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);

-- The page a trip ends on: where it leads back to, for the same browser, for two minutes.
CREATE TABLE last_pages (
    hash TEXT PRIMARY KEY,
    browser_hash TEXT NOT NULL,
    target_sealed BLOB NOT NULL,
    expires_at BIGINT NOT NULL
);

-- A code from the browser that gives no tokens yet: it leads to a sign-in that goes on, or to the reason why not.
CREATE TABLE unfinished_codes (
    hash TEXT PRIMARY KEY,
    jkt TEXT NOT NULL,
    challenge TEXT NOT NULL,
    redirect_uri TEXT NOT NULL,
    answer_sealed BLOB NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);

-- A sign-in that still needs something. Steps counts accepted steps, so that of two at the same time one counts.
CREATE TABLE auth_sessions (
    hash TEXT PRIMARY KEY,
    client_id TEXT NOT NULL,
    jkt TEXT NOT NULL,
    challenge TEXT NOT NULL,
    scope TEXT NOT NULL,
    state_sealed BLOB NOT NULL,
    steps BIGINT NOT NULL,
    tries BIGINT NOT NULL,
    started_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    last_mac TEXT,
    last_answer_sealed BLOB
);
