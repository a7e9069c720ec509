/** The working size: as the input, a common square, or any width and height. */
import { useState } from 'react';
import { LIMITS, type GenerationSettings } from '../../../shared/generation';
import { useActions, usePage } from '../../app-context';
import { useT } from '../../i18n/use-t';
import { NumberField } from '../../ui/number-field';
import { Select } from '../../ui/select';
import styles from './settings.module.css';

const SQUARES = [256, 384, 512] as const;
type Choice = 'input' | 'custom' | `${(typeof SQUARES)[number]}`;

export function Size() {
  const t = useT();
  const size = usePage((state) => state.draft.settings.size);
  const source = usePage((state) => state.source);
  const { changeSettings } = useActions();
  const [wantsCustom, setWantsCustom] = useState(false);
  const choice: Choice = wantsCustom && size !== 'input' ? 'custom' : choiceOf(size);
  const choose = (next: Choice): void => {
    setWantsCustom(next === 'custom');
    if (next === 'input') changeSettings({ size: 'input' });
    else if (next !== 'custom') changeSettings({ size: { width: Number(next), height: Number(next) } });
    else if (size === 'input') {
      const width = clampSide(source?.width ?? SQUARES[2]);
      changeSettings({ size: { width, height: clampSide(source?.height ?? SQUARES[2]) } });
    }
  };
  return (
    <div className={styles.size}>
      <Select<Choice>
        label={t('settings.size')}
        value={choice}
        options={[
          { value: 'input', label: t('settings.sizeInput') },
          ...SQUARES.map((side) => ({
            value: `${side}` as const,
            label: t('settings.sizeSquare', { side }),
          })),
          { value: 'custom', label: t('settings.sizeCustom') },
        ]}
        onChange={choose}
      />
      {choice === 'custom' && size !== 'input' ? (
        <>
          <NumberField
            className={styles.side}
            label={t('settings.width')}
            value={size.width}
            {...LIMITS.sidePx}
            step={8}
            onChange={(width) => changeSettings({ size: { ...size, width } })}
          />
          <NumberField
            className={styles.side}
            label={t('settings.height')}
            value={size.height}
            {...LIMITS.sidePx}
            step={8}
            onChange={(height) => changeSettings({ size: { ...size, height } })}
          />
        </>
      ) : null}
    </div>
  );
}

function choiceOf(size: GenerationSettings['size']): Choice {
  if (size === 'input') return 'input';
  const square = SQUARES.find((side) => size.width === side && size.height === side);
  return square === undefined ? 'custom' : `${square}`;
}

/** To the nearest multiple of 8 pixels, which every model takes, inside the limits. */
function clampSide(sidePx: number): number {
  return Math.min(LIMITS.sidePx.max, Math.max(LIMITS.sidePx.min, Math.round(sidePx / 8) * 8));
}
