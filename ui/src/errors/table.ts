// One row for every code that can reach the window: how serious, which sentence, and the one thing to do next.
// A row without a sentence or a label fails a test; a code without a row is drawn as `unknown`, with the server's reference number.

import type { Trouble } from '../gen/Trouble';
import type { PlainCommand } from '../host/types';

/** `correct`: something typed has to change. `blocking`: this step cannot go on. `waiting`: it goes on by itself, or soon. */
export type Severity = 'correct' | 'blocking' | 'waiting';

/** The one thing to do. `again` presses the screen's own main button once more, `field` moves to the input the trouble names. */
export type Deed = { kind: 'again' } | { kind: 'field' } | { kind: 'choose-camera' } | { kind: 'call'; command: PlainCommand };

/** One row. `text` and its attribute `.do` are Fluent ids; so is `label`. */
export interface ErrorEntry {
  severity: Severity;
  text: string;
  label: string;
  deed: Deed;
}

const AGAIN = { label: 'action-try-again', deed: { kind: 'again' } } as const;
const CORRECT = { severity: 'correct', label: 'action-correct', deed: { kind: 'field' } } as const;
const CAMERA_AGAIN = {
  severity: 'blocking',
  label: 'action-try-again',
  deed: { kind: 'call', command: 'turn_on_camera' },
} as const;
const OTHER_CAMERA = { severity: 'blocking', label: 'action-choose-camera', deed: { kind: 'choose-camera' } } as const;
const HELP = { severity: 'blocking', label: 'action-get-help', deed: { kind: 'call', command: 'open_help' } } as const;
const HOME = { severity: 'blocking', label: 'action-see-status', deed: { kind: 'call', command: 'go' } } as const;

const CLOSE = { severity: 'blocking', label: 'action-close', deed: { kind: 'call', command: 'quit' } } as const;

const SERVER_BUSY = { severity: 'blocking', ...AGAIN, text: 'error-server-unavailable' } as const;
const PHOTOS_OUTDATED = { severity: 'blocking', ...AGAIN, text: 'error-photos-outdated' } as const;

