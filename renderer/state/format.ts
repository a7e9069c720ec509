/** Numbers in a person's words: times, percent, sizes, in the language of the page. */

let language = 'en';

/** Made when it is first needed, which takes a while, and kept as long as the language stays. */
function kept<T>(make: () => T): () => T {
  let made: { language: string; value: T } | null = null;
  return () => {
    if (made?.language !== language) made = { language, value: make() };
    return made.value;
  };
}

/** One digit behind the point, or comma. */
const decimal = kept(
  () => new Intl.NumberFormat(language, { minimumFractionDigits: 1, maximumFractionDigits: 1 }),
);
const number = kept(() => new Intl.NumberFormat(language));
const moment = {
  minute: kept(() => new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short' })),
  second: kept(() => new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'medium' })),
};

/** Writes numbers and dates in another language from now on. */
export const setFormatLanguage = (chosen: string): void => {
  language = chosen;
};

/** A number as people write it, grouped, with at most three digits behind the point. */
export const formatNumber = (value: number): string => number().format(value);

/** Milliseconds as a short time: `340 ms`, `1.2 s`, `2 min 5 s`. */
export function formatMs(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  const seconds = ms / 1000;
  if (seconds < 9.95) return `${decimal().format(seconds)} s`;
  if (seconds < 59.5) return `${Math.round(seconds)} s`;
  const whole = Math.round(seconds);
  const rest = whole % 60;
  return rest === 0 ? `${Math.floor(whole / 60)} min` : `${Math.floor(whole / 60)} min ${rest} s`;
}

/** Time left, rounded so that it does not flicker: whole seconds, above a minute steps of 10 s. */
export function formatLeft(ms: number): string {
  const seconds = Math.max(1, Math.ceil(ms / 1000));
  return formatMs((seconds > 60 ? Math.ceil(seconds / 10) * 10 : seconds) * 1000).replace(/[.,]0/, '');
}

/** A share 0 … 1 as whole percent. */
export function toPercent(share: number): number {
  return Math.round(share * 100);
}

/** A moment as date and time, in the words of the page's language. */
export function formatDate(timeMs: number, precision: 'minute' | 'second' = 'minute'): string {
  return moment[precision]().format(timeMs);
}

/** `512 × 384`. */
export function formatSize(width: number, height: number): string {
  return `${width} × ${height}`;
}

/** Bytes as decimal megabytes or gigabytes, as file managers show them. */
export function formatBytes(bytes: number): string {
  return bytes < 1e9 ? `${Math.max(1, Math.round(bytes / 1e6))} MB` : `${decimal().format(bytes / 1e9)} GB`;
}
