/** A button: plain, quiet, or the one primary one. */
import type { ComponentProps } from 'react';
import styles from './button.module.css';
import { cx } from './cx';

interface Props extends ComponentProps<'button'> {
  look?: 'plain' | 'quiet' | 'primary';
}

export function Button({ look = 'plain', className, type = 'button', ...rest }: Props) {
  return <button {...rest} type={type} className={cx(styles.button, styles[look], className)} />;
}