const TABLE = {
  'invalid-credentials': { ...CORRECT, text: 'error-invalid-credentials' },
  'too-many-attempts': { severity: 'waiting', ...AGAIN, text: 'error-too-many-attempts' },
  'rate-limited': { severity: 'waiting', ...AGAIN, text: 'error-too-many-attempts' },
  'org-input-invalid': { ...CORRECT, text: 'error-org-input-invalid' },
  'org-is-product-name': { ...CORRECT, text: 'error-org-is-product-name' },
  'org-is-public-mail': { ...CORRECT, text: 'error-org-is-public-mail' },
  'org-not-found': { ...CORRECT, text: 'error-org-not-found' },
  'org-without-sign-in': { ...CORRECT, text: 'error-org-without-sign-in' },
  'org-sso-unavailable': { severity: 'blocking', ...AGAIN, text: 'error-org-sso-unavailable' },
  'org-access-ended': { severity: 'blocking', ...AGAIN, text: 'error-org-access-ended' },
  'sso-required': {
    severity: 'blocking',
    label: 'organisation-start',
    deed: { kind: 'call', command: 'open_organisation' },
    text: 'error-sso-required',
  },
  'sso-denied': { severity: 'blocking', ...AGAIN, text: 'error-sso-denied' },
  'sso-cancelled': { severity: 'blocking', ...AGAIN, text: 'error-sso-cancelled' },
  'browser-timeout': { severity: 'blocking', ...AGAIN, text: 'error-browser-timeout' },
  'browser-no-way-back': { severity: 'blocking', ...AGAIN, text: 'error-browser-no-way-back' },
  'auth-session-expired': { severity: 'blocking', ...AGAIN, text: 'error-auth-session-expired' },
  'invitation-required': { ...CORRECT, text: 'error-invitation-required' },
  'invitation-unknown': { ...CORRECT, text: 'error-invitation-unknown' },
  'invitation-link-unknown': { ...HELP, text: 'error-invitation-link-unknown' },
  'social-connected-elsewhere': { ...HELP, text: 'error-social-connected-elsewhere' },
  'invitation-expired': { ...HELP, text: 'error-invitation-expired' },
  'invitation-used': { ...HELP, text: 'error-invitation-used' },
  'invitation-wrong-person': { ...HELP, text: 'error-invitation-wrong-person' },
  'identity-conflict': { ...HELP, text: 'error-identity-conflict' },
  'account-managed-elsewhere': { ...HELP, text: 'error-account-managed-elsewhere' },
  'account-disabled': { ...HELP, text: 'error-account-disabled' },
  'network-dns': { severity: 'blocking', ...AGAIN, text: 'error-network-dns' },
  'network-connect': { severity: 'blocking', ...AGAIN, text: 'error-network-connect' },
  'network-timeout': { severity: 'blocking', ...AGAIN, text: 'error-network-timeout' },
  'tls-untrusted': { ...HELP, text: 'error-tls-untrusted' },
  'captive-portal': { severity: 'blocking', ...AGAIN, text: 'error-captive-portal' },
  'redirect-refused': { severity: 'blocking', ...AGAIN, text: 'error-captive-portal' },
  'proxy-auth-required': { ...HELP, text: 'error-proxy-auth-required' },
  'clock-wrong': { severity: 'blocking', ...AGAIN, text: 'error-clock-wrong' },
  'server-unavailable': SERVER_BUSY,
  'server-trouble': SERVER_BUSY,
  'server-fault': SERVER_BUSY,
  'storage-full': SERVER_BUSY,
  busy: SERVER_BUSY,
  'session-ended': { severity: 'blocking', ...AGAIN, text: 'error-session-ended' },
  'invalid-grant': { severity: 'blocking', ...AGAIN, text: 'error-session-ended' },
  'consent-stale': { severity: 'blocking', ...AGAIN, text: 'error-consent-stale' },
  'consent-required': { severity: 'blocking', ...AGAIN, text: 'error-consent-stale' },
  'capture-session-expired': { severity: 'blocking', ...AGAIN, text: 'error-capture-session-expired' },
  'capture-session-used': PHOTOS_OUTDATED,
  'manifest-malformed': PHOTOS_OUTDATED,
  'manifest-signature': PHOTOS_OUTDATED,
  'manifest-wrong-key': PHOTOS_OUTDATED,
  'manifest-wrong-audience': PHOTOS_OUTDATED,
  'manifest-nonce': PHOTOS_OUTDATED,
  'manifest-time': PHOTOS_OUTDATED,
  'manifest-incomplete': PHOTOS_OUTDATED,
  'manifest-hash': PHOTOS_OUTDATED,
  'synthetic-camera': { severity: 'blocking', ...AGAIN, text: 'error-synthetic-camera' },
  'virtual-camera': { severity: 'blocking', ...AGAIN, text: 'error-virtual-camera' },
  'resubmission-closed': { ...HELP, text: 'error-resubmission-closed' },
  'full-name-invalid': { ...CORRECT, text: 'error-name-characters' },
  'name-empty': { ...CORRECT, text: 'error-name-empty' },
  'name-too-long': { ...CORRECT, text: 'error-name-too-long' },
  'name-characters': { ...CORRECT, text: 'error-name-characters' },
  'camera-none': { ...CAMERA_AGAIN, text: 'error-camera-none' },
  'camera-in-use': { ...CAMERA_AGAIN, text: 'error-camera-in-use' },
  'camera-denied': {
    severity: 'blocking',
    text: 'error-camera-denied',
    label: 'action-open-camera-settings',
    deed: { kind: 'call', command: 'open_camera_settings' },
  },
  'camera-restricted': { ...HELP, text: 'error-camera-restricted' },
  'camera-lost': { ...OTHER_CAMERA, text: 'error-camera-lost' },
  'camera-stalled': { ...CAMERA_AGAIN, text: 'error-camera-stalled' },
  'camera-not-moving': { ...OTHER_CAMERA, text: 'error-camera-not-moving' },
  'camera-damaged-frames': { ...CAMERA_AGAIN, text: 'error-camera-damaged-frames' },
  'camera-unsupported': { ...OTHER_CAMERA, text: 'error-camera-unsupported' },
  'camera-virtual-blocked': { ...OTHER_CAMERA, text: 'error-camera-virtual-blocked' },
  'camera-failed': { ...CAMERA_AGAIN, text: 'error-camera-failed' },
  'already-in-review': { ...HOME, text: 'error-already-in-review' },
  'already-approved': { ...HOME, text: 'error-already-approved' },
  'photo-refused': { ...CORRECT, label: 'action-take-photo-again', text: 'error-photo-refused' },
  'photo-already-used': { ...CORRECT, label: 'action-take-photo-again', text: 'error-photo-already-used' },
  'upload-refused': { severity: 'blocking', ...AGAIN, text: 'error-upload-refused' },
  'request-refused': { severity: 'blocking', ...AGAIN, text: 'error-request-refused' },
  'client-too-old': { ...HELP, text: 'error-client-too-old' },
  'origin-unsafe': { ...HELP, text: 'error-server-address' },
  'server-address-unreadable': { ...HELP, text: 'error-server-address' },
  'server-not-set': { ...HELP, text: 'error-server-not-set' },
  'practice-server-failed': { ...CLOSE, text: 'error-practice-server-failed' },
  'tls-unavailable': { ...HELP, text: 'error-tls-unavailable' },
  'reply-too-large': { ...HELP, text: 'error-reply-malformed' },
  'reply-malformed': { ...HELP, text: 'error-reply-malformed' },
  'no-randomness': { severity: 'blocking', ...AGAIN, text: 'error-no-randomness' },
  'sign-in-busy': { severity: 'waiting', ...AGAIN, text: 'error-sign-in-busy' },
  'sign-in-cancelled': { severity: 'blocking', ...AGAIN, text: 'error-sign-in-cancelled' },
  'already-signed-in': { severity: 'blocking', ...AGAIN, text: 'error-sign-in-busy' },
  'keyring-refused': { severity: 'blocking', ...AGAIN, text: 'error-keyring-refused' },
  'last-sign-in-method': { severity: 'blocking', ...AGAIN, text: 'error-last-sign-in-method' },
  'identity-managed-by-organisation': { ...HELP, text: 'error-identity-managed-by-organisation' },
  'email-managed-by-organisation': { ...HELP, text: 'error-email-managed-by-organisation' },
  'another-person': { severity: 'blocking', ...AGAIN, text: 'error-another-person' },
  'step-up-required': { severity: 'blocking', ...AGAIN, text: 'error-step-up-required' },
  'password-wrong': { ...CORRECT, text: 'error-password-wrong' },
  'password-too-weak': { ...CORRECT, text: 'error-password-too-weak' },
  'email-invalid': { ...CORRECT, text: 'error-email-invalid' },
  'code-wrong': { ...CORRECT, text: 'error-code-wrong' },
  'code-expired': { severity: 'blocking', label: 'action-new-code', deed: { kind: 'again' }, text: 'error-code-expired' },
  'device-refused': { severity: 'blocking', label: 'guest-new-code', deed: { kind: 'again' }, text: 'error-device-refused' },
  'device-code-expired': {
    severity: 'blocking',
    label: 'guest-new-code',
    deed: { kind: 'again' },
    text: 'error-device-code-expired',
  },
  'unauthorized-client': { severity: 'blocking', ...AGAIN, text: 'error-kiosk-unknown' },
  'policy-unreadable': { ...CLOSE, text: 'error-policy-unreadable' },
  'policy-unsafe': { ...CLOSE, text: 'error-policy-unsafe' },
  'policy-damaged': { ...CLOSE, text: 'error-policy-damaged' },
  'policy-unknown-key': { ...CLOSE, text: 'error-policy-unknown-key' },
  'policy-value': { ...CLOSE, text: 'error-policy-value' },
  'policy-missing': { ...CLOSE, text: 'error-policy-missing' },
  'export-not-saved': { severity: 'blocking', ...AGAIN, text: 'error-export-not-saved' },
  'host-timeout': { severity: 'blocking', ...AGAIN, text: 'error-host-timeout' },
  unknown: { ...HELP, text: 'error-unknown' },
} satisfies Record<string, ErrorEntry>;

/** The codes that have a row of their own. */
export const CODES: readonly string[] = Object.keys(TABLE);

/** The row of a trouble; the row `unknown` when its code has none. */
export function entryFor(trouble: Trouble): ErrorEntry {
  const rows: Record<string, ErrorEntry> = TABLE;
  return rows[trouble.code] ?? TABLE.unknown;
}
