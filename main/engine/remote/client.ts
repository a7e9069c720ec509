/** Encode and decode on an endpoint: what a stage has becomes a request, and the reply becomes what the stage answers. */
import type { DataKind, Endpoint } from '../../../shared/network';
import { KINDS_OF_STAGE } from '../../../shared/network';
import type { Stage } from '../../../shared/placement';
import { VAE_FACTOR } from '../families/family-traits';
import { decodePictureBytes } from '../image/read';
import { encodePlainPng } from '../image/plain';
import { unscaleLatents, type LatentScale } from '../latents/latent-scale';
import type { Latents } from '../stages/decode';
import type { Encoded } from '../stages/encode';
import { checkEncoded, isFlat } from '../stages/guards';
import type { WorkingPicture } from '../stages/pixels';
import { EndpointError, type Answer, type Call, type Network } from './network';
import { assertShape, imageTypeOf, readTensorReply, UnusableReply } from './wire-reply';
import {
  decodeRequest,
  encodeImageRequest,
  MAX_SIDE_PX,
  type QueryValue,
  type WireRequest,
} from './wire-request';
import { normalAddress } from '../../../shared/network';

/** What every remote stage is given. */
export interface RemoteCall {
  readonly network: Network;
  readonly endpoint: Endpoint;
  readonly signal: AbortSignal;
  readonly onNotice: (message: string) => void;
}

/** A stage's result, and what left this machine for it. */
export interface Remote<T> {
  readonly value: T;
  readonly bytesSent: number;
}

/** What only `underpaint serve` understands: exact numbers. Other servers ignore it, but Hugging Face's get not even that. */
const ownParameters = (
  endpoint: Endpoint,
  parameters: Readonly<Record<string, QueryValue>>,
): Readonly<Record<string, QueryValue>> => (endpoint.protocol === 'underpaint' ? parameters : {});

/** The picture's latents as the VAE gives them; from `underpaint serve` the whole distribution. Throws `EndpointError`. */
export async function remoteEncode(
  call: RemoteCall,
  picture: WorkingPicture,
  { latentChannels, scale }: { latentChannels: number; scale: LatentScale },
): Promise<Remote<Encoded>> {
  assertSize(call.endpoint, picture);
  const png = await encodePlainPng(picture);
  const request = encodeImageRequest(
    png,
    scale,
    ownParameters(call.endpoint, { moments: true, output_dtype: 'float32' }),
  );
  const height = picture.height / VAE_FACTOR;
  const width = picture.width / VAE_FACTOR;
  const replyBytes = 2 * latentChannels * height * width * 4;
  return ask(call, 'encode', request, replyBytes, picture, async (answer) => {
    const tensor = readTensorReply(answer);
    const sample = [1, latentChannels, height, width];
    const moments = [1, 2 * latentChannels, height, width];
    assertShape(tensor, sample, ...(call.endpoint.protocol === 'underpaint' ? [moments] : []));
    const data = asFloats(tensor.data);
    const fault = checkEncoded(data, picture.isFlat);
    if (fault !== null) throw new UnusableReply(fault);
    const shape = { channels: latentChannels, height, width };
    return tensor.shape[1] === latentChannels
      ? { kind: 'sample', data: unscaleLatents(data, scale), ...shape }
      : { kind: 'moments', data, ...shape };
  });
}

/** Pixels [h, w, 3] of scaled latents. Throws `EndpointError`. */
export async function remoteDecode(
  call: RemoteCall,
  latents: Latents,
  { scale, isInputFlat }: { scale: LatentScale; isInputFlat: boolean },
): Promise<Remote<Uint8Array>> {
  const height = latents.height * VAE_FACTOR;
  const width = latents.width * VAE_FACTOR;
  assertSize(call.endpoint, { width, height });
  const { dtype, reply } = call.endpoint;
  const request = decodeRequest({
    data: latents.data,
    shape: [1, latents.channels, latents.height, latents.width],
    dtype,
    scale,
    ...(reply === 'tensor'
      ? { outputType: 'pt', partialPostprocess: true }
      : { outputType: 'pil', imageFormat: reply }),
    extra: ownParameters(call.endpoint, { output_dtype: 'float32' }),
  });
  // A picture file of noise may be a little larger than its pixels.
  return ask(call, 'decode', request, 2 * width * height * 3, { width, height }, async (answer) => {
    const rgb = reply === 'tensor' ? pixelsOf(answer, height, width) : await fileOf(answer, height, width);
    if (!isInputFlat && isFlat(rgb)) throw new UnusableReply('one flat colour');
    return rgb;
  });
}

