/** A number that can be typed freely; it is taken over when it is whole and inside its limits, and put right on leaving. */
import { useState } from 'react';
import styles from './field.module.css';
import { Field } from './field';

interface Props {
  label: string;
  value: number | null;
  min: number;
  max: number;
  step: number;
  /** Shown while there is no value. */
  placeholder?: string;
  /** Hides the label, for a pair of fields under one heading. */
  onChange: (value: number) => void;
  /** When given, an emptied field means this. */
  onClear?: () => void;
  className?: string | undefined;
}

export function NumberField(props: Props) {
  const { label, value, min, max, step, placeholder, onChange, onClear, className } = props;
  const [typed, setTyped] = useState<string | null>(null);
  const shown = typed ?? (value === null ? '' : String(value));
  const parsed = parse(shown, step);
  const isValid = parsed !== null && parsed >= min && parsed <= max;
  const type = (text: string): void => {
    setTyped(text);
    const next = parse(text, step);
    if (next !== null && next >= min && next <= max) onChange(next);
  };
  const leave = (): void => {
    if (typed === null) return;
    setTyped(null);
    if (typed.trim() === '') onClear?.();
    else if (parsed !== null && !isValid) onChange(Math.min(max, Math.max(min, parsed)));
  };
  return (
    <Field label={label} className={className}>
      {(id) => (
        <input
          id={id}
          className={styles.control}
          type="number"
          inputMode={step < 1 ? 'decimal' : 'numeric'}
          value={shown}
          min={min}
          max={max}
          step={step}
          placeholder={placeholder}
          aria-invalid={shown !== '' && !isValid ? true : undefined}
          onChange={(event) => type(event.target.value)}
          onBlur={leave}
        />
      )}
    </Field>
  );
}

/** A number from text, rounded to whole ones where the field takes only those; null when it is none. */
function parse(text: string, step: number): number | null {
  if (text.trim() === '') return null;
  const number = Number(text);
  if (!Number.isFinite(number)) return null;
  return step >= 1 ? Math.round(number) : number;
}
