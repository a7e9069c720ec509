/** The last resort: the package systeminformation, in a process of its own, because the programs that it starts may hang. */
import { z } from 'zod';
import type { Adapter, AdapterVendor } from '../../shared/hardware';
import { kindByName, NOTHING, plausibleBytes, type Findings } from './findings';
import { runTool, type ToolOptions } from './tool';

/** The command that prints what `graphics()` answers, as JSON. */
export interface GraphicsCommand {
  readonly command: string;
  readonly args: readonly string[];
}

const controllerSchema = z.object({
  vendor: z.string().default(''),
  model: z.string().default(''),
  busAddress: z.string().nullish(),
  bus: z.string().nullish(),
  vram: z.number().nullish(),
  memoryTotal: z.number().nullish(),
  memoryFree: z.number().nullish(),
});
const graphicsSchema = z.object({ controllers: z.array(controllerSchema) });
type Controller = z.infer<typeof controllerSchema>;

/** Runs the command within the time that is left. */
export async function askSystemInformation(
  { command, args }: GraphicsCommand,
  options: ToolOptions,
): Promise<Findings> {
  const answer = await runTool(command, args, options);
  return answer.ok ? parseSystemInformation(answer.stdout) : NOTHING;
}

/** Reads names, and sizes only where they come from NVIDIA's tool: its others are guesses that are often wrong. */
export function parseSystemInformation(text: string): Findings {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return NOTHING;
    throw error;
  }
  const parsed = graphicsSchema.safeParse(raw);
  if (!parsed.success) return NOTHING;
  const adapters = parsed.data.controllers
    .filter(({ vendor, model }) => `${vendor}${model}`.trim() !== '')
    .map(toAdapter);
  return { isAnswered: adapters.length > 0, adapters, notes: [] };
}

function toAdapter(controller: Controller, index: number): Adapter {
  const name = (controller.model || controller.vendor).trim();
  const vendor = vendorByName(`${controller.vendor} ${controller.model}`);
  const totalBytes = plausibleBytes((controller.memoryTotal ?? 0) * 2 ** 20);
  const freeBytes = plausibleBytes((controller.memoryFree ?? 0) * 2 ** 20);
  const isIntegrated =
    controller.bus === 'Onboard' ||
    (vendor === 'intel' && !/\bArc\b.*\b[AB]\d{2,3}/.test(name)) ||
    /Radeon(\(TM\))? (Vega )?(\d{3}M )?Graphics$/.test(name);
  return {
    id: controller.busAddress || `controller-${index}`,
    name,
    vendor,
    kind: kindByName(`${controller.vendor} ${name}`) ?? (isIntegrated ? 'integrated' : 'discrete'),
    totalBytes,
    freeBytes: totalBytes === null ? null : freeBytes,
    source: 'systeminformation',
  };
}

function vendorByName(text: string): AdapterVendor {
  if (/nvidia|geforce|quadro/i.test(text)) return 'nvidia';
  if (/\bamd\b|\bati\b|advanced micro|radeon/i.test(text)) return 'amd';
  if (/intel/i.test(text)) return 'intel';
  return /apple/i.test(text) ? 'apple' : 'other';
}
