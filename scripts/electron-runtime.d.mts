/** Types of electron-runtime.mjs for the tests. */
export interface ElectronRuntime {
  /** Folder of the runtime. */
  dist: string;
  executablePath: string;
  version: string;
  source: 'override' | 'official' | 'fallback';
}

export interface PreparedApp {
  executablePath: string;
  /** Come before the app's own arguments. */
  args: string[];
  /** To be added to the app's environment. */
  env: { UNDERPAINT_APP_ROOT: string; UNDERPAINT_NODE: string };
}

export declare function ensureElectron(): Promise<ElectronRuntime>;
export declare function prepareApp(runtime: ElectronRuntime): Promise<PreparedApp>;
export declare function sandboxArgs(): string[];
