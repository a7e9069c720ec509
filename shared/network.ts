/** Endpoints, what may be sent to them, and the limits of waiting: what `network.json` in the app's folder holds. */
import { z } from 'zod';
import { familySchema, type Family } from './models';
import { stageSchema, type Stage } from './placement';

/** Names of tensor element types on the wire (hybrid-inference.md 3). */
export const WIRE_DTYPES = ['float16', 'float32', 'bfloat16', 'uint8'] as const;
export const wireDtypeSchema = z.enum(WIRE_DTYPES);
export type WireDtype = z.infer<typeof wireDtypeSchema>;

/** What a request carries about the person's work; each kind is allowed for itself. */
export const DATA_KINDS = ['picture', 'latent', 'prompt'] as const;
export const dataKindSchema = z.enum(DATA_KINDS);
export type DataKind = z.infer<typeof dataKindSchema>;

/** What a stage has to send. */
export const KINDS_OF_STAGE: Readonly<Record<Stage, readonly DataKind[]>> = {
  encode: ['picture'],
  generate: ['latent', 'prompt'],
  decode: ['latent'],
};

/** Scheme and host, then path and query; no user, no password, no fragment. */
const ADDRESS = /^(https?:\/\/[\w.[\]:-]+)((?:[/?][^#\s]*)?)$/i;

const MAX_URL_LENGTH = 2048;

/** True for an `http:` or `https:` address without user, password and fragment. */
export const isEndpointUrl = (text: string): boolean => text.length <= MAX_URL_LENGTH && ADDRESS.test(text);

export const endpointUrlSchema = z
  .string()
  .refine(isEndpointUrl, 'an http:// or https:// address without a password is needed');

export const endpointSchema = z.object({
  url: endpointUrlSchema,
  /** `hybrid` sends exactly what diffusers sends; `underpaint` adds parameters that other servers ignore (docs/hybrid-protocol.md). */
  protocol: z.enum(['hybrid', 'underpaint']).default('underpaint'),
  /** Families that it serves; empty: any. */
  families: z.array(familySchema).default([]),
  /** How latents are sent to it. */
  dtype: wireDtypeSchema.exclude(['uint8']).default('float32'),
  /** How decoded pixels come back: `tensor` and `png` are lossless. */
  reply: z.enum(['tensor', 'png', 'jpg']).default('tensor'),
});
export type Endpoint = z.infer<typeof endpointSchema>;

const stageEndpoints = z.array(endpointSchema).max(50);

export const waitLimitsSchema = z.object({
  /** Longest time until a connection stands. */
  connectMs: z.number().int().positive().default(10_000),
  /** Longest silence on a connection that stands; encode and decode answer nothing before they are done. */
  idleMs: z.number().int().positive().default(300_000),
  /** Longest time for one encode or decode with everything that is repeated or waited for. */
  totalMs: z.number().int().positive().default(300_000),
  /** The same for one generate. */
  generateMs: z.number().int().positive().default(3_600_000),
  /** How often a broken connection is tried again. */
  networkRetries: z.number().int().min(0).max(10).default(2),
  /** First wait before another try; doubled each time up to 15 s. */
  backoffMs: z.number().int().positive().default(1000),
});
export type WaitLimits = z.infer<typeof waitLimitsSchema>;

export const networkSettingsSchema = z.object({
  version: z.literal(1).default(1),
  /** True: nothing is sent, whatever else is allowed. */
  offline: z.boolean().default(false),
  /** Replaces the presets of a stage. */
  endpoints: z
    .object({
      encode: stageEndpoints.optional(),
      generate: stageEndpoints.optional(),
      decode: stageEndpoints.optional(),
    })
    .default({}),
  /** What the person has allowed: these kinds of data to this address. */
  allowed: z
    .array(z.object({ url: endpointUrlSchema, kinds: z.array(dataKindSchema) }))
    .max(200)
    .default([]),
  limits: waitLimitsSchema.default(waitLimitsSchema.parse({})),
});
export type NetworkSettings = z.infer<typeof networkSettingsSchema>;

const huggingFace = (host: string, family: Family, dtype: 'float16' | 'bfloat16'): Endpoint => ({
  url: `https://${host}.us-east-1.aws.endpoints.huggingface.cloud/`,
  protocol: 'hybrid',
  families: [family],
  dtype,
  reply: 'tensor',
});

/** Hugging Face's experimental Hybrid Inference hosts (hybrid-inference.md 7). None is used before the person has allowed it. */
export const PRESET_ENDPOINTS: Readonly<Record<Stage, readonly Endpoint[]>> = {
  encode: [
    huggingFace('qc6479g0aac6qwy9', 'sd1', 'float16'),
    huggingFace('xjqqhmyn62rog84g', 'sdxl', 'float16'),
    huggingFace('ptccx55jz97f9zgo', 'flux', 'bfloat16'),
  ],
  generate: [],
  decode: [
    huggingFace('q1bj3bpq6kzilnsu', 'sd1', 'float16'),
    huggingFace('x2dmsqunjd6k9prw', 'sdxl', 'float16'),
    huggingFace('whhx50ex1aryqvw6', 'flux', 'bfloat16'),
  ],
};

/** The endpoints of a stage that serve a family: the person's own list, else the presets. */
export function endpointsFor(stage: Stage, family: Family, settings: NetworkSettings): readonly Endpoint[] {
  const all = settings.endpoints[stage] ?? PRESET_ENDPOINTS[stage];
  return all.filter(({ families }) => families.length === 0 || families.includes(family));
}

/** True when every kind of data that the stage sends is allowed for this address. */
export function isAllowed(url: string, kinds: readonly DataKind[], settings: NetworkSettings): boolean {
  const allowed = settings.allowed
    .filter((entry) => sameAddress(entry.url, url))
    .flatMap((entry) => entry.kinds);
  return kinds.every((kind) => allowed.includes(kind));
}

/** A trailing slash makes no difference. */
export const sameAddress = (a: string, b: string): boolean => normalAddress(a) === normalAddress(b);

/** The address as it is compared and shown: host in lower case, no slash at the end. */
export function normalAddress(url: string): string {
  const [, host = url, rest = ''] = ADDRESS.exec(url) ?? [];
  return `${host.toLowerCase()}${rest}`.replace(/\/$/, '');
}

/** Scheme, host and port: what a token belongs to. The usual port is left out; empty for what is no address. */
export const serverOf = (url: string): string =>
  (ADDRESS.exec(url)?.[1] ?? '').toLowerCase().replace(/^(http:.*):80$|^(https:.*):443$/, '$1$2');

/** One request in the ledger. An entry is written before the first byte leaves and once more when the request has ended. */
export const ledgerEntrySchema = z.object({
  id: z.string(),
  /** ISO 8601, UTC. */
  time: z.string(),
  endpoint: z.string(),
  /** `test`: a health question that carries nothing of the person's work. */
  stage: z.union([stageSchema, z.literal('test')]),
  kinds: z.array(dataKindSchema),
  /** Everything that was written to the connection, headers included. */
  bytesSent: z.number().int().nonnegative(),
  bytesReceived: z.number().int().nonnegative(),
  ms: z.number().nonnegative(),
  /** `started`, `ok`, `HTTP 503`, or what broke. `started` at last: the app ended during the request. */
  outcome: z.string(),
  /** Of a request that was answered: what the next plan learns from. */
  timing: z
    .object({
      /** Until the connection stood. */
      connectMs: z.number().nonnegative(),
      /** From then until the reply began. */
      waitMs: z.number().nonnegative(),
      /** What the endpoint says that its own work took of that; null: it says nothing. */
      workMs: z.number().nonnegative().nullable(),
      /** Size of the work; 0 for a test. */
      megapixels: z.number().nonnegative(),
      /** Denoising steps; 1 for encode and decode. */
      steps: z.number().int().nonnegative(),
    })
    .optional(),
});
export type LedgerEntry = z.infer<typeof ledgerEntrySchema>;
