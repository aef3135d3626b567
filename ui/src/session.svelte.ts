// What the window knows: the last View, the last guidance, the last refusal. It holds no rule.

import { createContext } from 'svelte';
import type { Guidance } from './gen/Guidance';
import type { Screen } from './gen/Screen';
import type { Trouble } from './gen/Trouble';
import type { View } from './gen/View';
import type { Command, Commands, Host, PlainCommand } from './host/types';

export const [getSession, setSession] = createContext<Session>();

export class Session {
  /** What is drawn; `null` until the first View came. */
  view = $state.raw<View | null>(null);
  /** The newest guidance of the present capture. */
  guidance = $state.raw<Guidance | null>(null);
  /** Why the last press was refused, until the next press or screen. */
  refusal = $state.raw<Trouble | null>(null);
  /** A command that has not answered yet: a second press of the same button is not sent. */
  pending = $state.raw<Command | null>(null);
  readonly host: Host;
  /** Guidance up to this attempt belongs to a capture that was left. */
  #closedAttempt = 0;

  constructor(host: Host) {
    this.host = host;
  }

  /** Subscribes. `drawn` runs once, after the first View was put on the page. */
  async start(drawn: () => void): Promise<void> {
    await this.host.watchGuidance((guidance) => this.#takeGuidance(guidance));
    await this.host.watchView((view) => {
      const first = this.view === null;
      this.#takeView(view);
      if (first) requestAnimationFrame(() => drawn());
    });
  }

  /** Sends one intent. A refusal is shown by the page that is open. */
  async send<C extends Command>(command: C, words: Commands[C]): Promise<void> {
    if (this.pending === command) return;
    this.pending = command;
    this.refusal = null;
    try {
      await this.host.call(command, words);
    } catch (reason) {
      this.refusal = troubleFrom(reason);
    } finally {
      if (this.pending === command) this.pending = null;
    }
  }

  /** Sends an intent that needs nothing but its name. */
  press(command: PlainCommand): Promise<void> {
    return this.send(command, {});
  }

  #takeView(view: View): void {
    if (this.view !== null && view.rev <= this.view.rev) return;
    if (this.view === null || screenKey(this.view.screen) !== screenKey(view.screen)) {
      this.refusal = null;
      if (this.view?.screen.kind === 'capture') this.#leaveCapture();
    }
    this.view = view;
  }

  #takeGuidance(guidance: Guidance): void {
    if (guidance.attempt <= this.#closedAttempt) return;
    if (this.guidance !== null && guidance.attempt < this.guidance.attempt) return;
    this.guidance = guidance;
  }

  #leaveCapture(): void {
    this.#closedAttempt = Math.max(this.#closedAttempt, this.guidance?.attempt ?? 0);
    this.guidance = null;
  }
}

/** Two Views with the same key are the same screen: focus and typed text stay. */
export function screenKey(screen: Screen): string {
  switch (screen.kind) {
    case 'capture':
    case 'review':
      return `${screen.kind}-${screen.photo}`;
    case 'id-layout':
      return screen.document === null ? 'id-layout' : 'id-layout-sides';
    case 'organisation':
      return `organisation-${screen.page.kind}`;
    case 'settings': {
      const { page } = screen;
      const asksForCode = (page.kind === 'email' && page.pending !== null) || (page.kind === 'forgotten' && page.sent);
      return `settings-${page.kind}${asksForCode ? '-code' : ''}`;
    }
    default:
      return screen.kind;
  }
}

function troubleFrom(reason: unknown): Trouble {
  const refusal = typeof reason === 'object' && reason !== null ? reason : {};
  const code = 'code' in refusal && typeof refusal.code === 'string' ? refusal.code : 'unknown';
  const field = 'field' in refusal && typeof refusal.field === 'string' ? refusal.field : null;
  return { code, field, number: null, requestId: null };
}
