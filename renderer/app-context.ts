/** Gives components the store and the actions. */
import { createContext, useContext } from 'react';
import { useStore } from 'zustand';
import type { Actions, App } from './state/app';
import type { PageState } from './state/page-state';

export const AppContext = createContext<App | null>(null);

/** Store and actions together, for what listens to events outside of drawing. */
export function useApp(): App {
  const app = useContext(AppContext);
  if (app === null) throw new Error('A component was drawn outside AppContext.');
  return app;
}

/** A part of the page's state; draws again only when it changes, so select stored values, not new objects. */
export function usePage<T>(select: (state: PageState) => T): T {
  return useStore(useApp().store, select);
}

/** Everything the page can do. */
export function useActions(): Actions {
  return useApp().actions;
}
