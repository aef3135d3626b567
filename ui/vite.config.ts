import { svelte } from '@sveltejs/vite-plugin-svelte';
import { svelteTesting } from '@testing-library/svelte/vite';
import { defineConfig } from 'vitest/config';

// `assetsInlineLimit: 0` because the window's content security policy refuses `data:` pictures and fonts.
export default defineConfig({
  plugins: [svelte(), svelteTesting()],
  build: {
    target: ['safari16.4', 'chrome111'],
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    sourcemap: false,
    reportCompressedSize: true,
  },
  // The sentences live beside this folder, in `locales/`, because server and command line read them too.
  server: { port: 5199, strictPort: true, fs: { allow: ['..'] } },
  test: { environment: 'happy-dom', include: ['src/**/*.test.ts', 'tests/**/*.test.ts'], setupFiles: ['tests/set-up.ts'] },
});
