// An organisation's provider that is not ours: oidc-provider with its own keys, pages and idea of where an address belongs.
// Called with its port and the one address it may send the browser back to; says "ready" when it listens, and ends with its standard input.

import { Provider } from 'oidc-provider';

const [port, callback] = process.argv.slice(2);

const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [
    {
      client_id: 'likeness-oidc',
      client_secret: "the provider's secret",
      redirect_uris: [callback],
      response_types: ['code'],
      grant_types: ['authorization_code'],
      token_endpoint_auth_method: 'client_secret_basic',
    },
  ],
  pkce: { required: () => true },
  claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({ sub: id, email: `${id}@harbour.example`, email_verified: true, name: 'Ada Lovelace' }),
  }),
});

provider.listen(Number(port), '127.0.0.1', () => console.log('ready'));
process.stdin.on('end', () => process.exit(0)).resume();
