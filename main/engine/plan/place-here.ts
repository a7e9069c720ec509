/** What is said about a stage that runs on this machine, where it was planned or where it had to go. */
import type { Provider, StagePlan } from '../../../shared/placement';
import type { StagePlace } from '../stage-log';

/** The plan's reason where it was followed, else what became of it. */
export function placeHere(planned: StagePlan, provider: Provider, tilePx: number | null): StagePlace {
  const isElsewhere = provider !== planned.provider;
  const where =
    provider === 'cpu'
      ? planned.device === 'gpu'
        ? 'the graphics card could not be used'
        : planned.reason
      : `${planned.provider ?? 'what was planned'} could not be used`;
  const tiles = `in tiles of ${tilePx ?? 0} px, because memory ran out`;
  const reason = isElsewhere
    ? tilePx === null
      ? where
      : `${where}; in tiles of ${tilePx} px`
    : tilePx === planned.tilePx
      ? planned.reason
      : tiles;
  return {
    provider,
    isTiled: tilePx !== null,
    reason,
    predicted: { memoryBytes: planned.memoryBytes, ms: planned.ms },
  };
}
