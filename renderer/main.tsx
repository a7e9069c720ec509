/** Starts the page: store over the bridge, first state, then React. */
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { AppContext } from './app-context';
import { Window } from './app';
import { setLanguage } from './i18n/use-t';
import { createApp } from './state/app';
import { showTheme } from './use-look';
import './styles/tokens.css';
import './styles/base.css';

const bridge = window.underpaint;
const root = document.getElementById('root');
if (bridge === undefined || root === null) throw new Error('The page was opened outside Underpaint.');

const look = bridge.startLook();
showTheme(look.theme);
setLanguage(look.language);
const app = createApp(bridge);
window.addEventListener('pagehide', () => {
  app.actions.flushDraft();
  app.actions.flushPainting();
});
document.addEventListener('visibilitychange', () => app.actions.setWindowShown(!document.hidden));
createRoot(root).render(
  <StrictMode>
    <AppContext value={app}>
      <Window bridge={bridge} />
    </AppContext>
  </StrictMode>,
);
void app.actions.load();
