/** Types of display.mjs for the tests. */
export declare function startDisplay(): Promise<{ display: string; stop: () => void }>;
