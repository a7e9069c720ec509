/** What the start of the window has to load: the page's first script and nothing that can come later. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const folder = fileURLToPath(new URL('../../out/renderer/', import.meta.url));
const html = readFileSync(`${folder}index.html`, 'utf8');

describe('the page as it is built', () => {
  it('starts with one script and one style', () => {
    expect(html.match(/<script\b/g)).toHaveLength(1);
    expect(html.match(/rel="(stylesheet|modulepreload)"/g)).toHaveLength(1);
  });

  it('leaves schemas, other languages and closed dialogs out of that script', () => {
    const [, name] = /src="\.\/(assets\/[^"]+\.js)"/.exec(html) ?? [];
    const script = readFileSync(`${folder}${name}`, 'utf8');
    expect(script).toContain('Generate');
    expect(script).not.toMatch(/ZodError|invalid_union|Unrecognized key/);
    expect(script).not.toContain('Erzeugen');
    expect(script).not.toContain('getVirtualItems');
    const files = readdirSync(`${folder}assets`);
    const german = files.find((file) => file.startsWith('de-'));
    expect(readFileSync(`${folder}assets/${german}`, 'utf8')).toContain('Erzeugen');
    const parts = files.map((file) => file.replace(/-.{8}\.(js|css)$/, ''));
    const later = ['de', 'endpoints-dialog', 'export-dialog', 'gallery', 'help-dialog', 'keys-dialog'];
    expect(parts).toEqual(expect.arrayContaining([...later, 'new-sketch', 'palette', 'preferences-dialog']));
  });
});
