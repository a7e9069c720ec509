/** The short row: what artists change often; the rest is folded away behind More. */
import { SlidersHorizontal } from 'lucide-react';
import { LIMITS } from '../../../shared/generation';
import { schedulersOf } from '../../../shared/models';
import { useActions, usePage } from '../../app-context';
import { useT } from '../../i18n/use-t';
import { chosenModel, effectiveSettings } from '../../state/draft';
import { Button } from '../../ui/button';
import { NumberField } from '../../ui/number-field';
import { Popover } from '../../ui/popover';
import { Select } from '../../ui/select';
import { MoreSettings } from './more-settings';
import { Seed } from './seed';
import { Size } from './size';
import { SCHEDULER_LABELS } from './scheduler-labels';
import styles from './settings.module.css';

const COUNTS = ['1', '2', '3', '4'] as const;

export function Settings() {
  const t = useT();
  const settings = usePage((state) => state.draft.settings);
  const model = usePage((state) => chosenModel(state.models, state.draft.settings.model));
  const { changeSettings } = useActions();
  const { steps, guidance, scheduler } = effectiveSettings(settings, model);
  // A job made elsewhere may have asked for more pictures than the row offers; show that, too.
  const counts: string[] = [...COUNTS];
  if (settings.count > COUNTS.length) counts.push(String(settings.count));
  return (
    <div className={styles.box}>
      <div className={styles.row} role="group" aria-label={t('settings.title')}>
        <NumberField
          label={t('settings.steps')}
          value={steps}
          min={LIMITS.steps.min}
          max={LIMITS.steps.max}
          step={1}
          onChange={(value) => changeSettings({ steps: value })}
          onClear={() => changeSettings({ steps: null })}
        />
        <NumberField
          label={t('settings.guidance')}
          value={guidance}
          min={LIMITS.guidance.min}
          max={LIMITS.guidance.max}
          step={0.5}
          onChange={(value) => changeSettings({ guidance: value })}
          onClear={() => changeSettings({ guidance: null })}
        />
        <Seed />
        <Select
          label={t('settings.scheduler')}
          value={scheduler}
          options={schedulersOf(model?.family ?? 'sd1').map((name) => ({
            value: name,
            label: SCHEDULER_LABELS[name],
          }))}
          onChange={(value) => changeSettings({ scheduler: value })}
        />
        <Select
          label={t('settings.count')}
          value={String(settings.count)}
          options={counts.map((count) => ({ value: count, label: count }))}
          onChange={(value) => changeSettings({ count: Number(value) })}
        />
        <Size />
        <Popover
          label={t('settings.moreTitle')}
          trigger={
            <Button>
              <SlidersHorizontal aria-hidden />
              {t('settings.more')}
            </Button>
          }
        >
          <MoreSettings />
        </Popover>
      </div>
    </div>
  );
}
