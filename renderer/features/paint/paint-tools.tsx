/** The tools: what is drawn on, with what, how thick, and what becomes of the whole layer. */
import {
  Brush as BrushIcon,
  Contrast,
  Eraser,
  FileImage,
  Lasso,
  Maximize,
  PaintBucket,
  Pipette,
  Redo2,
  SquareDashed,
  Trash,
  Undo2,
} from 'lucide-react';
import { useId, type ComponentProps } from 'react';
import { LIMITS, MASK_AREAS, type MaskSettings } from '../../../shared/generation';
import type { PaintLayer, PaintTool } from '../../../shared/painting';
import { useActions, usePage } from '../../app-context';
import { CommandButton } from '../../commands/command-button';
import { useT } from '../../i18n/use-t';
import { toPercent } from '../../state/format';
import { brushOf } from '../../state/painting';
import { NumberField } from '../../ui/number-field';
import { Segmented } from '../../ui/segmented';
import { Select } from '../../ui/select';
import { Colours } from './colours';
import styles from './paint.module.css';

const TOOLS = [
  ['brush', BrushIcon],
  ['eraser', Eraser],
  ['lasso', Lasso],
  ['rectangle', SquareDashed],
  ['picker', Pipette],
] as const satisfies readonly (readonly [PaintTool, unknown])[];

export function PaintTools() {
  const t = useT();
  const brush = usePage((state) => brushOf(state.draft));
  const { changeBrush } = useActions();
  return (
    <div className={styles.tools} role="group" aria-label={t('paint.tools')}>
      <Segmented<PaintLayer>
        label={t('paint.layer')}
        isLabelHidden
        value={brush.layer}
        options={[
          { value: 'mask', label: t('paint.mask') },
          { value: 'paint', label: t('paint.colour') },
        ]}
        onChange={(layer) => changeBrush({ layer })}
      />
      <div className={styles.group}>
        {TOOLS.filter(([tool]) => tool !== 'picker' || brush.layer === 'paint').map(([tool, Icon]) => (
          <CommandButton
            key={tool}
            id={`tool-${tool}`}
            icon={<Icon aria-hidden />}
            isPressed={brush.tool === tool}
          />
        ))}
      </div>
      <BrushSize />
      <div className={styles.group}>
        <CommandButton id="paint-undo" icon={<Undo2 aria-hidden />} />
        <CommandButton id="paint-redo" icon={<Redo2 aria-hidden />} />
        <CommandButton id="layer-clear" icon={<Trash aria-hidden />} />
        <CommandButton id="look-fit" icon={<Maximize aria-hidden />} />
        <CommandButton id="look-full" icon={<span className={styles.figures}>1:1</span>} />
      </div>
      {brush.layer === 'mask' ? <MaskTools /> : <ColourTools />}
    </div>
  );
}

function BrushSize() {
  const t = useT();
  const brush = usePage((state) => brushOf(state.draft));
  const longSide = usePage((state) => Math.max(state.source?.width ?? 0, state.source?.height ?? 0));
  const { changeBrush } = useActions();
  const sizePx = Math.max(1, Math.round((brush.size * longSide) / 1000));
  return (
    <Range
      label={t('paint.size')}
      value={brush.size}
      min={1}
      max={500}
      shown={t('paint.px', { px: sizePx })}
      onChange={(size) => changeBrush({ size })}
    />
  );
}

function MaskTools() {
  const t = useT();
  const mask = usePage((state) => state.draft.settings.mask);
  const { changeSettings } = useActions();
  const change = (patch: Partial<MaskSettings>): void => changeSettings({ mask: { ...mask, ...patch } });
  return (
    <>
      <div className={styles.group}>
        <CommandButton id="mask-all" icon={<PaintBucket aria-hidden />} />
        <CommandButton id="mask-invert" icon={<Contrast aria-hidden />} />
        <CommandButton id="open-mask" icon={<FileImage aria-hidden />} />
      </div>
      <Select
        label={t('paint.area')}
        value={mask.area}
        options={MASK_AREAS.map((area) => ({ value: area, label: t(`paint.area-${area}`) }))}
        onChange={(area) => change({ area })}
      />
      <div className={styles.pair}>
        <MaskPixels
          label={t('paint.feather')}
          value={mask.blurPx}
          onChange={(blurPx) => change({ blurPx })}
        />
        {mask.area === 'masked' ? (
          <MaskPixels
            label={t('paint.padding')}
            value={mask.paddingPx}
            onChange={(paddingPx) => change({ paddingPx })}
          />
        ) : null}
      </div>
    </>
  );
}

type MaskPixelsProps = Pick<ComponentProps<typeof NumberField>, 'label' | 'value' | 'onChange'>;

/** A length of the mask in pixels. */
function MaskPixels(props: MaskPixelsProps) {
  return <NumberField {...props} min={LIMITS.maskPx.min} max={LIMITS.maskPx.max} step={1} />;
}

function ColourTools() {
  const t = useT();
  const brush = usePage((state) => brushOf(state.draft));
  const { changeBrush } = useActions();
  return (
    <>
      <Colours />
      <Range
        label={t('paint.opacity')}
        value={Math.round(brush.opacity * 100)}
        min={5}
        max={100}
        shown={`${toPercent(brush.opacity)} %`}
        onChange={(percent) => changeBrush({ opacity: percent / 100 })}
      />
    </>
  );
}

interface RangeProps {
  label: string;
  value: number;
  min: number;
  max: number;
  /** The value in words. */
  shown: string;
  onChange: (value: number) => void;
}

function Range({ label, value, min, max, shown, onChange }: RangeProps) {
  const id = useId();
  return (
    <div className={styles.range}>
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        type="range"
        value={value}
        min={min}
        max={max}
        step={1}
        aria-valuetext={shown}
        onChange={(event) => onChange(Number(event.target.value))}
      />
      <output htmlFor={id}>{shown}</output>
    </div>
  );
}
