// What the whole window draws for every recorded View.

import { cleanup, fireEvent, render } from '@testing-library/svelte';
import { tick } from 'svelte';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import App from '../src/App.svelte';
import type { Guidance } from '../src/gen/Guidance';
import type { View } from '../src/gen/View';
import { demoHost, type Press } from '../src/host/demo';
import { RECORDED_NAMES, recordedGuidance, recordedView } from '../src/host/recorded';
import type { Host } from '../src/host/types';

let presses: Press[] = [];

beforeEach(() => {
  presses = [];
  document.documentElement.removeAttribute('data-ready');
  for (const id of ['say', 'say-now']) {
    const region = document.createElement('div');
    region.id = id;
    document.body.append(region);
  }
});

afterEach(() => {
  cleanup();
  document.body.replaceChildren();
});

/** A door whose Views and guidance the test sends itself. */
class Hand {
  draw: (view: View) => void = () => {};
  guide: (guidance: Guidance) => void = () => {};
  refuse: { code: string; field: string | null } | null = null;
  readonly host: Host = {
    ...demoHost('', presses),
    call: (command, words) => {
      presses.push({ command, words });
      return this.refuse === null ? Promise.resolve() : Promise.reject(this.refuse);
    },
    watchView: (draw) => {
      this.draw = draw;
      return Promise.resolve();
    },
    watchGuidance: (guide) => {
      this.guide = guide;
      return Promise.resolve();
    },
  };
}

async function open(name: string): Promise<HTMLElement> {
  const { container } = render(App, { host: demoHost(`?screen=${name}`, presses) });
  await settle();
  return container;
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 4; turn++) {
    await new Promise((done) => setTimeout(done, 5));
    await tick();
  }
}

const act = (page: HTMLElement, action: string): HTMLElement | null => page.querySelector(`[data-action="${action}"]`);

async function press(page: HTMLElement, action: string): Promise<void> {
  const button = act(page, action);
  if (button === null) throw new Error(`no button "${action}"`);
  await fireEvent.click(button);
  await settle();
}

/** Without the invisible marks around names, and with single spaces. */
const bare = (text: string | null | undefined): string =>
  (text ?? '')
    .replace(/[\u2068\u2069]/g, '')
    .replace(/\s+/g, ' ')
    .trim();

const sent = (): string[] => presses.map(({ command }) => command).filter((command) => command !== 'ui_ready');

describe('every recorded screen', () => {
  it.each(RECORDED_NAMES)('%s has one heading, a title and words everywhere', async (name) => {
    const page = await open(name);
    const view = recordedView(name);
    expect(page.querySelectorAll('h1').length).toBe(1);
    expect(page.querySelectorAll('main').length).toBe(1);
    expect(document.title).toMatch(/ – Likeness$/);
    if (view.frame.step !== null) expect(document.title).toContain(`Step ${view.frame.step.number} of ${view.frame.step.of}: `);
    expect(document.documentElement.dataset.screen).toBe(view.screen.kind);
    expect(document.documentElement.dataset.ready).toBe('true');
    expect(presses.map(({ command }) => command)).toContain('ui_ready');
    expect(document.activeElement).not.toBe(document.body);
    // A message id in place of a sentence would show as words joined by hyphens, with no space in the whole text.
    for (const element of page.querySelectorAll('h1, h2, p, button, label, summary')) {
      const text = element.textContent?.trim() ?? '';
      expect(text, name).not.toBe('');
      expect(text).not.toMatch(/^(home|capture|review|error|hint|verdict|reason|name|sending|check|fix|action)-[a-z-]+(\.do)?$/);
    }
    const ids = [...page.querySelectorAll('[id]')].map(({ id }) => id);
    expect(new Set(ids).size, 'ids are unique').toBe(ids.length);
    expect(page.querySelectorAll('button.primary').length, 'at most one main button').toBeLessThanOrEqual(1 + dialogs(page));
  });
});

