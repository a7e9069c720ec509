/** The platform's own list of choices, with a label. */
import { Field } from './field';
import styles from './field.module.css';

interface Props<T extends string> {
  label: string;
  value: T;
  options: readonly { value: T; label: string }[];
  onChange: (value: T) => void;
  className?: string | undefined;
}

export function Select<T extends string>({ label, value, options, onChange, className }: Props<T>) {
  return (
    <Field label={label} className={className}>
      {(id) => (
        <select
          id={id}
          className={styles.control}
          value={value}
          onChange={(event) => {
            const chosen = options[event.target.selectedIndex];
            if (chosen !== undefined) onChange(chosen.value);
          }}
        >
          {options.map((option) => (
            <option key={option.value} value={option.value}>
              {option.label}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}
