// The house rules of the window that a compiler does not see.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const ALL = files('src').filter((path) => !path.includes('/gen/') && !path.endsWith('.test.ts'));
const read = (path: string): string => readFileSync(path, 'utf8');

/** Files of `src` in which `pattern` occurs, without comments. */
function offenders(pattern: RegExp, among: string[] = ALL): string[] {
  return among.filter((path) => pattern.test(read(path).replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')));
}

describe('the window', () => {
  it('has no way to choose a file', () => {
    const among = [...ALL, 'index.html'];
    expect(
      offenders(/type\s*=\s*["'{`]*file|showOpenFilePicker|FileReader|DataTransfer|webkitGetAsEntry|new FormData/i, among),
    ).toEqual([]);
  });

  it('names Tauri in one file only', () => {
    expect(offenders(/@tauri-apps\//)).toEqual(['src/host/tauri.ts']);
  });

  it('opens no camera and no connection of its own', () => {
    expect(
      offenders(
        /getUserMedia|\bfetch\(|XMLHttpRequest|WebSocket|EventSource|localStorage|sessionStorage|indexedDB|document\.cookie/,
      ),
    ).toEqual([]);
  });

  it('puts no foreign text in as markup', () => {
    expect(offenders(/\{@html|innerHTML|insertAdjacentHTML/)).toEqual([]);
  });

  it('has no style that the content security policy refuses', () => {
    expect(offenders(/\sstyle="|setAttribute\('style'|createElement\('style'\)|url\(data:/, [...ALL, 'index.html'])).toEqual([]);
    expect(read('svelte.config.js')).toContain("css: 'external'");
  });

  it('lays out by logical directions, so that right-to-left languages need nothing', () => {
    const sheets = ALL.filter((path) => /\.(svelte|css)$/.test(path));
    const physical =
      /(^|[\s;{])(left|right|top|bottom|(margin|padding|border)-(left|right|top|bottom)|text-align)\s*:\s*(left|right|[\d-]|var|calc|auto)/;
    expect(offenders(physical, sheets)).toEqual([]);
  });

  it('touches the live regions in one file only', () => {
    expect(offenders(/getElementById\(.*'say/)).toEqual(['src/say/announce.ts']);
  });

  it('does not load the face model: that belongs to Rust', () => {
    expect(offenders(/mediapipe/)).toEqual([]);
  });

  it('keeps `as` and `any` at the door', () => {
    const typed = ALL.filter((path) => /\.(ts|svelte)$/.test(path) && !path.startsWith('src/host/'));
    expect(offenders(/\bas (?!const\b|\w+ (from|\})|\w+ \()[A-Z{]|\bas any\b|: any\b/, typed)).toEqual([]);
  });
});

describe('the commands', () => {
  it('are those of the shell, neither more nor fewer', () => {
    const list = '../src-tauri/commands.rs.in';
    expect(existsSync(list)).toBe(true);
    const shell = [...(read(list).split('for_each_command! {')[1] ?? '').matchAll(/\b[a-z_]+\b/g)].map(([name]) => name);
    const types = read('src/host/types.ts').split('export interface Commands {')[1]?.split('\n}')[0] ?? '';
    const window = [...types.matchAll(/^ {2}([a-z_]+):/gm)].map(([, name]) => name ?? '');
    expect([...window, 'subscribe_view', 'subscribe_guidance'].sort()).toEqual(shell.sort());
  });

  it('are each pressed somewhere', () => {
    const text = ALL.filter((path) => !path.startsWith('src/host/'))
      .map(read)
      .join('\n');
    const types = read('src/host/types.ts').split('export interface Commands {')[1]?.split('\n}')[0] ?? '';
    const names = [...types.matchAll(/^ {2}([a-z_]+):/gm)].map(([, name]) => name ?? '');
    expect(names.filter((name) => !text.includes(`'${name}'`))).toEqual([]);
  });
});

function files(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? files(join(folder, entry.name)) : [join(folder, entry.name)],
  );
}