/** Every dialog brings a closing button of its own, which nobody sees until it is open. */
function dialogs(page: HTMLElement): number {
  return page.querySelectorAll('dialog').length;
}

describe('presses', () => {
  const table: [screen: string, action: string, command: string, words: object][] = [
    ['welcome', 'go', 'go', {}],
    ['before-you-begin', 'back', 'back', {}],
    ['sign-in', 'use-practice-account', 'use_practice_account', { email: 'lea@practice.example' }],
    ['waiting-for-keyring', 'skip-keyring', 'skip_keyring', {}],
    ['home', 'go', 'go', {}],
    ['home', 'open-review-desk', 'open_review_desk', {}],
    ['home', 'read-practice-mail', 'read_practice_mail', {}],
    ['home', 'sign-out', 'sign_out', {}],
    ['guest', 'cancel-guest', 'back', {}],
    ['guest', 'back', 'back', {}],
    ['guest-refused', 'trouble-again', 'go', {}],
    ['guest-expired', 'trouble-again', 'go', {}],
    ['kiosk-idle', 'still-here', 'still_here', {}],
    ['kiosk-limit', 'sign-out', 'sign_out', {}],
    ['kiosk-misruled', 'quit', 'quit', {}],
    ['consent', 'give-consent', 'give_consent', {}],
    ['consent', 'not-now', 'back', {}],
    ['consent', 'open-privacy', 'open_link', { link: 'privacy' }],
    ['id-layout', 'choose-passport', 'choose_document', { document: 'passport' }],
    ['id-layout-sides', 'two-sides', 'choose_id_layout', { twoSides: true }],
    ['id-layout-sides', 'same-side', 'choose_id_layout', { twoSides: false }],
    ['camera-check', 'go', 'go', {}],
    ['camera-check-off', 'turn-on-camera', 'turn_on_camera', {}],
    ['capture-face', 'take-photo', 'take_photo', {}],
    ['capture-face-card', 'choose-hand', 'choose_hand', { hand: 'right' }],
    ['capture-face-steady', 'cancel-countdown', 'cancel_countdown', {}],
    ['capture-id', 'use-anyway', 'use_anyway', {}],
    ['review-face', 'accept-photo', 'accept_photo', {}],
    ['review-id', 'retake', 'retake', {}],
    ['review-id-name', 'confirm-name', 'confirm_name', {}],
    ['review-id-name', 'correct-name', 'correct_name', {}],
    ['review-id-name', 'accept-photo', 'accept_photo', {}],
    ['check-answers', 'submit-profile', 'submit_profile', {}],
    ['check-answers', 'change-id', 'change', { what: 'id' }],
    ['sending', 'pause-upload', 'pause_upload', {}],
    ['sent', 'copy-reference', 'copy_reference', {}],
    ['fix-photo', 'go', 'go', {}],
    ['fix-photo-name', 'correct-name', 'correct_name', {}],
    ['fix-photo-closed', 'open-help', 'open_help', {}],
    ['sign-in', 'open-organisation', 'open_organisation', {}],
    ['sign-in', 'sign-in-google', 'sign_in_social', { provider: 'google' }],
    ['sign-in-social-cancelled', 'trouble-again', 'sign_in_social', { provider: 'apple' }],
    ['sign-in', 'use-practice-invitation', 'use_practice_invitation', { email: 'sam@harbour.example' }],
    ['invitation', 'accept-invitation', 'accept_invitation', {}],
    ['invitation', 'not-now', 'back', {}],
    ['invitation-signed-in', 'accept-invitation', 'accept_invitation', {}],
    ['organisation-invited', 'forget-invitation', 'forget_invitation', {}],
    ['organisation-create', 'open-terms', 'open_link', { link: 'terms' }],
    ['organisation-link', 'prove-via-google', 'answer_step', { answer: { kind: 'via', provider: 'google' } }],
    ['settings-confirm-through', 'confirm-through', 'confirm_through', { id: 'idn_1' }],
    ['settings', 'connect-apple', 'connect_social', { provider: 'apple' }],
    ['settings-browser', 'cancel-sign-in', 'cancel_sign_in', {}],
    ['settings-browser', 'reopen-browser', 'reopen_browser', {}],
    ['settings-delinked', 'open-invitation', 'open_invitation', {}],
    ['organisation-browser', 'reopen-browser', 'reopen_browser', {}],
    ['organisation-browser', 'copy-browser-link', 'copy_browser_link', {}],
    ['organisation-browser', 'cancel-sign-in', 'cancel_sign_in', {}],
    ['organisation-choose', 'choose-new', 'answer_step', { answer: { kind: 'new' } }],
    ['organisation-choose', 'choose-existing', 'answer_step', { answer: { kind: 'existing' } }],
    ['organisation-blocked', 'delink-google', 'answer_step', { answer: { kind: 'delink', provider: 'google' } }],
    ['organisation-confirm', 'confirm-link', 'answer_step', { answer: { kind: 'confirm' } }],
    ['organisation-confirm', 'step-back', 'answer_step', { answer: { kind: 'back' } }],
    ['organisation-verify', 'resend-code', 'answer_step', { answer: { kind: 'resend' } }],
    ['organisation-verify', 'verify-later', 'answer_step', { answer: { kind: 'later' } }],
    ['home', 'open-settings', 'open_settings', {}],
    ['settings', 'show-email', 'show_setting', { topic: 'email' }],
    ['settings', 'show-password-page', 'show_setting', { topic: 'password' }],
    ['settings', 'show-delete', 'show_setting', { topic: 'delete' }],
    ['settings', 'end-session', 'end_session', { id: 'gr_2' }],
    ['settings', 'end-other-sessions', 'end_other_sessions', {}],
    ['settings', 'disconnect-identity', 'disconnect_identity', { id: 'idn_1' }],
    ['settings', 'export-data', 'export_data', {}],
    ['settings-email-code', 'cancel-email-change', 'cancel_email_change', {}],
    ['settings-email-code', 'read-practice-mail', 'read_practice_mail', {}],
    ['settings-delete', 'delete-account', 'delete_account', {}],
    ['settings-delete', 'keep-account', 'back', {}],
    ['settings-gone', 'go', 'go', {}],
    ['sign-in', 'forgot-password', 'forgot_password', {}],
    ['forgotten-code', 'new-code', 'ask_password_reset', { email: 'lea@practice.example' }],
    ['forgotten-code-ended', 'trouble-again', 'ask_password_reset', { email: 'lea@practice.example' }],
    ['stopped', 'quit', 'quit', {}],
  ];
  it.each(table)('%s: %s sends %s', async (screen, action, command, words) => {
    const page = await open(screen);
    await press(page, action);
    expect(presses).toContainEqual({ command, words });
  });

  it('sends what was typed, and keeps the password out of the page afterwards', async () => {
    const hand = new Hand();
    const { container: page } = render(App, { host: hand.host });
    await settle();
    hand.draw(recordedView('sign-in'));
    await settle();
    await fireEvent.input(page.querySelector('#email') ?? page, { target: { value: 'lea@practice.example' } });
    await fireEvent.input(page.querySelector('#password') ?? page, { target: { value: 'correct horse' } });
    await fireEvent.submit(page.querySelector('form') ?? page);
    expect(presses).toContainEqual({
      command: 'sign_in_password',
      words: { email: 'lea@practice.example', password: 'correct horse' },
    });
    hand.draw({ ...recordedView('home'), rev: 2 });
    await settle();
    expect(page.innerHTML).not.toContain('correct horse');
  });
});

