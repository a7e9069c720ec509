/** Nothing of the person's folder is left in a report, however it is written. */
import { expect, it } from 'vitest';
import { withoutHome } from '../../../main/services/diagnostics';

it.each([
  ['model /home/ann/models/x', '/home/ann', 'model ~/models/x'],
  ['C:\\Users\\Ann\\a and C:/Users/Ann/b', 'C:\\Users\\Ann', '~\\a and ~/b'],
  ['{"at":"C:\\\\Users\\\\Ann\\\\a"}', 'C:\\Users\\Ann', '{"at":"~\\\\a"}'],
  ['/var/x', '/', '/var/x'],
])('%s', (text, home, clean) => {
  expect(withoutHome(text, home)).toBe(clean);
});
