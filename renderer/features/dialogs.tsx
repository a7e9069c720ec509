/** The dialog over the whole window that is open, if one is. */
import type { ComponentType } from 'react';
import { usePage } from '../app-context';
import type { DialogName } from '../state/page-state';
import { later } from '../ui/later';

const DIALOGS: Readonly<Record<DialogName, ComponentType>> = {
  palette: later(async () => (await import('./palette/palette')).Palette),
  keys: later(async () => (await import('./keys/keys-dialog')).KeysDialog),
  preferences: later(async () => (await import('./preferences/preferences-dialog')).PreferencesDialog),
  help: later(async () => (await import('./help/help-dialog')).HelpDialog),
};

export function Dialogs() {
  const dialog = usePage((state) => state.dialog);
  if (dialog === null) return null;
  const Dialog = DIALOGS[dialog];
  return <Dialog key={dialog} />;
}
