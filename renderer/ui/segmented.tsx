/** A few choices next to each other, one of them chosen. */
import { RadioGroup } from 'radix-ui';
import { useId, type ReactNode } from 'react';
import styles from './segmented.module.css';
import { cx } from './cx';

interface Props<T extends string> {
  label: string;
  value: T;
  options: readonly { value: T; label: string; icon?: ReactNode }[];
  onChange: (value: T) => void;
  isLabelHidden?: boolean;
}

export function Segmented<T extends string>({ label, value, options, onChange, isLabelHidden }: Props<T>) {
  const id = useId();
  const choose = (chosen: string): void => {
    const option = options.find((known) => known.value === chosen);
    if (option !== undefined) onChange(option.value);
  };
  return (
    <div className={styles.field}>
      {isLabelHidden === true ? null : (
        <span id={id} className={styles.label}>
          {label}
        </span>
      )}
      <RadioGroup.Root
        className={styles.group}
        value={value}
        onValueChange={choose}
        orientation="horizontal"
        {...(isLabelHidden === true ? { 'aria-label': label } : { 'aria-labelledby': id })}
      >
        {options.map((option) => (
          <RadioGroup.Item
            key={option.value}
            value={option.value}
            className={cx(styles.item, option.value === value && styles.chosen)}
          >
            {option.icon}
            {option.label}
          </RadioGroup.Item>
        ))}
      </RadioGroup.Root>
    </div>
  );
}
