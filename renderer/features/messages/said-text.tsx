/** A sentence of another process: in the page's language where it is known, else as it is, marked as English. */
import { useSaid } from '../../i18n/use-said';

export function SaidText({ sentence }: { sentence: string }) {
  const translated = useSaid()(sentence);
  return translated ?? <span lang="en">{sentence}</span>;
}
