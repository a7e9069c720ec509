/** What is drawn of a fit is what the engine does. */
import { describe, expect, it } from 'vitest';
import { planFit } from '../../../main/engine/image/fit';
import { fitScene } from '../../../renderer/state/fit-scene';
import type { GenerationSettings } from '../../../shared/generation';

const limits = { multiple: 32, maxPixels: 1024 * 1024, minSidePx: 128, nativeSidePx: 256 };
const picture = { width: 640, height: 480 };

function scene(size: GenerationSettings['size'], fit: GenerationSettings['fit'], input = picture) {
  const { width, height, source, content } = planFit(input, size, limits, fit);
  return fitScene({ width, height, fit: { input, source, content }, stages: [] }, input, fit);
}

describe('fitScene', () => {
  it('draws nothing for a picture that goes in as it is, or for the plan of another one', () => {
    expect(scene('input', 'crop')).toBeNull();
    expect(scene({ width: 320, height: 320 }, 'stretch', { width: 640, height: 640 })).toBeNull();
    expect(fitScene(null, picture, 'crop')).toBeNull();
    const other = {
      input: { width: 1, height: 1 },
      source: { left: 0, top: 0, ...picture },
      content: { left: 0, top: 0, ...picture },
    };
    expect(fitScene({ ...picture, fit: other, stages: [] }, picture, 'crop')).toBeNull();
  });

  it('frames what is left when the rest is cut away', () => {
    expect(scene({ width: 256, height: 256 }, 'crop')).toMatchObject({
      ...picture,
      crop: { left: 80, top: 0, width: 480, height: 480 },
      isPadded: false,
    });
  });

  it('shows the edge that is repeated, also the few pixels to a multiple', () => {
    expect(scene({ width: 256, height: 256 }, 'pad')).toMatchObject({
      width: 256,
      height: 256,
      picture: { left: 0, top: 32, width: 256, height: 192 },
      crop: null,
      isPadded: true,
    });
    expect(scene('input', 'crop', { width: 630, height: 480 })).toMatchObject({
      width: 640,
      picture: { left: 5, top: 0, width: 630, height: 480 },
      isPadded: true,
    });
  });

  it('shows the new shape of a stretched one', () => {
    expect(scene({ width: 256, height: 256 }, 'stretch')).toMatchObject({
      width: 256,
      height: 256,
      picture: { left: 0, top: 0, width: 256, height: 256 },
      isPadded: false,
      isStretched: true,
    });
  });
});
