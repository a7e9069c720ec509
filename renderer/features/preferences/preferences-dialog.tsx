/** How the person likes the window: colours, language, size, motion, and the way to the keys. */
import { Keyboard } from 'lucide-react';
import { THEMES, ZOOM_STEPS } from '../../../shared/look';
import { useActions, usePage } from '../../app-context';
import { LANGUAGE_CODES, nameOfLanguage } from '../../i18n/language-codes';
import { useT } from '../../i18n/use-t';
import { toPercent } from '../../state/format';
import { Button } from '../../ui/button';
import { Modal, ModalButtons } from '../../ui/modal';
import { Segmented } from '../../ui/segmented';
import { Select } from '../../ui/select';
import styles from './preferences.module.css';

/** Stands for the system's language in the list; codes are never empty. */
const SYSTEM = '';

export function PreferencesDialog() {
  const t = useT();
  const { theme, language, zoom, hasLessMotion } = usePage((state) => state.preferences);
  const { changePreferences, openDialog } = useActions();
  return (
    <Modal title={t('preferences.title')} onClose={() => openDialog(null)}>
      <div className={styles.fields}>
        <Segmented
          label={t('preferences.theme')}
          value={theme}
          options={THEMES.map((value) => ({ value, label: t(`preferences.theme-${value}`) }))}
          onChange={(chosen) => void changePreferences({ theme: chosen })}
        />
        <Select
          label={t('preferences.language')}
          value={language ?? SYSTEM}
          options={[
            { value: SYSTEM, label: t('preferences.languageSystem') },
            ...LANGUAGE_CODES.map((value) => ({ value, label: nameOfLanguage(value) })),
          ]}
          onChange={(chosen) => void changePreferences({ language: chosen === SYSTEM ? null : chosen })}
        />
        <Select
          label={t('preferences.zoom')}
          value={String(zoom)}
          options={[...new Set([...ZOOM_STEPS, zoom])]
            .sort((a, b) => a - b)
            .map((step) => ({ value: String(step), label: `${toPercent(step)} %` }))}
          onChange={(chosen) => void changePreferences({ zoom: Number(chosen) })}
        />
        <label className={styles.check}>
          <input
            type="checkbox"
            checked={hasLessMotion}
            onChange={(event) => void changePreferences({ hasLessMotion: event.target.checked })}
          />
          {t('preferences.lessMotion')}
        </label>
      </div>
      <ModalButtons>
        <Button onClick={() => openDialog('keys')}>
          <Keyboard aria-hidden />
          {t('command.keys')}
        </Button>
        <Button onClick={() => openDialog(null)}>{t('preferences.close')}</Button>
      </ModalButtons>
    </Modal>
  );
}
