/** A label over one control; the control gets the id. */
import { useId, type ReactNode } from 'react';
import { cx } from './cx';
import styles from './field.module.css';

interface Props {
  label: string;
  /** Small text at the label's right. */
  aside?: ReactNode;
  className?: string | undefined;
  children: (id: string) => ReactNode;
}

export function Field({ label, aside, className, children }: Props) {
  const id = useId();
  return (
    <div className={cx(styles.field, className)}>
      <div className={styles.head}>
        <label htmlFor={id} className={styles.label}>
          {label}
        </label>
        {aside}
      </div>
      {children(id)}
    </div>
  );
}