describe('a kiosk', () => {
  it('shows the code as a picture, as an address, and letter by letter for whoever listens', async () => {
    const page = await open('guest');
    const picture = page.querySelector('svg[role="img"]');
    expect(bare(picture?.getAttribute('aria-label'))).toContain('https://verify.example/device');
    expect(picture?.querySelector('path')?.getAttribute('d')).toMatch(/^M0 0h7v1h-7z/);
    expect(page.querySelector('#guest-page')?.textContent).toBe('https://verify.example/device');
    expect(page.querySelector('#guest-code [aria-hidden="true"]')?.textContent).toBe('BCDF-GHJK');
    expect(page.querySelector('#guest-code .spoken')?.textContent).toBe('B C D F G H J K');
    expect(bare(page.querySelector('main')?.textContent)).toContain('good for 5 more minutes');
  });

  it('has no way to other programs and no account settings, and signs out with one press', async () => {
    const page = await open('kiosk-limit');
    for (const action of ['open-help', 'open-account', 'open-settings']) expect(act(page, action), action).toBeNull();
    expect(bare(act(page, 'sign-out')?.textContent)).toBe('Finish and sign out');
  });

  it('tells that somebody is there when anything is touched, but not with every key', async () => {
    const page = await open('guest');
    for (let turn = 0; turn < 5; turn++) await fireEvent.keyDown(page, { key: 'a' });
    await settle();
    expect(sent()).toEqual(['still_here']);
  });

  it('says once that the visit ends, and what is then', async () => {
    const page = await open('kiosk-idle');
    expect(page.querySelector('[data-ending="idle"] p')?.textContent).toContain('everything here is forgotten');
    expect(document.getElementById('say-now')?.textContent).toContain('Are you still there?');
    expect((await open('kiosk-misruled')).querySelector('#where')?.textContent).toContain('KioskIdleSeconds');
  });

  it('is nothing that another computer loads or says', async () => {
    await fireEvent.keyDown(await open('home'), { key: 'a' });
    await settle();
    expect(sent()).toEqual([]);
  });
});

