/** Asks the person, before a job begins, about every endpoint that it would send something to and that has not been allowed yet. */
import type { EventOf } from '../../shared/contract';
import { AppError } from '../../shared/errors';
import type { GenerationSettings } from '../../shared/generation';
import type { ConsentAnswer, ConsentQuestion, Permission } from '../../shared/network-view';
import { STAGES } from '../../shared/placement';
import type { EngineHost } from './engine-host';

export interface ConsentDeskOptions {
  engine: Pick<EngineHost, 'request'>;
  /** Shows a question in the window. */
  ask: (question: EventOf<'consent.asked'>) => void;
}

/** What a job may do after all questions were answered. */
export interface Agreement {
  /** With the stages on this machine that the person did not want to send. */
  settings: GenerationSettings;
  /** For this job alone. */
  allowedOnce: Permission[];
}

interface OpenQuestion {
  id: number;
  answer: (answer: ConsentAnswer) => void;
}

export class ConsentDesk {
  readonly #options: ConsentDeskOptions;
  #open: OpenQuestion | null = null;
  #lastId = 0;
  #lastJob: Promise<unknown> = Promise.resolve();

  constructor(options: ConsentDeskOptions) {
    this.#options = options;
  }

  /** Asks one question after the other. Rejects with `cancelled` when the person does not want to start at all. */
  settle(settings: GenerationSettings): Promise<Agreement> {
    if (STAGES.every((stage) => settings[stage] !== 'remote'))
      return Promise.resolve({ settings, allowedOnce: [] });
    const settled = this.#lastJob.then(() => this.#settle(settings));
    this.#lastJob = settled.catch(() => undefined);
    return settled;
  }

  /** The person's answer; one to a question that is not open any more is nothing. */
  answer(id: number, answer: ConsentAnswer): void {
    if (this.#open?.id === id) this.#open.answer(answer);
  }

  /** The page begins anew and shows no question: what waits for an answer is not started. */
  reset(): void {
    this.#open?.answer('cancel');
  }

  async #settle(settings: GenerationSettings): Promise<Agreement> {
    const { engine } = this.#options;
    const agreed: Agreement = { settings, allowedOnce: [] };
    for (const question of await engine.request('consent.needed', { settings })) {
      const kinds = question.kinds.filter((kind) => !isGranted(question.url, kind, agreed));
      if (kinds.length === 0) continue;
      const answer = await this.#ask({ ...question, kinds });
      if (answer === 'cancel')
        throw new AppError('cancelled', 'Nothing was sent, and the picture was not begun.');
      if (answer === 'local') {
        agreed.settings = { ...agreed.settings, [question.stage]: 'local' };
        continue;
      }
      agreed.allowedOnce.push({ url: question.url, kinds });
      if (answer === 'always')
        await engine.request('network.change', {
          change: { kind: 'allow', url: question.url, data: kinds, isAllowed: true },
        });
    }
    return agreed;
  }

  async #ask(question: ConsentQuestion): Promise<ConsentAnswer> {
    const id = (this.#lastId += 1);
    try {
      return await new Promise((answer) => {
        this.#open = { id, answer };
        this.#options.ask({ id, ...question });
      });
    } finally {
      this.#open = null;
    }
  }
}

const isGranted = (
  url: string,
  kind: Permission['kinds'][number],
  { allowedOnce }: Pick<Agreement, 'allowedOnce'>,
): boolean => allowedOnce.some((one) => one.url === url && one.kinds.includes(kind));
