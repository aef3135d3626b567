// The catalogue and the window fit together: every sentence used exists, every sentence is used, and no sentence stands in markup.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FluentResource } from '@fluent/bundle';
import { parse } from 'svelte/compiler';
import { describe, expect, it } from 'vitest';
import { CODES, entryFor } from '../src/errors/table';
import { knows, plain, t } from '../src/text/t';

const SOURCES = files('src').filter(
  (path) => /\.(ts|svelte)$/.test(path) && !path.includes('/gen/') && !path.endsWith('.test.ts'),
);
const LOCALE = '../locales/en';
/** Read by others too, or by codes that come from outside: whether each is used cannot be seen here. */
const SHARED_FILES = ['hints.ftl', 'reasons.ftl', 'mail.ftl', 'cli.ftl', 'consent.ftl', 'browser.ftl'];
/** Ids made from a value of the View. */
const MADE = [
  /^home-(none|unknown|in-review|approved|rejected|expired)-(title|lead)$/,
  /^home-(start|continue|see-progress|fix|refresh)$/,
  /^home-line-(done|now|open)$/,
  /^id-(card|passport|other)(-more)?$/,
  /^review-(face|id)-(title|lead|picture)$/,
  /^capture-hand-(left|right)$/,
  /^sending-(uploading|submitting|waiting|paused|stopped)$/,
  /^sign-in-ended-/,
  /^organisation-(domain|browser|choose-account|create-account|link-existing|set-password|blocked-by-social|confirm-link|invitation|verify-email)-(title|lead)$/,
  /^organisation-social-/,
  /^check-change-(name|face|id|document)$/,
  /^name-/,
  /^settings-device-(linux|macos|windows)$/,
  /^settings-done-(password-changed|email-changed|sessions-ended|connected|disconnected|exported)$/,
  /^settings-stays-(last-sign-in-method|identity-managed-by-organisation)$/,
];

