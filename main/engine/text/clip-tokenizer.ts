/** CLIP's byte-pair tokenizer for Stable Diffusion prompts, on top of @huggingface/tokenizers. */
import { Tokenizer } from '@huggingface/tokenizers';
import { z } from 'zod';
import { broken, readTokenizerFiles, type AddedTokenEntry, type TokenizerFiles } from './tokenizer-files';

/** Turns prompt text into token ids; ids and lengths come from the model's files. */
export interface ClipTokenizer {
  readonly bosId: number;
  readonly eosId: number;
  readonly padId: number;
  /** Tokens per text encoder run, start and end included (77). */
  readonly maxLength: number;
  /** Ids of a text without start and end, not truncated; never throws, never contains start or end ids. */
  encode(text: string): number[];
}

/** Positions of every published CLIP text encoder; used only if the files do not say `model_max_length`. */
const CLIP_MAX_LENGTH = 77;
/** transformers writes 1e30 for "unknown"; no CLIP text encoder comes near this. */
const LARGEST_MAX_LENGTH = 100_000;

/**
 * Loads a `tokenizer` folder in the Hugging Face layout; throws AppError `model` for missing or broken files.
 * @param padToken in place of the padding token that the files name
 */
export async function loadClipTokenizer(folder: string, padToken?: string): Promise<ClipTokenizer> {
  const found = await readTokenizerFiles(folder);
  const files = padToken === undefined ? found : { ...found, padToken };
  const bosId = idOf(folder, files, files.bosToken, 'start');
  const eosId = idOf(folder, files, files.eosToken, 'end');
  const padId = idOf(folder, files, files.padToken, 'padding');
  const tokenizer = buildTokenizer(folder, files, padId);
  const typedMarkers = markersPattern([files.bosToken, files.eosToken, files.unkToken]);

  return {
    bosId,
    eosId,
    padId,
    maxLength: maxLengthOf(folder, files.maxLength),
    encode(text) {
      // A start or end marker typed by a person would end the prompt for the text encoder: it becomes a space.
      // Sigma is lowered here because JavaScript, unlike transformers, lowers it to another letter at a word's end.
      const cleaned = text.replace(typedMarkers, ' ').replaceAll('Σ', 'σ');
      const { ids } = tokenizer.encode(cleaned, { add_special_tokens: false });
      // Bytes that a cut-down vocabulary lacks come back as the unknown token, which CLIP shares with the end token.
      return ids.filter((id) => id !== bosId && id !== eosId);
    },
  };
}

function buildTokenizer(folder: string, files: TokenizerFiles, padId: number): Tokenizer {
  const markers = new Set([files.bosToken, files.eosToken, files.unkToken]);
  const addedTokens = files.addedTokens.filter((token) => !markers.has(token.content));
  // OpenCLIP's padding is "!": transformers, and so diffusers, then reads every typed "!" as the padding token.
  if (!markers.has(files.padToken) && !addedTokens.some((token) => token.content === files.padToken)) {
    addedTokens.push({ id: padId, content: files.padToken, special: true, normalized: false });
  }
  try {
    return new Tokenizer(tokenizerJson(files, addedTokens), {});
  } catch (error) {
    throw broken(
      folder,
      'tokenizer.json',
      'it uses a kind of tokenizer that Underpaint does not know',
      error,
    );
  }
}

/** The tokenizer.json that transformers would write for CLIP (CLIPTokenizer, byte-pair encoding of GPT-2 bytes). */
function tokenizerJson(files: TokenizerFiles, addedTokens: readonly AddedTokenEntry[]): object {
  const words = "'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+";
  const isBuilt = files.preTokenizer === null && files.normalizer === null;
  return {
    version: '1.0',
    added_tokens: addedTokens,
    normalizer: isBuilt
      ? {
          type: 'Sequence',
          normalizers: [
            { type: 'NFC' },
            { type: 'Replace', pattern: { Regex: '\\s+' }, content: ' ' },
            { type: 'Lowercase' },
          ],
        }
      : files.normalizer,
    pre_tokenizer: isBuilt
      ? {
          type: 'Sequence',
          pretokenizers: [
            { type: 'Split', pattern: { Regex: words }, behavior: 'Removed', invert: true },
            { type: 'ByteLevel', add_prefix_space: false, use_regex: false },
          ],
        }
      : withOneSplit(files.preTokenizer),
    post_processor: null,
    decoder: null,
    model: {
      type: 'BPE',
      unk_token: files.unkToken,
      continuing_subword_prefix: '',
      end_of_word_suffix: files.endOfWordSuffix,
      vocab: files.vocab,
      merges: files.merges,
    },
  };
}

const byteLevelSchema = z.looseObject({ type: z.literal('ByteLevel') });
const splitSequenceSchema = z.looseObject({
  type: z.literal('Sequence'),
  pretokenizers: z.tuple([z.looseObject({ type: z.literal('Split') }), byteLevelSchema]),
});

/**
 * After CLIP's own split the byte level's second one changes nothing in transformers, but here it would take U+FEFF (a
 * byte order mark in pasted text) for a space, as JavaScript does: so it is switched off.
 */
function withOneSplit(preTokenizer: object | null): object | null {
  const sequence = splitSequenceSchema.safeParse(preTokenizer);
  if (!sequence.success) return preTokenizer;
  const [split, byteLevel] = sequence.data.pretokenizers;
  return { ...sequence.data, pretokenizers: [split, { ...byteLevel, use_regex: false }] };
}

function idOf(folder: string, files: TokenizerFiles, token: string, role: string): number {
  const id = Object.hasOwn(files.vocab, token)
    ? files.vocab[token]
    : files.addedTokens.find(({ content }) => content === token)?.id;
  if (id === undefined) {
    throw broken(folder, 'vocab.json', `it has no entry for the ${role} token ${JSON.stringify(token)}`);
  }
  return id;
}

function maxLengthOf(folder: string, maxLength: number | undefined): number {
  if (maxLength === undefined || maxLength > LARGEST_MAX_LENGTH) return CLIP_MAX_LENGTH;
  if (!Number.isInteger(maxLength) || maxLength < 3) {
    throw broken(
      folder,
      'tokenizer_config.json',
      `model_max_length ${maxLength} leaves no room for a prompt`,
    );
  }
  return maxLength;
}

function markersPattern(tokens: readonly string[]): RegExp {
  const escaped = tokens.map((token) => token.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&'));
  return new RegExp(escaped.filter((token) => token !== '').join('|') || '(?!)', 'gi');
}
