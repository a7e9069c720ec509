/** What the window shows and changes of endpoints and permissions, and what it has to ask. */
import { describe, expect, it } from 'vitest';
import { changeNetwork, consentNeeded, networkView } from '../../../main/engine/remote/network-view';
import {
  endpointSchema,
  networkSettingsSchema,
  PRESET_ENDPOINTS,
  serverOf,
  type NetworkSettings,
} from '../../../shared/network';

const OWN = 'http://studio:8765';
const own = endpointSchema.parse({ url: OWN });
const none = networkSettingsSchema.parse({});
const put = (settings: NetworkSettings, url = OWN, replaces: string | null = null): NetworkSettings =>
  changeNetwork(settings, { kind: 'put', stage: 'decode', replaces, endpoint: { ...own, url } });
const urls = (settings: NetworkSettings): (string | undefined)[] =>
  networkView(settings, []).stages.decode.endpoints.map(({ endpoint }) => endpoint.url);
const presets = PRESET_ENDPOINTS.decode.map(({ url }) => url);

describe('lists', () => {
  it("begin as the presets; the first change makes a list of one's own, which can be given up again", () => {
    expect(networkView(none, []).stages.decode.isOwnList).toBe(false);
    expect(urls(none)).toEqual(presets);
    const mine = put(none);
    expect(urls(mine)).toEqual([OWN, ...presets]);
    expect(networkView(mine, []).stages).toMatchObject({
      decode: { isOwnList: true },
      encode: { isOwnList: false },
    });
    const fewer = changeNetwork(mine, { kind: 'remove', stage: 'decode', url: presets[0] ?? '' });
    expect(urls(fewer)).toEqual([OWN, ...presets.slice(1)]);
    expect(changeNetwork(fewer, { kind: 'presets', stage: 'decode' })).toEqual(none);
  });

  it('hold an address once, and an edited endpoint stays in its place', () => {
    const mine = put(none);
    expect(urls(put(mine, `${OWN}/`))).toEqual([`${OWN}/`, ...presets]);
    const moved = put(mine, 'http://attic:1', presets[1] ?? '');
    expect(urls(moved)).toEqual([OWN, presets[0], 'http://attic:1', presets[2]]);
    expect(urls(put(mine, OWN, presets[2] ?? ''))).toEqual([presets[0], presets[1], OWN]);
  });
});

describe('permissions', () => {
  const allow = (settings: NetworkSettings, data: ('picture' | 'latent' | 'prompt')[], isAllowed = true) =>
    changeNetwork(settings, { kind: 'allow', url: `${OWN}/`, data, isAllowed });

  it('are given and taken kind by kind, and an address without any is forgotten', () => {
    const both = allow(allow(none, ['latent']), ['prompt', 'latent']);
    expect(both.allowed).toEqual([{ url: OWN, kinds: ['latent', 'prompt'] }]);
    expect(allow(both, ['latent'], false).allowed).toEqual([{ url: OWN, kinds: ['prompt'] }]);
    expect(allow(both, ['latent', 'prompt'], false).allowed).toEqual([]);
    expect(networkView(put(both), []).stages.decode.endpoints[0]?.allowed).toEqual(['latent', 'prompt']);
  });

  it('are asked for only where a stage is wanted remotely and no endpoint may be used', () => {
    const mine = put(none);
    const places = { encode: 'auto', generate: 'local', decode: 'remote' } as const;
    expect(consentNeeded(places, 'sd1', mine)).toEqual([{ stage: 'decode', url: OWN, kinds: ['latent'] }]);
    expect(consentNeeded({ ...places, decode: 'auto' }, 'sd1', mine)).toEqual([]);
    expect(consentNeeded(places, 'sd1', { ...mine, offline: true })).toEqual([]);
    expect(consentNeeded(places, 'sd1', allow(mine, ['latent']))).toEqual([]);
    // One that may be used already comes before one that would have to be asked about.
    const preset = changeNetwork(mine, {
      kind: 'allow',
      url: presets[0] ?? '',
      data: ['latent'],
      isAllowed: true,
    });
    expect(consentNeeded(places, 'sd1', preset)).toEqual([]);
    // Only what is still missing is asked for; a stage that has no endpoint is not a matter of consent.
    const generate = { ...places, generate: 'remote', decode: 'auto' } as const;
    expect(consentNeeded(generate, 'sd1', mine)).toEqual([]);
    const there = changeNetwork(allow(none, ['latent']), {
      kind: 'put',
      stage: 'generate',
      replaces: null,
      endpoint: own,
    });
    expect(consentNeeded(generate, 'sd1', there)).toEqual([
      { stage: 'generate', url: OWN, kinds: ['prompt'] },
    ]);
  });
});

it('a token belongs to scheme, host and port', () => {
  expect(
    ['HTTP://Studio:8765/decode?x=1', 'https://a.example:443/x', 'http://a:80', 'ftp://a', ''].map(serverOf),
  ).toEqual(['http://studio:8765', 'https://a.example', 'http://a', '', '']);
});
