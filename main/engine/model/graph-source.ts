/** Where a component's ONNX graph comes from: a file that is there, or one that is built from a checkpoint for the provider that will run it. */
import type { Provider } from '../../../shared/placement';
import { placeGraph } from '../checkpoint/graph-files';
import type { LowRank, WeightSource } from '../checkpoint/weights';
import { buildComponent } from '../graphs/build-component';
import { CPU_TARGET, type BuiltGraph, type GraphLayer, type GraphTarget } from '../graphs/graph-builder';
import { targetFor } from '../onnx/graph-target';
import type { Component } from './component';

export interface GraphSource {
  /** Files that decide what the component computes; a changed file is another revision. */
  readonly files: readonly string[];
  /** What a LoRA may change, where the graph is built here; null: nothing can be added to the graph. */
  readonly extensible: ExtensibleGraph | null;
  /** Path of the graph for a provider; throws `AppError('model')`. */
  pathFor(provider: Provider): Promise<string>;
}

export interface ExtensibleGraph {
  readonly layers: readonly GraphLayer[];
  /** The graph for any target. */
  build(target: GraphTarget): BuiltGraph;
  /** The same graph with low-rank branches: name of a layer → what is added to it. */
  withBranches(branches: ReadonlyMap<string, readonly LowRank[]>): GraphSource;
}

/** A graph that the model's publisher made. */
export const onnxFile = (path: string): GraphSource => ({
  files: [path],
  extensible: null,
  pathFor: () => Promise.resolve(path),
});

/** A graph built from config and weights. Builds it once to find out whether it can be: throws `AppError('model')`. */
export function builtGraph(
  component: Component,
  config: unknown,
  weights: WeightSource,
  label: string,
): GraphSource {
  const { files, layers } = buildComponent(component, config, weights, CPU_TARGET);
  return {
    files: files.map(({ path }) => path),
    extensible: {
      layers,
      build: (target) => buildComponent(component, config, weights, target),
      withBranches: (branches) =>
        builtGraph(component, config, { ...weights, lowRank: (layer) => branches.get(layer) ?? [] }, label),
    },
    async pathFor(provider) {
      const target = await targetFor(provider);
      return placeGraph(buildComponent(component, config, weights, target), component, label);
    },
  };
}
