/** The dialog over the whole window that is open, if one is. */
import { usePage } from '../app-context';
import type { DialogName } from '../state/page-state';
import { HelpDialog } from './help/help-dialog';
import { KeysDialog } from './keys/keys-dialog';
import { Palette } from './palette/palette';
import { PreferencesDialog } from './preferences/preferences-dialog';

const DIALOGS: Readonly<Record<DialogName, () => React.ReactNode>> = {
  palette: Palette,
  keys: KeysDialog,
  preferences: PreferencesDialog,
  help: HelpDialog,
};

export function Dialogs() {
  const dialog = usePage((state) => state.dialog);
  if (dialog === null) return null;
  const Dialog = DIALOGS[dialog];
  return <Dialog key={dialog} />;
}
