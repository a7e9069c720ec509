/**
 * Settings of ComfyUI's pictures. It saves the whole node graph in its API form (`prompt`): node id → { class_type, inputs }, where an
 * input is a value or a link [node id, output index]. What was set follows from walking back from the sampler.
 */
import { asNumber, asObject, asText, type LooseObject } from './loose-json';
import { schedulerOf } from './samplers';
import type { RawSettings } from './understand';

interface Node {
  type: string;
  inputs: LooseObject;
}

/** How many nodes a walk visits at most; real graphs have some hundred. */
const MAX_VISITS = 2000;
/** Inputs that hold the words of a text encoder, the plain one and those of models with two. */
const TEXT_INPUTS = ['text', 'text_g', 'text_l', 't5xxl', 'clip_l', 'prompt', 'string', 'value'];

/** Reads a graph in API form; undefined when nothing in it samples. */
export function readComfyUi(prompt: unknown): RawSettings | undefined {
  const graph = new Graph(asObject(prompt) ?? {});
  const sampler = graph.find(
    (node) => /KSampler|SamplerCustom/.test(node.type) && 'latent_image' in node.inputs,
  );
  if (sampler === undefined) return undefined;
  const value = (name: string): unknown => graph.nearest(sampler, name);
  const latent = graph.behind(sampler, ['latent_image']);
  const sized = latent.find(
    ({ inputs }) => asNumber(inputs['width']) !== undefined && asNumber(inputs['height']) !== undefined,
  );
  const strength = asNumber(value('denoise'));
  const startsEmpty = latent.some(({ type }) => /^Empty.*Latent/.test(type));
  return {
    prompt: graph.words(sampler, 'positive') ?? graph.words(sampler, 'conditioning'),
    negativePrompt: graph.words(sampler, 'negative'),
    seed: asNumber(value('seed')) ?? asNumber(value('noise_seed')),
    steps: asNumber(value('steps')),
    guidance: asNumber(value('cfg')),
    scheduler: schedulerOf(asText(value('sampler_name')), asText(value('scheduler'))),
    // A picture that was made from words alone has no strength: its 1 would wash the next input away.
    strength: startsEmpty && strength === 1 ? undefined : strength,
    width: asNumber(sized?.inputs['width']),
    height: asNumber(sized?.inputs['height']),
  };
}

class Graph {
  readonly #nodes: ReadonlyMap<string, Node>;

  constructor(prompt: LooseObject) {
    this.#nodes = new Map(
      Object.entries(prompt).flatMap(([id, entry]) => {
        const type = asText(asObject(entry)?.['class_type']);
        return type === undefined
          ? []
          : [[id, { type, inputs: asObject(asObject(entry)?.['inputs']) ?? {} }]];
      }),
    );
  }

  /** The last sampler of the graph: one whose result no other matching node works on. */
  find(matches: (node: Node) => boolean): Node | undefined {
    const found = [...this.#nodes.values()].filter(matches);
    const usedBefore = new Set(found.flatMap((node) => this.behind(node, ['latent_image'])));
    return found.find((node) => !usedBefore.has(node)) ?? found[0];
  }

  /** The nodes behind some inputs of a node (all when left out), nearest first. */
  behind(from: Node, names?: readonly string[]): Node[] {
    const seen = new Set<Node>([from]);
    const order: Node[] = [];
    let wave = this.#linked(from, names);
    while (wave.length > 0 && seen.size < MAX_VISITS) {
      const next: Node[] = [];
      for (const node of wave) {
        if (seen.has(node)) continue;
        seen.add(node);
        order.push(node);
        next.push(...this.#linked(node));
      }
      wave = next;
    }
    return order;
  }

  /** The value of an input: the sampler's own, or of the nodes that newer graphs split it into (noise, guider, sigmas). */
  nearest(from: Node, name: string): unknown {
    const parts = this.behind(from, ['noise', 'guider', 'sampler', 'sigmas', name]);
    for (const node of [from, ...parts]) {
      const value = node.inputs[name];
      const linked = this.#follow(value);
      if (linked !== undefined) {
        const plain = Object.values(linked.inputs).find((held) => this.#follow(held) === undefined);
        if (plain !== undefined) return plain;
      } else if (value !== undefined) return value;
    }
    return undefined;
  }

  /** The words of the nearest text encoder behind an input. */
  words(from: Node, name: string): string | undefined {
    const starts =
      name in from.inputs ? [from] : this.behind(from, ['guider']).filter((n) => name in n.inputs);
    const [start] = starts;
    if (start === undefined) return undefined;
    for (const { inputs } of this.behind(start, [name])) {
      const texts = TEXT_INPUTS.map((key) => asText(inputs[key])).filter((text) => text !== undefined);
      const [first, ...others] = texts;
      if (first !== undefined) return [first, ...others.filter((text) => text !== first)].join('\n').trim();
    }
    return undefined;
  }

  #linked(node: Node, names: readonly string[] = Object.keys(node.inputs)): Node[] {
    return names.flatMap((name) => this.#follow(node.inputs[name]) ?? []);
  }

  #follow(value: unknown): Node | undefined {
    if (!Array.isArray(value) || value.length !== 2) return undefined;
    const id: unknown = value[0];
    return typeof id === 'string' || typeof id === 'number' ? this.#nodes.get(String(id)) : undefined;
  }
}
