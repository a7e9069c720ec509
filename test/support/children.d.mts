import type { ChildProcess } from 'node:child_process';

export declare function childrenOf(parent: number): { pid: number; command: string }[];
export declare function killWhole(child: ChildProcess): Promise<void>;
