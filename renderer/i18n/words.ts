/** What a language consists of: every sentence that the English one has. A missing one is a compile error. */
import type { en } from './en';

type English = typeof en;
/** Endings of plural forms; a language adds those that it needs (Polish: few, many) to the two that every one has here. */
type PluralForm = 'zero' | 'two' | 'few' | 'many';
type PluralBase<K> = K extends `${infer Base}_other` ? Base : never;

/** The sentences of one language, by group and key. */
export type Words = {
  readonly [G in keyof English]: { readonly [K in keyof English[G]]: string } & {
    readonly [K in `${PluralBase<keyof English[G]>}_${PluralForm}`]?: string;
  };
};
