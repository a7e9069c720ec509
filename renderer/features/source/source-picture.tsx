/** The input as the encoder will get it: the frame of what is cut, the edge that is repeated, the new shape; transparency shows. */
import type { ReactNode } from 'react';
import type { Source } from '../../../shared/contract';
import { usePage } from '../../app-context';
import { useT } from '../../i18n/use-t';
import { formatSize } from '../../state/format';
import { cx } from '../../ui/cx';
import { fitScene } from '../../state/fit-scene';
import { shares } from '../../state/shares';
import { PictureFrame } from '../../ui/picture-frame';
import styles from './source-picture.module.css';

interface Props {
  source: Source;
  /** Laid over the picture, edge to edge. */
  children?: ReactNode;
}

export function SourcePicture({ source, children }: Props) {
  const t = useT();
  const plan = usePage((state) => state.plan);
  const fit = usePage((state) => state.draft.settings.fit);
  const scene = fitScene(plan, source, fit);
  const whole = scene ?? { width: source.width, height: source.height };
  const picture = scene?.picture ?? { left: 0, top: 0, ...whole };
  return (
    <PictureFrame
      width={whole.width}
      height={whole.height}
      className={cx(styles.scene, scene?.isPadded === true && styles.padded)}
    >
      <div className={cx(styles.picture, source.hasAlpha && styles.checkered)} style={shares(picture, whole)}>
        <img
          className={styles.image}
          src={source.url}
          alt={t('source.alt', { name: source.name })}
          draggable={false}
        />
        {children}
      </div>
      <CropFrame source={source} />
    </PictureFrame>
  );
}

/** The part that the encoder gets, framed over a picture whose rest is cut away; laid over it edge to edge. */
export function CropFrame({ source }: { source: Source }) {
  const plan = usePage((state) => state.plan);
  const fit = usePage((state) => state.draft.settings.fit);
  const crop = fitScene(plan, source, fit)?.crop ?? null;
  if (crop === null) return null;
  return (
    <div className={styles.crop} style={shares(crop, source)} aria-hidden>
      <span className={styles.cropSize}>{formatSize(crop.width, crop.height)}</span>
    </div>
  );
}
