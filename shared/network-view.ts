/** Endpoints, permissions, questions and the ledger as the window shows and changes them. */
import { z } from 'zod';
import { dataKindSchema, endpointSchema, endpointUrlSchema, ledgerEntrySchema } from './network';
import { stageSchema } from './placement';

/** An endpoint of one stage, with what it may get and how it did last. */
export const endpointItemSchema = z.object({
  endpoint: endpointSchema,
  /** Kinds of data that the person has allowed for this address. */
  allowed: z.array(dataKindSchema),
  /** Its last request; null: none yet. */
  last: z
    .object({
      /** Milliseconds since 1970. */
      at: z.number(),
      isWell: z.boolean(),
      /** Usual time of this stage's requests; null where none has succeeded. */
      ms: z.number().nonnegative().nullable(),
    })
    .nullable(),
});
export type EndpointItem = z.infer<typeof endpointItemSchema>;

const stageEndpointsSchema = z.object({
  endpoints: z.array(endpointItemSchema),
  /** False: the presets, untouched. */
  isOwnList: z.boolean(),
});

export const networkViewSchema = z.object({
  offline: z.boolean(),
  stages: z.object({
    encode: stageEndpointsSchema,
    generate: stageEndpointsSchema,
    decode: stageEndpointsSchema,
  }),
});
export type NetworkView = z.infer<typeof networkViewSchema>;

/** One thing that a person changes. */
export const networkChangeSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('offline'), offline: z.boolean() }),
  /** Adds an endpoint before all others of a stage, or puts it in the place of another. */
  z.object({
    kind: z.literal('put'),
    stage: stageSchema,
    replaces: endpointUrlSchema.nullable(),
    endpoint: endpointSchema,
  }),
  z.object({ kind: z.literal('remove'), stage: stageSchema, url: endpointUrlSchema }),
  /** Brings the presets of a stage back. */
  z.object({ kind: z.literal('presets'), stage: stageSchema }),
  z.object({
    kind: z.literal('allow'),
    url: endpointUrlSchema,
    data: z.array(dataKindSchema),
    isAllowed: z.boolean(),
  }),
]);
export type NetworkChange = z.output<typeof networkChangeSchema>;

/** What a Test button found: the time of a health question, and what is served where the endpoint tells. */
export const endpointTestSchema = z.object({
  url: z.string(),
  ms: z.number().nonnegative(),
  model: z.object({ name: z.string(), family: z.string(), revision: z.string() }).nullable(),
});
export type EndpointTest = z.infer<typeof endpointTestSchema>;

/** The newest entries first, and the sums over all of them. */
export const ledgerViewSchema = z.object({
  entries: z.array(ledgerEntrySchema),
  count: z.number().int().nonnegative(),
  bytesSent: z.number().int().nonnegative(),
  bytesReceived: z.number().int().nonnegative(),
});
export type LedgerView = z.infer<typeof ledgerViewSchema>;

/** These kinds of data may go to this address. */
export const permissionSchema = z.object({ url: endpointUrlSchema, kinds: z.array(dataKindSchema) });
export type Permission = z.infer<typeof permissionSchema>;

/** May this stage send these kinds of data to this address? Asked before anything is sent. */
export const consentQuestionSchema = permissionSchema.extend({ stage: stageSchema });
export type ConsentQuestion = z.infer<typeof consentQuestionSchema>;

/** `once`: for this job only. `local`: the stage runs on this machine. `cancel`: the job is not started. */
export const consentAnswerSchema = z.enum(['once', 'always', 'local', 'cancel']);
export type ConsentAnswer = z.infer<typeof consentAnswerSchema>;
