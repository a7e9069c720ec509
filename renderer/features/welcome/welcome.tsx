/** The first start, where results will be: what this is, the model that is ready, the sketch to try. Three quiet steps, shown once. */
import { useState } from 'react';
import { useActions, usePage } from '../../app-context';
import { isPageCommandEnabled } from '../../commands/page-commands';
import { useT } from '../../i18n/use-t';
import { Button } from '../../ui/button';
import styles from './welcome.module.css';

const STEPS = ['what', 'model', 'try'] as const;

/** The id of the button that paints: the focus goes there when the steps are over. */
export const MAIN_BUTTON_ID = 'main-button';

export function Welcome() {
  const t = useT();
  const [index, setIndex] = useState(0);
  const { changePreferences, generate } = useActions();
  const canPaint = usePage((state) => isPageCommandEnabled('generate', state));
  const step = STEPS[index] ?? 'what';
  const isLast = index === STEPS.length - 1;
  const finish = (): void => {
    document.getElementById(MAIN_BUTTON_ID)?.focus();
    void changePreferences({ hasSeenWelcome: true });
  };
  return (
    <section className={styles.welcome} aria-label={t('welcome.title')}>
      <p className={styles.step}>{t('welcome.step', { index: index + 1, count: STEPS.length })}</p>
      <div aria-live="polite" className={styles.words}>
        <h3 className={styles.title}>{t(`welcome.${step}Title`)}</h3>
        <p>{t(`welcome.${step}Text`)}</p>
      </div>
      <div className={styles.buttons}>
        <Button look="quiet" onClick={finish}>
          {t('welcome.skip')}
        </Button>
        <Button
          look="primary"
          onClick={() => {
            if (!isLast) return setIndex(index + 1);
            finish();
            if (canPaint) void generate();
          }}
        >
          {t(isLast ? (canPaint ? 'welcome.try' : 'welcome.done') : 'welcome.next')}
        </Button>
      </div>
    </section>
  );
}
