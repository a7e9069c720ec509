/** A panel that unfolds from a button. */
import { Popover as Radix } from 'radix-ui';
import type { ReactNode } from 'react';
import styles from './popover.module.css';

interface Props {
  label: string;
  trigger: ReactNode;
  children: ReactNode;
  /** Edge of the button that the panel keeps to. */
  align?: 'start' | 'end';
  side?: 'top' | 'bottom';
  /** Whether it is unfolded, where something else than its button decides that too. */
  open?: { is: boolean; set: (isOpen: boolean) => void };
}

export function Popover({ label, trigger, children, align = 'end', side = 'top', open }: Props) {
  return (
    <Radix.Root {...(open === undefined ? {} : { open: open.is, onOpenChange: open.set })}>
      <Radix.Trigger asChild>{trigger}</Radix.Trigger>
      <Radix.Portal>
        <Radix.Content
          className={styles.panel}
          aria-label={label}
          side={side}
          align={align}
          sideOffset={8}
          collisionPadding={12}
        >
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

/** A button inside a panel that folds it away when pressed, since what follows shows elsewhere. */
export function PopoverClose({ children }: { children: ReactNode }) {
  return <Radix.Close asChild>{children}</Radix.Close>;
}
