/** The walls around the page: no permission, no navigation, no new window, no network. */
import { app, type Session, type WebContents } from 'electron';
import { APP_ORIGIN } from './services/media-urls';

/**
 * What the page may load and do: its own scripts, styles and pictures, and nothing from anywhere else.
 * `blob:` pictures are those that were pasted and are not imported yet.
 */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' blob:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** True for an address of the app's own origin. */
export const isAppUrl = (url: string): boolean => url === APP_ORIGIN || url.startsWith(`${APP_ORIGIN}/`);

/** Switches that must be set before Electron is ready: Chromium itself asks nobody for anything, and no name resolves. */
export function closeNetwork(): void {
  app.commandLine.appendSwitch('host-resolver-rules', 'MAP * ~NOTFOUND');
  for (const name of [
    'disable-background-networking',
    'disable-component-update',
    'disable-domain-reliability',
    'no-pings',
  ])
    app.commandLine.appendSwitch(name);
}

/** Denies every permission, every download, and every request that is not the app's own. */
export function hardenSession(session: Session): void {
  session.setPermissionRequestHandler((_contents, _permission, answer) => answer(false));
  session.setPermissionCheckHandler(() => false);
  session.setDevicePermissionHandler(() => false);
  session.webRequest.onBeforeRequest((details, answer) => {
    const isOwn = isAppUrl(details.url) || details.url.startsWith(`blob:${APP_ORIGIN}/`);
    const isDeveloperTool = !app.isPackaged && details.url.startsWith('devtools://');
    answer({ cancel: !isOwn && !isDeveloperTool });
  });
  session.on('will-download', (event) => event.preventDefault());
  session.setSpellCheckerEnabled(false); // it would download its dictionaries
}

/** Holds for every page that is ever made, also one that nobody meant to make. */
export function hardenContents(contents: WebContents): void {
  contents.setWindowOpenHandler(() => ({ action: 'deny' }));
  const refuse = (event: { preventDefault: () => void }): void => event.preventDefault();
  contents.on('will-navigate', refuse);
  contents.on('will-redirect', refuse);
  contents.on('will-frame-navigate', refuse);
  contents.on('will-attach-webview', refuse);
  contents.setWebRTCIPHandlingPolicy('disable_non_proxied_udp');
}
