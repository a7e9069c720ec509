/** Encode and decode as a server answers them (hybrid-inference.md 4, 5, 13). */
import type { WireDtype } from '../../../shared/network';
import { latentScale } from '../families/detect';
import { VAE_FACTOR } from '../families/family-traits';
import { applyFit, planFit } from '../image/fit';
import { encodePlainJpeg, encodePlainPng } from '../image/plain';
import { decodePictureBytes } from '../image/read';
import { fromFloat16, toFloat16 } from '../latents/float16';
import { scaleLatents, type LatentScale } from '../latents/latent-scale';
import { TorchGenerator } from '../latents/noise';
import { unpackLatents } from '../latents/packing';
import type { LoadedModel } from '../model/loaded-model';
import { bytesToTensor, tensorToBytes, type WireTensor } from '../remote/tensor-bytes';
import { MAX_SIDE_PX } from '../remote/wire-request';
import { StageLog } from '../stage-log';
import { latentMean, sampleLatents } from '../stages/encode';
import { findNonFinite, isFlat } from '../stages/guards';
import { toBytes, type TensorPicture, type WorkingPicture } from '../stages/pixels';
import { decodeFloats, encodeStage } from '../stages/vae-stages';
import { bad, RequestError } from './request-error';
import type { Query } from './query';
import { concatFloats } from '../latents/concat';

export interface ServeRequest {
  readonly query: Query;
  readonly body: Buffer;
  /** Lower case; empty when there is none. */
  readonly accept: string;
  readonly contentType: string;
  readonly signal: AbortSignal;
}

