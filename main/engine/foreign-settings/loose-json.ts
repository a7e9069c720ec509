/** Looks into JSON of other programs, where anything may be missing or of another type. */

export type LooseObject = Readonly<Record<string, unknown>>;

/** An object that is no list; undefined for everything else. */
export const asObject = (value: unknown): LooseObject | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (Object.fromEntries(Object.entries(value)) satisfies LooseObject)
    : undefined;

export const asText = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/** A finite number, also one that was written as text. */
export function asNumber(value: unknown): number | undefined {
  if (typeof value === 'string' && value.trim() === '') return undefined;
  const number = typeof value === 'string' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
}
