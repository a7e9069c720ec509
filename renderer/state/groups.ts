/** The group of pictures that the big view shows one of, with what sets each apart. Pure. */
import type { ResultView } from '../../shared/contract';
import type { GenerationSettings } from '../../shared/generation';
import type { GroupKind } from '../../shared/variations';
import { isActive } from './job-run';
import type { PageState } from './page-state';

export type Difference =
  | { kind: 'strength'; strength: number }
  | { kind: 'seed'; seed: number }
  /** The part of the prompt that is not the same in all of them. */
  | { kind: 'words'; words: string }
  /** Neither its job nor its picture is known any more. */
  | { kind: 'unknown' };

export interface GroupMember {
  /** Place in the group, from 0. */
  index: number;
  state: 'done' | 'running' | 'waiting' | 'stopped';
  result: ResultView | null;
  /** Null when the page does not know its job. */
  jobId: string | null;
  difference: Difference;
}

export interface ShownGroup {
  kind: GroupKind;
  members: readonly GroupMember[];
}

type Shown = Pick<PageState, 'results' | 'runs' | 'selectedResultId' | 'currentJobId'>;

/** The group of the result that is shown, else of the job that is followed; null for a picture that stands alone. */
export function groupInView({ results, runs, selectedResultId, currentJobId }: Shown): ShownGroup | null {
  const shown = results.find(({ id }) => id === selectedResultId);
  const followed = currentJobId === null ? undefined : runs[currentJobId]?.view;
  const group = (selectedResultId === null ? followed : shown)?.group ?? null;
  if (group === null || group.size < 2) return null;
  const made = new Map(
    results.flatMap((one) => (one.group?.id === group.id ? [[one.group.index, one] as const] : [])),
  );
  const jobs = new Map(
    Object.values(runs).flatMap(({ view }) =>
      view.group?.id === group.id ? [[view.group.index, view] as const] : [],
    ),
  );
  const settingsOf = (index: number): GenerationSettings | undefined =>
    made.get(index)?.settings ?? jobs.get(index)?.settings;
  const places = Array.from({ length: group.size }, (_, index) => index);
  const differing = differingPart(places.flatMap((index) => settingsOf(index)?.prompt ?? []));
  return {
    kind: group.kind,
    members: places.map((index) => {
      const result = made.get(index) ?? null;
      const job = jobs.get(index);
      return {
        index,
        result,
        jobId: job?.id ?? null,
        state:
          result !== null
            ? 'done'
            : job === undefined || !isActive(job)
              ? 'stopped'
              : job.state === 'queued'
                ? 'waiting'
                : 'running',
        difference: differenceOf(group.kind, settingsOf(index), differing),
      };
    }),
  };
}

function differenceOf(
  kind: GroupKind,
  settings: GenerationSettings | undefined,
  differing: (prompt: string) => string,
): Difference {
  if (settings === undefined) return { kind: 'unknown' };
  if (kind === 'strengths' && settings.strength !== null)
    return { kind: 'strength', strength: settings.strength };
  if (kind === 'seeds' && settings.seed !== null) return { kind: 'seed', seed: settings.seed };
  return { kind: 'words', words: differing(settings.prompt) };
}

/** Cuts off what all prompts begin and end with, at whole words. */
export function differingPart(prompts: readonly string[]): (prompt: string) => string {
  const words = prompts.map((prompt) => prompt.split(/\s+/u));
  const [first = []] = words;
  const shortest = Math.min(...words.map((one) => one.length));
  let start = 0;
  while (start < shortest && words.every((one) => one[start] === first[start])) start += 1;
  let end = 0;
  while (end < shortest - start && words.every((one) => one.at(-1 - end) === first.at(-1 - end))) end += 1;
  return (prompt) => {
    const one = prompt.split(/\s+/u);
    return one.slice(start, one.length - end).join(' ');
  };
}
