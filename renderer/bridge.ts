/** The page's door to the main process. */
import type { Bridge } from '../shared/bridge';

/** What the preload script puts on `window.underpaint`. */
export type PageBridge = Bridge<File>;

declare global {
  interface Window {
    readonly underpaint?: PageBridge;
  }
}