describe('the catalogue', () => {
  const text = SOURCES.map((path) => readFileSync(path, 'utf8')).join('\n');

  it('has every sentence that the window names', () => {
    const named = [
      ...text.matchAll(/\b(?:t|plain|knows)\(\s*'([a-z0-9.-]+)'/g),
      ...text.matchAll(/(?:text|label): '([a-z0-9.-]+)'/g),
    ];
    expect(named.length).toBeGreaterThan(100);
    expect(named.map(([, id]) => id ?? '').filter((id) => !knows(id))).toEqual([]);
  });

  it('has no sentence that the window does not use', () => {
    const own = readdirSync(LOCALE).filter((file) => file.endsWith('.ftl') && !SHARED_FILES.includes(file));
    expect(own).toContain('app.ftl');
    const ids = own.flatMap((file) => new FluentResource(readFileSync(join(LOCALE, file), 'utf8')).body.map(({ id }) => id));
    const unused = ids.filter((id) => !text.includes(`'${id}'`) && !MADE.some((shape) => shape.test(id)));
    expect(unused).toEqual([]);
  });

  it('has cause, deed and label for every code of the table', () => {
    for (const code of CODES) {
      const entry = entryFor({ code, field: null, number: null, requestId: null });
      expect(knows(entry.text), `${code} has no sentence`).toBe(true);
      expect(knows(`${entry.text}.do`), `${code} does not say what to do`).toBe(true);
      expect(knows(entry.label), `${code} has no label for its button`).toBe(true);
    }
  });

  it('knows every code the brief of the window names', () => {
    const brief = `invalid-credentials too-many-attempts network-dns network-connect network-timeout tls-untrusted captive-portal
      server-unavailable session-ended consent-stale capture-session-expired name-empty name-too-long name-characters camera-none
      camera-in-use camera-denied camera-restricted camera-lost camera-stalled camera-not-moving camera-damaged-frames camera-unsupported
      camera-virtual-blocked camera-failed already-in-review already-approved photo-refused photo-already-used upload-refused
      request-refused client-too-old unknown`.split(/\s+/);
    expect(brief.filter((code) => !CODES.includes(code))).toEqual([]);
  });

  it('falls back to a row with the way to help for a code nobody knows', () => {
    expect(entryFor({ code: 'never-heard-of', field: null, number: null, requestId: 'req_1' }).text).toBe('error-unknown');
  });

  it('has the two sentences of every reason the server knows', () => {
    const list =
      readFileSync('../crates/protocol/src/verification.rs', 'utf8').split('pub enum Reason {')[1]?.split('\n}')[0] ?? '';
    const codes = [...list.matchAll(/^ {4}([A-Z]\w+),/gm)].map(([, name = '']) =>
      name.replace(/(?!^)[A-Z]/g, '-$&').toLowerCase(),
    );
    expect(codes).toContain('id-not-legible');
    expect(codes.filter((code) => !knows(`reason-${code}-what`) || !knows(`reason-${code}-do`))).toEqual([]);
  });

  it('parses without dropping an entry', () => {
    for (const file of readdirSync(LOCALE).filter((name) => name.endsWith('.ftl'))) {
      const source = readFileSync(join(LOCALE, file), 'utf8');
      const entries = source.match(/^[a-z][\w-]* =/gm) ?? [];
      expect(new FluentResource(source).body.length, file).toBe(entries.length);
    }
  });

  it('fills its placeables', () => {
    const table: [string, Record<string, string | number>, string, string][] = [
      [
        'title-step',
        { number: 4, of: 9, name: 'Face photo' },
        'Step 4 of 9: Face photo – Likeness',
        'the title every screen has',
      ],
      ['error-too-many-attempts.do', { number: 1 }, 'Wait one minute, then try again.', 'one minute is not "1 minutes"'],
      ['error-too-many-attempts.do', { number: 0 }, 'Wait a few minutes, then try again.', 'the server may not say how long'],
      ['error-name-too-long.do', { number: 0 }, 'Use at most 200 characters.', 'the limit is said even without a number'],
      ['fix-go', { photos: 'id' }, 'Take the ID photo again', 'only the photo that was bad'],
    ];
    for (const [id, words, expected, because] of table) expect(plain(id, words), because).toBe(expected);
    expect(t('home-reference')).toBe('Receipt number');
  });
});

describe('markup', () => {
  it('holds no literal sentence', () => {
    const literals = SOURCES.filter((path) => path.endsWith('.svelte')).flatMap((path) =>
      literalsIn(readFileSync(path, 'utf8')).map((words) => `${path}: ${words}`),
    );
    expect(literals).toEqual([]);
  });

  it('would be caught if it did', () => {
    expect(literalsIn('<p>Hello</p>')).toEqual(['Hello']);
    expect(literalsIn('<img alt="A face" />')).toEqual(['A face']);
    expect(literalsIn('<p class="soft">{t(id)}</p>')).toEqual([]);
  });
});

/** Texts and spoken attributes of a component that contain a letter. */
function literalsIn(source: string): string[] {
  const found: string[] = [];
  const spoken = ['alt', 'title', 'placeholder', 'aria-label', 'label'];
  const walk = (node: unknown): void => {
    if (Array.isArray(node)) {
      node.forEach(walk);
      return;
    }
    if (typeof node !== 'object' || node === null) return;
    const { type, data, name, value } = node as { type?: string; data?: string; name?: string; value?: unknown };
    if (type === 'Text' && typeof data === 'string' && /\p{L}/u.test(data)) found.push(data.trim());
    if (type === 'Attribute' && !spoken.includes(name ?? '')) {
      if (Array.isArray(value)) value.filter((part) => (part as { type?: string }).type !== 'Text').forEach(walk);
      return;
    }
    Object.values(node).forEach(walk);
  };
  walk(parse(source, { modern: true }).fragment);
  return found;
}

function files(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? files(join(folder, entry.name)) : [join(folder, entry.name)],
  );
}
