/** Tells a screen reader how the job goes: at stages and quarters only, so that it is not talked over. */
import { usePage } from '../../app-context';
import { useT, type Translate } from '../../i18n/use-t';
import { announcement, type Announcement } from '../../state/announce';
import { currentRun } from '../../state/selectors';
import { VisuallyHidden } from '../../ui/visually-hidden';

export function LiveRegion() {
  const t = useT();
  const run = usePage(currentRun);
  const words = announcement(run);
  return (
    <div aria-live="polite" aria-atomic>
      <VisuallyHidden>{words === null ? '' : say(words, t)}</VisuallyHidden>
    </div>
  );
}

function say(words: Announcement, t: Translate): string {
  switch (words.key) {
    case 'stage':
      return t('say.stage', { stage: t(`stage.${words.stage}`), percent: words.percent });
    case 'done':
      return t('say.done', { count: words.count });
    default:
      return t(`say.${words.key}`);
  }
}
