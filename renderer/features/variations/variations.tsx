/** More from one press: five strengths, neighbouring seeds, every combination of the prompt's choices. */
import { ChevronDown } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import { countChoices, MAX_COMBINATIONS } from '../../../shared/choices';
import { LIMITS } from '../../../shared/generation';
import { useActions, usePage } from '../../app-context';
import { useT } from '../../i18n/use-t';
import { readiness } from '../../state/readiness';
import { Button } from '../../ui/button';
import { IconButton } from '../../ui/icon-button';
import { NumberField } from '../../ui/number-field';
import { Popover, PopoverClose } from '../../ui/popover';
import styles from './variations.module.css';

export function Variations({ className }: { className?: string | undefined }) {
  const t = useT();
  return (
    <Popover
      label={t('variations.title')}
      trigger={
        <IconButton className={className} label={t('variations.title')}>
          <ChevronDown aria-hidden />
        </IconButton>
      }
    >
      <Ways />
    </Popover>
  );
}

function Ways() {
  const t = useT();
  const isOff = usePage((state) => readiness(state).length > 0);
  const ways = usePage((state) => countChoices(state.draft.settings.prompt));
  const { paintStrip, paintSeeds, paintChoices } = useActions();
  const [seeds, setSeeds] = useState(4);
  return (
    <>
      <Way words={t('variations.stripText')}>
        <PopoverClose>
          <Button
            aria-disabled={isOff}
            aria-keyshortcuts="Control+Shift+Enter Meta+Shift+Enter"
            onClick={() => void paintStrip()}
          >
            {t('variations.strip')}
          </Button>
        </PopoverClose>
      </Way>
      <Way words={t('variations.seedsText')}>
        <NumberField
          label={t('variations.seedsCount')}
          className={styles.count}
          value={seeds}
          min={1}
          max={LIMITS.count.max}
          step={1}
          onChange={setSeeds}
        />
        <PopoverClose>
          <Button aria-disabled={isOff} onClick={() => void paintSeeds(seeds)}>
            {t('variations.seeds', { count: seeds })}
          </Button>
        </PopoverClose>
      </Way>
      <Way
        words={
          ways === 1
            ? t('variations.choicesNone')
            : ways > MAX_COMBINATIONS
              ? t('variations.choicesMany', {
                  count: ways > 1e6 ? '> 1 000 000' : ways,
                  max: MAX_COMBINATIONS,
                })
              : t('variations.choicesText')
        }
      >
        <PopoverClose>
          <Button
            aria-disabled={isOff || ways === 1 || ways > MAX_COMBINATIONS}
            onClick={(event) => {
              if (ways === 1 || ways > MAX_COMBINATIONS) event.preventDefault();
              else void paintChoices();
            }}
          >
            {ways === 1 || ways > MAX_COMBINATIONS
              ? t('variations.choicesAll')
              : t('variations.choices', { count: ways })}
          </Button>
        </PopoverClose>
      </Way>
    </>
  );
}

function Way({ words, children }: { words: string; children: ReactNode }) {
  return (
    <div className={styles.way}>
      <div className={styles.buttons}>{children}</div>
      <p className={styles.words}>{words}</p>
    </div>
  );
}