describe('the account settings', () => {
  it('send what was typed, and nothing of it stays in the page', async () => {
    const table: [screen: string, typed: Record<string, string>, command: string, words: object][] = [
      ['settings-email', { new_email: 'lea@private.example' }, 'change_email', { email: 'lea@private.example' }],
      ['settings-email-code', { code: '123 456' }, 'confirm_email', { code: '123 456' }],
      ['settings-password', { password: 'seven green bicycles' }, 'change_password', { password: 'seven green bicycles' }],
      ['settings-confirm', { password: 'correct horse' }, 'confirm_identity', { password: 'correct horse' }],
      ['forgotten', { email: 'lea@practice.example' }, 'ask_password_reset', { email: 'lea@practice.example' }],
      [
        'forgotten-code',
        { code: '1234 5678', password: 'seven green bicycles' },
        'reset_password',
        { code: '1234 5678', password: 'seven green bicycles' },
      ],
    ];
    for (const [screen, typed, command, words] of table) {
      presses = [];
      const hand = new Hand();
      const { container: page } = render(App, { host: hand.host });
      await settle();
      hand.draw(recordedView(screen));
      await settle();
      for (const [id, value] of Object.entries(typed)) {
        await fireEvent.input(page.querySelector(`#${id}`) ?? page, { target: { value } });
      }
      await fireEvent.submit(page.querySelector('form') ?? page);
      expect(presses, screen).toContainEqual({ command, words });
      hand.draw({ ...recordedView('home'), rev: 9 });
      await settle();
      for (const value of Object.values(typed)) expect(page.innerHTML, screen).not.toContain(value);
      cleanup();
    }
  });

  it('mark the input that is meant, and lead to it', async () => {
    for (const [screen, id] of [
      ['settings-email-invalid', 'new_email'],
      ['settings-email-code-wrong', 'code'],
      ['settings-password-weak', 'password'],
      ['settings-confirm-wrong', 'password'],
    ] as const) {
      const page = await open(screen);
      const field = page.querySelector(`#${id}`);
      expect(field?.getAttribute('aria-invalid'), screen).toBe('true');
      expect(document.title, screen).toMatch(/^Error: /);
      await press(page, 'trouble-field');
      expect(document.activeElement, screen).toBe(field);
      cleanup();
    }
  });

  it('never offer to sign out here in the list of the others, and say what was done', async () => {
    const page = await open('settings-done');
    expect(page.querySelectorAll('[data-action="end-session"]').length).toBe(2);
    expect(bare(page.querySelector('.notice')?.textContent)).toContain('Your password is changed');
    expect(document.getElementById('say')?.textContent).toContain('Your password is changed');
    cleanup();
    const exported = await open('settings-exported');
    expect(bare(exported.querySelector('.notice')?.textContent)).toContain('/home/lea/Downloads/likeness-export.json');
    expect(act(exported, 'end-other-sessions'), 'there are no others').toBeNull();
  });
});

