// The Views of the recorded journey, one per state that a screen can be in. Names are those of the gallery.

import type { CameraView } from '../gen/CameraView';
import type { Frame } from '../gen/Frame';
import type { Guidance } from '../gen/Guidance';
import type { Notice } from '../gen/Notice';
import type { OrganisationPage } from '../gen/OrganisationPage';
import type { Screen } from '../gen/Screen';
import type { SettingsPage } from '../gen/SettingsPage';
import type { Trouble } from '../gen/Trouble';
import type { View } from '../gen/View';

/** One recorded state: the screen and what differs from the usual frame. */
interface Recorded {
  screen: Screen;
  frame?: Partial<Frame>;
  notices?: Notice[];
  guidance?: Partial<Guidance>;
}

const SENT_AT_MS = Date.UTC(2026, 8, 14, 9, 20);
const DECIDED_AT_MS = Date.UTC(2026, 8, 15, 14, 5);
const ID_TYPES = ['Passport', 'National identity card', 'Driving licence', 'Residence permit'];
const CONSENT = [
  'Example Academy asks for a photo of your face, a photo of your ID and your full name, to check that you are the person who earns its certificates.',
  'A trained member of staff compares them. Nobody else sees them, and no computer decides.',
  'The photos are deleted 90 days after the decision. Your name and the decision are kept as long as your account exists. You can withdraw at any time under “My data”; then everything is deleted.',
].join('\n\n');

const trouble = (code: string, more: Partial<Trouble> = {}): Trouble => ({
  code,
  field: null,
  number: null,
  requestId: null,
  ...more,
});

const camera = (more: Partial<CameraView> = {}): CameraView => ({
  state: 'live',
  stream: 'demo',
  mirrored: true,
  aspect: 16 / 9,
  trouble: null,
  name: 'Integrated Webcam HD',
  finding: null,
  card: { dpi: 211, centimetres: null, grade: 'plenty' },
  cameras: [
    { key: 'a', label: 'Integrated Webcam HD', chosen: true, practice: false, remark: null },
    { key: 'b', label: 'Practice learner', chosen: false, practice: true, remark: null },
  ],
  other: 'b',
  hasSettingsPage: false,
  ...more,
});

const noCamera = (code: string, more: Partial<CameraView> = {}): CameraView =>
  camera({ state: 'trouble', stream: null, card: null, trouble: trouble(code), ...more });
/** Three of them, the first in use, and what can be said of each. */
const SEVERAL: Partial<CameraView> = {
  cameras: [
    { key: 'a', label: 'HD Webcam, USB 1-2', chosen: true, practice: false, remark: null },
    { key: 'b', label: 'HD Webcam, USB 3-1', chosen: false, practice: false, remark: null },
    { key: 'c', label: 'OBS Virtual Camera', chosen: false, practice: false, remark: 'not-allowed' },
  ],
  name: 'HD Webcam, USB 1-2',
};
const VIRTUAL: Partial<CameraView> = {
  cameras: [
    { key: 'c', label: 'OBS Virtual Camera', chosen: true, practice: false, remark: 'program' },
    { key: 'b', label: 'HD Webcam', chosen: false, practice: false, remark: null },
  ],
  name: 'OBS Virtual Camera',
};
const check = (view: CameraView, more: Partial<Recorded> = {}): Recorded => ({
  screen: { kind: 'camera-check', camera: view },
  frame: { ...step(4), mode: 'production' },
  ...more,
});
const step = (number: number): Partial<Frame> => ({ step: { number, of: 9 }, mayGoBack: true });

const HARBOUR = 'Harbour University';
const organisation = (page: OrganisationPage, more: Partial<Recorded> = {}, wrong: Trouble | null = null): Recorded => ({
  screen: { kind: 'organisation', page, busy: false, trouble: wrong },
  frame: { who: null },
  ...more,
});

const invited = (
  more: Partial<Extract<Screen, { kind: 'invitation' }>>,
  frame: Partial<Frame> = { mayGoBack: true },
): Recorded => ({
  screen: {
    kind: 'invitation',
    invitation: { org: HARBOUR, emailMasked: 's•••••@harbour.example' },
    signedIn: false,
    signedInAs: null,
    losesPhotos: false,
    busy: false,
    trouble: null,
    ...more,
  },
  frame,
});

