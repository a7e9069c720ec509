/** How the picture comes to the working size, beside the picture, where it makes a difference. */
import { useActions, usePage } from '../../app-context';
import { useT } from '../../i18n/use-t';
import { fitScene } from '../../state/fit-scene';
import { Segmented } from '../../ui/segmented';

export function FitChoice() {
  const t = useT();
  const source = usePage((state) => state.source);
  const plan = usePage((state) => state.plan);
  const fit = usePage((state) => state.draft.settings.fit);
  const { changeSettings } = useActions();
  if (source === null || fitScene(plan, source, fit) === null) return null;
  return (
    <Segmented
      label={t('source.fit')}
      isLabelHidden
      value={fit}
      options={[
        { value: 'crop', label: t('settings.fitCrop') },
        { value: 'pad', label: t('settings.fitPad') },
        { value: 'stretch', label: t('settings.fitStretch') },
      ]}
      onChange={(next) => changeSettings({ fit: next })}
    />
  );
}
