/** The options of stages that may run on an endpoint. */
import type { Command } from 'commander';
import { AppError } from '../../../shared/errors';
import { endpointUrlSchema, sameAddress } from '../../../shared/network';
import type { Stage, StageChoice } from '../../../shared/placement';
import { Network } from '../remote/network';
import type { RemoteAccess } from '../remote/places';
import { parsePlace } from './parse-options';

/** What commander makes of the options. */
export type RemoteOptions = { offline?: boolean; fallback?: boolean } & { [S in Stage]?: StageChoice } & {
  [S in Stage as `${S}Endpoint`]?: string;
};

/** Adds `--<stage>` and `--<stage>-endpoint` for each stage, `--offline` and `--no-fallback`. */
export function addRemoteOptions(command: Command, stages: readonly Stage[]): Command {
  for (const stage of stages) {
    command
      .option(`--${stage} <where>`, 'auto, local or remote', parsePlace(`--${stage}`))
      .option(
        `--${stage}-endpoint <url>`,
        `the endpoint to ${stage} on, which allows it to get the data for that`,
        parseEndpoint(`--${stage}-endpoint`),
      );
  }
  return command
    .option('--offline', 'use no network, whatever else is said')
    .option('--no-fallback', 'fail with an endpoint instead of going on with this machine');
}

/** Where the stages run: naming an endpoint without saying where means there; nothing said means auto. */
export const placesOf = (options: RemoteOptions): Record<Stage, StageChoice> => ({
  encode: options.encode ?? (options.encodeEndpoint === undefined ? 'auto' : 'remote'),
  generate: options.generate ?? (options.generateEndpoint === undefined ? 'auto' : 'remote'),
  decode: options.decode ?? (options.decodeEndpoint === undefined ? 'auto' : 'remote'),
});

/** The token in UNDERPAINT_TOKEN goes to the addresses that were named, and to no other. */
export function remoteAccess(options: RemoteOptions): RemoteAccess {
  const named: Partial<Record<Stage, string>> = {
    ...(options.encodeEndpoint === undefined ? {} : { encode: options.encodeEndpoint }),
    ...(options.generateEndpoint === undefined ? {} : { generate: options.generateEndpoint }),
    ...(options.decodeEndpoint === undefined ? {} : { decode: options.decodeEndpoint }),
  };
  const addresses = Object.values(named);
  const token = process.env['UNDERPAINT_TOKEN'];
  return {
    network: new Network({
      offline: options.offline === true,
      named: addresses,
      tokenFor: (url) =>
        token !== undefined && token !== '' && addresses.some((address) => sameAddress(address, url))
          ? token
          : null,
    }),
    named,
    mayFallBack: options.fallback !== false,
  };
}

function parseEndpoint(option: string): (text: string) => string {
  return (text) => {
    if (endpointUrlSchema.safeParse(text).success) return text;
    throw new AppError(
      'usage',
      `${option} ${text} is not usable; give an address like http://127.0.0.1:8765.`,
    );
  };
}