describe('a name in question', () => {
  it('is asked about beside the photo, said, and hands the focus on when it is answered', async () => {
    const hand = new Hand();
    const { container: page } = render(App, { host: hand.host });
    await settle();
    hand.draw(recordedView('review-id-name'));
    await settle();
    expect(bare(page.querySelector('#name-question')?.textContent)).toContain('Is the name right?');
    expect(bare(page.querySelector('.typed')?.textContent)).toBe('You typed: Lea Maria Probe');
    expect(document.getElementById('say')?.textContent).toContain('another name');
    expect(act(page, 'accept-photo'), 'the way on stays').not.toBeNull();
    act(page, 'confirm-name')?.focus();
    await press(page, 'confirm-name');
    const view = recordedView('review-id-name');
    if (view.screen.kind !== 'review') throw new Error('it is a review');
    hand.draw({ ...view, rev: view.rev + 1, screen: { ...view.screen, nameInQuestion: null } });
    await settle();
    expect(page.querySelector('#name-question')).toBeNull();
    expect(document.activeElement).toBe(act(page, 'accept-photo'));
    expect(document.getElementById('say')?.textContent).toContain('We keep the name');
  });

  it('is not asked about where nothing was read', async () => {
    const page = await open('review-id');
    expect(act(page, 'confirm-name')).toBeNull();
    expect(act(page, 'correct-name')).toBeNull();
  });
});

describe('what a live camera lacks', () => {
  it('is said under the picture, and the picture and the way on stay', async () => {
    const table: [screen: string, remark: string, words: string, another: boolean][] = [
      ['camera-check-covered', 'covered', 'The picture is black', false],
      ['camera-check-shutter', 'shutter-closed', 'Slide it open', false],
      ['camera-check-glaring', 'glaring', 'The picture is white', false],
      ['camera-check-no-colour', 'no-colour', 'shows no colour', true],
      ['camera-check-too-little', 'card', '130 are needed', true],
      ['capture-id-too-little', 'card', '130 are needed', true],
    ];
    for (const [screen, remark, words, another] of table) {
      presses = [];
      const page = await open(screen);
      expect(page.querySelector('.live'), screen).not.toBeNull();
      const box = page.querySelector<HTMLElement>('.remark');
      expect(box?.dataset.remark, screen).toBe(remark);
      expect(bare(box?.textContent), screen).toContain(words);
      expect(act(page, 'use-other-camera') !== null, `${screen}: another camera is offered where it helps`).toBe(another);
      if (another) {
        await press(page, 'use-other-camera');
        expect(sent(), screen).toEqual(['choose_camera']);
      }
      cleanup();
    }
  });

  it('is not said of a camera that shows an ID well, whose sharpness is told in passing', async () => {
    for (const [screen, words] of [
      ['camera-check', 'up to 211 dots per inch'],
      ['camera-check-enough', 'up to 141 dots per inch'],
      ['capture-id-calm', 'up to 141 dots per inch'],
    ] as const) {
      const page = await open(screen);
      expect(page.querySelector('.remark'), screen).toBeNull();
      expect(bare(page.querySelector('.controls')?.textContent), screen).toContain(words);
      cleanup();
    }
    const page = await open('capture-face');
    expect(page.querySelector('.controls')?.textContent, 'a face needs none of that').not.toContain('inch');
  });
});

