// What only a kiosk shows: a piece of its own, with its words, that other computers never load.

import kiosk from '../../../locales/en/kiosk.ftl?raw';
import { addWords } from '../text/t';

addWords([kiosk]);

export { default as Ending } from '../frame/Ending.svelte';
export { default as Guest } from './Guest/Guest.svelte';
