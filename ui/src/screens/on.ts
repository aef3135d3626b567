// What a screen gets: its own part of the View, named by its kind.

import type { Screen } from '../gen/Screen';

/** The part of the View that belongs to the screen `K`. */
export type On<K extends Screen['kind']> = Extract<Screen, { kind: K }>;