/** The address with the code in it, as the shell draws it. */
const GUEST_PICTURE =
  'M0 0h7v1h-7zM13 0h2v1h-2zM17 0h4v1h-4zM22 0h2v1h-2zM26 0h7v1h-7zM0 1h1v1h-1zM6 1h1v1h-1zM9 1h2v1h-2zM12 1h6v1h-6zM21 1h2v1h-2zM24 1h1v1h-1zM26 1h1v1h-1zM32 1h1v1h-1zM0 2h1v1h-1zM2 2h3v1h-3zM6 2h1v1h-1zM8 2h1v1h-1zM10 2h1v1h-1zM12 2h2v1h-2zM15 2h4v1h-4zM20 2h4v1h-4zM26 2h1v1h-1zM28 2h3v1h-3zM32 2h1v1h-1zM0 3h1v1h-1zM2 3h3v1h-3zM6 3h1v1h-1zM8 3h2v1h-2zM11 3h2v1h-2zM14 3h3v1h-3zM19 3h4v1h-4zM24 3h1v1h-1zM26 3h1v1h-1zM28 3h3v1h-3zM32 3h1v1h-1zM0 4h1v1h-1zM2 4h3v1h-3zM6 4h1v1h-1zM8 4h2v1h-2zM11 4h1v1h-1zM13 4h1v1h-1zM15 4h1v1h-1zM18 4h1v1h-1zM23 4h2v1h-2zM26 4h1v1h-1zM28 4h3v1h-3zM32 4h1v1h-1zM0 5h1v1h-1zM6 5h1v1h-1zM8 5h1v1h-1zM12 5h5v1h-5zM20 5h2v1h-2zM24 5h1v1h-1zM26 5h1v1h-1zM32 5h1v1h-1zM0 6h7v1h-7zM8 6h1v1h-1zM10 6h1v1h-1zM12 6h1v1h-1zM14 6h1v1h-1zM16 6h1v1h-1zM18 6h1v1h-1zM20 6h1v1h-1zM22 6h1v1h-1zM24 6h1v1h-1zM26 6h7v1h-7zM8 7h5v1h-5zM14 7h2v1h-2zM21 7h3v1h-3zM0 8h1v1h-1zM2 8h5v1h-5zM10 8h1v1h-1zM13 8h3v1h-3zM17 8h2v1h-2zM24 8h1v1h-1zM26 8h5v1h-5zM0 9h1v1h-1zM5 9h1v1h-1zM7 9h2v1h-2zM14 9h1v1h-1zM16 9h1v1h-1zM18 9h4v1h-4zM23 9h1v1h-1zM26 9h2v1h-2zM29 9h4v1h-4zM0 10h1v1h-1zM2 10h1v1h-1zM5 10h3v1h-3zM10 10h3v1h-3zM15 10h2v1h-2zM18 10h1v1h-1zM22 10h1v1h-1zM25 10h1v1h-1zM28 10h1v1h-1zM30 10h2v1h-2zM0 11h3v1h-3zM4 11h1v1h-1zM8 11h2v1h-2zM12 11h1v1h-1zM14 11h1v1h-1zM21 11h2v1h-2zM24 11h2v1h-2zM28 11h4v1h-4zM0 12h5v1h-5zM6 12h2v1h-2zM10 12h2v1h-2zM15 12h1v1h-1zM18 12h1v1h-1zM21 12h4v1h-4zM27 12h3v1h-3zM31 12h1v1h-1zM0 13h2v1h-2zM4 13h1v1h-1zM7 13h1v1h-1zM12 13h6v1h-6zM20 13h1v1h-1zM25 13h2v1h-2zM30 13h3v1h-3zM0 14h3v1h-3zM4 14h1v1h-1zM6 14h5v1h-5zM13 14h2v1h-2zM17 14h1v1h-1zM19 14h1v1h-1zM22 14h1v1h-1zM24 14h4v1h-4zM31 14h1v1h-1zM0 15h1v1h-1zM3 15h1v1h-1zM7 15h3v1h-3zM12 15h3v1h-3zM16 15h1v1h-1zM19 15h3v1h-3zM25 15h2v1h-2zM29 15h2v1h-2zM1 16h2v1h-2zM5 16h2v1h-2zM8 16h1v1h-1zM10 16h1v1h-1zM14 16h1v1h-1zM17 16h1v1h-1zM19 16h2v1h-2zM22 16h1v1h-1zM24 16h2v1h-2zM27 16h4v1h-4zM32 16h1v1h-1zM0 17h1v1h-1zM4 17h2v1h-2zM7 17h6v1h-6zM16 17h5v1h-5zM23 17h1v1h-1zM25 17h3v1h-3zM29 17h2v1h-2zM32 17h1v1h-1zM1 18h2v1h-2zM5 18h2v1h-2zM11 18h1v1h-1zM13 18h5v1h-5zM20 18h2v1h-2zM24 18h5v1h-5zM30 18h2v1h-2zM0 19h2v1h-2zM3 19h1v1h-1zM5 19h1v1h-1zM7 19h3v1h-3zM12 19h4v1h-4zM17 19h2v1h-2zM20 19h2v1h-2zM23 19h3v1h-3zM27 19h6v1h-6zM1 20h4v1h-4zM6 20h2v1h-2zM9 20h1v1h-1zM13 20h2v1h-2zM16 20h1v1h-1zM19 20h1v1h-1zM21 20h2v1h-2zM24 20h2v1h-2zM27 20h3v1h-3zM0 21h1v1h-1zM3 21h1v1h-1zM5 21h1v1h-1zM7 21h3v1h-3zM11 21h1v1h-1zM14 21h2v1h-2zM18 21h1v1h-1zM21 21h1v1h-1zM29 21h1v1h-1zM32 21h1v1h-1zM0 22h1v1h-1zM2 22h1v1h-1zM6 22h2v1h-2zM10 22h1v1h-1zM12 22h1v1h-1zM14 22h3v1h-3zM21 22h2v1h-2zM25 22h1v1h-1zM28 22h2v1h-2zM31 22h1v1h-1zM0 23h1v1h-1zM3 23h2v1h-2zM7 23h4v1h-4zM15 23h1v1h-1zM18 23h1v1h-1zM21 23h4v1h-4zM26 23h1v1h-1zM28 23h4v1h-4zM0 24h1v1h-1zM2 24h1v1h-1zM4 24h1v1h-1zM6 24h2v1h-2zM15 24h1v1h-1zM17 24h1v1h-1zM22 24h1v1h-1zM24 24h5v1h-5zM8 25h2v1h-2zM16 25h1v1h-1zM18 25h3v1h-3zM22 25h3v1h-3zM28 25h1v1h-1zM30 25h3v1h-3zM0 26h7v1h-7zM9 26h1v1h-1zM13 26h3v1h-3zM18 26h1v1h-1zM20 26h1v1h-1zM23 26h2v1h-2zM26 26h1v1h-1zM28 26h1v1h-1zM30 26h2v1h-2zM0 27h1v1h-1zM6 27h1v1h-1zM8 27h1v1h-1zM10 27h4v1h-4zM16 27h1v1h-1zM21 27h1v1h-1zM23 27h2v1h-2zM28 27h4v1h-4zM0 28h1v1h-1zM2 28h3v1h-3zM6 28h1v1h-1zM8 28h2v1h-2zM11 28h2v1h-2zM14 28h2v1h-2zM18 28h1v1h-1zM21 28h2v1h-2zM24 28h6v1h-6zM31 28h1v1h-1zM0 29h1v1h-1zM2 29h3v1h-3zM6 29h1v1h-1zM8 29h2v1h-2zM13 29h4v1h-4zM23 29h3v1h-3zM28 29h1v1h-1zM30 29h3v1h-3zM0 30h1v1h-1zM2 30h3v1h-3zM6 30h1v1h-1zM8 30h6v1h-6zM20 30h2v1h-2zM23 30h2v1h-2zM26 30h2v1h-2zM29 30h1v1h-1zM0 31h1v1h-1zM6 31h1v1h-1zM11 31h1v1h-1zM16 31h1v1h-1zM19 31h1v1h-1zM21 31h1v1h-1zM24 31h1v1h-1zM28 31h3v1h-3zM0 32h7v1h-7zM8 32h2v1h-2zM11 32h1v1h-1zM14 32h1v1h-1zM16 32h2v1h-2zM19 32h1v1h-1zM22 32h3v1h-3zM26 32h2v1h-2zM31 32h1v1h-1z';
