/** The table of decisions is what is committed, and makes sense. */
import { describe, expect, it } from 'vitest';
import { STAGES, type Stage, type StagePlan } from '../../../shared/placement';
import { planTable, tableCases, type Case } from '../../support/plan-table';

const cases = tableCases();
const stageOf = ({ plan }: Case, stage: Stage): StagePlan => plan.stages.find((one) => one.stage === stage)!;
const only = (wanted: Partial<Omit<Case, 'plan'>>): Case[] =>
  cases.filter((one) => Object.entries(wanted).every(([key, value]) => one[key as keyof Case] === value));

describe('the table of plans', () => {
  it('has at least 200 cases and is the committed file', async () => {
    expect(cases.length).toBeGreaterThanOrEqual(200);
    await expect(planTable()).toMatchFileSnapshot('../../../docs/plan-table.txt');
  });

  it('10 GB decodes SDXL 1024² in tiles or remotely', () => {
    for (const one of only({ family: 'sdxl', sidePx: 1024, vramGb: 10 })) {
      const decode = stageOf(one, 'decode');
      expect(decode.where === 'remote' || decode.tiled, one.network).toBe(true);
    }
  });

  it('24 GB decodes SDXL 1024² here and whole', () => {
    for (const one of only({ family: 'sdxl', sidePx: 1024, vramGb: 24 })) {
      expect(stageOf(one, 'decode')).toMatchObject({ where: 'local', device: 'gpu', tiled: false });
    }
  });

  it('nothing goes anywhere offline or without consent', () => {
    for (const one of cases.filter(({ network }) => network !== 'online, allowed')) {
      expect(one.plan.stages.map(({ where }) => where)).toEqual(['local', 'local', 'local']);
    }
  });

  it('no graphics card: decode goes to a fast endpoint that is allowed', () => {
    for (const one of only({ vramGb: 0, network: 'online, allowed' })) {
      expect(stageOf(one, 'decode').where, `${one.family} ${one.sidePx}`).toBe('remote');
    }
  });

  it('a stage that a card takes whole never leaves the machine', () => {
    let seen = 0;
    for (const one of only({ network: 'online, allowed' })) {
      const { family, sidePx, vramGb } = one;
      const [offline] = only({ family, sidePx, vramGb, network: 'offline, allowed' });
      for (const stage of STAGES) {
        const local = stageOf(offline!, stage);
        if (local.device !== 'gpu' || local.tiled) continue;
        seen += 1;
        expect(stageOf(one, stage).where, `${family} ${sidePx} ${vramGb} ${stage}`).toBe('local');
      }
    }
    expect(seen).toBeGreaterThan(100);
  });

  it('a larger card never has smaller tiles, and never gives a stage back to the CPU', () => {
    for (const family of ['sd1', 'sdxl', 'flux'] as const) {
      for (const sidePx of [512, 768, 1024, 2048]) {
        const cards = only({ family, sidePx, network: 'offline, allowed' });
        for (const [i, larger] of cards.entries()) {
          const smaller = cards[i - 1];
          if (smaller === undefined) continue;
          for (const stage of STAGES) {
            const [small, large] = [stageOf(smaller, stage), stageOf(larger, stage)];
            if (small.device !== 'gpu') continue;
            expect(large.device).toBe('gpu');
            expect(large.tilePx ?? Infinity).toBeGreaterThanOrEqual(small.tilePx ?? Infinity);
          }
        }
      }
    }
  });

  it('what is planned on a card fits into it, and every problem is a sentence', () => {
    for (const one of cases) {
      for (const stage of one.plan.stages) {
        expect(stage.reason).not.toBe('');
        if (stage.problem !== null) expect(stage.problem).toMatch(/^[A-Z].*;.*\.$/);
        else if (stage.device === 'gpu') expect(stage.memoryBytes).toBeLessThan(one.vramGb * 2 ** 30);
      }
    }
  });
});
