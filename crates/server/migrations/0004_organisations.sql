-- Organisations, the domains they proved, who answers for their people's identity, and whom they invite.
-- Names and domains of organisations are readable; addresses of people are sealed and found by their lookup.

CREATE TABLE orgs (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    policy_json TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

-- Nothing is answered about a domain before verified_at is set.
CREATE TABLE org_domains (
    domain TEXT PRIMARY KEY,
    org_id TEXT NOT NULL REFERENCES orgs(id),
    verified_at BIGINT
);
CREATE INDEX org_domains_org ON org_domains(org_id);

CREATE TABLE idps (
    id TEXT PRIMARY KEY,
    org_id TEXT REFERENCES orgs(id),
    kind TEXT NOT NULL,
    issuer TEXT NOT NULL,
    client_id TEXT NOT NULL,
    secret_sealed BLOB NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (org_id, issuer)
);

CREATE TABLE invitations (
    id TEXT PRIMARY KEY,
    org_id TEXT NOT NULL REFERENCES orgs(id),
    token_hash TEXT NOT NULL UNIQUE,
    code_hash TEXT NOT NULL UNIQUE,
    email_sealed BLOB NOT NULL,
    email_lookup TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
