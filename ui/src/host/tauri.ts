// The real door. The only file that names Tauri (a test greps for others).

import { Channel, convertFileSrc, invoke, isTauri } from '@tauri-apps/api/core';
import type { Guidance } from '../gen/Guidance';
import type { View } from '../gen/View';
import type { Command, Commands, Host, Refusal } from './types';

/** No command takes longer than this: what lasts is a state of the View. */
const ANSWER_WITHIN_MS = 10_000;

/** Is this page inside the app? */
export function insideTheApp(): boolean {
  return isTauri();
}

export const tauriHost: Host = {
  call<C extends Command>(command: C, words: Commands[C]): Promise<void> {
    return ask(command, { ...words });
  },
  watchView(draw) {
    const channel = new Channel<View>(draw);
    return ask('subscribe_view', { channel });
  },
  watchGuidance(draw) {
    const channel = new Channel<Guidance>(draw);
    return ask('subscribe_guidance', { channel });
  },
  livePicture: (stream, n) => convertFileSrc(`live.${stream}.${n}`, 'likeness'),
  photo: (name) => convertFileSrc(name, 'likeness'),
};

async function ask(command: string, words: Record<string, unknown>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const silence = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject({ code: 'host-timeout', field: null }), ANSWER_WITHIN_MS);
  });
  try {
    await Promise.race([invoke<void>(command, words), silence]);
  } catch (reason) {
    throw refusalFrom(reason);
  } finally {
    clearTimeout(timer);
  }
}

/** Our own refusals are objects with a code; a refusal by Tauri itself is a sentence, which says nothing to a learner. */
function refusalFrom(reason: unknown): Refusal {
  if (typeof reason !== 'object' || reason === null || !('code' in reason)) return { code: 'request-refused', field: null };
  const { code } = reason;
  const field = 'field' in reason && typeof reason.field === 'string' ? reason.field : null;
  return { code: typeof code === 'string' ? code : 'unknown', field };
}
