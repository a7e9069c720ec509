/** Sentences of the other processes in the page's language. */
import { STAGES } from '../../shared/placement';
import { translateSaid } from './said';
import { saidIn, useLanguage, useT } from './use-t';

/** Sentence → in the page's language, or null where it is not known; English stays as it is. */
export function useSaid(): (sentence: string) => string | null {
  const t = useT();
  const said = saidIn(useLanguage());
  if (said === null) return (sentence) => sentence;
  // The names of the stages are words of the window, too.
  const wordOf = (value: string): string => {
    const stage = STAGES.find((one) => one === value.toLowerCase());
    return stage === undefined ? value : t(`stage.${stage}`);
  };
  return (sentence) => translateSaid(sentence, said, wordOf);
}
