/** Addresses: what is served, and every way out that is not. */
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { liveUrl, previewUrl, resultUrl, sourceUrl } from '../../../main/services/media-urls';
import { mediaTypeOf, routeOf } from '../../../main/services/page-routes';

const folder = path.resolve('/app/out/renderer');
const route = (address: string) => routeOf(address, folder);

describe('routeOf', () => {
  it('knows the page, its files, and pictures by id', () => {
    expect(route('app://underpaint/')).toEqual({ kind: 'page', filePath: path.join(folder, 'index.html') });
    expect(route('app://underpaint/assets/a%20b.js?x#y')).toEqual({
      kind: 'page',
      filePath: path.join(folder, 'assets', 'a b.js'),
    });
    expect(route(sourceUrl('abc-1'))).toEqual({ kind: 'source', id: 'abc-1' });
    expect(route(resultUrl('job-1-0'))).toEqual({ kind: 'result', id: 'job-1-0' });
    expect(route(liveUrl('live-1-ab'))).toEqual({ kind: 'live', id: 'live-1-ab' });
    expect(route(previewUrl('job-1', 4))).toEqual({ kind: 'preview', id: 'job-1' });
  });

  it.each([
    'http://underpaint/index.html',
    'app://other/index.html',
    'app://underpaint.evil/index.html',
    'app://user@underpaint:80/index.html',
    'app://underpaint/%2e%2e%2f%2e%2e%2fpackage.json',
    'app://underpaint/..%2fmain%2findex.cjs',
    'app://underpaint/assets/..%2f..%2fmain/index.cjs',
    'app://underpaint/..%5cmain%5cindex.cjs',
    'app://underpaint/index.html%00.png',
    'app://underpaint/%',
    'app://underpaint/media/source/abc.jpg',
    'app://underpaint/media/source/..%2f..%2fsettings.png',
    'app://underpaint/media/source/ABC.png',
    'app://underpaint/media/result/',
    'app://underpaint/media/result/a/b',
    'app://underpaint/media/result/a%2fb',
    `app://underpaint/media/result/${'a'.repeat(65)}`,
    'app://underpaint/media/other/abc',
    'app://underpaint/media/',
    'nonsense',
    '',
  ])('serves nothing for %s', (address) => {
    expect(route(address)).toBeNull();
  });

  it('serves only kinds of files that the app has', () => {
    expect(mediaTypeOf('/x/A.PNG')).toBe('image/png');
    expect(mediaTypeOf('/x/index.html')).toContain('text/html');
    for (const name of ['/x/settings.toml', '/x/index.cjs', '/x/none', '/x/.png/passwd'])
      expect(mediaTypeOf(name)).toBeNull();
  });
});
