/** Where a component's ONNX graph comes from: a file that is there, or one that is built from a checkpoint for the provider that will run it. */
import { basename, dirname, join } from 'node:path';
import { AppError } from '../../../shared/errors';
import type { Provider } from '../../../shared/placement';
import { placeGraph } from '../checkpoint/graph-files';
import type { LowRank, WeightSource } from '../checkpoint/weights';
import { buildComponent } from '../graphs/build-component';
import { CPU_TARGET, type BuiltGraph, type GraphLayer, type GraphTarget } from '../graphs/graph-builder';
import { breaksGpuConv } from '../graphs/layers';
import { targetFor } from '../onnx/graph-target';
import { readGraphOutline } from '../onnx/read-graph';
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
  async pathFor(provider) {
    if (provider === 'webgpu') assertRightOnWebGpu(path);
    return path;
  },
});

/** A graph that is built here computes such a convolution in two parts; a finished one is left to another provider. */
function assertRightOnWebGpu(path: string): void {
  const broken = readGraphOutline(path)?.convolutions.find(({ inChannels, outChannels }) =>
    breaksGpuConv(inChannels, outChannels),
  );
  if (broken === undefined) return;
  throw new AppError(
    'model',
    `${join(basename(dirname(path)), basename(path))} has a convolution over ${broken.inChannels} channels, which WebGPU computes wrongly; the checkpoint (safetensors) of this model runs there.`,
  );
}

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
