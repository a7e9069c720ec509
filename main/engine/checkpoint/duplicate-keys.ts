/** Finds what `JSON.parse` hides: a key that stands twice in one object, of which it would silently take the last. */

/** The first key that is given twice, at any depth; undefined when there is none. `text` is valid JSON. */
export function duplicateKey(text: string): string | undefined {
  const open: Set<string>[] = [];
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at];
    if (char === '{' || char === '[') open.push(new Set());
    else if (char === '}' || char === ']') open.pop();
    else if (char === '"') {
      const start = at;
      for (at += 1; text[at] !== '"'; at += 1) if (text[at] === '\\') at += 1;
      // A string before a colon is a key; what stands in lists never is.
      let next = at + 1;
      while (/\s/.test(text[next] ?? '')) next += 1;
      const keys = open.at(-1);
      if (text[next] !== ':' || keys === undefined) continue;
      const key = JSON.parse(text.slice(start, at + 1)) as string;
      if (keys.has(key)) return key;
      keys.add(key);
    }
  }
  return undefined;
}
