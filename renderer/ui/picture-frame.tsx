/** A picture as large as its place allows, over a checkerboard where it is transparent. What is laid over it is placed in shares of its size. */
import type { ReactNode } from 'react';
import { cx } from './cx';
import styles from './picture-frame.module.css';

interface Props {
  /** Shape of the frame, in any unit. */
  width: number;
  height: number;
  className?: string | undefined;
  children: ReactNode;
}

export function PictureFrame({ width, height, className, children }: Props) {
  const aspect = width / height;
  return (
    <div className={styles.place}>
      <div
        className={cx(styles.frame, className)}
        style={{ aspectRatio: aspect, width: `min(100cqw, calc(100cqh * ${aspect}))` }}
      >
        {children}
      </div>
    </div>
  );
}
