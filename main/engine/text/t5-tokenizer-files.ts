/** The door for T5 tokenizer files on disk: tokenizer.json, or SentencePiece's own spiece.model. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { readSentencePiece } from './sentencepiece-model';
import { broken, missing, readJson } from './tokenizer-files';
import type { UnigramVocabulary } from './unigram';

const pattern = z.union([z.object({ String: z.string() }), z.object({ Regex: z.string() })]);
const plainNormalizer = z.discriminatedUnion('type', [
  z.object({ type: z.literal('Precompiled'), precompiled_charsmap: z.base64().nullable() }),
  z.object({ type: z.literal('Strip'), strip_left: z.boolean(), strip_right: z.boolean() }),
  z.object({ type: z.literal('Replace'), pattern, content: z.string() }),
  z.object({ type: z.enum(['NFC', 'NFKC']) }),
]);
const metaspace = z.object({
  type: z.literal('Metaspace'),
  replacement: z.string().default('▁'),
  /** What older files have in place of `prepend_scheme`. */
  add_prefix_space: z.boolean().optional(),
  prepend_scheme: z.enum(['always', 'first', 'never']).optional(),
  split: z.boolean().default(true),
});
const plainPreTokenizer = z.discriminatedUnion('type', [
  z.object({ type: z.literal('WhitespaceSplit') }),
  metaspace,
]);

const schema = z.object({
  added_tokens: z
    .array(
      z.object({
        id: z.number().int().nonnegative(),
        content: z.string().min(1),
        lstrip: z.boolean().default(false),
        rstrip: z.boolean().default(false),
      }),
    )
    .default([]),
  normalizer: z
    .union([
      plainNormalizer,
      z.object({ type: z.literal('Sequence'), normalizers: z.array(plainNormalizer) }),
    ])
    .nullable(),
  pre_tokenizer: z
    .union([
      plainPreTokenizer,
      z.object({ type: z.literal('Sequence'), pretokenizers: z.array(plainPreTokenizer) }),
    ])
    .nullable(),
  model: z.object({
    type: z.literal('Unigram').optional(),
    unk_id: z.number().int().nonnegative(),
    vocab: z.array(z.tuple([z.string(), z.number()])).min(3),
    byte_fallback: z.literal(false).optional(),
  }),
});

export type T5Normalizer = z.infer<typeof plainNormalizer>;
export type T5PreTokenizer = z.infer<typeof plainPreTokenizer>;
export type T5AddedToken = z.infer<typeof schema>['added_tokens'][number];

/** Everything that defines a T5 tokenizer, whichever file it came from. */
export interface T5TokenizerFiles {
  readonly vocabulary: UnigramVocabulary;
  readonly addedTokens: readonly T5AddedToken[];
  readonly normalizers: readonly T5Normalizer[];
  readonly preTokenizers: readonly T5PreTokenizer[];
}

/** The name of the file that is read, the better one first. */
export const T5_TOKENIZER_FILES = ['tokenizer.json', 'spiece.model'] as const;

/** Reads tokenizer.json if present, else spiece.model; throws AppError `model` for missing or broken files. */
export async function readT5TokenizerFiles(folder: string): Promise<T5TokenizerFiles> {
  const [json, spiece] = T5_TOKENIZER_FILES;
  const found = await readJson(folder, json, schema);
  if (found === undefined) return fromSentencePiece(folder, spiece);
  const { normalizer, pre_tokenizer: preTokenizer, model } = found;
  return {
    vocabulary: { pieces: model.vocab, unkId: model.unk_id },
    addedTokens: found.added_tokens,
    normalizers:
      normalizer === null ? [] : normalizer.type === 'Sequence' ? normalizer.normalizers : [normalizer],
    preTokenizers:
      preTokenizer === null
        ? []
        : preTokenizer.type === 'Sequence'
          ? preTokenizer.pretokenizers
          : [preTokenizer],
  };
}

/** T5's sentinels follow the pieces, the last one first; SentencePiece's file does not hold them. */
const EXTRA_IDS = 100;

/** As transformers converts it (convert_slow_tokenizer.py, T5Converter). */
async function fromSentencePiece(folder: string, name: string): Promise<T5TokenizerFiles> {
  let bytes: Buffer;
  try {
    bytes = await readFile(join(folder, name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT')
      throw missing(folder, T5_TOKENIZER_FILES.join(' or '));
    throw broken(folder, name, 'it cannot be read', error);
  }
  let model: ReturnType<typeof readSentencePiece>;
  try {
    model = readSentencePiece(bytes);
  } catch (error) {
    throw broken(folder, name, 'it is not a SentencePiece unigram model', error);
  }
  const sentinels = Array.from({ length: EXTRA_IDS }, (_, i) => `<extra_id_${EXTRA_IDS - 1 - i}>`);
  const first = model.pieces.length;
  const special = model.pieces.flatMap(([content], id) => (model.controls.has(id) ? [{ id, content }] : []));
  return {
    vocabulary: {
      pieces: [...model.pieces, ...sentinels.map((piece) => [piece, 0] as const)],
      unkId: model.unkId,
    },
    addedTokens: [...special, ...sentinels.map((content, i) => ({ id: first + i, content }))].map(
      (token) => ({
        ...token,
        lstrip: false,
        rstrip: false,
      }),
    ),
    normalizers: [
      { type: 'Precompiled', precompiled_charsmap: model.charsmap.toString('base64') },
      { type: 'Strip', strip_left: false, strip_right: true },
      { type: 'Replace', pattern: { Regex: ' {2,}' }, content: '▁' },
    ],
    preTokenizers: [{ type: 'Metaspace', replacement: '▁', prepend_scheme: 'first', split: true }],
  };
}
