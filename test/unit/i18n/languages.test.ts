/** Languages: complete by type, with the same values in every sentence, chosen by the person or the system. */
import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { en } from '../../../renderer/i18n/en';
import { explainBroken, explainStatus } from '../../../main/engine/remote/network-errors';
import { planStages } from '../../../main/placement/planner';
import { chooseLanguage, LANGUAGE_CODES, nameOfLanguage } from '../../../renderer/i18n/language-codes';
import { LANGUAGES, SAID, wordsOf } from '../../../renderer/i18n/languages';
import { translateSaid } from '../../../renderer/i18n/said';
import type { Words } from '../../../renderer/i18n/words';
import { errorSentences } from '../../support/error-sentences';
import { inputFor, networkOf, tableCases } from '../../support/plan-table';

type Sentences = Readonly<Record<string, string>>;

/** `group.key` → sentence. */
const flat = (words: Words): Sentences =>
  Object.fromEntries(
    Object.entries(words).flatMap(([group, sentences]) =>
      Object.entries(sentences as Sentences).map(([key, sentence]) => [`${group}.${key}`, sentence]),
    ),
  );

const valuesIn = (sentence: string | undefined): string[] =>
  [...(sentence ?? '').matchAll(/\{\{(\w+)\}\}/g)].map(([, name]) => name ?? '').sort();

describe('languages', () => {
  it('are refused by the compiler when a sentence is missing or one too many', () => {
    // @ts-expect-error: `loading` and `brokenTitle` are missing.
    const short: Words = { ...en, app: { name: 'Underpaint' } };
    // @ts-expect-error: there is no such sentence.
    const long: Words = { ...en, stopped: { ...en.stopped, more: 'More' } };
    // Polish counts in more ways than English.
    const polish: Words = { ...en, gallery: { ...en.gallery, count_few: '{{count}} obrazy' } };
    expect([short, long, polish]).toHaveLength(3);
  });

  it('are the files of the folder, named in their own words', () => {
    const files = readdirSync(new URL('../../../renderer/i18n', import.meta.url));
    const codes = files.flatMap((file) => /^([a-z]{2})\.ts$/.exec(file)?.[1] ?? []);
    expect(codes).toEqual(expect.arrayContaining(['de', 'en']));
    expect(Object.keys(LANGUAGES).sort()).toEqual(codes.sort());
    expect([...LANGUAGE_CODES].sort()).toEqual(codes.sort());
    expect(nameOfLanguage('de')).toBe('Deutsch');
    expect(nameOfLanguage('en')).toBe('English');
  });

  it.each(Object.keys(LANGUAGES).filter((code) => code !== 'en'))(
    '%s fills every sentence with the values of the English one, and translates it',
    (code) => {
      const english = flat(en);
      const other = flat(wordsOf(code));
      expect(Object.keys(other)).toEqual(expect.arrayContaining(Object.keys(english)));
      for (const [key, sentence] of Object.entries(other)) {
        const model = english[key] ?? english[key.replace(/_(zero|two|few|many)$/, '_other')];
        expect(valuesIn(sentence), key).toEqual(valuesIn(model));
        expect(sentence.trim(), key).not.toBe('');
      }
      const same = Object.keys(english).filter((key) => other[key] === english[key]);
      // Proper names, and words that both languages share ("Prompt", "GPU").
      expect(same.length / Object.keys(english).length).toBeLessThan(0.15);
    },
  );

  it('is the chosen one, else the first of the system that is there, else English', () => {
    expect(chooseLanguage('de', ['en-GB'])).toBe('de');
    expect(chooseLanguage(null, ['fr-CA', 'de-AT', 'en'])).toBe('de');
    expect(chooseLanguage(null, ['fr', 'ja'])).toBe('en');
    expect(chooseLanguage('xx', ['de'])).toBe('de');
    expect(chooseLanguage(null, [])).toBe('en');
  });
});

describe.each(Object.entries(SAID))('%s sentences of the other processes', (_code, said) => {
  const translate = (sentence: string): string | null => translateSaid(sentence, said, (value) => value);

  it('carry the values of the English ones', () => {
    for (const [english, sentence] of Object.entries(said))
      expect(valuesIn(sentence), english).toEqual(valuesIn(english));
  });

  it('know every reason and every problem of the planner', () => {
    const pinned = { encode: 'remote', generate: 'local', decode: 'remote' } as const;
    const plans = [
      ...tableCases().map(({ plan }) => plan),
      ...([0, 4, 24] as const).flatMap((vramGb) =>
        (['auto', 'cpu', 'gpu'] as const).flatMap((device) => [
          planStages(inputFor(vramGb, 'sdxl', 2048, { device })),
          planStages(inputFor(vramGb, 'flux', 1024, { device, tiling: 'on' })),
          planStages(inputFor(vramGb, 'sd1', 512, { device, pins: pinned })),
          planStages(inputFor(vramGb, 'sd1', 512, { device, pins: pinned, network: networkOf(false, true) })),
          planStages(inputFor(vramGb, 'sd1', 512, { device, pins: pinned, network: networkOf(true, false) })),
        ]),
      ),
    ];
    const sentences = new Set(
      plans.flatMap(({ stages }) => stages.flatMap(({ reason, problem }) => [reason, problem ?? reason])),
    );
    expect(sentences.size).toBeGreaterThan(20);
    expect([...sentences].filter((sentence) => translate(sentence) === null)).toEqual([]);
  });

  it('know every sentence of an error that the window can show', () => {
    const sentences = errorSentences();
    expect(sentences.length).toBeGreaterThan(140);
    expect(sentences.filter((sentence) => translate(sentence) === null)).toEqual([]);
  });

  it('know everything that an endpoint can do', () => {
    const statuses = [302, 400, 401, 403, 404, 413, 418, 429, 500, 502, 503, 504];
    const problems = [
      ...statuses.flatMap((status) =>
        ['', 'what it said'].map((text) => explainStatus({ status, headers: {}, body: Buffer.from(text) })),
      ),
      ...[
        'ECONNREFUSED',
        'ENOTFOUND',
        'EPIPE',
        'UND_ERR_BODY_TIMEOUT',
        'CERT_HAS_EXPIRED',
        'HPE_X',
        'EOTHER',
      ].map((code) => explainBroken(Object.assign(new Error(code), { code }))),
      explainBroken(new DOMException('late', 'TimeoutError')),
      explainBroken(null),
    ];
    const sentences = problems.map(({ what, advice }) => `The endpoint http://a:1 ${what}; ${advice}.`);
    expect(sentences.filter((sentence) => translate(sentence) === null)).toEqual([]);
  });

  it('are null for what they do not know, and take the words of the window for names', () => {
    expect(translate('Something new happened.')).toBeNull();
    expect(translate('the CPU was asked for; something new')).toBeNull();
    const english =
      '{{stage}} cannot run on an endpoint, because none is set for it; set one, or choose auto or local.';
    expect(translateSaid(english.replace('{{stage}}', 'Decode'), said, () => 'X')).toMatch(/^X /);
  });
});
