/** How results are saved: file format, quality, and the name that is suggested, with an example of it. */
import { useEffect } from 'react';
import type { ResultView } from '../../../shared/contract';
import type { ExportSettings } from '../../../shared/export';
import {
  DEFAULT_FILE_NAME,
  FILE_NAME_WORDS,
  fileNameOf,
  MAX_FILE_NAME_TEMPLATE,
} from '../../../shared/file-name';
import { asTyped } from '../../../shared/prompt-style';
import { useActions, usePage } from '../../app-context';
import { useT } from '../../i18n/use-t';
import { chosenModel, effectiveSettings } from '../../state/draft';
import { Button } from '../../ui/button';
import { Field } from '../../ui/field';
import fieldStyles from '../../ui/field.module.css';
import { Modal, ModalButtons } from '../../ui/modal';
import { NumberField } from '../../ui/number-field';
import { Segmented } from '../../ui/segmented';
import styles from './export-dialog.module.css';

export function ExportDialog({ result, onClose }: { result: ResultView; onClose: () => void }) {
  const t = useT();
  const settings = usePage((state) => state.exportSettings);
  const { readExport } = useActions();
  useEffect(() => void readExport(), [readExport]);
  return (
    <Modal title={t('export.title')} onClose={onClose}>
      {settings === null ? null : <Form settings={settings} result={result} />}
      <ModalButtons>
        <Button look="primary" onClick={onClose}>
          {t('export.done')}
        </Button>
      </ModalButtons>
    </Modal>
  );
}

function Form({ settings, result }: { settings: ExportSettings; result: ResultView }) {
  const t = useT();
  const { changeExport } = useActions();
  const { format, quality, fileName } = settings;
  const change = (patch: Partial<ExportSettings>): void =>
    void changeExport({ format, quality, fileName, ...patch });
  return (
    <>
      <Segmented
        label={t('export.format')}
        value={format}
        options={[
          { value: 'same', label: t('export.same') },
          { value: 'png', label: 'PNG' },
          { value: 'jpg', label: 'JPEG' },
          { value: 'webp', label: 'WebP' },
        ]}
        onChange={(next) => change({ format: next })}
      />
      {format === 'jpg' || format === 'webp' ? (
        <NumberField
          label={t('export.quality')}
          value={quality}
          min={1}
          max={100}
          step={1}
          className={styles.quality}
          onChange={(next) => change({ quality: next })}
        />
      ) : null}
      <Field label={t('export.fileName')}>
        {(id) => (
          <input
            id={id}
            className={fieldStyles.control}
            value={fileName}
            maxLength={MAX_FILE_NAME_TEMPLATE}
            placeholder={DEFAULT_FILE_NAME}
            spellCheck={false}
            onChange={(event) => change({ fileName: event.target.value })}
          />
        )}
      </Field>
      <Example fileName={fileName} result={result} format={format} />
      <div className={styles.words} role="group" aria-label={t('export.words')}>
        {FILE_NAME_WORDS.map((word) => (
          <Button key={word} onClick={() => change({ fileName: `${fileName} {${word}}`.trim() })}>
            {`{${word}}`}
          </Button>
        ))}
      </div>
      <p className={styles.hint}>{t('export.hint')}</p>
    </>
  );
}

function Example({ fileName, result, format }: { fileName: string; result: ResultView; format: string }) {
  const t = useT();
  const models = usePage((state) => state.models);
  const input = usePage((state) => state.sources[result.sourceId]?.name ?? '');
  const settings = asTyped(result.settings);
  const { strength, steps } = effectiveSettings(settings, chosenModel(models, settings.model));
  const name = fileNameOf(fileName, {
    createdAt: result.createdAt,
    prompt: settings.prompt,
    seed: result.seed,
    model: settings.model === null ? 'starter' : (settings.model.split(/[\\/]/).at(-1) ?? ''),
    strength,
    steps,
    width: result.width,
    height: result.height,
    style: settings.style?.name ?? '',
    input,
    n: 1,
  });
  const ending = format === 'same' ? result.settings.format : format;
  return <p className={styles.example}>{t('export.example', { name: `${name}.${ending}` })}</p>;
}
