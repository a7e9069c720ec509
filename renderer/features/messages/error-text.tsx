/** An error's sentence. Where the page's language does not know it, it says first what it is about. */
import type { ErrorBody } from '../../../shared/errors';
import { useSaid } from '../../i18n/use-said';
import { useT } from '../../i18n/use-t';

export function ErrorText({ error }: { error: ErrorBody }) {
  const t = useT();
  const translated = useSaid()(error.message);
  if (translated !== null) return translated;
  return (
    <>
      {t(`error.${error.code}`)} <span lang="en">{error.message}</span>
    </>
  );
}
