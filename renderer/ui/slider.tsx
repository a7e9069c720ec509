/** One big slider over whole numbers. */
import { Slider as Radix } from 'radix-ui';
import styles from './slider.module.css';

interface Props {
  label: string;
  value: number;
  min: number;
  max: number;
  valueText: string;
  describedBy?: string;
  onChange: (value: number) => void;
}

export function Slider({ label, value, min, max, valueText, describedBy, onChange }: Props) {
  return (
    <Radix.Root
      className={styles.root}
      value={[value]}
      min={min}
      max={max}
      step={1}
      onValueChange={([next]) => {
        if (next !== undefined) onChange(next);
      }}
    >
      <Radix.Track className={styles.track}>
        <Radix.Range className={styles.range} />
      </Radix.Track>
      <Radix.Thumb
        className={styles.thumb}
        aria-label={label}
        aria-valuetext={valueText}
        aria-describedby={describedBy}
      />
    </Radix.Root>
  );
}
