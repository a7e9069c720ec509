/** `underpaint doctor`: what this machine has, which providers work, whether the bundled model makes a picture. */
import { arch, platform, release } from 'node:os';
import type { Command } from 'commander';
import type { Hardware } from '../../../../shared/hardware';
import { toErrorBody } from '../../../../shared/errors';
import type { ModelInfo } from '../../../../shared/models';
import { describeModel, ModelCache } from '../../model/loaded-model';
import { availableProviders } from '../../onnx/providers';
import { explainSessionError } from '../../onnx/session-errors';
import { probeApart, probeHere, type ProbeResult } from '../../onnx/probe';
import { providerSchema } from '../../../../shared/placement';
import { deviceOf, StageLog } from '../../stage-log';
import { sampleLatents } from '../../stages/encode';
import { decodeStage, encodeStage } from '../../stages/vae-stages';
import { latentScale, sizeMultiplePx } from '../../families/detect';
import { APP_VERSION } from '../../version';
import { homeFolder } from '../../home';
import { thisMachine, throwAwayProgram } from '../../this-machine';
import { hardwareLines, printedHardware, type PrintedHardware } from '../describe-hardware';

interface SelfTest {
  readonly ok: boolean;
  /** What was done, or what went wrong. */
  readonly message: string;
  readonly ms: number;
}

interface DoctorReport {
  readonly version: string;
  readonly node: string;
  readonly platform: string;
  readonly home: string;
  readonly hardware: PrintedHardware;
  readonly providers: readonly (ProbeResult & { readonly device: 'gpu' | 'cpu' | 'none' })[];
  readonly models: readonly ModelInfo[];
  readonly selfTest: SelfTest;
}

export function addDoctor(program: Command, signal: AbortSignal): void {
  program
    .command('doctor')
    .description('show hardware, providers and models, and test them')
    .option('--json', 'print one JSON object on stdout')
    .action(async (options: { json?: boolean }) => {
      const hardware = await thisMachine.refresh();
      const report = await examine(hardware, signal);
      process.stdout.write(
        options.json === true ? `${JSON.stringify(report)}\n` : `${human(report, hardware)}\n`,
      );
      if (!report.selfTest.ok) process.exitCode = 1;
    });
  program.command('__graphics', { hidden: true }).action(async () => {
    const { graphics } = await import('systeminformation');
    process.stdout.write(`${JSON.stringify(await graphics())}\n`);
  });
  program
    .command('__probe', { hidden: true })
    .argument('<provider>')
    .action(async (provider: string) => {
      const probed = providerSchema.parse(provider);
      await probeHere(probed).catch((error: unknown) => {
        throw explainSessionError(error, 'probe/graph.onnx', probed);
      });
    });
}

async function examine(hardware: Hardware, signal: AbortSignal): Promise<DoctorReport> {
  const providers = [];
  const program = throwAwayProgram();
  if (program === null) throw new Error('the program does not know its own file');
  for (const provider of availableProviders()) {
    providers.push({ ...(await probeApart(provider, program)), device: deviceOf(provider) });
  }
  const models: ModelInfo[] = [];
  const selfTest = await testBundledModel(models, signal);
  return {
    version: APP_VERSION,
    node: process.version,
    platform: `${platform()} ${release()} ${arch()}`,
    home: homeFolder(),
    hardware: printedHardware(hardware),
    providers,
    models,
    selfTest,
  };
}

/** Encodes and decodes a grey ramp with the bundled model on the CPU. */
async function testBundledModel(models: ModelInfo[], signal: AbortSignal): Promise<SelfTest> {
  const startedAt = performance.now();
  const cache = new ModelCache();
  try {
    models.push(await describeModel(null));
    const model = await cache.load(null, 'cpu');
    const side = sizeMultiplePx(model.folder);
    const rgb = Uint8Array.from({ length: 3 * side * side }, (_, i) =>
      Math.floor(((i / 3) % side) * (255 / side)),
    );
    const job = {
      model,
      working: { width: side, height: side, rgb, isFlat: false },
      settings: { tiling: 'off' as const },
      log: new StageLog(() => undefined),
      context: { signal, onProgress: () => undefined },
    };
    const encoded = await encodeStage(job);
    const latents = sampleLatents(
      encoded,
      new Float32Array(encoded.channels * encoded.height * encoded.width),
      latentScale(model.folder, model.traits),
    );
    await decodeStage(job, 0, {
      data: latents,
      channels: encoded.channels,
      height: encoded.height,
      width: encoded.width,
    });
    return {
      ok: true,
      message: `the bundled model encoded and decoded ${side} × ${side} pixels on the CPU`,
      ms: performance.now() - startedAt,
    };
  } catch (error) {
    return { ok: false, message: toErrorBody(error).message, ms: performance.now() - startedAt };
  } finally {
    await cache.release();
  }
}

function human(report: DoctorReport, hardware: Hardware): string {
  return [
    `Underpaint ${report.version}, Node ${report.node}, ${report.platform}`,
    ...hardwareLines(hardware),
    ...report.providers.map(
      (provider) =>
        `${provider.works ? 'works  ' : 'fails  '} ${provider.provider} (${provider.device})${provider.reason === null ? '' : `: ${provider.reason}`}`,
    ),
    ...report.models.map(
      (model) =>
        `Model   ${model.name}, ${model.family}, ${(model.sizeBytes / 2 ** 20).toFixed(0)} MiB, revision ${model.revision}`,
    ),
    `Test    ${report.selfTest.ok ? 'passed' : 'FAILED'}: ${report.selfTest.message}`,
    `Home    ${report.home}`,
  ].join('\n');
}
