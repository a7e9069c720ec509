/** The scale of a LoRA's layers: alpha / rank, with alpha from a tensor beside the layer, from PEFT's settings in the metadata, or equal to the rank. */
import type { FileHandle } from 'node:fs/promises';
import { z } from 'zod';
import { AppError } from '../../../shared/errors';
import type { SafetensorsHeader } from '../checkpoint/safetensors-file';
import { elementCount } from '../checkpoint/weights';
import { fromBfloat16 } from '../latents/bfloat16';
import { fromFloat16 } from '../latents/float16';
import type { LoraPart } from './lora-names';

/** Settings that diffusers keeps in the metadata: `<part>.lora_alpha` and so on. */
const settingsSchema = z.record(z.string(), z.unknown());
const patternSchema = z.record(z.string(), z.number());

/** Beginnings of the settings' names. */
const SETTING_PARTS: Readonly<Record<LoraPart, readonly string[]>> = {
  text_encoder: ['text_encoder.'],
  text_encoder_2: ['text_encoder_2.'],
  denoiser: ['unet.', 'transformer.', ''],
};

/** Scalars by type: bytes, and the value in a little-endian view of them. */
const SCALARS: Readonly<Record<string, readonly [number, (view: DataView) => number]>> = {
  F32: [4, (view) => view.getFloat32(0, true)],
  F64: [8, (view) => view.getFloat64(0, true)],
  F16: [2, (view) => fromFloat16(Uint16Array.of(view.getUint16(0, true)))[0] ?? NaN],
  BF16: [2, (view) => fromBfloat16(Uint16Array.of(view.getUint16(0, true)))[0] ?? NaN],
  I64: [8, (view) => Number(view.getBigInt64(0, true))],
  I32: [4, (view) => view.getInt32(0, true)],
};

export class AlphaReader {
  private readonly settings: Readonly<Record<string, unknown>>;

  constructor(
    private readonly header: SafetensorsHeader,
    private readonly handle: FileHandle,
    private readonly label: string,
  ) {
    this.settings = readSettings(header.metadata['lora_adapter_metadata'], label);
  }

  /** alpha / rank of a layer, or alpha / √rank where its settings say so (rsLoRA). Throws `AppError('model')` for an unusable alpha. */
  async scaleOf(
    alphaName: string | undefined,
    { part, key }: { part: LoraPart; key: string },
    rank: number,
  ): Promise<number> {
    const alpha = alphaName === undefined ? this.alphaFromSettings(part, key) : await this.read(alphaName);
    const divisor = this.setting(part, 'use_rslora') === true ? Math.sqrt(rank) : rank;
    const scale = (alpha ?? divisor) / divisor;
    if (Number.isFinite(scale)) return scale;
    throw new AppError(
      'model',
      `The LoRA ${this.label} cannot be used, because the alpha of "${key}" is not a number; download it again.`,
    );
  }

  private async read(name: string): Promise<number> {
    const tensor = this.header.weights.get(name) ?? this.header.others.get(name);
    const [size, parse] = SCALARS[tensor?.dtype ?? ''] ?? [0, () => NaN];
    if (tensor === undefined || elementCount(tensor.shape) !== 1) return NaN;
    const bytes = new Uint8Array(size);
    await this.handle.read(bytes, 0, size, tensor.offset);
    return parse(new DataView(bytes.buffer));
  }

  private alphaFromSettings(part: LoraPart, key: string): number | null {
    const patterns = patternSchema.safeParse(this.setting(part, 'alpha_pattern'));
    const own = Object.entries(patterns.success ? patterns.data : {}).find(
      ([layer]) => key === layer || key.endsWith(`.${layer}`),
    );
    const alpha = own?.[1] ?? this.setting(part, 'lora_alpha');
    return typeof alpha === 'number' ? alpha : null;
  }

  private setting(part: LoraPart, name: string): unknown {
    return SETTING_PARTS[part]
      .map((beginning) => this.settings[beginning + name])
      .find((value) => value !== undefined);
  }
}

function readSettings(text: string | undefined, label: string): Readonly<Record<string, unknown>> {
  if (text === undefined) return {};
  try {
    return settingsSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new AppError(
      'model',
      `The LoRA ${label} cannot be used, because its metadata "lora_adapter_metadata" is not a list of settings; download it again.`,
      { cause },
    );
  }
}
