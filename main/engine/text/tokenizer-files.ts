/** The door for CLIP tokenizer files on disk: reads, checks and unifies the layouts in which they are published. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { AppError } from '../../../shared/errors';

/** A token beyond the merges: a special token, or a learned one (textual inversion). */
export interface AddedTokenEntry {
  readonly id: number;
  readonly content: string;
  readonly special: boolean;
  /** True: looked for after lowercasing; false: looked for in the text as typed. */
  readonly normalized: boolean;
}

/** Everything that defines a CLIP tokenizer, whichever files it came from. */
export interface TokenizerFiles {
  /** Token → id. */
  readonly vocab: Readonly<Record<string, number>>;
  /** Pairs to merge, best rank first. */
  readonly merges: readonly (readonly [string, string])[];
  /** Normalizer and pre-tokenizer of tokenizer.json; null when built from vocab.json and merges.txt. */
  readonly normalizer: object | null;
  readonly preTokenizer: object | null;
  readonly endOfWordSuffix: string;
  readonly addedTokens: readonly AddedTokenEntry[];
  readonly bosToken: string;
  readonly eosToken: string;
  readonly padToken: string;
  readonly unkToken: string;
  /** `model_max_length` in tokens including start and end, if the files say one. */
  readonly maxLength: number | undefined;
}

const tokenSchema = z
  .union([z.string(), z.object({ content: z.string() })])
  .nullish()
  .transform((token) => (typeof token === 'object' && token !== null ? token.content : (token ?? undefined)));

const idSchema = z.number().int().min(0).max(10_000_000);
const vocabSchema = z.record(z.string(), idSchema);
const specialTokensSchema = z.object({
  bos_token: tokenSchema,
  eos_token: tokenSchema,
  pad_token: tokenSchema,
  unk_token: tokenSchema,
});
const addedTokenSchema = z.object({
  content: z.string().min(1),
  special: z.boolean().default(false),
  normalized: z.boolean().optional(),
});
const configSchema = specialTokensSchema.extend({
  model_max_length: z.number().nullish(),
  added_tokens_decoder: z.record(z.string().regex(/^\d+$/), addedTokenSchema).nullish(),
});
const mergeSchema = z.union([z.string(), z.tuple([z.string(), z.string()])]);
const tokenizerJsonSchema = z.object({
  truncation: z.object({ max_length: z.number() }).nullish(),
  added_tokens: z.array(addedTokenSchema.extend({ id: idSchema })).default([]),
  normalizer: z.looseObject({ type: z.string() }).nullable(),
  pre_tokenizer: z.looseObject({ type: z.string() }).nullable(),
  model: z.object({
    type: z.literal('BPE').default('BPE'),
    vocab: vocabSchema,
    merges: z.array(mergeSchema),
    end_of_word_suffix: z.string().nullish(),
  }),
});

/** Special tokens of transformers' CLIPTokenizer when the files name none. */
const CLIP_START = '<|startoftext|>';
const CLIP_END = '<|endoftext|>';

/**
 * Reads tokenizer.json if present, else vocab.json and merges.txt, with the optional tokenizer_config.json,
 * special_tokens_map.json and added_tokens.json; throws AppError `model` for missing or broken files.
 */
export async function readTokenizerFiles(folder: string): Promise<TokenizerFiles> {
  const config = await readJson(folder, 'tokenizer_config.json', configSchema);
  const specialTokensMap = await readJson(folder, 'special_tokens_map.json', specialTokensSchema);
  // As transformers does: a config that lists its added tokens is complete, otherwise special_tokens_map.json wins
  // (SD 2.1 names another pad token in each).
  const [first, second] = config?.added_tokens_decoder
    ? [config, specialTokensMap]
    : [specialTokensMap, config];
  const token = (name: 'bos_token' | 'eos_token' | 'pad_token' | 'unk_token') =>
    first?.[name] ?? second?.[name];
  const eosToken = token('eos_token') ?? CLIP_END;
  const core = (await readTokenizerJson(folder)) ?? (await readVocabAndMerges(folder));
  return {
    ...core,
    addedTokens: withoutRepeats([
      ...core.addedTokens,
      ...Object.entries(config?.added_tokens_decoder ?? {}).map(([id, entry]) =>
        added({ ...entry, id: Number(id) }),
      ),
    ]),
    bosToken: token('bos_token') ?? CLIP_START,
    eosToken,
    padToken: token('pad_token') ?? eosToken,
    unkToken: token('unk_token') ?? CLIP_END,
    maxLength: config?.model_max_length ?? core.maxLength,
  };
}

