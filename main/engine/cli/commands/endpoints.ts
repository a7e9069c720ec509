/** `underpaint endpoints` and `underpaint ledger`: which endpoints there are, what they may get, and what they got. */
import type { Command } from 'commander';
import { AppError } from '../../../../shared/errors';
import {
  DATA_KINDS,
  endpointUrlSchema,
  normalAddress,
  PRESET_ENDPOINTS,
  sameAddress,
  type DataKind,
  type NetworkSettings,
} from '../../../../shared/network';
import { STAGES } from '../../../../shared/placement';
import { testEndpoint } from '../../remote/health';
import { ledgerCsv, readLedger } from '../../remote/ledger';
import { Network } from '../../remote/network';
import { readNetworkSettings, writeNetworkSettings } from '../../remote/network-settings';
import { parseChoice } from '../parse-options';

export function addEndpoints(program: Command, signal: AbortSignal): void {
  const endpoints = program.command('endpoints').description('list, allow and test endpoints');
  const add = (name: string, description: string): Command =>
    endpoints
      .command(name)
      .description(description)
      .exitOverride()
      .configureOutput({ outputError: () => undefined });

  add('list', 'list the endpoints of every stage and what each may get')
    .option('--json', 'print one JSON object on stdout')
    .action(async (options: { json?: boolean }) => {
      const settings = await readNetworkSettings();
      const rows = rowsOf(settings);
      const text = rows.map(
        (row) => `${row.stage.padEnd(9)} ${row.url}  ${row.allowed.join(', ') || 'not allowed'}`,
      );
      print(options, { offline: settings.offline, endpoints: rows }, [
        ...text,
        ...(settings.offline ? ['The offline switch is on.'] : []),
      ]);
    });
  add('allow', 'allow an endpoint to get picture, latent or prompt')
    .argument('<url>', 'its address', parseUrl)
    .argument('<kinds...>', DATA_KINDS.join(', '))
    .action(async (url: string, kinds: string[]) => {
      const wanted = kinds.map((kind): DataKind => parseChoice('endpoints allow:', kind, DATA_KINDS));
      await change((settings) => ({
        ...settings,
        allowed: [...without(settings, url), { url: normalAddress(url), kinds: [...new Set(wanted)] }],
      }));
    });
  add('forbid', 'allow an endpoint nothing any more')
    .argument('<url>', 'its address', parseUrl)
    .action((url: string) => change((settings) => ({ ...settings, allowed: without(settings, url) })));
  add('test', 'ask an endpoint whether it is there; sends nothing of yours')
    .argument('<url>', 'its address', parseUrl)
    .option('--offline', 'use no network')
    .option('--json', 'print one JSON object on stdout')
    .action(async (url: string, options: { json?: boolean; offline?: boolean }) => {
      const network = new Network({
        offline: options.offline === true,
        tokenFor: () => process.env['UNDERPAINT_TOKEN'] || null,
      });
      const health = await testEndpoint(network, url, signal);
      const { model } = health;
      print(options, health, [
        `${health.url} answered in ${Math.round(health.ms)} ms${model === null ? '' : ` and serves ${model.name} (${model.family}, revision ${model.revision})`}.`,
      ]);
    });

  program
    .command('ledger')
    .description('list everything that was sent')
    .option('--json', 'print one JSON object on stdout')
    .option('--csv', 'print a table for spreadsheets')
    .action(async (options: { json?: boolean; csv?: boolean }) => {
      const entries = await readLedger();
      if (options.csv === true) process.stdout.write(ledgerCsv(entries));
      else {
        print(
          options,
          { entries, bytesSent: entries.reduce((sum, { bytesSent }) => sum + bytesSent, 0) },
          entries.length === 0
            ? ['Nothing has ever been sent.']
            : entries.map(
                (entry) =>
                  `${entry.time}  ${entry.stage.padEnd(8)}  ${entry.kinds.join('+') || 'nothing'}  ${entry.bytesSent} bytes  ${entry.endpoint}  ${entry.outcome}`,
              ),
        );
      }
    });
}

interface EndpointRow {
  readonly stage: string;
  readonly url: string;
  readonly families: readonly string[];
  readonly allowed: readonly DataKind[];
}

const rowsOf = (settings: NetworkSettings): EndpointRow[] =>
  STAGES.flatMap((stage) =>
    (settings.endpoints[stage] ?? PRESET_ENDPOINTS[stage]).map(({ url, families }) => ({
      stage,
      url: normalAddress(url),
      families,
      allowed: settings.allowed.filter((entry) => sameAddress(entry.url, url)).flatMap(({ kinds }) => kinds),
    })),
  );

const without = (settings: NetworkSettings, url: string): NetworkSettings['allowed'] =>
  settings.allowed.filter((entry) => !sameAddress(entry.url, url));

async function change(make: (settings: NetworkSettings) => NetworkSettings): Promise<void> {
  await writeNetworkSettings(make(await readNetworkSettings()));
}

function parseUrl(text: string): string {
  if (endpointUrlSchema.safeParse(text).success) return text;
  throw new AppError(
    'usage',
    `"${text}" is not an address of an endpoint; give one like http://127.0.0.1:8765.`,
  );
}

function print(options: { json?: boolean }, value: object, lines: readonly string[]): void {
  process.stdout.write(options.json === true ? `${JSON.stringify(value)}\n` : `${lines.join('\n')}\n`);
}
