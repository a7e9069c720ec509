/** A list of things to do that unfolds from a button. */
import { DropdownMenu } from 'radix-ui';
import type { ReactNode } from 'react';
import styles from './menu.module.css';

export interface MenuEntry {
  label: string;
  icon: ReactNode;
  /** Shown at the right. */
  keys?: string;
  onChoose: () => void;
}

interface Props {
  label: string;
  trigger: ReactNode;
  entries: readonly MenuEntry[];
}

export function Menu({ label, trigger, entries }: Props) {
  return (
    <DropdownMenu.Root>
      <DropdownMenu.Trigger asChild>{trigger}</DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content
          className={styles.menu}
          aria-label={label}
          align="end"
          sideOffset={6}
          collisionPadding={8}
        >
          {entries.map((entry) => (
            <DropdownMenu.Item key={entry.label} className={styles.entry} onSelect={entry.onChoose}>
              {entry.icon}
              <span className={styles.words}>{entry.label}</span>
              {entry.keys === undefined ? null : <kbd className={styles.keys}>{entry.keys}</kbd>}
            </DropdownMenu.Item>
          ))}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}
