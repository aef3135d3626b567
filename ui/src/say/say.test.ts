import { beforeEach, describe, expect, it } from 'vitest';
import { announce } from './announce';
import { Speaker } from './speaker';

describe('announce', () => {
  beforeEach(() => {
    const say = document.createElement('div');
    say.id = 'say';
    const now = document.createElement('div');
    now.id = 'say-now';
    document.body.replaceChildren(say, now);
  });

  it('replaces the child even for the same words, because new text in an old child is not heard', () => {
    announce('Hold still.');
    const first = document.getElementById('say')?.firstChild;
    announce('Hold still.');
    const second = document.getElementById('say')?.firstChild;
    expect(second?.textContent).toBe('Hold still.');
    expect(second).not.toBe(first);
    expect(document.getElementById('say')?.childNodes.length).toBe(1);
  });

  it('uses the assertive region for what cannot wait', () => {
    announce('Photo taken.', true);
    expect(document.getElementById('say-now')?.textContent).toBe('Photo taken.');
    expect(document.getElementById('say')?.textContent).toBe('');
  });
});

describe('the speaker', () => {
  it('speaks no faster than a person can follow', () => {
    const table: [atMs: number, text: string, spoken: boolean, because: string][] = [
      [0, 'Move closer.', true, 'the first sentence is said at once'],
      [900, 'Hold still.', false, 'the first one is still being spoken'],
      [1_500, 'Hold still.', true, 'a new sentence after the gap'],
      [3_400, 'Hold still.', false, 'the same words come again only after four seconds'],
      [5_500, 'Hold still.', true, 'still true after four seconds: said again'],
      [9_000, '', false, 'nothing to say'],
    ];
    const said: string[] = [];
    const speaker = new Speaker((text) => said.push(text));
    for (const [atMs, text, spoken, because] of table) expect(speaker.offer(text, atMs), because).toBe(spoken);
    expect(said).toEqual(['Move closer.', 'Hold still.', 'Hold still.']);
  });

  it('lets the photo go past the queue, and then keeps the gap', () => {
    const said: [string, boolean][] = [];
    const speaker = new Speaker((text, urgent) => said.push([text, urgent]));
    speaker.offer('Move closer.', 0);
    speaker.atOnce('Photo taken', 200);
    expect(speaker.offer('Move closer.', 1_000)).toBe(false);
    expect(said).toEqual([
      ['Move closer.', false],
      ['Photo taken', true],
    ]);
  });
});
