// Every sentence of the window comes from here, and here from `locales/<language>/*.ftl`.
// Only English exists so far; the other languages will be chosen by the View.

import { FluentBundle, FluentResource, type FluentVariable } from '@fluent/bundle';

const files = import.meta.glob<string>(
  [
    '../../../locales/en/*.ftl',
    '!**/mail.ftl',
    '!**/cli.ftl',
    '!**/browser.ftl',
    '!**/consent.ftl',
    // These come with their screens.
    '!**/capture.ftl',
    '!**/hints.ftl',
    '!**/invitation.ftl',
    '!**/organisation.ftl',
    '!**/settings.ftl',
  ],
  {
    query: '?raw',
    import: 'default',
    eager: true,
  },
);

const english = new FluentBundle('en');
addWords(Object.values(files));

/** Adds sentences that come later than the first screen. */
export function addWords(texts: readonly string[]): void {
  for (const text of texts) english.addResource(new FluentResource(text));
}

/** What fills the placeables of a sentence. */
export type Words = Record<string, FluentVariable>;

/** Does the catalogue know `id` (`message` or `message.attribute`)? For codes that come from outside the window. */
export function knows(id: string): boolean {
  return pattern(id) !== null;
}

/**
 * The sentence `id` (`message` or `message.attribute`) with its placeables filled.
 * An unknown id gives the id itself: a strange word in the window is better than no window. A test keeps that from happening.
 */
export function t(id: string, words: Words = {}): string {
  const found = pattern(id);
  if (found === null) return id;
  return english.formatPattern(found, words, []);
}

/** Like `t`, without the invisible marks that isolate placeables: for window titles, which cannot show them. */
export function plain(id: string, words: Words = {}): string {
  return t(id, words).replace(/[\u2068\u2069]/g, '');
}

/** Names given by others, side by side: no word between them could fit every language they may be in. */
export function listed(items: readonly string[]): string {
  return items.join(' · ');
}

/** A moment as people write it, in the computer's own time zone. */
export function moment(unixMs: number): string {
  return new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeStyle: 'short' }).format(new Date(unixMs));
}

function pattern(id: string) {
  const [message = '', attribute] = id.split('.');
  const found = english.getMessage(message);
  if (found === undefined) return null;
  return (attribute === undefined ? found.value : found.attributes[attribute]) ?? null;
}
