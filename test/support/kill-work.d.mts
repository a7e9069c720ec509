import type { Page } from 'playwright';

/** An app that can be ended as a power cut would end it. */
export interface KillableApp {
  page: Page;
  /** Ends all of its processes at once; answers when they are gone. */
  kill: () => Promise<void>;
}

export declare function killAtRandom(options: {
  launch: () => Promise<KillableApp>;
  home: string;
  kills: number;
  seed: number;
  say: (text: string) => void;
}): Promise<{ wrong: string[]; results: number; stars: number; jobs: number; marks: number }>;
