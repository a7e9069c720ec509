/** Live mode: one quick picture at a time, the newest wish wins, and nothing is kept unless the person says so. */
import { randomBytes } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import type { ResultView } from '../../shared/contract';
import { AppError } from '../../shared/errors';
import type { GenerationSettings } from '../../shared/generation';
import type { JobOutput } from '../../shared/job';
import type { LivePicture, LiveRequest } from '../../shared/live';
import { copyFileAtomic } from './atomic-file';
import type { EngineHost } from './engine-host';
import type { Gallery } from './gallery';
import { ID_PATTERN, liveUrl } from './media-urls';
import type { Paintings } from './paintings';

/** A step of a large model may take long; ending the engine for it would cost the open model. */
const CANCEL_GRACE_MS = 60_000;
/** So many pictures stay on the disk: the one that is shown, and the one before it, which the page may still be fetching. */
const KEPT_FILES = 2;

export interface LiveOptions {
  /** Emptied at the start; holds the newest pictures. */
  folder: string;
  /** The engine process that paints jobs: its models are open already. */
  engine: EngineHost;
  paintings: Paintings;
  gallery: Gallery;
  /** True while jobs of the queue wait or run; they come first. */
  isQueueBusy: () => boolean;
}

interface Made {
  id: string;
  request: LiveRequest;
  settings: GenerationSettings;
  output: JobOutput;
}

export class Live {
  readonly #options: LiveOptions;
  #made: Made[] = [];
  #abort: AbortController | null = null;
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: LiveOptions) {
    this.#options = options;
  }

  /** Throws `cancelled` when a newer wish came, the queue has work, or live mode was stopped. */
  async paint(request: LiveRequest): Promise<LivePicture> {
    const startedAt = Date.now();
    this.#abort?.abort();
    const abort = new AbortController();
    this.#abort = abort;
    const turn = this.#last.then(async () => {
      if (abort.signal.aborted || this.#options.isQueueBusy()) throw givenUp();
      return this.#paint(request, abort.signal);
    });
    this.#last = turn.catch(() => undefined);
    const { made, stepsRun } = await turn;
    if (abort.signal.aborted) throw givenUp();
    const { id, output } = made;
    return {
      id,
      url: liveUrl(id),
      width: output.width,
      height: output.height,
      seed: output.seed,
      stepsRun,
      ms: Date.now() - startedAt,
    };
  }

  /** Gives up what is in work: the window is hidden, a job begins, or the person has seen enough. */
  stop(): void {
    this.#abort?.abort();
    this.#abort = null;
  }

  /** Puts a live picture among the results, exactly as it was shown. Throws `input` when it is not there any more. */
  async keep(liveId: string): Promise<ResultView> {
    const { gallery, paintings } = this.#options;
    const made = this.#made.find(({ id }) => id === liveId);
    if (made === undefined) {
      throw new AppError('input', 'This live picture is not there any more; keep the one that is shown now.');
    }
    const { request, settings, output } = made;
    const { source, maskId } = await paintings.render(request.sourceId, request.marks);
    const target = path.join(await gallery.folderOfDay(new Date()), path.basename(output.path));
    await copyFileAtomic(output.path, target);
    const [result] = await gallery.add({
      id: liveId,
      sourceId: source.id,
      maskId,
      settings,
      report: { outputs: [{ ...output, path: target }] },
      finishedAt: Date.now(),
    });
    if (result === undefined) throw new AppError('internal', 'The live picture was not recorded.');
    return result;
  }

  /** File of a live picture; null for an id that is not known. */
  pathOf(liveId: string): string | null {
    const made = ID_PATTERN.test(liveId) ? this.#made.find(({ id }) => id === liveId) : undefined;
    return made?.output.path ?? null;
  }

  /** Live pictures of an earlier session are nobody's. */
  async load(): Promise<void> {
    await rm(this.#options.folder, { recursive: true, force: true, maxRetries: 3 });
  }

  async #paint(request: LiveRequest, signal: AbortSignal): Promise<{ made: Made; stepsRun: number }> {
    const { folder, engine, paintings } = this.#options;
    const id = `live-${Date.now().toString(36)}-${randomBytes(3).toString('hex')}`;
    await mkdir(folder, { recursive: true });
    const files = { painted: path.join(folder, 'input.png'), mask: path.join(folder, 'mask.png') };
    const drawn = await paintings.draw(request.sourceId, request.marks, files, request.maxPixels);
    if (signal.aborted) throw givenUp();
    const settings = smallSettings(request, drawn.scale);
    const report = await engine.request(
      'img2img',
      {
        inputPath: files.painted,
        maskPath: drawn.isMasked ? files.mask : null,
        settings,
        outputFolder: folder,
        outputName: id,
        jobFolder: path.join(folder, 'job'),
        previews: false,
      },
      { signal, cancelGraceMs: CANCEL_GRACE_MS },
    );
    const [output] = report.outputs;
    if (output === undefined) throw new AppError('internal', 'The live picture was not made.');
    const made = { id, request, settings, output };
    this.#made = [...this.#made, made];
    for (const old of this.#made.splice(0, this.#made.length - KEPT_FILES)) {
      await rm(old.output.path, { force: true });
    }
    return { made, stepsRun: report.stepsRun };
  }
}

/** The settings for a picture that was made smaller: one PNG at its own size, made here; pixels of the mask count in small. */
function smallSettings({ settings }: LiveRequest, share: number): GenerationSettings {
  const { blurPx, paddingPx, area } = settings.mask;
  return {
    ...settings,
    count: 1,
    size: 'input',
    format: 'png',
    encode: 'local',
    generate: 'local',
    decode: 'local',
    mask: { area, blurPx: Math.round(blurPx * share), paddingPx: Math.round(paddingPx * share) },
  };
}

const givenUp = (): AppError => new AppError('cancelled', 'A newer live picture is wanted.');
