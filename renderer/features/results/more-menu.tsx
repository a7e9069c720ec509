/** What else can be done with the shown result. */
import { ClipboardCopy, Copy, Ellipsis, FileDown, FileSliders, ImageUp } from 'lucide-react';
import { useActions } from '../../app-context';
import { useCommandKeys } from '../../commands/key-words';
import { useT } from '../../i18n/use-t';
import { IconButton } from '../../ui/icon-button';
import { Menu } from '../../ui/menu';

export function MoreMenu({ onExport }: { onExport: () => void }) {
  const t = useT();
  const { makeResultInput, copyResult, saveResult } = useActions();
  return (
    <Menu
      label={t('results.more')}
      trigger={
        <IconButton look="quiet" label={t('results.more')}>
          <Ellipsis aria-hidden />
        </IconButton>
      }
      entries={[
        {
          label: t('results.useWithSettings'),
          icon: <ImageUp aria-hidden />,
          onChoose: () => void makeResultInput(true),
        },
        {
          label: t('results.copyPicture'),
          icon: <Copy aria-hidden />,
          keys: useCommandKeys('copy-picture').text,
          onChoose: () => void copyResult('picture'),
        },
        {
          label: t('results.copyFile'),
          icon: <ClipboardCopy aria-hidden />,
          keys: useCommandKeys('copy-file').text,
          onChoose: () => void copyResult('file'),
        },
        {
          label: t('results.saveAgain'),
          icon: <FileDown aria-hidden />,
          keys: useCommandKeys('save-again').text,
          onChoose: () => void saveResult(false),
        },
        { label: t('export.open'), icon: <FileSliders aria-hidden />, onChoose: onExport },
      ]}
    />
  );
}
