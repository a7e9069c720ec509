/** A small palette, and any other colour by the system's own chooser. */
import { useActions, usePage } from '../../app-context';
import { useT } from '../../i18n/use-t';
import { brushOf } from '../../state/painting';
import { Button } from '../../ui/button';
import styles from './paint.module.css';

/** Calm colours that sketches are made of: sky to skin, with the words that name them. */
const PALETTE = [
  ['#1f1d1b', 'black'],
  ['#f4f1ea', 'white'],
  ['#b5543a', 'red'],
  ['#d9a441', 'yellow'],
  ['#5f7d4f', 'green'],
  ['#6d93ad', 'blue'],
  ['#2f4a63', 'deepBlue'],
  ['#8a6a4b', 'brown'],
] as const;

export function Colours() {
  const t = useT();
  const colour = usePage((state) => brushOf(state.draft).colour);
  const { changeBrush } = useActions();
  return (
    <div className={styles.colours} role="group" aria-label={t('paint.colours')}>
      {PALETTE.map(([value, name]) => (
        <Button
          key={value}
          className={styles.swatch}
          aria-label={t(`paint.${name}`)}
          title={t(`paint.${name}`)}
          aria-pressed={value === colour}
          onClick={() => changeBrush({ colour: value })}
        >
          <span style={{ background: value }} />
        </Button>
      ))}
      <input
        type="color"
        className={styles.own}
        aria-label={t('paint.own')}
        title={t('paint.own')}
        value={colour}
        onChange={(event) => changeBrush({ colour: event.target.value })}
      />
    </div>
  );
}
