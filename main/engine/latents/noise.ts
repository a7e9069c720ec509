/** Random numbers equal to torch's CPU generator, so that a seed means the same as in diffusers (pipelines.md 7.1). */
import { AppError } from '../../../shared/errors';
import { logFloat32, sinCosFloat32 } from './float32-math';

const SIZE = 624;
const SHIFT = 397;
const { fround } = Math;
const TWO_PI = fround(2 * Math.PI);

/** A generator's position: JSON-able numbers, and the 624 words of its state. */
export interface GeneratorState {
  numbers: Record<string, number>;
  words: Uint32Array;
}

/** Mersenne Twister (MT19937) with torch's two ways of making normal values (aten DistributionTemplates.h). */
export class TorchGenerator {
  #words = new Uint32Array(SIZE);
  /** Next word to hand out; SIZE means that a new batch is due. */
  #position = SIZE;
  /** The second value of the last Box-Muller pair of the path for few values. */
  #cachedNormal: number | null = null;

  /** Only the low 32 bits of the seed matter, as in torch. The seed is a whole number, 0 … 2⁵³−1. */
  constructor(seed: number) {
    let word = (seed % 2 ** 32) >>> 0;
    this.#words[0] = word;
    for (let i = 1; i < SIZE; i += 1) {
      word = (Math.imul(1812433253, word ^ (word >>> 30)) + i) >>> 0;
      this.#words[i] = word;
    }
  }

  /** `torch.randn(n, generator=g)`: [n] float32 standard normal values; from 16 values on bit-equal to torch on x86. */
  randn(n: number): Float32Array {
    return n < 16 ? this.#fewNormals(n) : this.#manyNormals(n);
  }

  /** The next 32 random bits. */
  nextUint32(): number {
    if (this.#position === SIZE) this.#generateBatch();
    let word = this.#words[this.#position] ?? 0;
    this.#position += 1;
    word ^= word >>> 11;
    word ^= (word << 7) & 0x9d2c5680;
    word ^= (word << 15) & 0xefc60000;
    return (word ^ (word >>> 18)) >>> 0;
  }

  /** A copy of the whole state. */
  exportState(): GeneratorState {
    const numbers: Record<string, number> = { position: this.#position };
    if (this.#cachedNormal !== null) numbers['cachedNormal'] = this.#cachedNormal;
    return { numbers, words: this.#words.slice() };
  }

  /** Goes on from an exported state; throws AppError('internal') if it is not one. */
  importState(state: GeneratorState): void {
    const position = state.numbers['position'];
    if (state.words.length !== SIZE || position === undefined || !isPosition(position)) {
      throw new AppError(
        'internal',
        'The saved progress of this job cannot be read; discard the job and start it again.',
        { details: 'not a state of the random number generator' },
      );
    }
    this.#words = state.words.slice();
    this.#position = position;
    this.#cachedNormal = state.numbers['cachedNormal'] ?? null;
  }

  /** torch's `normal_fill`: uniforms first, then Box-Muller within blocks of 16; a tail redraws the last 16. */
  #manyNormals(n: number): Float32Array {
    const values = new Float32Array(n);
    for (let i = 0; i < n; i += 1) values[i] = this.#uniform24();
    for (let i = 0; i + 16 <= n; i += 16) toNormals(values, i);
    if (n % 16 !== 0) {
      for (let i = n - 16; i < n; i += 1) values[i] = this.#uniform24();
      toNormals(values, n - 16);
    }
    return values;
  }

  /** Box-Muller in doubles, one value at a time, with the second of each pair kept for the next call. */
  #fewNormals(n: number): Float32Array {
    const values = new Float32Array(n);
    for (let i = 0; i < n; i += 1) {
      if (this.#cachedNormal !== null) {
        values[i] = this.#cachedNormal;
        this.#cachedNormal = null;
        continue;
      }
      const angle = 2 * Math.PI * this.#uniform53();
      const radius = Math.sqrt(-2 * Math.log1p(-this.#uniform53()));
      this.#cachedNormal = radius * Math.sin(angle);
      values[i] = radius * Math.cos(angle);
    }
    return values;
  }

  /** A float32 in 0 … 1 from the low 24 bits. */
  #uniform24(): number {
    return (this.nextUint32() & 0xffffff) / 2 ** 24;
  }

  /** A double in 0 … 1 from 53 of 64 bits; the first word is the high one. */
  #uniform53(): number {
    const high = this.nextUint32() & 0x1fffff;
    return (high * 2 ** 32 + this.nextUint32()) / 2 ** 53;
  }

  /** The next 624 words. */
  #generateBatch(): void {
    const words = this.#words;
    for (let i = 0; i < SIZE; i += 1) {
      const mixed = ((words[i] ?? 0) & 0x80000000) | ((words[(i + 1) % SIZE] ?? 0) & 0x7fffffff);
      const twisted = (mixed >>> 1) ^ (mixed & 1 ? 0x9908b0df : 0);
      words[i] = (words[(i + SHIFT) % SIZE] ?? 0) ^ twisted;
    }
    this.#position = 0;
  }
}

const isPosition = (value: number): boolean => Number.isInteger(value) && value >= 0 && value <= SIZE;

/** Box-Muller on 16 uniforms in place: cosines into the first 8, sines into the last 8. Rounds where torch does. */
function toNormals(values: Float32Array, start: number): void {
  for (let j = start; j < start + 8; j += 1) {
    const radius = fround(Math.sqrt(-2 * logFloat32(1 - (values[j] ?? NaN))));
    const [sin, cos] = sinCosFloat32(fround(TWO_PI * (values[j + 8] ?? NaN)));
    values[j] = radius * cos;
    values[j + 8] = radius * sin;
  }
}
