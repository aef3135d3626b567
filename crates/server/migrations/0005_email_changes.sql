-- One wish to use another address. state: pending, confirmed, cancelled, reverted. code_hash is keyed, and empty when the address is somebody else's.
CREATE TABLE email_changes (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts(id),
    new_sealed BLOB NOT NULL,
    new_lookup TEXT NOT NULL,
    old_email_id TEXT,
    code_hash TEXT,
    tries BIGINT NOT NULL,
    state TEXT NOT NULL,
    revert_hash TEXT NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    confirmed_at BIGINT
);
CREATE INDEX email_changes_account ON email_changes(account_id, created_at);
CREATE INDEX email_changes_address ON email_changes(new_lookup, created_at);

-- Until when an address that was replaced still belongs to the account, so that nobody else takes it and the change can be undone.
ALTER TABLE emails ADD COLUMN former_until BIGINT;

-- Where a mail goes that is not for the address that is primary when it is sent.
ALTER TABLE mail_outbox ADD COLUMN to_sealed BLOB;

ALTER TABLE accounts ADD COLUMN deleted_at BIGINT;