export interface ServeReply {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** Most items in one request. */
const MAX_BATCH = 4;

/** A picture file or pixels → latents. */
export async function answerEncode(model: LoadedModel, request: ServeRequest): Promise<ServeReply> {
  const { query } = request;
  const scale: LatentScale = {
    factor: query.number('scaling_factor') ?? 1,
    shift: query.number('shift_factor') ?? 0,
  };
  const isRaw = query.flag('moments');
  const parts: Float32Array[] = [];
  let shape: number[] = [];
  for (const working of await picturesOf(request)) {
    const encoded = await encodeStage({ ...jobFor(model, request), working });
    const { channels, height, width } = encoded;
    const hasMoments = encoded.kind === 'moments';
    const latents =
      isRaw && hasMoments
        ? encoded.data
        : query.text('sample_mode') === 'sample'
          ? sampleLatents(
              encoded,
              new TorchGenerator(query.number('seed') ?? 0).randn(channels * height * width),
              scale,
            )
          : scaleLatents(latentMean(encoded), scale);
    parts.push(latents);
    shape = [parts.length, isRaw && hasMoments ? 2 * channels : channels, height, width];
  }
  return tensorReply(concatFloats(parts), shape, outputDtype(query));
}

/** Latents → pixels, in the form that the client asked for. */
export async function answerDecode(model: LoadedModel, request: ServeRequest): Promise<ServeReply> {
  const { query, accept } = request;
  const items = latentsOf(model, request);
  const outputType = query.text('output_type') ?? 'pil';
  if (outputType !== 'pil' && outputType !== 'pt') {
    throw bad(
      `This endpoint makes pictures, so output_type must be "pil" or "pt", not "${outputType.slice(0, 40)}".`,
    );
  }
  const scale = decodeScale(model, query);
  const { height: h, width: w } = items[0] ?? { height: 0, width: 0 };
  const height = h * VAE_FACTOR;
  const width = w * VAE_FACTOR;
  const outputs: Float32Array[] = [];
  for (const latents of items) {
    const working = { width, height, isFlat: isConstant(latents.data) };
    const pixels = await decodeFloats({ ...jobFor(model, request), working }, 0, latents, scale);
    outputs.push(outputDtype(query) === 'float16' ? fromFloat16(toFloat16(pixels)) : pixels);
  }
  const batch = outputs.length;
  if (query.flag('partial_postprocess') || (outputType === 'pil' && accept.includes('image/'))) {
    const rgb = outputs.map((pixels) => bytesOf(pixels, width, height, outputDtype(query)));
    if (query.flag('partial_postprocess')) {
      return tensorReply(Buffer.concat(rgb), [batch, height, width, 3], 'uint8');
    }
    return pictureReply(rgb, width, height, accept);
  }
  if (outputType === 'pt')
    return tensorReply(concatFloats(outputs), [batch, 3, height, width], outputDtype(query));
  if (accept.includes('tensor/binary')) {
    return tensorReply(concatFloats(outputs.map(toUnit)), [batch, 3, height, width], outputDtype(query));
  }
  const rgb = outputs.map((pixels) => bytesOf(pixels, width, height, outputDtype(query)));
  return pictureReply(rgb, width, height, query.text('image_format') === 'png' ? 'image/png' : 'image/jpeg');
}

/** What has to be undone before decoding (hybrid-inference.md 4.1, 4.5). */
function decodeScale(model: LoadedModel, query: Query): LatentScale {
  const factor = query.number('scaling_factor');
  const shift = query.number('shift_factor') ?? 0;
  if (factor === 0) throw bad('The parameter "scaling_factor" must not be 0.');
  if (factor !== null) return { factor, shift };
  return query.flag('do_scaling') ? latentScale(model.folder, model.traits) : { factor: 1, shift };
}

/** One item per batch entry, unpacked when they came packed. */
function latentsOf(
  model: LoadedModel,
  { query, body }: ServeRequest,
): { data: Float32Array; channels: number; height: number; width: number }[] {
  const tensor = tensorOf(query, body);
  const channels = model.traits.latentChannels;
  const items = splitBatch(tensor);
  const [, ...dims] = tensor.shape;
  if (dims.length === 2) {
    const height = query.size('height');
    const width = query.size('width');
    if (height === null || width === null)
      throw bad('Packed latents need the parameters "height" and "width".');
    const h = 2 * Math.floor(height / (2 * VAE_FACTOR));
    const w = 2 * Math.floor(width / (2 * VAE_FACTOR));
    if (dims[0] !== (h / 2) * (w / 2) || dims[1] !== 4 * channels) {
      throw bad(
        `Packed latents of ${width} × ${height} pixels must have the shape [1, ${(h / 2) * (w / 2)}, ${4 * channels}] here, not [${tensor.shape.join(', ')}].`,
      );
    }
    assertSides(width, height);
    return items.map((data) => ({
      data: unpackLatents(data, channels, h, w),
      channels,
      height: h,
      width: w,
    }));
  }
  const [c, height = 0, width = 0] = dims;
  if (dims.length !== 3 || c !== channels) {
    throw bad(
      `The latents of this endpoint's model have the shape [1, ${channels}, height / 8, width / 8], not [${tensor.shape.join(', ')}].`,
    );
  }
  assertSides(width * VAE_FACTOR, height * VAE_FACTOR);
  return items.map((data) => ({ data, channels, height, width }));
}

/** The body as a tensor of finite numbers. Throws 400. */
export function tensorOf(query: Query, body: Buffer): WireTensor {
  const shape = query.shape();
  const dtype = query.dtype();
  if (shape === null || dtype === null)
    throw bad('The parameters "shape" and "dtype" are needed beside the tensor.');
  try {
    const tensor = bytesToTensor(body, dtype, shape);
    const fault = tensor.data instanceof Float32Array ? findNonFinite(tensor.data) : null;
    if (fault !== null) throw bad(`The tensor holds ${fault}.`);
    return tensor;
  } catch (error) {
    if (error instanceof RangeError) throw bad(`The body does not fit: ${error.message}.`);
    throw error;
  }
}

function splitBatch(tensor: WireTensor): Float32Array[] {
  const [batch = 1] = tensor.shape;
  if (batch > MAX_BATCH) throw bad(`At most ${MAX_BATCH} items are taken in one request, not ${batch}.`);
  const data = Float32Array.from(tensor.data);
  const length = data.length / batch;
  return Array.from({ length: batch }, (_, i) => data.slice(i * length, (i + 1) * length));
}

/** What has to be encoded: pixels when `shape` and `dtype` are given, else a picture file (hybrid-inference.md 5.1). */
async function picturesOf(request: ServeRequest): Promise<(WorkingPicture | TensorPicture)[]> {
  const { query, body } = request;
  if (query.has('shape') && query.has('dtype')) return tensorPictures(tensorOf(query, body));
  if (body.length === 0) throw bad('The body is empty; send a picture file or a tensor.');
  const picture = await decodePictureBytes(body, 'the picture', { maxPixels: MAX_SIDE_PX ** 2 });
  assertSides(picture.width, picture.height);
  const canvas = { width: floor8(picture.width), height: floor8(picture.height) };
  if (canvas.width === 0 || canvas.height === 0) throw bad('Pictures need sides of at least 8 pixels.');
  const limits = {
    multiple: VAE_FACTOR,
    minSidePx: VAE_FACTOR,
    maxPixels: MAX_SIDE_PX ** 2,
    nativeSidePx: canvas.width,
  };
  const fitted = await applyFit(picture, planFit(picture, canvas, limits, 'stretch'));
  return [{ ...fitted, isFlat: isFlat(fitted.rgb) }];
}

/** [B, 3, H, W] in [0, 1], or in [-1, 1] when a value is negative; uint8 in 0 … 255. */
function tensorPictures(tensor: WireTensor): TensorPicture[] {
  const [, channels, height = 0, width = 0] = tensor.shape;
  if (tensor.shape.length !== 4 || channels !== 3 || height % VAE_FACTOR !== 0 || width % VAE_FACTOR !== 0) {
    throw bad(
      `Pixels must have the shape [1, 3, height, width] with sides that are multiples of 8, not [${tensor.shape.join(', ')}].`,
    );
  }
  assertSides(width, height);
  const isSigned = tensor.dtype !== 'uint8' && tensor.data.some((value) => value < 0);
  const unit = tensor.dtype === 'uint8' ? 255 : 1;
  return splitBatch(tensor).map((data) => ({
    width,
    height,
    pixels: isSigned ? data : data.map((value) => Math.fround(2 * Math.fround(value / unit)) - 1),
    isFlat: isConstant(data),
  }));
}

const floor8 = (side: number): number => side - (side % VAE_FACTOR);

function assertSides(width: number, height: number): void {
  if (Math.max(width, height) <= MAX_SIDE_PX) return;
  throw bad(`This endpoint takes at most ${MAX_SIDE_PX} pixels per side, not ${width} × ${height}.`);
}

const isConstant = (data: Float32Array): boolean => data.every((value) => value === data[0]);

/** float16 as Hugging Face's endpoints answer, unless our own client asks for more. */
const outputDtype = (query: Query): WireDtype => query.dtype('output_dtype') ?? 'float16';

/** clamp(x/2 + 0.5, 0, 1); in [0, 1]. */
const toUnit = (pixels: Float32Array): Float32Array =>
  pixels.map((value) => Math.min(1, Math.max(0, Math.fround(value * 0.5) + 0.5)));

/**
 * [1, 3, h, w] → [h, w, 3] bytes. In float16 the clamp happens in float16 and the rest in float32, as Hugging Face's endpoints do it
 * (hybrid-inference.md 4.5, derived from diffusers' test values).
 */
function bytesOf(pixels: Float32Array, width: number, height: number, dtype: WireDtype): Buffer {
  if (dtype !== 'float16') return Buffer.from(toBytes(pixels, width, height));
  const half = (values: Float32Array): Float32Array => fromFloat16(toFloat16(values));
  const unit = half(half(pixels.map((value) => value * 0.5)).map((value) => value + 0.5));
  // Back to [-1, 1], exactly in float32: `toBytes` clamps and rounds.
  return Buffer.from(
    toBytes(
      unit.map((value) => (value - 0.5) * 2),
      width,
      height,
    ),
  );
}

async function pictureReply(
  rgb: readonly Buffer[],
  width: number,
  height: number,
  accept: string,
): Promise<ServeReply> {
  const [first] = rgb;
  if (first === undefined || rgb.length > 1)
    throw bad('A picture file holds one item; ask for output_type=pt for more.');
  const isPng = accept.includes('image/png');
  if (!isPng && !accept.includes('image/jpeg'))
    throw bad(`This endpoint makes image/png and image/jpeg, not "${accept.slice(0, 80)}".`);
  const image = { rgb: first, width, height };
  return {
    headers: { 'content-type': isPng ? 'image/png' : 'image/jpeg' },
    body: await (isPng ? encodePlainPng(image) : encodePlainJpeg(image)),
  };
}

export function tensorReply(
  data: Float32Array | Uint8Array,
  shape: readonly number[],
  dtype: WireDtype,
): ServeReply {
  const body = tensorToBytes(data, dtype);
  if (dtype !== 'uint8' && findNonFinite(bytesToTensor(body, dtype, shape).data as Float32Array) !== null) {
    throw new RequestError(500, `The result does not fit into ${dtype}; ask for output_dtype=float32.`);
  }
  return {
    headers: { 'content-type': 'tensor/binary', shape: JSON.stringify(shape), dtype },
    body,
  };
}

/** Nothing of a request is kept or told to anybody but its client. */
const jobFor = (model: LoadedModel, { signal }: ServeRequest) =>
  ({
    model,
    settings: { tiling: 'auto' },
    log: new StageLog(() => undefined),
    context: { signal, onProgress: () => undefined },
  }) as const;