describe('the choice of cameras', () => {
  it('stands on every camera screen, tells two of one name apart, and says what speaks against one', async () => {
    for (const name of RECORDED_NAMES.filter((name) => /^(camera-check|capture)/.test(name))) {
      const page = await open(name);
      const { screen } = recordedView(name);
      const cameras = screen.kind === 'camera-check' || screen.kind === 'capture' ? screen.camera.cameras : [];
      const labels = [...page.querySelectorAll('#camera option')].map(({ textContent }) => bare(textContent));
      expect(labels.length, name).toBe(cameras.length);
      expect(new Set(labels).size, name).toBe(labels.length);
      cleanup();
    }
    const page = await open('camera-check-lost');
    const labels = [...page.querySelectorAll('#camera option')].map(({ textContent }) => bare(textContent));
    expect(labels).toEqual(['HD Webcam, USB 1-2', 'HD Webcam, USB 3-1', 'OBS Virtual Camera (not accepted here)']);
  });
});

describe('the live picture', () => {
  it('is mirrored for the face alone: by the style of the pictures, never of the words and outlines over them', async () => {
    for (const [screen, mirrored] of [
      ['camera-check', true],
      ['capture-face', true],
      ['capture-face-card', true],
      ['capture-id', false],
    ] as const) {
      const page = await open(screen);
      expect(page.querySelector('[role="img"]')?.classList.contains('mirrored'), screen).toBe(mirrored);
      for (const turned of page.querySelectorAll('.mirrored')) {
        expect(turned.textContent?.trim(), `${screen}: words are never turned round`).toBe('');
      }
      cleanup();
    }
    for (const screen of ['review-face', 'review-id', 'check-answers']) {
      expect((await open(screen)).querySelector('.mirrored'), screen).toBeNull();
      cleanup();
    }
  });
});

