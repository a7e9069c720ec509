/** What the big view shows: nothing yet, the picture in work, or a result compared with its input. */
import { Hand, Image as ImageIcon } from 'lucide-react';
import { ReactCompareSlider } from 'react-compare-slider';
import type { ResultView } from '../../../shared/contract';
import { useActions, usePage } from '../../app-context';
import { useT } from '../../i18n/use-t';
import { formatSize, toPercent } from '../../state/format';
import type { JobRun } from '../../state/job-run';
import { canKeep, inputUrlOf } from '../../state/selectors';
import { Button } from '../../ui/button';
import { chosenModel, effectiveSettings } from '../../state/draft';
import { PictureFrame } from '../../ui/picture-frame';
import styles from './big-view.module.css';
import { LENS_AREA } from './lens';
import { dragOf } from './use-drag-out';

export function EmptyView() {
  const t = useT();
  return (
    <div className={styles.empty}>
      <ImageIcon aria-hidden strokeWidth={1.2} />
      <p className={styles.emptyTitle}>{t('results.emptyTitle')}</p>
      <p>{t('results.emptyText')}</p>
    </div>
  );
}

/** The picture in work next to its input: a preview from the first step on. */
export function WorkView({ run }: { run: JobRun }) {
  const t = useT();
  const input = usePage((state) => state.sources[run.view.sourceId] ?? null);
  const { keepAsItIs } = useActions();
  return (
    <div className={styles.pair}>
      {input === null ? null : (
        <Picture url={input.url} alt={t('results.altInput')} caption={t('results.input')} />
      )}
      {run.previewUrl === null ? (
        <figure className={styles.figure}>
          <div className={styles.pending} />
          <figcaption className={styles.caption}>{t('results.starting')}</figcaption>
        </figure>
      ) : (
        <Picture url={run.previewUrl} alt={t('results.altPreview')} caption={t('results.preview')} />
      )}
      {canKeep(run) ? (
        <Button className={styles.keep} onClick={() => void keepAsItIs()}>
          <Hand aria-hidden />
          {t('run.keep')}
        </Button>
      ) : null}
    </div>
  );
}

interface ResultProps {
  result: ResultView;
  /** Shows the input in the result's place. */
  isFlipped: boolean;
}

/** A result: alone, side by side with its input, or under a divider. */
export function ResultPicture({ result, isFlipped }: ResultProps) {
  const t = useT();
  const mode = usePage((state) => state.compareMode);
  const inputUrl = usePage((state) => inputUrlOf(state, result));
  const caption = useResultCaption(result);
  const alt = t('results.altResult', { seed: result.seed });
  const flipped = isFlipped && inputUrl !== null;
  if (inputUrl !== null && mode === 'slider' && !flipped) {
    return (
      <div className={styles.compare}>
        <PictureFrame width={result.width} height={result.height} className={styles.framed}>
          <div className={styles.area} {...LENS_AREA}>
            <ReactCompareSlider
              className={styles.slider}
              itemOne={<img className={styles.layer} src={inputUrl} alt={t('results.altInput')} />}
              itemTwo={<img className={styles.layer} src={result.url} alt={alt} />}
            />
          </div>
        </PictureFrame>
        <p className={styles.caption}>{caption}</p>
      </div>
    );
  }
  return (
    <div className={styles.pair}>
      {inputUrl !== null && mode === 'side' ? (
        <Framed result={result} url={inputUrl} alt={t('results.altInput')} caption={t('results.input')} />
      ) : null}
      {flipped ? (
        <Framed result={result} url={inputUrl} alt={t('results.altInput')} caption={t('results.input')} />
      ) : (
        <Framed result={result} url={result.url} alt={alt} caption={caption} drag={dragOf(result.id)} />
      )}
    </div>
  );
}

interface FramedProps {
  result: ResultView;
  url: string;
  alt: string;
  caption: string;
  /** Where it can be dragged out of the window. */
  drag?: ReturnType<typeof dragOf> | { draggable: false };
}

/** A picture of the result's shape, over a checkerboard where it is transparent. */
function Framed({ result, url, alt, caption, drag = { draggable: false } }: FramedProps) {
  return (
    <figure className={styles.figure}>
      <PictureFrame width={result.width} height={result.height} className={styles.framed}>
        <img {...LENS_AREA} className={styles.layer} src={url} alt={alt} {...drag} />
      </PictureFrame>
      <figcaption className={styles.caption}>{caption}</figcaption>
    </figure>
  );
}

function Picture({ url, alt, caption }: { url: string; alt: string; caption: string }) {
  return (
    <figure className={styles.figure}>
      <div className={styles.frame}>
        <img className={styles.picture} src={url} alt={alt} draggable={false} />
      </div>
      <figcaption className={styles.caption}>{caption}</figcaption>
    </figure>
  );
}

function useResultCaption(result: ResultView): string {
  const t = useT();
  const model = usePage((state) => chosenModel(state.models, result.settings.model));
  const { strength } = effectiveSettings(result.settings, model);
  const meta = t('results.meta', {
    size: formatSize(result.width, result.height),
    percent: toPercent(strength),
  });
  const { stoppedAfter } = result;
  const parts = [t('results.seed', { seed: result.seed }), meta];
  if (stoppedAfter !== undefined) parts.push(t('run.stoppedAfter', { step: stoppedAfter }));
  // Of a prompt with choices one wants to know which words it was.
  const isChosen = result.settings.promptTemplate !== null || result.group?.kind === 'choices';
  if (isChosen) parts.push(result.settings.prompt);
  return parts.join(' · ');
}
