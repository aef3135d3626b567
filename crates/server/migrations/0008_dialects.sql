-- Which language a provider speaks: oidc, or facebook for OAuth with Facebook's own way of saying who somebody is.
ALTER TABLE idps ADD COLUMN dialect TEXT NOT NULL DEFAULT 'oidc';
