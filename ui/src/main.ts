// Chooses the door, and puts the window on the page.

import '@fontsource-variable/manrope';
import './style/tokens.css';
import './style/base.css';
import { mount } from 'svelte';
import App from './App.svelte';
import { insideTheApp, tauriHost } from './host/tauri';
import type { Host } from './host/types';

async function door(): Promise<Host> {
  // The recorded Views are for `npm run dev` alone: the condition is false in a build, which then leaves them out.
  if (import.meta.env.DEV && !insideTheApp()) return (await import('./host/demo')).demoHost(location.search);
  return tauriHost;
}

const page = document.getElementById('app');
if (page !== null) mount(App, { target: page, props: { host: await door() } });