function pixelsOf(answer: Answer, height: number, width: number): Uint8Array {
  const tensor = readTensorReply(answer);
  assertShape(tensor, [1, height, width, 3]);
  if (tensor.data instanceof Uint8Array) return tensor.data;
  throw new UnusableReply(`pixels in ${tensor.dtype} where uint8 was expected`);
}

async function fileOf(answer: Answer, height: number, width: number): Promise<Uint8Array> {
  const type = imageTypeOf(answer.body);
  if (type !== 'png' && type !== 'jpeg')
    throw new UnusableReply('something that is not a PNG or JPEG picture');
  const picture = await decodePictureBytes(answer.body, `the picture from the endpoint`).catch(
    (error: unknown) => {
      throw new UnusableReply('a damaged picture', { cause: error });
    },
  );
  if (picture.width !== width || picture.height !== height) {
    throw new UnusableReply(
      `a picture of ${picture.width} × ${picture.height} where ${width} × ${height} was expected`,
    );
  }
  return picture.rgb;
}

/** Headers and whatever an error says come on top of the tensor. */
const REPLY_EXTRA_BYTES = 1024 * 1024;

async function ask<T>(
  call: RemoteCall,
  stage: Exclude<Stage, 'generate'>,
  request: WireRequest,
  replyBytes: number,
  size: { readonly width: number; readonly height: number },
  read: (answer: Answer) => Promise<T>,
): Promise<Remote<T>> {
  const answer = await call.network.send({
    ...commonOf(call, stage),
    request,
    work: { megapixels: megapixels(size), steps: 1 },
    maxReplyBytes: replyBytes + REPLY_EXTRA_BYTES,
    totalMs: (limits) => limits.totalMs,
  });
  try {
    return { value: await read(answer), bytesSent: answer.bytesSent };
  } catch (error) {
    if (!(error instanceof UnusableReply)) throw error;
    throw unusableAnswer(call.endpoint, error.message, answer.bytesSent);
  }
}

export const megapixels = ({ width, height }: { width: number; height: number }): number =>
  (width * height) / 1e6;

/** What a call of any stage has in common. */
export function commonOf(
  { network: _network, endpoint, signal, onNotice }: RemoteCall,
  stage: Stage,
): Pick<Call, 'url' | 'stage' | 'kinds' | 'signal' | 'onNotice'> {
  const kinds: readonly DataKind[] = KINDS_OF_STAGE[stage];
  return { url: endpoint.url, stage, kinds, signal, onNotice };
}

export const unusableAnswer = (endpoint: Endpoint, what: string, bytesSent: number): EndpointError =>
  new EndpointError(
    `The endpoint ${normalAddress(endpoint.url)} answered with ${what}, which cannot be used; check that it serves this model's family.`,
    bytesSent,
  );

/** Sizes that every server of this protocol takes. */
export function assertSize(endpoint: Endpoint, { width, height }: { width: number; height: number }): void {
  if (Math.max(width, height) <= MAX_SIDE_PX) return;
  throw new EndpointError(
    `The endpoint ${normalAddress(endpoint.url)} takes pictures of at most ${MAX_SIDE_PX} px per side, not ${width} × ${height}; work at a smaller size.`,
    0,
  );
}

const asFloats = (data: Float32Array | Uint8Array): Float32Array =>
  data instanceof Float32Array ? data : Float32Array.from(data);
