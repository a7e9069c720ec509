/** A model that is ready to work: folder, family, tokenizer, sessions, and what is remembered between pictures. */
import { AppError } from '../../../shared/errors';
import type { Precision } from '../../../shared/generation';
import type { ModelDefaults, ModelInfo } from '../../../shared/models';
import type { DeviceChoice } from '../../../shared/placement';
import { detectFamily, recommendedDefaults, sizeMultiplePx } from '../families/detect';
import type { FamilyTraits } from '../families/family-traits';
import { withLoras, withStrengths } from '../lora/apply-loras';
import { fewStepDefaults } from '../lora/few-steps';
import { readLora, type LoraFile } from '../lora/read-lora';
import { providersFor, type SessionOpener } from '../onnx/providers';
import { int8Variant } from '../int8/int8-files';
import { openSession } from '../onnx/session';
import type { Encoded } from '../stages/encode';
import type { EmbeddedPrompt } from '../stages/embed';
import { loadT5Tokenizer, type T5Tokenizer } from '../text/t5-tokenizer';
import { loadClipTokenizers, type ClipTokenizers } from './clip-tokenizers';
import { RecentMap } from './recent-map';
import { readModelFolder } from './model-folder';
import type { ModelFolder } from './model-folder-parts';
import { ModelRuntime } from './model-runtime';
import { replaceVae } from './replace-vae';
import { starterModelPath } from './starter-path';

export interface LoadedModel {
  readonly folder: ModelFolder;
  readonly traits: FamilyTraits;
  readonly defaults: ModelDefaults;
  readonly clipTokenizers: ClipTokenizers;
  /** Null where the family has no T5. */
  readonly t5Tokenizer: T5Tokenizer | null;
  readonly runtime: ModelRuntime;
  /** What it was loaded for. */
  readonly device: DeviceChoice;
  readonly loras: LoadedLoras;
  /** Prompt chunks' text → embedding: the same prompt skips the text encoder. */
  readonly embeddings: RecentMap<EmbeddedPrompt>;
  /** Hash of the working picture → encoder output: another try on the same picture skips the encoder. */
  readonly encoded: RecentMap<Encoded>;
}

/** The LoRAs in a model's graphs. */
export interface LoadedLoras {
  readonly files: readonly LoraFile[];
  /** What a person should know about them, in plain sentences. */
  readonly notices: readonly string[];
}

/** One LoRA that is wanted: its file. */
export interface WantedLora {
  readonly path: string;
  readonly strength: number;
}

const REMEMBERED_PROMPTS = 32;
const REMEMBERED_PICTURES = 4;

/** Keeps the model that was used last, so that a second picture reloads nothing. */
export class ModelCache {
  private current: { key: string; model: LoadedModel } | null = null;
  /** Of the LoRAs in the model that is in use. */
  private strengths: readonly number[] = [];

  constructor(
    private readonly open: SessionOpener = openSession,
    private readonly read: (model: string) => Promise<ModelFolder> = readModelFolder,
  ) {}

  /**
   * Loads a model folder (null: the bundled starter model) in a precision with LoRAs for a device choice, or answers the one in use, whose LoRAs get the
   * wanted strengths. Releases the previous model first. Throws `AppError('model')`.
   * @param vae folder or file of an autoencoder that stands in for the model's own
   */
  async load(
    model: string | null,
    device: DeviceChoice,
    wanted: readonly WantedLora[] = [],
    precision: Precision = 'float32',
    vae: string | null = null,
  ): Promise<LoadedModel> {
    const own = await this.read(model ?? starterModelPath());
    const traits = detectFamily(own);
    if (precision === 'int8' && wanted.length > 0) {
      throw new AppError(
        'usage',
        'LoRAs cannot be added to a model in int8, whose weights are fixed; choose float32, or leave the LoRAs out.',
      );
    }
    const inPrecision = precision === 'int8' ? await int8Variant(own) : own;
    const plain = vae === null ? inPrecision : await replaceVae(inPrecision, vae, traits.latentChannels);
    const files: LoraFile[] = [];
    for (const { path } of wanted) files.push(await readLora(path));
    const strengths = wanted.map(({ strength }) => strength);
    const key = JSON.stringify([
      plain.path,
      plain.revision,
      device,
      precision,
      files.map(({ header, revision }) => [header.file, revision]),
    ]);
    if (this.current?.key === key) {
      if (strengths.some((strength, i) => strength !== this.strengths[i])) {
        this.current.model.embeddings.clear();
      }
      this.strengths = strengths;
      return this.current.model;
    }
    await this.release();

    const { folder, notices, fewSteps } = await withLoras(plain, traits.family, files);
    const defaults = recommendedDefaults(folder, traits);
    const loaded: LoadedModel = {
      folder,
      traits,
      defaults: fewSteps === null ? defaults : fewStepDefaults(defaults, fewSteps),
      t5Tokenizer: await t5TokenizerOf(folder, traits),
      clipTokenizers: await loadClipTokenizers(folder.tokenizers, traits.clipEncoders),
      runtime: new ModelRuntime(folder, {
        providers: providersFor(device),
        open: async (path, options) => withStrengths(await this.open(path, options), () => this.strengths),
      }),
      device,
      loras: { files, notices },
      embeddings: new RecentMap(REMEMBERED_PROMPTS),
      encoded: new RecentMap(REMEMBERED_PICTURES),
    };
    this.current = { key, model: loaded };
    this.strengths = strengths;
    return loaded;
  }

  /** Releases every session. */
  async release(): Promise<void> {
    const { current } = this;
    this.current = null;
    await current?.model.runtime.releaseAll();
  }
}

async function t5TokenizerOf(folder: ModelFolder, { t5 }: FamilyTraits): Promise<T5Tokenizer | null> {
  const source = t5 === undefined ? undefined : folder.tokenizers[t5.encoder];
  return source === undefined ? null : loadT5Tokenizer(source.folder);
}

/** What the app says about a model, without opening a session. */
export async function describeModel(model: string | null): Promise<ModelInfo> {
  const folder = await readModelFolder(model ?? starterModelPath());
  const traits = detectFamily(folder);
  return {
    id: folder.id,
    name: folder.name,
    family: traits.family,
    revision: folder.revision,
    sizeBytes: folder.sizeBytes,
    sizeMultiplePx: sizeMultiplePx(folder),
    stepRule: traits.stepRule,
    defaults: recommendedDefaults(folder, traits),
    ...(folder.card === null ? {} : { demoPrompt: folder.card.prompt }),
  };
}
