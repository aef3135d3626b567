// The screens of the photos, from the ID that is chosen to the receipt, with the words of the camera: a piece of their own, that comes while the first screen is looked at.

import capture from '../../../locales/en/capture.ftl?raw';
import hints from '../../../locales/en/hints.ftl?raw';
import { addWords } from '../text/t';

addWords([capture, hints]);

export { default as CameraCheck } from './CameraCheck/CameraCheck.svelte';
export { default as Capture } from './Capture/Capture.svelte';
export { default as CheckAnswers } from './CheckAnswers/CheckAnswers.svelte';
export { default as FixPhoto } from './FixPhoto/FixPhoto.svelte';
export { default as IdLayout } from './IdLayout/IdLayout.svelte';
export { default as Review } from './Review/Review.svelte';
export { default as Sending } from './Sending/Sending.svelte';
export { default as Sent } from './Sent/Sent.svelte';
