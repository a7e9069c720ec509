/** Numbers in a person's words. */
import { expect, it } from 'vitest';
import { formatBytes, formatLeft, formatMs, toPercent } from '../../../renderer/state/format';

it.each([
  [0, '0 ms'],
  [340.4, '340 ms'],
  [1234, '1.2 s'],
  [9960, '10 s'],
  [59_400, '59 s'],
  [60_000, '1 min'],
  [125_400, '2 min 5 s'],
])('formatMs(%d) = %s', (ms, text) => {
  expect(formatMs(ms)).toBe(text);
});

it('rounds the time left so that it does not flicker', () => {
  expect(formatLeft(20)).toBe('1 s');
  expect(formatLeft(4100)).toBe('5 s');
  expect(formatLeft(61_500)).toBe('1 min 10 s');
});

it('rounds shares and bytes', () => {
  expect(toPercent(0.57)).toBe(57);
  expect(toPercent(0.29)).toBe(29);
  expect(formatBytes(42_100_000)).toBe('42 MB');
  expect(formatBytes(2_130_000_000)).toBe('2.1 GB');
});
