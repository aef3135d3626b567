// A door that leads nowhere: recorded Views for an ordinary browser (`npm run dev`, then `?screen=capture-face`) and for tests.
// Presses are remembered and change nothing. Never part of a build.

import cardPicture from '../../demo/card.svg?url';
import learnerPicture from '../../demo/learner.svg?url';
import { recordedGuidance, recordedView } from './recorded';
import type { Command, Commands, Host } from './types';

/** One press, as it would have gone out. */
export interface Press {
  command: Command;
  words: Commands[Command];
}

/** A door that shows the recorded screen of `search` (`?screen=home-rejected`); `presses` gets what is pressed. */
export function demoHost(search: string, presses: Press[] = []): Host {
  const name = new URLSearchParams(search).get('screen') ?? 'welcome';
  const picture = name.includes('id') ? cardPicture : learnerPicture;
  return {
    call(command, words) {
      presses.push({ command, words });
      return Promise.resolve();
    },
    watchView(draw) {
      draw(recordedView(name));
      return Promise.resolve();
    },
    watchGuidance(draw) {
      const guidance = recordedGuidance(name);
      if (guidance !== null) draw(guidance);
      return Promise.resolve();
    },
    livePicture: (_stream, n) => `${picture}?n=${n % 2}`,
    photo: (id) => (id.includes('id') ? cardPicture : learnerPicture),
  };
}
