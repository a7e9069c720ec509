/** A panel of the window that its button, a key, the menu and the palette unfold. */
import { useActions, usePage } from './app-context';
import type { Panel } from './state/page-state';

/** Whether it is unfolded, and what changes that. */
export function usePanel(panel: Panel): { is: boolean; set: (isOpen: boolean) => void } {
  const is = usePage((state) => state.panel === panel);
  const { setPanel } = useActions();
  return { is, set: (isOpen) => setPanel(isOpen ? panel : null) };
}
