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
  readonly journal: Journal;
  readonly log: StageLog;
  readonly context: JobContext;
  /** Which stages go to endpoints. */
  readonly places: StagePlaces;
}
