/** What the window is opened with: the same that the settings say, and never a failure. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { readStartState, startStateOf } from '../../../main/start-state';
import { settingsSchema } from '../../../shared/settings';
import { temporaryFolder } from '../../support/temporary-folder';

const NOTHING = { place: null, theme: 'system', zoom: 1, language: null };

describe('the start state', () => {
  it('is what the settings say', () => {
    const place = { width: 900, height: 700, x: -20, y: 40, isMaximized: true };
    const settings = settingsSchema.parse({ window: place, theme: 'contrast', zoom: 1.5, language: 'de' });
    const file = path.join(temporaryFolder(), 'settings.json');
    writeFileSync(file, JSON.stringify(settings));
    expect(readStartState(file)).toEqual({ place, theme: 'contrast', zoom: 1.5, language: 'de' });
    expect(startStateOf(settings)).toEqual(readStartState(file));
    expect(startStateOf(settingsSchema.parse({}))).toEqual(NOTHING);
  });

  it.each([
    ['{', NOTHING],
    ['[]', NOTHING],
    ['null', NOTHING],
    ['{"window": "large", "theme": 3, "zoom": "big", "language": "Deutsch"}', NOTHING],
    ['{"window": {"width": "900", "height": 700}, "zoom": 90, "theme": "pink"}', NOTHING],
    ['{"zoom": 0.1, "theme": "light"}', { ...NOTHING, theme: 'light' }],
  ])('takes the defaults for what makes no sense: %s', (text, expected) => {
    const file = path.join(temporaryFolder(), 'settings.json');
    writeFileSync(file, text);
    expect(readStartState(file)).toEqual(expected);
    // The schema drops exactly the same fields, where it can read the file at all.
    const read = settingsSchema.safeParse(text === '{' ? {} : JSON.parse(text));
    if (read.success) expect(startStateOf(read.data)).toEqual(expected);
  });

  it('is the default where there is no file, and keeps half a place out', () => {
    expect(readStartState(path.join(temporaryFolder(), 'none.json'))).toEqual(NOTHING);
    const state = startStateOf({ window: { width: 900, height: 700, x: 5 } });
    expect(state.place).toEqual({ width: 900, height: 700, isMaximized: false });
  });
});