const GUEST_CODE = {
  code: 'BCDF-GHJK',
  page: 'https://verify.example/device',
  picture: { size: 33, path: GUEST_PICTURE },
  minutesLeft: 5,
};
const KIOSK: Partial<Frame> = { mode: 'production', helpAddress: null, kiosk: { ending: null } };
const guest = (more: Partial<Extract<Screen, { kind: 'guest' }>>): Recorded => ({
  screen: { kind: 'guest', code: null, busy: false, trouble: null, ...more },
  frame: { ...KIOSK, who: null, mayGoBack: true },
});

const FACE_OVAL = { x: 0.375, y: 0.14, width: 0.25, height: 0.68 };
const CARD_OUTLINE = { x: 0.24, y: 0.21, width: 0.52, height: 0.583 };

const facing: Screen = {
  kind: 'capture',
  photo: 'face',
  withCard: false,
  hand: null,
  camera: camera({ card: null }),
  reasons: [],
};
const besideFace: Screen = { ...facing, withCard: true, hand: 'left' };
const holding: Screen = {
  kind: 'capture',
  photo: 'id',
  withCard: false,
  hand: null,
  camera: camera({ mirrored: false }),
  reasons: [],
};

const home: Extract<Screen, { kind: 'home' }> = {
  kind: 'home',
  status: 'none',
  reference: null,
  submittedAtMs: null,
  decidedAtMs: null,
  expectedReviewHours: 24,
  action: null,
  reasons: [],
  busy: false,
  trouble: null,
};

const ACCOUNT: Partial<Frame> = { mayGoBack: true };
const settings = (page: SettingsPage, problem: Trouble | null = null): Recorded => ({
  screen: { kind: 'settings', page, busy: false, trouble: problem },
  frame: ACCOUNT,
});
const overview: Extract<SettingsPage, { kind: 'overview' }> = {
  kind: 'overview',
  sessions: [
    { id: 'gr_1', device: 'linux', signedInAtMs: DECIDED_AT_MS, renewedAtMs: DECIDED_AT_MS, current: true },
    { id: 'gr_2', device: 'windows', signedInAtMs: SENT_AT_MS, renewedAtMs: DECIDED_AT_MS, current: false },
    { id: 'gr_3', device: null, signedInAtMs: SENT_AT_MS - 86_400_000, renewedAtMs: SENT_AT_MS, current: false },
  ],
  others: true,
  linked: [
    { id: 'idn_1', label: 'Google', emailMasked: 'l•••••@mail.example', linkedAtMs: SENT_AT_MS, whyNot: null },
    {
      id: 'idn_2',
      label: 'Harbour University',
      emailMasked: null,
      linkedAtMs: DECIDED_AT_MS,
      whyNot: 'identity-managed-by-organisation',
    },
  ],
  emailManagedBy: null,
  offers: ['apple'],
  invitation: null,
  done: null,
};
const forgotten = (sent: boolean, problem: Trouble | null = null): Recorded => ({
  ...settings({ kind: 'forgotten', email: sent ? 'lea@practice.example' : '', sent }, problem),
  frame: { who: null, mayGoBack: true, mode: 'practice' },
});

