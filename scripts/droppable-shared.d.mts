/** Types of droppable-shared.mjs for electron.vite.config.ts. */
import type { Plugin } from 'vite';
export declare function droppableShared(): Plugin;
