-- When a refresh token, or an access token given with it, was first shown to the server: proof that the reply that carried it arrived.
ALTER TABLE refresh_tokens ADD COLUMN seen_at BIGINT;
-- The refresh token an access token was given with.
ALTER TABLE access_tokens ADD COLUMN refresh_hash TEXT;
