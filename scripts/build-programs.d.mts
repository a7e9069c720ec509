/** Types of build-programs.mjs for electron.vite.config.ts. */
export declare const NATIVE_MODULES: string[];
export declare function buildPrograms(): Promise<void>;
