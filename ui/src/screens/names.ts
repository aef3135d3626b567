// What a screen is called in the window's title: short, and the same words every time.

import type { Screen } from '../gen/Screen';
import type { Trouble } from '../gen/Trouble';
import type { View } from '../gen/View';
import { plain, t } from '../text/t';

/** The screen's short name. */
export function screenName(screen: Screen): string {
  switch (screen.kind) {
    case 'capture':
    case 'review':
      return t(`name-${screen.kind}-${screen.photo}`);
    case 'settings':
      return t(`name-settings-${screen.page.kind}`);
    default:
      return t(`name-${screen.kind}`);
  }
}

/** "Error: Step 4 of 9: Face photo – Likeness". */
export function windowTitle(view: View, refusal: Trouble | null): string {
  const name = screenName(view.screen);
  const { step } = view.frame;
  const title = step === null ? plain('title-plain', { name }) : plain('title-step', { number: step.number, of: step.of, name });
  return (refusal ?? troubleOf(view.screen)) === null ? title : plain('title-error', { title });
}

function troubleOf(screen: Screen): Trouble | null {
  if ('camera' in screen) return screen.camera.trouble;
  return 'trouble' in screen ? screen.trouble : null;
}
