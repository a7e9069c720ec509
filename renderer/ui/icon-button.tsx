/** A button with only a picture on it; its name shows as a tooltip on hover and on focus. */
import { Tooltip } from 'radix-ui';
import type { ComponentProps } from 'react';
import { Button } from './button';
import styles from './icon-button.module.css';

interface Props extends ComponentProps<typeof Button> {
  label: string;
}

export function IconButton({ label, ...rest }: Props) {
  return (
    <Tooltip.Root>
      <Tooltip.Trigger asChild>
        <Button {...rest} aria-label={label} />
      </Tooltip.Trigger>
      <Tooltip.Portal>
        <Tooltip.Content className={styles.tip} sideOffset={6} collisionPadding={8} aria-hidden>
          {label}
        </Tooltip.Content>
      </Tooltip.Portal>
    </Tooltip.Root>
  );
}
