/** Time and peak memory of an autoencoder, whole and in tiles: what `underpaint bench vae` prints. */
import { freemem } from 'node:os';
import type { Provider } from '../../../shared/placement';
import { ASKED_TILE_PX } from '../../placement/planner';
import { VAE_FACTOR } from '../families/family-traits';
import { isTinyAutoencoder } from '../graphs/autoencoder-tiny';
import { TorchGenerator } from '../latents/noise';
import { measurePeak } from '../memory-peak';
import type { ComponentSource } from '../model/component-source';
import { openSession, type Session } from '../onnx/session';
import { decodeLatents } from '../stages/decode';
import { encodeToLatents } from '../stages/encode';
import { throwIfStopped } from './cancelled';

export interface VaeUnderTest {
  readonly name: string;
  readonly encoder: ComponentSource;
  readonly decoder: ComponentSource;
}

export interface VaeMeasured {
  readonly autoencoder: string;
  readonly provider: Provider;
  readonly sizePx: number;
  readonly stage: 'encode' | 'decode';
  readonly tilePx: number | null;
  /** Median; null: not run, because it would not fit into the free memory. */
  readonly ms: number | null;
  /** Resident bytes of the whole process at most; null where that says nothing (graphics cards) or cannot be told. */
  readonly peakBytes: number | null;
}

export interface VaeRequest {
  readonly provider: Provider;
  /** Sides of the square pictures, in pixels. */
  readonly sizesPx: readonly number[];
  /** How often each pass runs. */
  readonly runs: number;
  readonly onMeasured: (measured: VaeMeasured) => void;
  /** Looked at before every pass. */
  readonly signal: AbortSignal;
}

/** Share of the free memory that a pass may be expected to take. */
const USABLE = 0.85;

/**
 * Measures every size in tiles first, then whole, from small to large, each with a session of its own: what one pass leaves in the process is always
 * less than the next one needs. Throws `AppError` when a graph cannot run there.
 */
export async function measureVae(vae: VaeUnderTest, request: VaeRequest): Promise<VaeMeasured[]> {
  const { provider, sizesPx, runs, onMeasured, signal } = request;
  const measured: VaeMeasured[] = [];
  for (const stage of ['encode', 'decode'] as const) {
    const source = stage === 'encode' ? vae.encoder : vae.decoder;
    for (const tilePx of [ASKED_TILE_PX, null]) {
      let known: { pixels: number; grownBytes: number } | null = null;
      for (const sizePx of sizesPx.toSorted((a, b) => a - b)) {
        const pixels = sizePx ** 2;
        const base = { autoencoder: vae.name, provider, sizePx, stage, tilePx };
        const expected: number =
          tilePx !== null || known === null ? 0 : (known.grownBytes * pixels) / known.pixels;
        let found: VaeMeasured;
        if (expected > USABLE * freemem()) found = { ...base, ms: null, peakBytes: null };
        else {
          const held = process.memoryUsage.rss();
          const { ms, peakBytes } = await measurePass(source, {
            provider,
            sizePx,
            stage,
            tilePx,
            runs,
            signal,
          });
          found = { ...base, ms, peakBytes };
          if (peakBytes !== null) known = { pixels, grownBytes: peakBytes - held };
        }
        measured.push(found);
        onMeasured(found);
      }
    }
  }
  return measured;
}

interface Pass {
  readonly provider: Provider;
  readonly sizePx: number;
  readonly stage: 'encode' | 'decode';
  readonly tilePx: number | null;
  readonly runs: number;
  readonly signal: AbortSignal;
}

async function measurePass(
  { graph, config }: ComponentSource,
  { provider, sizePx, stage, tilePx, runs, signal }: Pass,
): Promise<{ ms: number; peakBytes: number | null }> {
  const session = await openSession(await graph.pathFor(provider), { provider });
  try {
    const run =
      stage === 'encode'
        ? encodePass(session, config, sizePx, tilePx)
        : decodePass(session, config, sizePx, tilePx);
    const held = process.memoryUsage.rss();
    const endPeak = measurePeak();
    const times: number[] = [];
    for (let i = 0; i < runs; i += 1) {
      throwIfStopped(signal);
      const startedAt = performance.now();
      await run();
      times.push(performance.now() - startedAt);
    }
    const grown = endPeak();
    times.sort((a, b) => a - b);
    return {
      ms: times[Math.floor((times.length - 1) / 2)] ?? 0,
      peakBytes: provider !== 'cpu' || grown === null ? null : held + grown,
    };
  } finally {
    await session.release();
  }
}

type Config = ComponentSource['config'];

const channelsOf = (config: Config): number => Number(config['latent_channels'] ?? 4);

function encodePass(
  session: Session,
  config: Config,
  sizePx: number,
  tilePx: number | null,
): () => Promise<unknown> {
  const rgb = Uint8Array.from({ length: 3 * sizePx ** 2 }, (_, i) => (i * 7 + (i >> 9)) & 255);
  const options = {
    latentChannels: channelsOf(config),
    isTiny: isTinyAutoencoder(config),
    factor: VAE_FACTOR,
    tilePx,
    onTile: () => undefined,
  };
  return () => encodeToLatents(session, { width: sizePx, height: sizePx, rgb, isFlat: false }, options);
}

function decodePass(
  session: Session,
  config: Config,
  sizePx: number,
  tilePx: number | null,
): () => Promise<unknown> {
  const [channels, side] = [channelsOf(config), sizePx / VAE_FACTOR];
  const data = new TorchGenerator(0).randn(channels * side ** 2);
  const options = { scale: { factor: 1, shift: 0 }, factor: VAE_FACTOR, tilePx, onTile: () => undefined };
  return () => decodeLatents(session, { data, channels, height: side, width: side }, options);
}
