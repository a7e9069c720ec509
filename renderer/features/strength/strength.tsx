/** The hero control: how far the picture may go from its input, and how many steps that means. */
import { useId } from 'react';
import { useActions, usePage } from '../../app-context';
import { useT } from '../../i18n/use-t';
import { chosenModel, effectiveSettings } from '../../state/draft';
import { toPercent } from '../../state/format';
import { cx } from '../../ui/cx';
import { Slider } from '../../ui/slider';
import styles from './strength.module.css';

export function Strength() {
  const t = useT();
  const settings = usePage((state) => state.draft.settings);
  const model = usePage((state) => chosenModel(state.models, state.draft.settings.model));
  const { changeSettings } = useActions();
  const stepsId = useId();
  const { strength, steps, stepsRun } = effectiveSettings(settings, model);
  const percent = toPercent(strength);
  const runsNone = strength > 0 && stepsRun === 0;
  const numbers = { steps, percent, count: stepsRun };
  return (
    <div className={styles.strength}>
      <div className={styles.head}>
        <h2 className={styles.title}>{t('strength.label')}</h2>
        <p className={styles.value} aria-hidden>
          {percent}
          <span className={styles.unit}>%</span>
        </p>
      </div>
      <Slider
        label={t('strength.label')}
        value={percent}
        min={0}
        max={100}
        valueText={t('strength.valueText', { percent })}
        describedBy={stepsId}
        onChange={(next) => changeSettings({ strength: next / 100 })}
      />
      <div className={styles.foot}>
        <span>{t('strength.keep')}</span>
        <p id={stepsId} className={cx(styles.steps, runsNone && styles.none)}>
          {strength === 0
            ? t('strength.unchanged')
            : runsNone
              ? t('strength.none', numbers)
              : t('strength.steps', numbers)}
        </p>
        <span>{t('strength.invent')}</span>
      </div>
    </div>
  );
}
