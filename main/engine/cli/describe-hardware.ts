/** Hardware as `doctor` and `plan` print it, in words and in JSON. */
import { chosenGpu, type Adapter, type Hardware } from '../../../shared/hardware';

/** The machine with its chosen graphics card in one place. */
export interface PrintedHardware extends Omit<Hardware, 'gpuId' | 'notes'> {
  readonly gpu: {
    readonly present: boolean;
    readonly id: string | null;
    readonly name: string | null;
    readonly totalVramBytes: number | null;
    readonly freeVramBytes: number | null;
  };
  readonly notes: readonly string[];
}

export function printedHardware(hardware: Hardware): PrintedHardware {
  const { gpuId: _, ...rest } = hardware;
  const gpu = chosenGpu(hardware);
  return {
    ...rest,
    gpu: {
      present: gpu !== null,
      id: gpu?.id ?? null,
      name: gpu?.name ?? null,
      totalVramBytes: gpu?.totalBytes ?? null,
      freeVramBytes: gpu?.freeBytes ?? null,
    },
  };
}

const gib = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`;

const KIND_WORDS: Readonly<Record<Adapter['kind'], string>> = {
  discrete: 'a card of its own',
  integrated: 'shares the main memory',
  unified: 'shares the main memory',
  virtual: 'a virtual display, not used',
  software: 'a software driver, not used',
};

/** Lines of words: processor, memory, every adapter, what could not be found out. */
export function hardwareLines(hardware: Hardware): string[] {
  const { cpu, memory, adapters, gpuId, notes } = hardware;
  return [
    `CPU     ${cpu.model}, ${cpu.cores} cores`,
    `Memory  ${gib(memory.availableBytes)} free of ${gib(memory.totalBytes)}`,
    ...(adapters.length === 0 ? ['GPU     none found'] : []),
    ...adapters.map((adapter) => `GPU     ${adapterWords(adapter)}${adapter.id === gpuId ? '  ←' : ''}`),
    ...notes.map((note) => `Note    ${note}`),
  ];
}

function adapterWords({ name, kind, totalBytes, freeBytes, source }: Adapter): string {
  if (kind === 'virtual' || kind === 'software') return `${name}: ${KIND_WORDS[kind]}`;
  const size =
    totalBytes === null
      ? 'size unknown'
      : `${freeBytes === null ? 'unknown' : gib(freeBytes)} free of ${gib(totalBytes)}`;
  const teller = source === 'person' ? 'as you have set it' : `told by ${source}`;
  return `${name}: ${size}, ${KIND_WORDS[kind]} (${teller})`;
}
