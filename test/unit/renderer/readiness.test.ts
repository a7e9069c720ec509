/** Why Generate cannot be pressed. */
import { describe, expect, it } from 'vitest';
import type { GenerationSettings } from '../../../shared/generation';
import { JOB_STATES } from '../../../shared/job';
import { INITIAL_STATE } from '../../../renderer/state/page-state';
import { isBusy, readiness } from '../../../renderer/state/readiness';
import { reduce } from '../../../renderer/state/reduce';
import { job, page, settings } from './samples';

const withSettings = (patch: Partial<GenerationSettings>) =>
  page({ draft: { settings: settings(patch), isSeedLocked: false, sourceId: 'sketch' } });
const kinds = (state: Parameters<typeof readiness>[0]) => readiness(state).map((reason) => reason.kind);

describe('readiness', () => {
  it('has nothing against a fresh start with the bundled sketch', () => {
    expect(readiness(page())).toEqual([]);
  });

  it('waits for the first answer', () => {
    expect(kinds(INITIAL_STATE)).toEqual(['loading']);
  });

  it('wants a picture', () => {
    expect(kinds(page({ source: null }))).toEqual(['no-picture']);
    expect(kinds(reduce(page({ source: null }), { type: 'import-started' }))).toEqual(['importing']);
  });

  it('wants a model that is there', () => {
    expect(kinds(page({ models: [] }))).toEqual(['no-model']);
    expect(readiness(withSettings({ model: '/gone' }))).toEqual([{ kind: 'model-missing', model: '/gone' }]);
  });

  it('blocks when no step would run, and names the strength that helps', () => {
    expect(readiness(withSettings({ strength: 0.04, steps: 20 }))).toEqual([
      { kind: 'no-steps', steps: 20, strength: 0.04, useful: 0.05 },
    ]);
    expect(readiness(withSettings({ strength: 0.05, steps: 20 }))).toEqual([]);
  });

  it('allows strength 0: the input comes back unchanged', () => {
    expect(readiness(withSettings({ strength: 0 }))).toEqual([]);
  });

  it('takes more jobs while one works, and waits only while one is being sent', () => {
    for (const state of JOB_STATES) {
      const after = reduce(page(), { type: 'job-changed', view: job({ state }) });
      expect(kinds(after)).toEqual([]);
      expect(isBusy(after)).toBe(['queued', 'running', 'cancelling'].includes(state));
    }
    const sending = reduce(page(), { type: 'start-asked' });
    expect(kinds(sending)).toEqual(['starting']);
    expect(isBusy(sending)).toBe(true);
  });

  it('refuses a prompt over the limit', () => {
    expect(kinds(withSettings({ prompt: 'x'.repeat(10_001) }))).toEqual(['prompt-too-long']);
  });
});