const RECORDED: Record<string, Recorded> = {
  starting: { screen: { kind: 'starting' }, frame: { who: null, provider: null, helpAddress: null } },
  stopped: { screen: { kind: 'stopped', trouble: trouble('client-too-old', { requestId: 'req_4fT9' }) }, frame: { who: null } },
  welcome: { screen: { kind: 'welcome' }, frame: { who: null } },
  'before-you-begin': {
    screen: { kind: 'before-you-begin', cameraSeen: true, idTypes: ID_TYPES },
    frame: { who: null, mayGoBack: true },
  },
  'before-you-begin-no-camera': {
    screen: { kind: 'before-you-begin', cameraSeen: false, idTypes: [] },
    frame: { who: null, mayGoBack: true },
  },
  'sign-in': {
    screen: {
      kind: 'sign-in',
      email: '',
      busy: false,
      trouble: null,
      practiceAccounts: [
        { email: 'lea@practice.example', forTrying: 'The whole way, from the start.' },
        { email: 'omar@practice.example', forTrying: 'A profile that is in review.' },
      ],
      ended: null,
      social: ['google', 'apple', 'facebook'],
      socialTried: null,
      practiceInvitations: [
        { email: 'sam@harbour.example', forTrying: 'Connect the account sam@mail.example to Harbour University.' },
      ],
    },
    frame: { who: null, mayGoBack: true },
  },
  'sign-in-social-cancelled': {
    screen: {
      kind: 'sign-in',
      email: '',
      busy: false,
      trouble: trouble('sso-cancelled'),
      practiceAccounts: [],
      ended: null,
      social: ['google', 'apple'],
      socialTried: 'apple',
      practiceInvitations: [],
    },
    frame: { who: null, mayGoBack: true, mode: 'production' },
  },
  'sign-in-wrong': {
    screen: {
      kind: 'sign-in',
      email: 'lea@practice.example',
      busy: false,
      trouble: trouble('invalid-credentials', { field: 'password' }),
      practiceAccounts: [],
      ended: null,
      social: [],
      socialTried: null,
      practiceInvitations: [],
    },
    frame: { who: null, mayGoBack: true, mode: 'production' },
  },
  'sign-in-offline': {
    screen: {
      kind: 'sign-in',
      email: 'lea@practice.example',
      busy: false,
      trouble: trouble('network-connect'),
      practiceAccounts: [],
      ended: null,
      social: [],
      socialTried: null,
      practiceInvitations: [],
    },
    frame: { who: null, mayGoBack: true, mode: 'production' },
  },
  'sign-in-ended': {
    screen: {
      kind: 'sign-in',
      email: 'lea@practice.example',
      busy: false,
      trouble: null,
      practiceAccounts: [],
      ended: 'session-ended',
      social: [],
      socialTried: null,
      practiceInvitations: [],
    },
    frame: { who: null, mode: 'production' },
  },
  organisation: organisation({ kind: 'domain', input: '', invitation: null }, { frame: { who: null, mayGoBack: true } }),
  'organisation-product-name': organisation(
    { kind: 'domain', input: 'okta', invitation: null },
    { frame: { who: null, mayGoBack: true } },
    trouble('org-is-product-name'),
  ),
  'organisation-unknown': organisation(
    { kind: 'domain', input: 'corp.example', invitation: null },
    { frame: { who: null, mayGoBack: true } },
    trouble('org-not-found'),
  ),
  'organisation-invited': organisation(
    { kind: 'domain', input: 'harbour.example', invitation: { org: HARBOUR, emailMasked: 's•••••@harbour.example' } },
    { frame: { who: null, mayGoBack: true } },
    trouble('invitation-wrong-person'),
  ),
  'organisation-browser': organisation({
    kind: 'browser',
    org: HARBOUR,
    opened: true,
    untilMs: SENT_AT_MS,
    notByPassword: false,
  }),
  'organisation-not-by-password': organisation({
    kind: 'browser',
    org: HARBOUR,
    opened: true,
    untilMs: SENT_AT_MS,
    notByPassword: true,
  }),
  'organisation-browser-shut': organisation({
    kind: 'browser',
    org: HARBOUR,
    opened: false,
    untilMs: SENT_AT_MS,
    notByPassword: false,
  }),
  'organisation-choose': organisation({
    kind: 'choose-account',
    org: HARBOUR,
    name: 'Nova Newcomer',
    emailMasked: 'n•••••@harbour.example',
    canCreate: true,
    canLink: true,
    linkNeedsInvitation: true,
  }),
  'organisation-create': organisation({
    kind: 'create-account',
    org: HARBOUR,
    alternativeEmailRequired: true,
    suggestedName: 'Nova Newcomer',
  }),
  'organisation-link': organisation(
    { kind: 'link-existing', org: HARBOUR, alreadyUsesThisEmail: true, providers: ['google'] },
    {},
    trouble('invalid-credentials'),
  ),
  'organisation-password': organisation({ kind: 'set-password', accountMasked: 'k•••••@mail.example' }),
  'organisation-blocked': organisation({ kind: 'blocked-by-social', org: HARBOUR, providers: ['google'], hasPassword: false }),
  'organisation-confirm': organisation({
    kind: 'confirm-link',
    org: HARBOUR,
    accountMasked: 's•••••@mail.example',
    orgMasked: 's•••••@harbour.example',
    seesStatus: true,
  }),
  'organisation-confirm-social': organisation({
    kind: 'confirm-link',
    org: 'Google',
    accountMasked: 's•••••@mail.example',
    orgMasked: 's•••••@mail.example',
    seesStatus: false,
  }),
  'organisation-invitation': organisation({ kind: 'invitation', org: HARBOUR }),
  guest: guest({ code: GUEST_CODE }),
  'guest-asking': guest({ busy: true }),
  'guest-refused': guest({ trouble: trouble('device-refused') }),
  'guest-expired': guest({ trouble: trouble('device-code-expired') }),
  'guest-offline': guest({ trouble: trouble('network-connect') }),
  'guest-unknown-kiosk': guest({ trouble: trouble('unauthorized-client') }),
  'kiosk-idle': {
    screen: { kind: 'name', name: 'Lea Maria Probe', trouble: null },
    frame: { ...step(1), ...KIOSK, kiosk: { ending: { why: 'idle', seconds: 24 } } },
  },
  'kiosk-limit': {
    screen: { kind: 'name', name: 'Lea Maria Probe', trouble: null },
    frame: { ...step(1), ...KIOSK, kiosk: { ending: { why: 'limit', seconds: 110 } } },
  },
  'kiosk-misruled': {
    screen: {
      kind: 'stopped',
      trouble: trouble('policy-value', { field: '/etc/likeness/policies/managed/10-kiosk.json, KioskIdleSeconds' }),
    },
    frame: { who: null, provider: null, helpAddress: null, mode: 'production' },
  },
  invitation: invited({}, { who: null, mayGoBack: true }),
  'invitation-signed-in': invited({ signedIn: true, signedInAs: 'l•••@practice.example', losesPhotos: true }),
  'invitation-reading': invited({ invitation: null, busy: true }, { who: null }),
  'invitation-used': invited({ invitation: null, trouble: trouble('invitation-used') }, { who: null, mayGoBack: true }),
  'organisation-verify': organisation({ kind: 'verify-email', emailMasked: 'n•••••@mail.example' }),
  settings: settings(overview),
  'settings-delinked': settings({
    ...overview,
    offers: ['google', 'apple'],
    linked: [],
    invitation: HARBOUR,
    done: { code: 'disconnected', path: null },
  }),
  'settings-connected': settings({ ...overview, offers: [], done: { code: 'connected', path: null } }),
  'settings-browser': {
    ...settings({ kind: 'browser', to: 'Google', confirming: false, opened: true, untilMs: SENT_AT_MS }),
    frame: {},
  },
  'settings-confirm-through': settings({ kind: 'confirm', topic: 'password', through: overview.linked ?? [] }),
  'settings-browser-confirm': {
    ...settings({ kind: 'browser', to: HARBOUR, confirming: true, opened: true, untilMs: SENT_AT_MS }),
    frame: {},
  },
  'settings-confirm-connect': settings({ kind: 'confirm', topic: 'connect', through: [] }),
  'settings-connected-elsewhere': settings(overview, trouble('social-connected-elsewhere')),
  'settings-done': settings({ ...overview, done: { code: 'password-changed', path: null } }),
  'settings-exported': settings({
    ...overview,
    sessions: overview.sessions?.slice(0, 1) ?? [],
    linked: [],
    others: false,
    done: { code: 'exported', path: '/home/lea/Downloads/likeness-export.json' },
  }),
  'settings-managed': settings({ ...overview, emailManagedBy: HARBOUR }),
  'settings-asking': settings({ ...overview, sessions: null, linked: null, others: false }),
  'settings-email': settings({ kind: 'email', pending: null }),
  'settings-email-invalid': settings({ kind: 'email', pending: null }, trouble('email-invalid', { field: 'new_email' })),
  'settings-email-code': settings({ kind: 'email', pending: 'l•••••@private.example' }),
  'settings-email-code-wrong': settings(
    { kind: 'email', pending: 'l•••••@private.example' },
    trouble('code-wrong', { field: 'code' }),
  ),
  'settings-password': settings({ kind: 'password' }),
  'settings-password-weak': settings({ kind: 'password' }, trouble('password-too-weak', { field: 'password' })),
  'settings-confirm': settings({ kind: 'confirm', topic: 'email', through: [] }),
  'settings-confirm-wrong': settings(
    { kind: 'confirm', topic: 'delete', through: overview.linked ?? [] },
    trouble('password-wrong', { field: 'password' }),
  ),
  'settings-delete': settings({ kind: 'delete', inReview: true }),
  'settings-gone': { ...settings({ kind: 'gone' }), frame: { who: null } },
  forgotten: forgotten(false),
  'forgotten-code': forgotten(true),
  'forgotten-code-ended': forgotten(true, trouble('code-expired')),
  'waiting-for-keyring': { screen: { kind: 'waiting-for-keyring' } },
  home: {
    screen: { ...home, status: 'none', action: 'start' },
    notices: [{ kind: 'memory-only', why: 'keyring-absent', mayUnlock: false }],
  },
  'home-unknown': {
    screen: { ...home, status: 'unknown', action: 'refresh', trouble: trouble('server-unavailable', { requestId: 'req_4fT9' }) },
    notices: [{ kind: 'offline' }],
  },
  'home-in-review': {
    screen: { ...home, status: 'in-review', reference: 'LK-7Q4M-2X9B', submittedAtMs: SENT_AT_MS, action: 'refresh' },
    frame: { mode: 'production' },
  },
  'home-approved': {
    screen: { ...home, status: 'approved', reference: 'LK-7Q4M-2X9B', submittedAtMs: SENT_AT_MS, decidedAtMs: DECIDED_AT_MS },
    frame: { mode: 'production' },
  },
  'home-rejected': {
    screen: {
      ...home,
      status: 'rejected',
      reference: 'LK-7Q4M-2X9B',
      submittedAtMs: SENT_AT_MS,
      decidedAtMs: DECIDED_AT_MS,
      action: 'fix',
      reasons: [{ code: 'id-not-legible', photo: 'id', note: null }],
    },
    frame: { mode: 'production' },
  },
  'home-expired': { screen: { ...home, status: 'expired', action: 'start' }, frame: { mode: 'production' } },
  name: { screen: { kind: 'name', name: 'Lea Maria Probe', trouble: null }, frame: step(1) },
  'name-empty': { screen: { kind: 'name', name: '', trouble: trouble('name-empty', { field: 'name' }) }, frame: step(1) },
  consent: {
    screen: {
      kind: 'consent',
      body: CONSENT,
      privacyUrl: 'https://academy.example/privacy',
      termsUrl: 'https://academy.example/terms',
      busy: false,
      trouble: null,
    },
    frame: step(2),
  },
  'id-layout': { screen: { kind: 'id-layout', document: null, idTypes: ID_TYPES, busy: false, trouble: null }, frame: step(3) },
  'id-layout-virtual-refused': {
    screen: {
      kind: 'id-layout',
      document: 'card',
      idTypes: ID_TYPES,
      busy: false,
      trouble: trouble('virtual-camera', { requestId: 'req_4fT9' }),
    },
    frame: { ...step(3), mode: 'production' },
  },
  'id-layout-sides': {
    screen: { kind: 'id-layout', document: 'card', idTypes: ID_TYPES, busy: false, trouble: null },
    frame: step(3),
  },
  'camera-check': { screen: { kind: 'camera-check', camera: camera() }, frame: step(4) },
  'camera-check-measured': check(camera({ ...SEVERAL, card: { dpi: 211, centimetres: 20, grade: 'plenty' } })),
  'camera-check-enough': check(camera({ ...SEVERAL, card: { dpi: 141, centimetres: null, grade: 'enough' } })),
  'camera-check-too-little': check(
    camera({ ...SEVERAL, aspect: 4 / 3, card: { dpi: 70, centimetres: null, grade: 'too-little' } }),
  ),
  'camera-check-covered': check(camera({ finding: 'covered', card: null })),
  'camera-check-shutter': check(camera({ finding: 'shutter-closed', card: null })),
  'camera-check-glaring': check(camera({ finding: 'glaring', card: null })),
  'camera-check-no-colour': check(camera({ ...SEVERAL, finding: 'no-colour', card: null })),
  'camera-check-tinted': check(camera({ ...SEVERAL, finding: 'tinted', other: null, card: null })),
  'camera-check-virtual': check(camera({ ...VIRTUAL }), {
    notices: [{ kind: 'virtual-camera', name: 'OBS Virtual Camera', why: 'program' }],
  }),
  'camera-check-stands-in': check(camera({ ...SEVERAL }), { notices: [{ kind: 'other-camera', name: 'HD Webcam, USB 1-2' }] }),
  'camera-check-starting': check(camera({ state: 'starting', stream: null, card: null })),
  'camera-check-asking': check(camera({ state: 'asking', stream: null, card: null }), {
    frame: { ...step(4), system: 'macos' },
  }),
  'camera-check-denied-macos': check(noCamera('camera-denied', { hasSettingsPage: true }), {
    frame: { ...step(4), system: 'macos' },
  }),
  'camera-check-denied-windows': check(noCamera('camera-denied', { hasSettingsPage: true }), {
    frame: { ...step(4), system: 'windows' },
  }),
  'camera-check-restricted': check(noCamera('camera-restricted')),
  'camera-check-virtual-blocked': check(noCamera('camera-virtual-blocked', { ...VIRTUAL })),
  'camera-check-lost': check(noCamera('camera-lost', { ...SEVERAL })),
  'camera-check-stalled': check(noCamera('camera-stalled', { ...SEVERAL })),
  'camera-check-not-moving': check(noCamera('camera-not-moving', { ...SEVERAL })),
  'camera-check-damaged': check(noCamera('camera-damaged-frames', { ...SEVERAL })),
  'camera-check-unsupported': check(noCamera('camera-unsupported', { ...SEVERAL })),
  'camera-check-failed': check(noCamera('camera-failed', { ...SEVERAL })),
  'camera-check-off': {
    screen: { kind: 'camera-check', camera: camera({ state: 'off', stream: null, card: null }) },
    frame: step(4),
  },
  'camera-check-none': {
    screen: { kind: 'camera-check', camera: noCamera('camera-none', { name: null, cameras: [], other: null }) },
    frame: step(4),
  },
  'capture-face': {
    screen: facing,
    frame: step(5),
    guidance: {
      phase: 'guiding',
      oval: FACE_OVAL,
      hint: { code: 'face-too-far', level: 'stop', side: null, centimetres: 10, amount: 'cm' },
    },
  },
  'capture-face-steady': {
    screen: facing,
    frame: step(5),
    notices: [
      { kind: 'memory-only', why: 'keyring-locked', mayUnlock: true },
      { kind: 'unsent-in-memory' },
      { kind: 'practice-camera' },
    ],
    guidance: {
      phase: 'countdown',
      oval: FACE_OVAL,
      progress: 70,
      countdownMs: 800,
      hint: { code: 'hold', level: 'info', side: null, centimetres: null, amount: 'little' },
    },
  },
  'capture-face-dark': {
    screen: facing,
    frame: step(5),
    guidance: {
      phase: 'guiding',
      oval: FACE_OVAL,
      fillLight: true,
      suggestManual: true,
      hint: { code: 'too-dark', level: 'stop', side: null, centimetres: null, amount: 'little' },
    },
  },
  'capture-face-card': {
    screen: besideFace,
    frame: step(5),
    guidance: {
      phase: 'guiding',
      oval: { x: 0.3, y: 0.14, width: 0.25, height: 0.68 },
      outline: { x: 0.62, y: 0.4, width: 0.24, height: 0.269 },
      hint: { code: 'card-not-in-outline', level: 'stop', side: null, centimetres: null, amount: 'little' },
    },
  },
  'capture-face-in-use': { screen: { ...facing, camera: noCamera('camera-in-use') }, frame: step(5) },
  'capture-face-denied': { screen: { ...facing, camera: noCamera('camera-denied') }, frame: step(5) },
  'capture-face-starting': { screen: { ...facing, camera: camera({ state: 'starting', stream: null }) }, frame: step(5) },
  'capture-id': {
    screen: holding,
    frame: step(7),
    guidance: {
      phase: 'guiding',
      outline: CARD_OUTLINE,
      mayTakeAnyway: true,
      suggestManual: true,
      quad: [
        [0.235, 0.225],
        [0.765, 0.2],
        [0.77, 0.79],
        [0.24, 0.815],
      ],
      hint: { code: 'glare', level: 'stop', side: null, centimetres: null, amount: 'little' },
    },
  },
  'capture-id-calm': {
    screen: {
      ...holding,
      camera: camera({ ...SEVERAL, mirrored: false, card: { dpi: 141, centimetres: null, grade: 'enough' } }),
    },
    frame: step(7),
    notices: [{ kind: 'photos-anew' }],
    guidance: {
      phase: 'guiding',
      outline: CARD_OUTLINE,
      hint: { code: 'card-too-far', level: 'stop', side: null, centimetres: null, amount: 'hand' },
    },
  },
  'capture-id-too-little': {
    screen: {
      ...holding,
      camera: camera({ ...SEVERAL, mirrored: false, aspect: 4 / 3, card: { dpi: 70, centimetres: null, grade: 'too-little' } }),
    },
    frame: step(7),
    guidance: {
      phase: 'guiding',
      outline: CARD_OUTLINE,
      hint: { code: 'card-too-far', level: 'stop', side: null, centimetres: null, amount: 'hand' },
    },
  },
  'capture-id-lost': {
    screen: {
      ...holding,
      camera: { ...noCamera('camera-lost'), mirrored: false },
      reasons: [{ code: 'id-not-legible', photo: 'id', note: null }],
    },
    frame: step(7),
  },
  'review-face': {
    screen: {
      kind: 'review',
      photo: 'face',
      picture: 'photo.face',
      good: ['verdict-face-clear', 'verdict-face-well-lit'],
      weak: [],
      nameInQuestion: null,
    },
    frame: step(6),
    notices: [{ kind: 'unsent-in-memory' }],
  },
  'review-id': {
    screen: {
      kind: 'review',
      photo: 'id',
      picture: 'photo.id',
      good: ['verdict-card-whole'],
      weak: ['verdict-text-unclear'],
      nameInQuestion: null,
    },
    frame: step(8),
    notices: [{ kind: 'unsent-in-memory' }],
  },
  'review-id-name': {
    screen: {
      kind: 'review',
      photo: 'id',
      picture: 'photo.id',
      good: ['verdict-card-whole', 'verdict-text-readable', 'verdict-card-without-glare'],
      weak: [],
      nameInQuestion: 'Lea Maria Probe',
    },
    frame: step(8),
    notices: [{ kind: 'unsent-in-memory' }],
  },
  'check-answers': {
    screen: {
      kind: 'check-answers',
      name: 'Lea Maria Probe',
      face: { kind: 'taken', picture: 'photo.face' },
      id: { kind: 'taken', picture: 'photo.id' },
      document: 'card',
      twoSides: false,
      busy: false,
      trouble: null,
    },
    frame: step(9),
    notices: [{ kind: 'unsent-in-memory' }],
  },
  'check-answers-in-review': {
    screen: {
      kind: 'check-answers',
      name: 'Lea Maria Probe',
      face: { kind: 'kept' },
      id: { kind: 'missing' },
      document: 'passport',
      twoSides: true,
      busy: false,
      trouble: trouble('already-in-review'),
    },
    frame: step(9),
  },
  sending: {
    screen: {
      kind: 'sending',
      face: { sentBytes: 812_000, totalBytes: 812_000 },
      id: { sentBytes: 402_000, totalBytes: 1_104_000 },
      phase: 'uploading',
      trouble: null,
    },
    notices: [{ kind: 'unsent-in-memory' }],
  },
  'sending-waiting': {
    screen: {
      kind: 'sending',
      face: null,
      id: { sentBytes: 402_000, totalBytes: 1_104_000 },
      phase: 'waiting',
      trouble: trouble('network-connect'),
    },
    notices: [{ kind: 'unsent-in-memory' }, { kind: 'offline' }],
  },
  sent: { screen: { kind: 'sent', reference: 'LK-7Q4M-2X9B', emailMasked: 'l•••@practice.example', expectedReviewHours: 24 } },
  'fix-photo': {
    screen: {
      kind: 'fix-photo',
      idTypes: ['Passport', 'National identity card', 'Driving licence', 'Residence permit'],
      reasons: [{ code: 'id-not-legible', photo: 'id', note: null }],
      retake: ['id'],
      kept: 'face',
      mayCorrectName: false,
      mayResubmit: true,
      busy: false,
      trouble: null,
    },
    frame: { mayGoBack: true },
  },
  'fix-photo-name': {
    screen: {
      kind: 'fix-photo',
      idTypes: ['Passport', 'National identity card', 'Driving licence', 'Residence permit'],
      reasons: [{ code: 'name-mismatch', photo: 'id', note: 'Your ID says “Léa”, the form says “Lea Maria”.' }],
      retake: ['id'],
      kept: 'face',
      mayCorrectName: true,
      mayResubmit: true,
      busy: false,
      trouble: null,
    },
    frame: { mayGoBack: true },
  },
  'fix-photo-closed': {
    screen: {
      kind: 'fix-photo',
      idTypes: ['Passport', 'National identity card', 'Driving licence', 'Residence permit'],
      reasons: [{ code: 'other', photo: null, note: 'Please contact us, we would like to help you in person.' }],
      retake: [],
      kept: null,
      mayCorrectName: false,
      mayResubmit: false,
      busy: false,
      trouble: null,
    },
    frame: { mayGoBack: true },
  },
  mailbox: {
    screen: {
      kind: 'mailbox',
      mails: [
        {
          to: 'lea@practice.example',
          subject: 'Your profile needs one new photo',
          body: 'Hello,\n\nThe text on your ID cannot be read.\nHold the card closer, until the text is sharp.\n\nOpen Likeness to take just this one photo again.',
          atMs: DECIDED_AT_MS,
        },
        {
          to: 'lea@practice.example',
          subject: 'We have received your profile',
          body: 'Your receipt number is LK-7Q4M-2X9B.',
          atMs: SENT_AT_MS,
        },
      ],
      trouble: null,
    },
    frame: { mayGoBack: true },
  },
};

/** The names of all recorded screens. */
export const RECORDED_NAMES: readonly string[] = Object.keys(RECORDED);

/** The View recorded as `name`; the welcome screen when there is none. */
export function recordedView(name: string): View {
  const { screen, frame, notices } = RECORDED[name] ?? { screen: { kind: 'welcome' } };
  return {
    rev: 1,
    screen,
    frame: {
      step: null,
      mayGoBack: false,
      who: { emailMasked: 'l•••@practice.example' },
      mode: 'practice',
      provider: 'Example Academy',
      helpAddress: 'help@academy.example',
      system: 'linux',
      kiosk: null,
      ...frame,
    },
    notices: notices ?? [],
  };
}

/** The guidance recorded with `name`, if there is any. */
export function recordedGuidance(name: string): Guidance | null {
  const guidance = RECORDED[name]?.guidance;
  if (guidance === undefined) return null;
  return {
    attempt: 1,
    frameSeq: 1,
    phase: 'guiding',
    hint: null,
    progress: 0,
    countdownMs: null,
    oval: null,
    outline: null,
    quad: null,
    suggestManual: false,
    mayTakeAnyway: false,
    fillLight: false,
    dpi: null,
    ...guidance,
  };
}
