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
