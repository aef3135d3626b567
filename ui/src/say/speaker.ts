// Decides when a hint is spoken again. Words that change with every frame would drown the learner,
// and words said only once are lost when somebody was still listening to the last ones.

/** Two sentences are never closer together than this. */
const GAP_MS = 1_500;
/** The same words come again only after this. */
const REPEAT_MS = 4_000;

/** Speaks guidance through `say`, no faster than a person can follow. Knows no clock of its own: `now_ms` comes in. */
export class Speaker {
  readonly #say: (text: string, urgent: boolean) => void;
  #lastText = '';
  #lastAtMs = Number.NEGATIVE_INFINITY;

  constructor(say: (text: string, urgent: boolean) => void) {
    this.#say = say;
  }

  /** Offers the sentence that is true now; call it with every guidance. Returns whether it was spoken. */
  offer(text: string, nowMs: number): boolean {
    const sinceMs = nowMs - this.#lastAtMs;
    if (text === '' || sinceMs < GAP_MS || (text === this.#lastText && sinceMs < REPEAT_MS)) return false;
    this.#speak(text, nowMs, false);
    return true;
  }

  /** Past the queue: the countdown begins, the photo is taken, the camera fails. */
  atOnce(text: string, nowMs: number): void {
    this.#speak(text, nowMs, true);
  }

  #speak(text: string, nowMs: number, urgent: boolean): void {
    this.#lastText = text;
    this.#lastAtMs = nowMs;
    this.#say(text, urgent);
  }
}
