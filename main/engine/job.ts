/** One img2img request in the middle of its work. */
import type { UsedLora } from '../../shared/job';
import type { JobContext } from './context';
import type { FitPlan } from './image/fit';
import type { Picture } from './image/picture';
import type { Journal } from './journal/journal';
import type { Img2ImgParams } from './messages';
import type { LoadedModel } from './model/loaded-model';
import type { JobPlan } from './plan/job-plan';
import type { ResolvedSettings } from './resolve-settings';
import type { StageLog } from './stage-log';
import type { StagePlaces } from './stages/placed';
import type { WorkingPicture } from './stages/pixels';

/** A mask in the middle of its work; both are [height, width] uint8. */
export interface JobMask {
  /** At the picture's own size: how strongly new pixels show, 0 … 255. */
  readonly weights: Buffer;
  /** At working size: 1 is painted anew, 0 is kept. */
  readonly working: Uint8Array;
  /** SHA-256 of the mask's pixels at the picture's size. */
  readonly sha256: string;
}

/** Everything that the pictures of one request share. */
export interface Job {
  readonly params: Img2ImgParams;
  readonly settings: ResolvedSettings;
  /** Without LoRA tags. */
  readonly prompt: string;
  readonly loras: readonly UsedLora[];
  readonly model: LoadedModel;
  readonly picture: Picture;
  readonly plan: FitPlan;
  readonly plans: JobPlan;
  readonly working: WorkingPicture;
  /** Null: the whole picture is painted anew. */
  readonly mask: JobMask | null;
  readonly journal: Journal;
  readonly log: StageLog;
  readonly context: JobContext;
  /** Which stages go to endpoints. */
  readonly places: StagePlaces;
}
