import { cleanup, render } from '@testing-library/svelte';
import { afterEach, describe, expect, it } from 'vitest';
import LivePicture from './LivePicture.svelte';

/** A picture that was asked for and waits for its answer. */
interface Asked {
  address: string;
  answer: (drawn: boolean) => Promise<void>;
}

const asked: Asked[] = [];
const usual = HTMLImageElement.prototype.decode;

function answerByHand(): void {
  asked.length = 0;
  HTMLImageElement.prototype.decode = function decode(this: HTMLImageElement): Promise<void> {
    return new Promise((drawn, broken) => {
      const answer = async (good: boolean): Promise<void> => {
        if (good) drawn();
        else broken(new Error('no new picture'));
        await rest(150);
      };
      asked.push({ address: this.getAttribute('src') ?? '', answer });
    });
  };
}

const rest = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

afterEach(() => {
  cleanup();
  HTMLImageElement.prototype.decode = usual;
});

describe('the live picture', () => {
  it('has one request in flight, keeps the old picture when none is new, and stops when it is gone', async () => {
    answerByHand();
    const { container, unmount } = render(LivePicture, {
      address: (n: number) => `live.a.${n}`,
      mirrored: false,
      label: 'Live',
      before: 'Starting',
    });
    const front = (): string | undefined => container.querySelector<HTMLElement>('.live')?.dataset.front;
    await rest(150);
    expect(
      asked.map(({ address }) => address),
      'the second waits for the first',
    ).toEqual(['live.a.0']);
    expect(front(), 'nothing is shown before the first was drawn').toBe('-1');
    await asked[0]?.answer(true);
    expect(front()).toBe('0');
    expect(asked.length).toBe(2);
    await asked[1]?.answer(false);
    expect(front(), 'an empty answer keeps what is shown').toBe('0');
    expect(asked.at(-1)?.address).toBe('live.a.2');
    unmount();
    await asked.at(-1)?.answer(true);
    expect(asked.length, 'no request after the end').toBe(3);
  });

  it('asks for nothing while the page is hidden, and goes on when it is seen again', async () => {
    answerByHand();
    let hidden = true;
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => hidden });
    try {
      const { container } = render(LivePicture, {
        address: (n: number) => `live.a.${n}`,
        mirrored: false,
        label: 'Live',
        before: 'Starting',
      });
      await rest(350);
      expect(asked.length, 'nobody looks').toBe(0);
      hidden = false;
      document.dispatchEvent(new Event('visibilitychange'));
      await rest(50);
      expect(asked.length).toBe(1);
      hidden = true;
      await asked[0]?.answer(true);
      await rest(250);
      expect(asked.length, 'the picture that was on its way is the last').toBe(1);
      expect(container.querySelector<HTMLElement>('.live')?.dataset.front, 'it may be shown').not.toBe('-1');
    } finally {
      Reflect.deleteProperty(document, 'hidden');
    }
  });

  it('asks the new stream after a change, and the old one no more', async () => {
    answerByHand();
    const { rerender } = render(LivePicture, {
      address: (n: number) => `live.a.${n}`,
      mirrored: true,
      label: 'Live',
      before: 'Starting',
    });
    await rest(50);
    await rerender({ address: (n: number) => `live.b.${n}`, mirrored: true, label: 'Live', before: 'Starting' });
    await rest(50);
    await asked[0]?.answer(true);
    expect(asked.map(({ address }) => address)).toEqual(['live.a.0', 'live.b.0']);
  });
});
