import { vitePreprocess } from '@sveltejs/vite-plugin-svelte';

// `css: 'external'`: styles that a script adds as `<style>` are refused by the window's content security policy.
export default {
  preprocess: vitePreprocess(),
  compilerOptions: { css: 'external', runes: true },
};
