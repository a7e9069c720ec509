/** The layers of Flux' transformer under the names of its original code, which joins some of them in one. */
import { fluxNames } from '../checkpoint/flux-keys';
import type { GraphLayer } from '../graphs/graph-builder';

/** A layer under another name. */
export interface OtherName {
  readonly name: string;
  /** First of the named layer's outputs that belong to the layer, and how many it has; absent: both are the same. */
  readonly rows?: { readonly start: number; readonly of: number };
  /** Scale and shift stand the other way round. */
  readonly hasSwappedHalves?: true;
}

const LAST = 'norm_out.linear';

/** Layer → its other names: the original code's, and diffusers' own where a single file keeps the last scale and shift apart. */
export function otherFluxNames(layers: readonly GraphLayer[]): (layer: GraphLayer) => readonly OtherName[] {
  const count = (blocks: string): number =>
    new Set(layers.map(({ name }) => name.split('.')).flatMap(([kind, i]) => (kind === blocks ? [i] : [])))
      .size;
  const original = fluxNames('', {
    doubleBlocks: count('transformer_blocks'),
    singleBlocks: count('single_transformer_blocks'),
  });
  return ({ name, outputs }) => {
    if (name === LAST) return [{ name: 'final_layer.adaLN_modulation.1', hasSwappedHalves: true }];
    const found = original(`${name}.weight`);
    const there = found.name.replace(/\.weight$/, '');
    if (found.rows === undefined) return [{ name: there }];
    const { part, parts, count: own = 1 } = found.rows;
    const size = outputs / own;
    const joined = { name: there, rows: { start: part * size, of: parts * size } };
    if (!name.startsWith('norm_out.')) return [joined];
    const start = name === 'norm_out.scale' ? 0 : outputs;
    return [joined, { name: LAST, rows: { start, of: 2 * outputs } }];
  };
}