describe('trouble', () => {
  it('is drawn with the summary first, focus on it, and the field marked', async () => {
    const page = await open('name-empty');
    const summary = page.querySelector('[data-code="name-empty"]');
    expect(summary?.getAttribute('role')).toBe('alert');
    expect(document.activeElement).toBe(summary);
    const field = page.querySelector('#full-name');
    expect(field?.getAttribute('aria-invalid')).toBe('true');
    expect(page.querySelector(`#${field?.getAttribute('aria-describedby')?.split(' ').at(-1)}`)?.textContent).toContain(
      'missing',
    );
    expect(document.title).toMatch(/^Error: /);
    await press(page, 'trouble-field');
    expect(document.activeElement).toBe(field);
  });

  it('of the camera replaces the picture, with one main action, another device, and the choice of cameras', async () => {
    const table: [screen: string, label: string, command: string, words: object][] = [
      ['capture-face-in-use', 'Try again', 'turn_on_camera', {}],
      ['capture-face-denied', 'Try again', 'turn_on_camera', {}],
      ['camera-check-denied-macos', 'Open camera settings', 'open_camera_settings', {}],
      ['camera-check-denied-windows', 'Open camera settings', 'open_camera_settings', {}],
      ['camera-check-restricted', 'Get help', 'open_help', {}],
      ['camera-check-virtual-blocked', 'Use “HD Webcam”', 'choose_camera', { key: 'b' }],
      ['capture-id-lost', 'Use “Practice learner”', 'choose_camera', { key: 'b' }],
      ['camera-check-lost', 'Use “HD Webcam, USB 3-1”', 'choose_camera', { key: 'b' }],
      ['camera-check-stalled', 'Try again', 'turn_on_camera', {}],
      ['camera-check-not-moving', 'Use “HD Webcam, USB 3-1”', 'choose_camera', { key: 'b' }],
      ['camera-check-damaged', 'Try again', 'turn_on_camera', {}],
      ['camera-check-unsupported', 'Use “HD Webcam, USB 3-1”', 'choose_camera', { key: 'b' }],
      ['camera-check-failed', 'Try again', 'turn_on_camera', {}],
    ];
    for (const [screen, label, command, words] of table) {
      presses = [];
      const page = await open(screen);
      expect(page.querySelector('.live'), screen).toBeNull();
      expect(act(page, 'take-photo'), `${screen}: no shutter without a picture`).toBeNull();
      expect(act(page, 'go'), `${screen}: no way on without a picture`).toBeNull();
      expect(act(page, 'other-device'), screen).not.toBeNull();
      expect(page.querySelector('#camera'), screen).not.toBeNull();
      expect(bare(act(page, 'camera-trouble')?.textContent), screen).toBe(label);
      expect(document.getElementById('say-now')?.textContent, `${screen} is said`).not.toBe('');
      await press(page, 'camera-trouble');
      expect(
        presses.filter((press) => press.command !== 'ui_ready'),
        screen,
      ).toEqual([{ command, words }]);
      cleanup();
    }
  });

  it('of the camera says what to do on this very system', async () => {
    const table = [
      ['capture-face-denied', 'group “video”'],
      ['camera-check-denied-macos', 'turn on Likeness under “Camera”'],
      ['camera-check-denied-windows', '“Let desktop apps access your camera”'],
      ['camera-check-virtual-blocked', '“OBS Virtual Camera” seems to be a program'],
    ] as const;
    for (const [screen, words] of table) {
      const page = await open(screen);
      expect(bare(page.querySelector('.stage')?.textContent), screen).toContain(words);
      cleanup();
    }
  });

  it('of no camera offers to look again, because there is no other one', async () => {
    const page = await open('camera-check-none');
    expect(bare(act(page, 'camera-trouble')?.textContent)).toBe('Try again');
  });

  it('of a refused press stands on the page until the next press', async () => {
    const hand = new Hand();
    const { container: page } = render(App, { host: hand.host });
    await settle();
    hand.draw(recordedView('welcome'));
    await settle();
    hand.refuse = { code: 'host-timeout', field: null };
    await press(page, 'go');
    expect(page.querySelector('[data-code="host-timeout"]')).not.toBeNull();
    hand.refuse = null;
    await press(page, 'go');
    expect(page.querySelector('[data-code="host-timeout"]')).toBeNull();
  });

  it('with a code nobody knows shows the reference number', async () => {
    const hand = new Hand();
    const { container: page } = render(App, { host: hand.host });
    await settle();
    const view = recordedView('home-unknown');
    if (view.screen.kind === 'home') view.screen.trouble = { code: 'brand-new', field: null, number: null, requestId: 'req_77' };
    hand.draw(view);
    await settle();
    expect(page.textContent).toContain('req_77');
  });
});

describe('a file dropped on the window', () => {
  it('is ignored, and so is the page it would open', async () => {
    await open('capture-face');
    for (const kind of ['dragover', 'drop']) {
      const event = new Event(kind, { bubbles: true, cancelable: true });
      document.querySelector('h1')?.dispatchEvent(event);
      expect(event.defaultPrevented, kind).toBe(true);
    }
    expect(sent()).toEqual([]);
  });
});

