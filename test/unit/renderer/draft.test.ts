/** The form as data. */
import { describe, expect, it } from 'vitest';
import {
  chosenModel,
  effectiveSettings,
  lockSeed,
  randomSeed,
  requestedSettings,
  resetToRecommended,
  restoreSettings,
} from '../../../renderer/state/draft';
import { settings, STARTER } from './samples';

const draft = { settings: settings({ seed: 12 }), isSeedLocked: false, sourceId: null };

describe('the draft', () => {
  it('shows the recommendation of the model where nothing is chosen', () => {
    expect(effectiveSettings(settings(), STARTER)).toEqual({
      strength: 0.6,
      steps: 20,
      guidance: 5,
      scheduler: 'ddim',
      stepsRun: 12,
    });
    expect(effectiveSettings(settings({ strength: 0.58, steps: 50, guidance: 0 }), STARTER)).toMatchObject({
      guidance: 0,
      stepsRun: 28,
    });
  });

  it('takes the first model for none, and null for one that is gone', () => {
    const other = { ...STARTER, id: '/models/other' };
    expect(chosenModel([STARTER, other], null)).toBe(STARTER);
    expect(chosenModel([STARTER, other], other.id)).toBe(other);
    expect(chosenModel([STARTER], other.id)).toBeNull();
  });

  it('takes over what a picture carries, locks its seed, and leaves the rest', () => {
    const restored = restoreSettings(
      { ...draft, settings: settings({ steps: 9, prompt: 'old' }) },
      { tool: 'a1111', settings: { prompt: 'new', seed: 5, size: { width: 64, height: 48 } } },
    );
    expect(restored).toMatchObject({
      isSeedLocked: true,
      settings: { prompt: 'new', seed: 5, steps: 9, size: { width: 64, height: 48 } },
    });
    expect(restoreSettings(draft, { tool: 'comfyui', settings: { steps: 3 } })).toMatchObject({
      isSeedLocked: false,
      settings: { seed: 12, steps: 3 },
    });
  });

  it('sends a seed only when it is locked', () => {
    expect(requestedSettings(draft, null).seed).toBeNull();
    expect(requestedSettings(lockSeed(draft, 5), null).seed).toBe(5);
    expect(lockSeed(draft, null).isSeedLocked).toBe(false);
  });

  it('rolls whole seeds of 32 bits', () => {
    expect(randomSeed(0)).toBe(0);
    expect(randomSeed(1 - Number.EPSILON)).toBe(2 ** 32 - 1);
  });

  it('goes back to the recommendations but keeps the words', () => {
    const reset = resetToRecommended({
      ...draft,
      settings: settings({ steps: 3, prompt: 'kept', fit: 'pad' }),
    });
    expect(reset.settings).toMatchObject({ steps: null, fit: 'crop', prompt: 'kept' });
  });
});
