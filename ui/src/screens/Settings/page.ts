// What every page of the settings gets: its own part of the View, whether the server is being asked, and what went wrong.

import { entryFor } from '../../errors/table';
import type { SettingsPage } from '../../gen/SettingsPage';
import type { Trouble } from '../../gen/Trouble';
import { t } from '../../text/t';

/** The part of the View that belongs to the page `K`. */
export type PageOf<K extends SettingsPage['kind']> = Extract<SettingsPage, { kind: K }>;

/** The sentence beside the input `field`, when something typed there has to change; a trouble that names no input belongs to `usual`. */
export function sentenceAt(trouble: Trouble | null, field: string, usual: string): string | null {
  if (trouble === null || entryFor(trouble).severity !== 'correct') return null;
  return (trouble.field ?? usual) === field ? t(entryFor(trouble).text) : null;
}

/** Leads to the input that a trouble names, or else to `usual`. */
export function correctAt(usual: string): (field: string | null) => () => void {
  return (field) => () => document.getElementById(field ?? usual)?.focus();
}
