/** The LoRAs that are added to the model, each with its strength, and the files that could be. */
import { X } from 'lucide-react';
import { useEffect } from 'react';
import { LORA_STRENGTH, MAX_LORAS, type LoraChoice } from '../../../shared/generation';
import { useActions, usePage } from '../../app-context';
import { useT } from '../../i18n/use-t';
import { IconButton } from '../../ui/icon-button';
import { NumberField } from '../../ui/number-field';
import { Select } from '../../ui/select';
import styles from './settings.module.css';

/** The value that stands for "none yet"; names are never empty. */
const NONE = '';

export function Loras() {
  const t = useT();
  const chosen = usePage((state) => state.draft.settings.loras);
  const names = usePage((state) => state.loras);
  const { changeSettings, listLoras } = useActions();
  useEffect(() => void listLoras(), [listLoras]);
  const change = (loras: readonly LoraChoice[]): void => changeSettings({ loras: [...loras] });
  const free = names.filter((name) => chosen.every(({ lora }) => lora !== name));
  const canAdd = free.length > 0 && chosen.length < MAX_LORAS;
  if (names.length === 0 && chosen.length === 0) {
    return <p className={styles.hint}>{t('settings.loraNone')}</p>;
  }
  return (
    <>
      {chosen.map(({ lora, strength }) => (
        <div key={lora} className={styles.lora}>
          <NumberField
            label={lora}
            value={strength}
            min={LORA_STRENGTH.min}
            max={LORA_STRENGTH.max}
            step={0.05}
            onChange={(value) =>
              change(chosen.map((each) => (each.lora === lora ? { lora, strength: value } : each)))
            }
          />
          <IconButton
            label={t('settings.loraRemove', { name: lora })}
            onClick={() => change(chosen.filter((each) => each.lora !== lora))}
          >
            <X aria-hidden />
          </IconButton>
        </div>
      ))}
      {canAdd && (
        <Select
          label={t('settings.loraAdd')}
          value={NONE}
          options={[
            { value: NONE, label: t('settings.loraChoose') },
            ...free.map((name) => ({ value: name, label: name })),
          ]}
          onChange={(name) => name !== NONE && change([...chosen, { lora: name, strength: 1 }])}
        />
      )}
    </>
  );
}
