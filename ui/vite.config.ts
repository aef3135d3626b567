import { readFileSync } from 'node:fs';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { svelteTesting } from '@testing-library/svelte/vite';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';

/** Leaves the notes to translators out of what the window reads. */
function wordsAlone(): Plugin {
  return {
    name: 'words-alone',
    enforce: 'pre',
    load(id) {
      const [file = '', query] = id.split('?');
      if (query !== 'raw' || !file.endsWith('.ftl')) return null;
      const words = readFileSync(file, 'utf8').replace(/^#.*\n+/gm, '');
      return `export default ${JSON.stringify(words)}`;
    },
  };
}

// `assetsInlineLimit: 0` because the window's content security policy refuses `data:` pictures and fonts.
export default defineConfig({
  plugins: [svelte(), svelteTesting(), wordsAlone()],
  build: {
    target: ['safari16.4', 'chrome111'],
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // One sheet, so that a screen that comes later is never seen undressed.
    cssCodeSplit: false,
    sourcemap: false,
    reportCompressedSize: true,
  },
  // The sentences live beside this folder, in `locales/`, because server and command line read them too.
  server: { port: 5199, strictPort: true, fs: { allow: ['..'] } },
  test: { environment: 'happy-dom', include: ['src/**/*.test.ts', 'tests/**/*.test.ts'], setupFiles: ['tests/set-up.ts'] },
});
