/** Asks how large an empty picture shall be. */
import { useState } from 'react';
import { LIMITS } from '../../../shared/generation';
import { useActions, usePage } from '../../app-context';
import { useT } from '../../i18n/use-t';
import { chosenModel } from '../../state/draft';
import { formatSize } from '../../state/format';
import { Button } from '../../ui/button';
import { Modal, ModalButtons } from '../../ui/modal';
import { NumberField } from '../../ui/number-field';
import styles from './paint.module.css';

/** Nearly white, as paper: a model takes pure white for nothing at all. */
const PAPER = '#f4f1ea';

export function NewSketch() {
  const t = useT();
  const side = usePage(
    (state) => chosenModel(state.models, state.draft.settings.model)?.defaults.sidePx ?? 512,
  );
  const [size, setSize] = useState({ width: side, height: side });
  const { newSketch, setSketchOpen } = useActions();
  const close = (): void => setSketchOpen(false);
  const long = Math.round((side * 3) / 2 / 8) * 8;
  const presets = [
    { width: side, height: side },
    { width: long, height: side },
    { width: side, height: long },
  ];
  const field = (name: 'width' | 'height') => (
    <NumberField
      className={styles.number}
      label={t(`settings.${name}`)}
      value={size[name]}
      min={LIMITS.sidePx.min}
      max={LIMITS.sidePx.max}
      step={1}
      onChange={(value) => setSize({ ...size, [name]: value })}
    />
  );
  return (
    <Modal title={t('paint.sketchTitle')} description={t('paint.sketchText')} onClose={close}>
      <div className={styles.sketch}>
        {presets.map((preset) => (
          <Button
            key={`${preset.width}x${preset.height}`}
            aria-pressed={preset.width === size.width && preset.height === size.height}
            onClick={() => setSize(preset)}
          >
            {formatSize(preset.width, preset.height)}
          </Button>
        ))}
      </div>
      <div className={styles.sketch}>
        {field('width')}
        {field('height')}
      </div>
      <ModalButtons>
        <Button onClick={close}>{t('paint.sketchCancel')}</Button>
        <Button
          look="primary"
          onClick={() => void newSketch(size.width, size.height, PAPER, t('paint.sketchName'))}
        >
          {t('paint.sketchMake')}
        </Button>
      </ModalButtons>
    </Modal>
  );
}