type TokenizerCore = Omit<TokenizerFiles, 'bosToken' | 'eosToken' | 'padToken' | 'unkToken'>;

async function readTokenizerJson(folder: string): Promise<TokenizerCore | undefined> {
  const name = 'tokenizer.json';
  const json = await readJson(folder, name, tokenizerJsonSchema);
  if (!json) return undefined;
  return {
    vocab: json.model.vocab,
    merges: checkMerges(folder, name, json.model.merges, json.model.vocab),
    normalizer: json.normalizer,
    preTokenizer: json.pre_tokenizer,
    endOfWordSuffix: json.model.end_of_word_suffix ?? '',
    addedTokens: json.added_tokens.map(added),
    maxLength: json.truncation?.max_length,
  };
}

async function readVocabAndMerges(folder: string): Promise<TokenizerCore> {
  const vocab = await readJson(folder, 'vocab.json', vocabSchema);
  if (!vocab) throw missing(folder, 'tokenizer.json or vocab.json');
  const mergesText = await readText(folder, 'merges.txt');
  if (mergesText === undefined) throw missing(folder, 'merges.txt');
  const lines = mergesText
    .split(/\r?\n/)
    .filter((line, index) => line !== '' && !(index === 0 && isHeader(line)));
  const addedTokens = (await readJson(folder, 'added_tokens.json', vocabSchema)) ?? {};
  return {
    vocab,
    merges: checkMerges(folder, 'merges.txt', lines, vocab),
    normalizer: null,
    preTokenizer: null,
    endOfWordSuffix: '</w>',
    addedTokens: Object.entries(addedTokens).map(([content, id]) => added({ content, id, special: false })),
    maxLength: undefined,
  };
}

const isHeader = (line: string): boolean => line.startsWith('#version');

function added(entry: z.infer<typeof addedTokenSchema> & { id: number }): AddedTokenEntry {
  return { ...entry, normalized: entry.normalized ?? !entry.special };
}

function withoutRepeats(tokens: AddedTokenEntry[]): AddedTokenEntry[] {
  return [...new Map(tokens.map((token) => [token.content, token])).values()];
}

/** Every merge must be a pair whose result has an id; a cut or foreign merges file shows here. */
function checkMerges(
  folder: string,
  name: string,
  merges: readonly (string | readonly [string, string])[],
  vocab: Readonly<Record<string, number>>,
): [string, string][] {
  return merges.map((merge, index) => {
    const [left, right, ...rest] = typeof merge === 'string' ? merge.split(' ') : merge;
    if (!left || !right || rest.length > 0 || !Object.hasOwn(vocab, left + right)) {
      throw broken(folder, name, `merge ${index + 1} (${JSON.stringify(merge)}) does not fit the vocabulary`);
    }
    return [left, right];
  });
}

/** Returns undefined when the file does not exist. */
async function readText(folder: string, name: string): Promise<string | undefined> {
  try {
    return await readFile(join(folder, name), 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new AppError(
      'model',
      `The tokenizer file ${join(folder, name)} cannot be read (${String(code)}); check the model folder's permissions.`,
      { cause: error },
    );
  }
}

/** A JSON file of a tokenizer folder; undefined when there is none, throws AppError `model` for a broken one. */
export async function readJson<T extends z.ZodType>(
  folder: string,
  name: string,
  schema: T,
): Promise<z.output<T> | undefined> {
  const text = await readText(folder, name);
  if (text === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw broken(folder, name, 'it is not valid JSON', error);
  }
  const result = schema.safeParse(value);
  if (!result.success) {
    const issue = result.error.issues[0];
    const where = issue?.path.join('.') ?? '';
    throw broken(
      folder,
      name,
      `${where === '' ? '' : `${where}: `}${issue?.message ?? 'unknown layout'}`,
      result.error,
    );
  }
  return result.data;
}

/** An AppError `model` for a folder without a tokenizer file that it needs. */
export const missing = (folder: string, name: string): AppError =>
  new AppError(
    'model',
    `The model's tokenizer is incomplete: ${folder} has no ${name}; download the model again or choose another one.`,
  );

/** An AppError `model` that names the broken tokenizer file and why it cannot be used. */
export const broken = (folder: string, name: string, why: string, cause?: unknown): AppError =>
  new AppError(
    'model',
    `The tokenizer file ${join(folder, name)} cannot be used: ${why}; download the model again or choose another one.`,
    { cause },
  );
