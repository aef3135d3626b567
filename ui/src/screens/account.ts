// The screens about one's account, which few people open: a piece of their own, with their words, that comes while the first screen is looked at.

import invitation from '../../../locales/en/invitation.ftl?raw';
import organisation from '../../../locales/en/organisation.ftl?raw';
import settings from '../../../locales/en/settings.ftl?raw';
import { addWords } from '../text/t';

addWords([invitation, organisation, settings]);

export { default as Invitation } from './Invitation/Invitation.svelte';
export { default as Organisation } from './Organisation/Organisation.svelte';
export { default as Settings } from './Settings/Settings.svelte';
