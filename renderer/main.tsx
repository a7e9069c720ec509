/** Starts the page: store over the bridge, first state, then React. */
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { AppContext } from './app-context';
import { Window } from './app';
import type { PageBridge } from './bridge';
import { setLanguage } from './i18n/use-t';
import { createApp } from './state/app';
import { fetchLater } from './ui/later';
import { showTheme } from './use-look';
import './styles/tokens.css';
import './styles/base.css';

/** A first state that takes longer than this is waited for with something in the window. */
const BLANK_MS = 150;
/** What can wait for a quiet moment waits no longer than this. */
const QUIET_MS = 1000;

const bridge = window.underpaint;
const root = document.getElementById('root');
if (bridge === undefined || root === null) throw new Error('The page was opened outside Underpaint.');

const look = bridge.startLook();
showTheme(look.theme);
const whenDrawn = drawn();
const app = createApp(bridge, whenDrawn);
window.addEventListener('pagehide', () => {
  void app.actions.flushDraft();
  void app.actions.flushPainting();
});
document.addEventListener('visibilitychange', () => app.actions.setWindowShown(!document.hidden));
void start(root, bridge);

async function start(place: HTMLElement, over: PageBridge): Promise<void> {
  const blank = new Promise((done) => setTimeout(done, BLANK_MS));
  await Promise.all([setLanguage(look.language), Promise.race([app.actions.load(), blank])]);
  createRoot(place).render(
    <StrictMode>
      <AppContext value={app}>
        <Window bridge={over} />
      </AppContext>
    </StrictMode>,
  );
  await whenDrawn;
  // The questions that had to wait come first.
  setTimeout(() => void fetchLater(), QUIET_MS);
}

/** Resolves at the first quiet moment after the window was drawn for the first time. */
function drawn(): Promise<void> {
  return new Promise((done) => {
    // Without a frame (the window is hidden) the moment comes all the same.
    const quiet = (): unknown => requestIdleCallback(() => done(), { timeout: QUIET_MS });
    new PerformanceObserver((_, observer) => {
      observer.disconnect();
      quiet();
    }).observe({ type: 'paint', buffered: true });
    setTimeout(quiet, QUIET_MS);
  });
}
