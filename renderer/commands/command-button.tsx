/** A button for one command: its words, its key and whether it would do something come from the tables. */
import type { ReactNode } from 'react';
import type { PageCommandId } from '../../shared/commands';
import { useApp, usePage } from '../app-context';
import { useT } from '../i18n/use-t';
import { IconButton } from '../ui/icon-button';
import { useCommandKeys } from './key-words';
import { isPageCommandEnabled, PAGE_COMMANDS } from './page-commands';

interface Props {
  id: PageCommandId;
  icon: ReactNode;
  /** For a command that is on or off. */
  isPressed?: boolean;
  className?: string | undefined;
}

export function CommandButton({ id, icon, isPressed, className }: Props) {
  const t = useT();
  const { store, actions } = useApp();
  const isEnabled = usePage((state) => isPageCommandEnabled(id, state));
  const keys = useCommandKeys(id);
  const name = t(`command.${id}`);
  return (
    <IconButton
      look="quiet"
      className={className}
      label={keys.text === '' ? name : `${name} (${keys.text})`}
      aria-pressed={isPressed}
      aria-disabled={!isEnabled}
      aria-keyshortcuts={keys.aria}
      onClick={() => {
        if (isPageCommandEnabled(id, store.getState())) PAGE_COMMANDS[id].run(actions, store.getState());
      }}
    >
      {icon}
    </IconButton>
  );
}
