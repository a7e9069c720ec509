/** How a part of the window was left: folded or not, which of several is in front. */
import { useActions, usePage } from './app-context';

/** Whether something is unfolded, and what changes that; remembered over restarts under its name. */
export function useRemembered(name: string, byDefault: boolean): [boolean, (isOpen: boolean) => void] {
  const view = usePage((state) => state.preferences.view);
  const { changePreferences } = useActions();
  const kept = view[name];
  const isOpen = typeof kept === 'boolean' ? kept : byDefault;
  const change = (wanted: boolean): void => {
    if (wanted !== isOpen) void changePreferences({ view: { ...view, [name]: wanted } });
  };
  return [isOpen, change];
}
