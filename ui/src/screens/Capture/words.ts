// The one sentence of a moment: the hint while something has to change, else what is happening.

import type { Guidance } from '../../gen/Guidance';
import type { HintView } from '../../gen/HintView';
import { knows, t } from '../../text/t';

/** How the sentence is drawn: shape and icon say it too, not the colour alone. */
export type Tone = 'stop' | 'warn' | 'info' | 'good' | 'wait';

/** What the learner reads and hears now. */
export interface Saying {
  text: string;
  tone: Tone;
  /** Said at once, past the queue. */
  urgent: boolean;
}

/** The sentence for `guidance`; `null` before the first one came. */
export function saying(guidance: Guidance | null): Saying {
  switch (guidance?.phase) {
    case undefined:
    case 'waiting':
      return { text: t('capture-waiting'), tone: 'wait', urgent: false };
    case 'warmup':
      return { text: t('capture-warmup'), tone: 'wait', urgent: false };
    case 'countdown':
      return { text: t('capture-countdown'), tone: 'good', urgent: true };
    case 'taking':
      return { text: t('capture-countdown'), tone: 'good', urgent: false };
    case 'taken':
      return { text: t('capture-taken'), tone: 'good', urgent: true };
    case 'steady':
      return guidance?.hint
        ? fromHint(guidance.hint, guidance.hint.code === 'hold' ? 'good' : guidance.hint.level)
        : { text: t('capture-steady'), tone: 'good', urgent: false };
    case 'guiding':
      return guidance?.hint
        ? fromHint(guidance.hint, guidance.hint.level)
        : { text: t('capture-look'), tone: 'info', urgent: false };
  }
}

function fromHint(hint: HintView, tone: Tone): Saying {
  const id = `hint-${hint.code}`;
  if (!knows(id)) return { text: t('capture-look'), tone, urgent: false };
  const text = t(id, { side: hint.side ?? 'none', cm: hint.centimetres ?? 0, amount: hint.amount });
  return { text, tone, urgent: false };
}
