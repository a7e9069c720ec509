/** Reads SentencePiece's spiece.model, a protobuf message (sentencepiece_model.proto): only what a unigram tokenizer is made of. */

export interface SentencePieceModel {
  readonly pieces: readonly (readonly [piece: string, score: number])[];
  /** Ids of pieces that stand for no text: padding, end, unknown. */
  readonly controls: ReadonlySet<number>;
  readonly unkId: number;
  /** The normaliser's compiled map; empty: none. */
  readonly charsmap: Buffer;
}

/** Field numbers. */
const MODEL = { pieces: 1, trainer: 2, normalizer: 3 } as const;
const PIECE = { piece: 1, score: 2, type: 3 } as const;
const TRAINER = { modelType: 3, unkId: 40 } as const;
const NORMALIZER = { charsmap: 2 } as const;
const UNIGRAM = 1;
const [UNKNOWN, CONTROL] = [2, 3];

interface Field {
  readonly number: number;
  /** Bytes of a message or string; for 32-bit fields their four bytes. */
  readonly bytes: Buffer;
  /** Value of a varint. */
  readonly int: number;
}

/** Throws `RangeError` for bytes that are no such message, or another kind of model. */
export function readSentencePiece(bytes: Buffer): SentencePieceModel {
  const pieces: [string, number][] = [];
  const controls = new Set<number>();
  let trainer: Map<number, Field> | undefined;
  let normalizer: Map<number, Field> | undefined;
  for (const field of fieldsOf(bytes)) {
    if (field.number === MODEL.pieces) {
      const inner = byNumber(field.bytes);
      const type = inner.get(PIECE.type)?.int ?? 1;
      if (type === CONTROL || type === UNKNOWN) controls.add(pieces.length);
      pieces.push([inner.get(PIECE.piece)?.bytes.toString('utf8') ?? '', floatOf(inner.get(PIECE.score))]);
    } else if (field.number === MODEL.trainer) {
      trainer = byNumber(field.bytes);
    } else if (field.number === MODEL.normalizer) {
      normalizer = byNumber(field.bytes);
    }
  }
  // Both come behind the pieces: without them the file is cut off.
  if (trainer === undefined || normalizer === undefined) throw new RangeError('the message is cut off');
  const unkId = trainer.get(TRAINER.unkId)?.int ?? 0;
  const modelType = trainer.get(TRAINER.modelType)?.int ?? UNIGRAM;
  if (pieces.length <= unkId || modelType !== UNIGRAM) throw new RangeError('no unigram model');
  const charsmap = normalizer.get(NORMALIZER.charsmap)?.bytes ?? Buffer.alloc(0);
  return { pieces, controls, unkId, charsmap };
}

const byNumber = (bytes: Buffer): Map<number, Field> =>
  new Map([...fieldsOf(bytes)].map((field) => [field.number, field]));

const floatOf = (field: Field | undefined): number =>
  field === undefined || field.bytes.length < 4 ? 0 : field.bytes.readFloatLE();

/** Protobuf wire types: 0 varint, 1 eight bytes, 2 length and bytes, 5 four bytes. */
function* fieldsOf(bytes: Buffer): Generator<Field> {
  let position = 0;
  const varint = (): number => {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = bytes.readUInt8(position);
      position += 1;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
      if (factor > 2 ** 56) throw new RangeError('a number is too long');
    }
  };
  const take = (length: number): Buffer => {
    if (position + length > bytes.length) throw new RangeError('the message is cut off');
    position += length;
    return bytes.subarray(position - length, position);
  };
  while (position < bytes.length) {
    const tag = varint();
    const number = Math.floor(tag / 8);
    const none = Buffer.alloc(0);
    switch (tag % 8) {
      case 0:
        yield { number, bytes: none, int: varint() };
        break;
      case 1:
        yield { number, bytes: take(8), int: 0 };
        break;
      case 2:
        yield { number, bytes: take(varint()), int: 0 };
        break;
      case 5:
        yield { number, bytes: take(4), int: 0 };
        break;
      default:
        throw new RangeError('an unknown field');
    }
  }
}
