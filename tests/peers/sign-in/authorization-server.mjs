// An authorization server that is not ours, for the app's own client: oidc-provider with pushed requests, PKCE, proofs of possession with a nonce, and
// refresh tokens that stay the same while they are bound to a key. Called with its port; says "ready" when it listens, and ends with its standard input.
//
// What no standard has is put on beside it: where an organisation is found, two of our own lines in the metadata, and whose tokens they are.

import { randomBytes } from 'node:crypto';
import { Provider } from 'oidc-provider';

const [port] = process.argv.slice(2);
const issuer = `http://127.0.0.1:${port}`;

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: 'likeness-desktop',
      application_type: 'native',
      redirect_uris: ['http://127.0.0.1/callback', 'app.likeness:/callback'],
      response_types: ['code'],
      grant_types: ['authorization_code', 'refresh_token'],
      token_endpoint_auth_method: 'none',
      dpop_bound_access_tokens: true,
    },
  ],
  scopes: ['profile', 'verification'],
  pkce: { required: () => true },
  features: {
    pushedAuthorizationRequests: { enabled: true, requirePushedAuthorizationRequests: true },
    dPoP: { enabled: true, nonceSecret: randomBytes(32), requireNonce: () => true },
    revocation: { enabled: true },
  },
  issueRefreshToken: () => true,
  discovery: { authorization_challenge_endpoint: `${issuer}/challenge`, likeness_api: 1, likeness_practice: false },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
});

provider.use(async (context, next) => {
  if (context.path === '/v1/discovery/org') {
    const org = { id: 'org_peer', name: 'Peer College' };
    context.body = { org, domain: 'peer.example', sso: ['oidc'], jit: 'allow', password_allowed: false };
    return;
  }
  await next();
  if (context.oidc?.route === 'token' && context.status === 200) {
    const { Account, AuthorizationCode, RefreshToken } = context.oidc.entities;
    context.body = { ...context.body, sub: Account.accountId, grant: (AuthorizationCode ?? RefreshToken).grantId };
  }
});

provider.listen(Number(port), '127.0.0.1', () => console.log('ready'));
process.stdin.on('end', () => process.exit(0)).resume();
