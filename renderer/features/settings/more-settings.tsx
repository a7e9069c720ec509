/** What is folded away: model, LoRAs, device, fitting, tiles, file format. */
import { FolderOpen } from 'lucide-react';
import { useActions, usePage } from '../../app-context';
import { useT } from '../../i18n/use-t';
import { chosenModel, starterModel } from '../../state/draft';
import { formatBytes } from '../../state/format';
import { Button } from '../../ui/button';
import { PopoverClose } from '../../ui/popover';
import { Segmented } from '../../ui/segmented';
import { Select } from '../../ui/select';
import { Loras } from './loras';
import styles from './settings.module.css';

/** The value that stands for "the bundled starter model" in the list; ids and paths are never empty. */
const STARTER = '';

export function MoreSettings() {
  const t = useT();
  const settings = usePage((state) => state.draft.settings);
  const models = usePage((state) => state.models);
  const { changeSettings, openModel, resetSettings } = useActions();
  const starter = starterModel(models);
  const options = models.map((model) => ({
    value: model === starter ? STARTER : model.id,
    label: `${model === starter ? t('settings.starter') : model.name} · ${formatBytes(model.sizeBytes)}`,
  }));
  if (settings.model !== null && chosenModel(models, settings.model) === null) {
    options.push({
      value: settings.model,
      label: t('settings.modelMissing', { model: settings.model }),
    });
  }
  return (
    <>
      <Select
        label={t('settings.model')}
        value={settings.model ?? STARTER}
        options={options}
        onChange={(value) => changeSettings({ model: value === STARTER ? null : value })}
      />
      <PopoverClose>
        <Button onClick={() => void openModel()}>
          <FolderOpen aria-hidden />
          {t('settings.openModel')}
        </Button>
      </PopoverClose>
      <Loras />
      <Segmented
        label={t('settings.device')}
        value={settings.device}
        options={[
          { value: 'auto', label: t('settings.deviceAuto') },
          { value: 'gpu', label: t('settings.deviceGpu') },
          { value: 'cpu', label: t('settings.deviceCpu') },
        ]}
        onChange={(device) => changeSettings({ device })}
      />
      <Segmented
        label={t('settings.fit')}
        value={settings.fit}
        options={[
          { value: 'crop', label: t('settings.fitCrop') },
          { value: 'pad', label: t('settings.fitPad') },
          { value: 'stretch', label: t('settings.fitStretch') },
        ]}
        onChange={(fit) => changeSettings({ fit })}
      />
      <Segmented
        label={t('settings.tiling')}
        value={settings.tiling}
        options={[
          { value: 'auto', label: t('settings.tilingAuto') },
          { value: 'on', label: t('settings.tilingOn') },
          { value: 'off', label: t('settings.tilingOff') },
        ]}
        onChange={(tiling) => changeSettings({ tiling })}
      />
      <Segmented
        label={t('settings.format')}
        value={settings.format}
        options={[
          { value: 'png', label: 'PNG' },
          { value: 'jpg', label: 'JPEG' },
          { value: 'webp', label: 'WebP' },
        ]}
        onChange={(format) => changeSettings({ format })}
      />
      <Button look="quiet" className={styles.reset} onClick={resetSettings}>
        {t('settings.reset')}
      </Button>
    </>
  );
}