describe('Views', () => {
  it('that are older than the drawn one are dropped', async () => {
    const hand = new Hand();
    const { container: page } = render(App, { host: hand.host });
    await settle();
    hand.draw({ ...recordedView('home'), rev: 7 });
    hand.draw({ ...recordedView('welcome'), rev: 6 });
    await settle();
    expect(document.documentElement.dataset.screen).toBe('home');
    expect(document.documentElement.dataset.rev).toBe('7');
    expect(page.querySelector('h1')).not.toBeNull();
  });

  it('of the same screen keep typed text and focus', async () => {
    const hand = new Hand();
    const { container: page } = render(App, { host: hand.host });
    await settle();
    hand.draw(recordedView('sign-in'));
    await settle();
    const email = page.querySelector<HTMLInputElement>('#email');
    email?.focus();
    await fireEvent.input(email ?? page, { target: { value: 'half@typed' } });
    const again = recordedView('sign-in-offline');
    hand.draw({ ...again, rev: 2 });
    await settle();
    expect(page.querySelector<HTMLInputElement>('#email')?.value).toBe('half@typed');
    expect(document.activeElement).toBe(email);
  });
});

describe('notices', () => {
  it('leave the room to the picture while a photo is taken, and sign-in is explained in the account menu', async () => {
    const page = await open('capture-face-steady');
    const main = page.querySelector('main')?.textContent ?? '';
    expect(main).toContain('This is the practice learner');
    expect(main).not.toContain('have not been sent');
    const menu = page.querySelector('#account');
    expect(menu?.textContent).toContain('sign in again after closing');
    await press(page, 'retry-keyring');
    expect(sent()).toEqual(['retry_keyring']);
  });
});

describe('capture', () => {
  it('shows the one hint and draws the oval mirrored with the face, the card never', async () => {
    const face = await open('capture-face');
    expect(face.querySelector('#hint')?.textContent?.replace(/[\u2068\u2069]/g, '')).toBe('Move about 10 cm closer.');
    expect(face.querySelector('svg[data-mirrored="true"] ellipse')).not.toBeNull();
    expect(face.querySelector('.live .mirrored, .live.mirrored')).not.toBeNull();
    cleanup();
    const card = await open('capture-id');
    expect(card.querySelector('svg[data-mirrored="false"] polygon')).not.toBeNull();
    expect(card.querySelector('.live.mirrored')).toBeNull();
  });

  it('takes the photo with Space where no control has the key, and stops the countdown with Escape', async () => {
    const page = await open('capture-face-steady');
    await fireEvent.keyDown(page.querySelector('h1') ?? page, { key: ' ' });
    await fireEvent.keyDown(page.querySelector('#camera') ?? page, { key: ' ' });
    await fireEvent.keyDown(window, { key: 'Escape' });
    await settle();
    expect(sent()).toEqual(['take_photo', 'cancel_countdown']);
  });

  it('says the countdown at once, urgently', async () => {
    await open('capture-face-steady');
    expect(document.getElementById('say-now')?.textContent).toBe('Hold still, taking the photo');
  });

  it('turns the window white when the face is dark, until the learner turns it off', async () => {
    const page = await open('capture-face-dark');
    expect(document.documentElement.dataset.fillLight).toBe('on');
    await press(page, 'fill-light');
    expect(document.documentElement.dataset.fillLight).toBeUndefined();
  });

  it('announces a decision that comes while the status is open', async () => {
    const hand = new Hand();
    render(App, { host: hand.host });
    await settle();
    hand.draw({ ...recordedView('home-in-review'), rev: 1 });
    await settle();
    hand.draw({ ...recordedView('home-approved'), rev: 2 });
    await settle();
    expect(document.getElementById('say')?.textContent).toBe('Your identity is verified');
  });

  it('drops guidance of a capture that was left', async () => {
    const hand = new Hand();
    const { container: page } = render(App, { host: hand.host });
    await settle();
    const guidance = recordedGuidance('capture-face');
    if (guidance === null) throw new Error('no guidance was recorded');
    hand.draw({ ...recordedView('capture-face'), rev: 1 });
    hand.guide({ ...guidance, attempt: 3 });
    hand.draw({ ...recordedView('review-face'), rev: 2 });
    hand.draw({ ...recordedView('capture-id'), rev: 3 });
    hand.guide({ ...guidance, attempt: 3 });
    await settle();
    expect(page.querySelector('#hint')?.textContent).toBe('Waiting for the camera');
  });
});
