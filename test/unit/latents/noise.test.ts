/** Random numbers equal to torch's (pipelines.md 7.1, test/golden/noise.safetensors). */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { TorchGenerator } from '../../../main/engine/latents/noise';
import { logFloat32, sinCosFloat32 } from '../../../main/engine/latents/float32-math';
import { readSafetensors } from '../../../main/engine/latents/safetensors';
import { GOLDEN } from '../../support/golden';

/** Units in the last place between two float32. */
function ulps(a: number, b: number): number {
  const [x = 0, y = 0] = new Int32Array(new Float32Array([a, b]).buffer);
  const order = (bits: number): number => (bits < 0 ? -(bits & 0x7fffffff) : bits);
  return Math.abs(order(x) - order(y));
}

const expectClose = (actual: Float32Array, expected: readonly number[]): void => {
  expected.forEach((value, i) => expect(Math.abs((actual[i] ?? NaN) - value)).toBeLessThan(4e-7));
};

describe('Mersenne Twister', () => {
  it.each([
    [0, [2357136044, 2546248239, 3071714933, 3626093760]],
    [42, [1608637542, 3421126067, 4083286876, 787846414]],
  ])('has the first words of seed %i', (seed, words) => {
    const generator = new TorchGenerator(seed);
    expect(words.map(() => generator.nextUint32())).toEqual(words);
  });

  it('has the 10000th word of the reference implementation (std::mt19937)', () => {
    const generator = new TorchGenerator(5489);
    for (let i = 0; i < 9999; i += 1) generator.nextUint32();
    expect(generator.nextUint32()).toBe(4123659995);
  });

  it('uses the low 32 bits of the seed only', () => {
    expect(new TorchGenerator(2 ** 32 + 5).randn(16)).toEqual(new TorchGenerator(5).randn(16));
    expect(new TorchGenerator(2 ** 53 - 1).randn(16)).toEqual(new TorchGenerator(2 ** 32 - 1).randn(16));
    expect(new TorchGenerator(6).randn(16)).not.toEqual(new TorchGenerator(5).randn(16));
  });
});

describe('randn', () => {
  it.each([
    [
      0,
      [
        -1.1258398, -1.1523602, -0.2505786, -0.4338788, 0.8487103, 0.6920092, -0.3160128, -2.1152194,
        0.3222749, -1.2633348, 0.3499832, 0.3081339, 0.1198415, 1.237658, 1.1167772, -0.2472782,
      ],
      [1.5409961, -0.2934289, -2.1787894, 0.5684313, -1.0845224],
    ],
    [
      42,
      [
        1.9269153, 1.4872841, 0.9007172, -2.1055212, 0.6784185, -1.2345449, -0.0430675, -1.604667, -0.7521353,
        1.648723, -0.3924786, -1.4036071, -0.7278813, -0.5594302, -0.7688389, 0.7624454,
      ],
      [0.3366904, 0.1288094, 0.2344624, 0.230333, -1.1228564],
    ],
    [
      1234,
      [-0.1117186, -0.4965901, 0.1630737, -0.8816878, 0.0539002, 0.6683737, -0.0596576, -0.4674979],
      [0.0461301, 0.4024028, -1.0115291, 0.2167382, -0.6122731],
    ],
  ])('has the well-known values of seed %i', (seed, many, few) => {
    expectClose(new TorchGenerator(seed).randn(64), many);
    expectClose(new TorchGenerator(seed).randn(5), few);
  });

  it('redraws the last 16 of a tail', () => {
    expectClose(
      new TorchGenerator(0).randn(20),
      [
        -1.1258398, -1.1523602, -0.2505786, -0.4338788, 0.5988395, -1.5550951, -0.3413604, 1.8530061,
        0.4680964, -0.1577124, 1.4436601, 0.2660494, 1.3893661, 1.5863342, 0.9462984, -0.8436768, 0.9318267,
        1.2590092, 2.0049806, 0.0537369,
      ],
    );
  });

  it.each([
    [0, [-1.040714, 0.0907839, -1.3664697, -1.078208], -124.1127],
    [42, [-0.8111438, -0.6357505, 0.9728097, -0.2934061], 149.7648],
  ])('has the latents of 512 px, seed %i', (seed, last, sum) => {
    const latents = new TorchGenerator(seed).randn(4 * 64 * 64);
    expectClose(latents.slice(-4), last);
    expect(latents.reduce((total, value) => total + value, 0)).toBeCloseTo(sum, 3);
  });

  it('equals what torch drew, to 2 ulp, for every recorded seed and size', async () => {
    const { tensors } = await readSafetensors(join(GOLDEN, 'noise.safetensors'));
    let compared = 0;
    const generators = new Map<string, TorchGenerator>();
    const names = Object.keys(tensors).toSorted();
    for (const name of names) {
      const [, seed = '', kind, number] = /^seed(\d+)_(n|call)(\d+)$/.exec(name) ?? [];
      const expected = tensors[name]?.data;
      if (!(expected instanceof Float32Array)) throw new Error(`${name} is not float32`);
      let generator = new TorchGenerator(Number(seed));
      if (kind === 'call') {
        if (number !== '0') generator = generators.get(seed) ?? generator;
        generators.set(seed, generator);
      }
      generator.randn(expected.length).forEach((value, i) => {
        if (ulps(value, expected[i] ?? NaN) > 2)
          throw new Error(`${name}[${i}]: ${value}, not ${expected[i]}`);
      });
      compared += expected.length;
    }
    expect(names.length).toBeGreaterThan(50);
    expect(compared).toBeGreaterThan(80_000);
  });

  it('is standard normal', () => {
    const values = new TorchGenerator(7).randn(1 << 18);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
    expect(Math.abs(mean)).toBeLessThan(0.01);
    expect(Math.abs(variance - 1)).toBeLessThan(0.01);
    expect(values.every(Number.isFinite)).toBe(true);
  });

  it.each([0, 1, 3, 16, 20, 700])('goes on from an exported state after %i values', (n) => {
    const generator = new TorchGenerator(9);
    generator.randn(n);
    generator.randn(3);
    const state = generator.exportState();
    const resumed = new TorchGenerator(0);
    resumed.importState({
      numbers: JSON.parse(JSON.stringify(state.numbers)) as Record<string, number>,
      words: state.words.slice(),
    });
    for (const size of [1, 2, 100, 5, 1000]) {
      expect(resumed.randn(size)).toEqual(generator.randn(size));
    }
  });

  it('refuses a state that is not one', () => {
    const generator = new TorchGenerator(0);
    const { numbers, words } = generator.exportState();
    const refused = expect.objectContaining({ code: 'internal' });
    expect(() => generator.importState({ numbers, words: words.slice(1) })).toThrow(refused);
    expect(() => generator.importState({ numbers: {}, words })).toThrow(refused);
    expect(() => generator.importState({ numbers: { position: 1.5 }, words })).toThrow(refused);
  });
});

describe('float32 mathematics', () => {
  it('is close to the exact functions over their ranges', () => {
    for (let i = 1; i <= 1 << 14; i += 1) {
      const x = Math.fround(i / (1 << 14));
      expect(Math.abs(logFloat32(x) - Math.log(x))).toBeLessThan(1e-6);
      const [sin, cos] = sinCosFloat32(Math.fround(x * 2 * Math.PI));
      expect(Math.abs(sin - Math.sin(Math.fround(x * 2 * Math.PI)))).toBeLessThan(2e-7);
      expect(Math.abs(cos - Math.cos(Math.fround(x * 2 * Math.PI)))).toBeLessThan(2e-7);
    }
  });
});
