/** What a machine has to work with: processors, memory, graphics adapters. */
import { z } from 'zod';

/**
 * `discrete` has memory of its own, `integrated` a share of the main memory, `unified` all of it (Apple silicon, NVIDIA's superchips).
 * `virtual` (a virtual machine's or remote display's) and `software` adapters are listed, but nothing is computed on them.
 */
export const ADAPTER_KINDS = ['discrete', 'integrated', 'unified', 'virtual', 'software'] as const;
export const adapterKindSchema = z.enum(ADAPTER_KINDS);
export type AdapterKind = z.infer<typeof adapterKindSchema>;

export const adapterVendorSchema = z.enum(['nvidia', 'amd', 'intel', 'apple', 'other']);
export type AdapterVendor = z.infer<typeof adapterVendorSchema>;

export const adapterSchema = z.object({
  /** Tells the adapters of one machine apart: PCI address, LUID, or a word. */
  id: z.string(),
  name: z.string(),
  vendor: adapterVendorSchema,
  kind: adapterKindSchema,
  /** Bytes that graphics work may fill at most; null: nobody told. */
  totalBytes: z.number().nonnegative().nullable(),
  /** Bytes of it that are free now; null: nobody told. */
  freeBytes: z.number().nonnegative().nullable(),
  /** Who told. */
  source: z.enum([
    'nvidia-smi',
    'sysfs',
    'directx',
    'windows-driver',
    'macos',
    'systeminformation',
    'person',
    'assumed',
  ]),
});
export type Adapter = z.infer<typeof adapterSchema>;

export const hardwareSchema = z.object({
  platform: z.string(),
  cpu: z.object({ model: z.string(), cores: z.number().int().positive() }),
  /** Main memory: what there is, and what one more job can use without swapping. */
  memory: z.object({ totalBytes: z.number(), availableBytes: z.number() }),
  adapters: z.array(adapterSchema),
  /** `id` of the adapter that graphics work is planned for; null: none is usable. */
  gpuId: z.string().nullable(),
  /** Graphics memory to leave alone, where the person set it; null: the planner's own rule. */
  reserveBytes: z.number().nonnegative().nullable(),
  /** Sentences about what could not be found out. */
  notes: z.array(z.string()),
});
export type Hardware = z.infer<typeof hardwareSchema>;

/** What a person knows better than the machine tells (settings.json, `hardware`). */
export const hardwareChoiceSchema = z.object({
  /** Id or part of the name of the adapter to use. */
  adapter: z.string().max(200).nullable().default(null),
  /** Graphics memory in GiB; 0: use no graphics card. */
  vramGb: z.number().min(0).max(4096).nullable().default(null),
  /** Graphics memory in GiB to leave for other programs. */
  reserveGb: z.number().min(0).max(4096).nullable().default(null),
});
export type HardwareChoice = z.infer<typeof hardwareChoiceSchema>;

/** The adapter that graphics work is planned for, or null. */
export const chosenGpu = (hardware: Hardware): Adapter | null =>
  hardware.adapters.find(({ id }) => id === hardware.gpuId) ?? null;
