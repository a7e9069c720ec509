/**
 * SentencePiece's precompiled character map ("nmt_nfkc" in T5), read as it is: a double-array trie over UTF-8 bytes and a blob of replacements.
 * Layout and look-up: sentencepiece normalizer.cc, Darts-clone; which pieces are looked up: the tokenizers library's normalizer.
 */

/** Longer grapheme clusters, in bytes, are replaced character by character. */
const LONGEST_CLUSTER_BYTES = 6;

const LEAF = 1 << 8;
const LABEL = 0x8000_00ff;
const WIDE_OFFSET = 1 << 9;

/** Replaces characters; throws `RangeError` for a map that is cut off. */
export type Charsmap = (text: string) => string;

/** @param bytes size of the trie in bytes (uint32), the trie's units, then replacements that end with a zero byte each */
export function readCharsmap(bytes: Uint8Array): Charsmap {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const trieBytes = view.getUint32(0, true);
  if (trieBytes % 4 !== 0 || 4 + trieBytes > bytes.length)
    throw new RangeError('the character map is cut off');
  const units = Uint32Array.from({ length: trieBytes / 4 }, (_, i) => view.getUint32(4 + 4 * i, true));
  const replacements = bytes.subarray(4 + trieBytes);
  const encoder = new TextEncoder();
  const decoder = new TextDecoder();
  const clusters = new Intl.Segmenter('en', { granularity: 'grapheme' });

  /** What the shortest known beginning of `piece` is replaced by; undefined: nothing is known. */
  const replacementOf = (piece: Uint8Array): string | undefined => {
    const start = shortestMatch(units, piece);
    if (start === undefined) return undefined;
    const end = replacements.indexOf(0, start);
    return decoder.decode(replacements.subarray(start, end === -1 ? undefined : end));
  };

  return (text) => {
    let result = '';
    for (const { segment } of clusters.segment(text)) {
      const cluster = encoder.encode(segment);
      const whole = cluster.length < LONGEST_CLUSTER_BYTES ? replacementOf(cluster) : undefined;
      if (whole !== undefined) {
        result += whole;
        continue;
      }
      for (const char of segment) result += replacementOf(encoder.encode(char)) ?? char;
    }
    return result;
  };
}

/** The value at the first leaf on the way of `key` through the trie. */
function shortestMatch(units: Uint32Array, key: Uint8Array): number | undefined {
  let position = offsetOf(units[0] ?? 0);
  for (const byte of key) {
    if (byte === 0) return undefined;
    position = (position ^ byte) >>> 0;
    const unit = units[position] ?? 0;
    if ((unit & LABEL) >>> 0 !== byte) return undefined;
    position = (position ^ offsetOf(unit)) >>> 0;
    if ((unit & LEAF) !== 0) return (units[position] ?? 0) & 0x7fff_ffff;
  }
  return undefined;
}

const offsetOf = (unit: number): number => ((unit >>> 10) << ((unit & WIDE_OFFSET) >>> 6)) >>> 0;
