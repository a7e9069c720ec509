import { describe, expect, it } from 'vitest';
import { concatFloats, repeatFloats } from '../../../main/engine/latents/concat';

describe('concatFloats', () => {
  it('puts chunks one after the other', () => {
    expect(concatFloats([Float32Array.of(1, 2), Float32Array.of(3, 4)])).toEqual(Float32Array.of(1, 2, 3, 4));
    expect(concatFloats([])).toEqual(new Float32Array(0));
  });
});

describe('repeatFloats', () => {
  it('puts copies behind one another', () => {
    expect(repeatFloats(Float32Array.of(1, 2), 2)).toEqual(Float32Array.of(1, 2, 1, 2));
    expect(repeatFloats(Float32Array.of(1, 2), 0)).toEqual(new Float32Array(0));
  });
});
