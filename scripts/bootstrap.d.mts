/** Types of bootstrap.mjs for the tests. */
export declare function ensureBuilt(part?: 'engine' | 'app'): Promise<void>;
