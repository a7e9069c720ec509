/** A thin progress bar; without a value it only says that something goes on. */
import styles from './progress.module.css';
import { cx } from './cx';

interface Props {
  label: string;
  /** 0 … 1; null: running without a known share. */
  share: number | null;
  valueText: string;
}

export function Progress({ label, share, valueText }: Props) {
  const percent = share === null ? null : Math.round(share * 100);
  return (
    <div
      role="progressbar"
      className={styles.bar}
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuetext={valueText}
      {...(percent === null ? {} : { 'aria-valuenow': percent })}
    >
      <div
        className={cx(styles.fill, percent === null && styles.unknown)}
        style={percent === null ? undefined : { width: `${percent}%` }}
      />
    </div>
  );
}
