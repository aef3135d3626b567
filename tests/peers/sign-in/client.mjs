// An independent client judges our authorization server: oauth4webapi refuses whatever the standards do not allow.
// Called with the server's address and a kiosk's number and secret; walks through the practice provider's page as Kim, whose Google account is connected,
// and prints one line for each thing that held. The first thing that does not hold ends it with 1.

import * as oauth from 'oauth4webapi';

const issuer = new URL(process.argv[2]);
const http = { [oauth.allowInsecureRequests]: true };
const client = { client_id: 'likeness-desktop' };
const auth = oauth.None();
const redirect = 'http://127.0.0.1:49152/callback';

const held = (what) => console.log(`held: ${what}`);

function must(condition, what) {
  if (!condition) throw new Error(`did not hold: ${what}`);
  held(what);
}

const metadata = await oauth.processDiscoveryResponse(
  issuer,
  await oauth.discoveryRequest(issuer, { ...http, algorithm: 'oauth2' }),
);
must(metadata.require_pushed_authorization_requests, 'metadata (RFC 8414), requests must be pushed');

const key = await oauth.generateKeyPair('ES256');
const dpop = oauth.DPoP(client, key);

let nonces = 0;

/** Once more with the nonce where the server asks for one. */
async function withNonce(ask, read) {
  try {
    return await read(await ask());
  } catch (error) {
    if (!oauth.isDPoPNonceError(error)) throw error;
    nonces += 1;
    return read(await ask());
  }
}

async function push(verifier, state) {
  const parameters = new URLSearchParams({
    response_type: 'code',
    redirect_uri: redirect,
    scope: 'profile verification',
    state,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    org_hint: 'google',
  });
  return withNonce(
    () => oauth.pushedAuthorizationRequest(metadata, client, auth, parameters, { ...http, DPoP: dpop }),
    (response) => oauth.processPushedAuthorizationResponse(metadata, client, response),
  );
}

/** The browser: off to the provider, a press on its page, back, and to where the last page leads. */
async function browse(requestUri) {
  const start = new URL(metadata.authorization_endpoint);
  start.search = new URLSearchParams({ client_id: client.client_id, request_uri: requestUri });
  const away = await fetch(start, { redirect: 'manual' });
  const cookie = away.headers.get('set-cookie').split(';')[0];
  const page = await fetch(away.headers.get('location'));
  const html = await page.text();
  const form = new URLSearchParams();
  for (const [, name, value] of html.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)">/g)) {
    form.append(name, value.replaceAll('&amp;', '&'));
  }
  form.append('sub', 'social-kim');
  const picked = await fetch(new URL('/authorize', page.url), { method: 'POST', body: form, redirect: 'manual' });
  const back = await fetch(picked.headers.get('location'), { headers: { cookie }, redirect: 'manual' });
  const last = await fetch(new URL(back.headers.get('location'), issuer), { headers: { cookie } });
  const [, href] = (await last.text()).match(/id="on" href="([^"]*)"/);
  return new URL(href.replaceAll('&amp;', '&'));
}

const trade = (parameters, verifier) =>
  withNonce(
    () => oauth.authorizationCodeGrantRequest(metadata, client, auth, parameters, redirect, verifier, { ...http, DPoP: dpop }),
    (response) => oauth.processAuthorizationCodeResponse(metadata, client, response),
  );

const refresh = (token, proof = dpop) =>
  withNonce(
    () => oauth.refreshTokenGrantRequest(metadata, client, auth, token, { ...http, DPoP: proof }),
    (response) => oauth.processRefreshTokenResponse(metadata, client, response),
  );

async function refused(work, error, what) {
  try {
    await work();
  } catch (caught) {
    must(caught instanceof oauth.ResponseBodyError && caught.error === error, `${what}: ${error} (was ${caught.error ?? caught})`);
    return;
  }
  throw new Error(`did not hold: ${what} was accepted`);
}

async function signIn() {
  const [verifier, state] = [oauth.generateRandomCodeVerifier(), oauth.generateRandomState()];
  const pushed = await push(verifier, state);
  const returned = await browse(pushed.request_uri);
  return { verifier, state, pushed, returned };
}

