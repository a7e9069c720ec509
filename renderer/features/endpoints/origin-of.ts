/** Scheme, host and port of an address: what a token belongs to. */
export function originOf(url: string): string {
  return URL.canParse(url) ? new URL(url).origin : '';
}