const { verifier, state, pushed, returned } = await signIn();
must(pushed.expires_in === 300 && nonces === 1, 'a pushed request (RFC 9126), after one nonce');
try {
  oauth.validateAuthResponse(metadata, client, returned, oauth.generateRandomState());
  throw new Error('did not hold: another state was accepted');
} catch (error) {
  must(error instanceof oauth.OperationProcessingError, 'the state is the one of this request');
}
const parameters = oauth.validateAuthResponse(metadata, client, returned, state);
held('the answer names its issuer (RFC 9207)');
await refused(() => trade(parameters, oauth.generateRandomCodeVerifier()), 'invalid_grant', 'another verifier (RFC 7636)');
const tokens = await trade(parameters, verifier);
must(tokens.token_type === 'dpop' && tokens.expires_in > 0, 'tokens bound to the key (RFC 9449)');

const me = new URL('/v1/me', issuer);
const ask = (token, proof = dpop) =>
  oauth.protectedResourceRequest(token, 'GET', me, new Headers(), null, { ...http, DPoP: proof });
const account = await (await withNonce(() => ask(tokens.access_token), (response) => response)).json();
must(account.email === 'kim@mail.example', 'the access token opens the account');
const bearer = await fetch(me, { headers: { authorization: `Bearer ${tokens.access_token}` } });
must(bearer.status === 401, 'the same token without its key opens nothing');

const second = await refresh(tokens.refresh_token);
must(second.refresh_token !== tokens.refresh_token, 'refresh tokens rotate');
const third = await refresh(second.refresh_token);
await refused(() => refresh(tokens.refresh_token), 'invalid_grant', 'a refresh token used again');
await refused(() => refresh(third.refresh_token), 'invalid_grant', 'and with it its whole family');

const again = await signIn();
const more = await trade(oauth.validateAuthResponse(metadata, client, again.returned, again.state), again.verifier);
await refused(
  () => trade(oauth.validateAuthResponse(metadata, client, again.returned, again.state), again.verifier),
  'invalid_grant',
  'a code used again',
);
await refused(() => refresh(more.refresh_token), 'invalid_grant', 'and with it what came of it');

const last = await signIn();
const tokensToRevoke = await trade(oauth.validateAuthResponse(metadata, client, last.returned, last.state), last.verifier);
const stranger = oauth.DPoP(client, await oauth.generateKeyPair('ES256'));
const stolen = await withNonce(() => ask(tokensToRevoke.access_token, stranger), (response) => response).catch((error) => error.response ?? error);
must(stolen.status === 401, 'a stolen access token with another key opens nothing');
await oauth.processRevocationResponse(
  await oauth.revocationRequest(metadata, client, auth, tokensToRevoke.refresh_token, http),
);
await refused(() => refresh(tokensToRevoke.refresh_token), 'invalid_grant', 'revocation (RFC 7009)');

// A kiosk: a client of its own with a secret, and a guest whose phone is this program too.
const kiosk = { client_id: process.argv[3] };
const kioskAuth = oauth.ClientSecretPost(process.argv[4]);
const guestKey = oauth.DPoP(kiosk, await oauth.generateKeyPair('ES256'));
const waits = await oauth.processDeviceAuthorizationResponse(
  metadata,
  kiosk,
  await oauth.deviceAuthorizationRequest(metadata, kiosk, kioskAuth, {}, http),
);
must(waits.interval === 5 && waits.user_code.length === 9, 'a kiosk begins (RFC 8628)');
const question = () =>
  withNonce(
    () => oauth.deviceCodeGrantRequest(metadata, kiosk, kioskAuth, waits.device_code, { ...http, DPoP: guestKey }),
    (response) => oauth.processDeviceCodeResponse(metadata, kiosk, response),
  );
await refused(question, 'authorization_pending', 'before the guest has signed in');
await refused(question, 'slow_down', 'asked again at once');

const phone = { origin: issuer.origin };
const open = (address) => fetch(new URL(address, issuer), { headers: phone, redirect: 'manual' });
const press = (address, fields) =>
  fetch(new URL(address, issuer), { method: 'POST', headers: phone, body: new URLSearchParams(fields), redirect: 'manual' });
phone.cookie = (await open(waits.verification_uri_complete)).headers.get('set-cookie').split(';')[0];
const code = waits.user_code;
const proven = await press('/device/password', { code, email: 'kim@mail.example', password: process.argv[5] });
must(proven.status === 303, 'the guest signs in on the phone');
const look = await (await open(proven.headers.get('location'))).text();
const [, form] = look.match(/name="form" value="([^"]*)"/);
await press('/device/answer', { code, form, answer: 'yes' });
await new Promise((resolve) => setTimeout(resolve, 10_000));
const guest = await question();
must(guest.token_type === 'dpop' && guest.refresh_token === undefined, 'the kiosk gets tokens, and none that lasts');
await refused(question, 'invalid_grant', 'a code of a kiosk used again');
held('everything');
