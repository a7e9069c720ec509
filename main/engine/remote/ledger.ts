/** The ledger: every request that left this machine, one JSON line each, in `ledger.jsonl` of the app's folder. */
import { open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ledgerEntrySchema, type LedgerEntry } from '../../../shared/network';
import { homeFolder } from '../home';
import { explainWriteError } from '../image/write';
import { makeFolder } from '../make-folder';
import { parseJson } from '../parse-json';

export const ledgerPath = (): string => join(homeFolder(), 'ledger.jsonl');

/** Appends one line and flushes it. Throws `AppError`: what cannot be written down is not sent. */
export async function appendToLedger(entry: LedgerEntry, path = ledgerPath()): Promise<void> {
  try {
    await makeFolder(dirname(path));
    const file = await open(path, 'a', 0o600);
    try {
      // One write of one line: lines of two processes never mix.
      await file.write(`${JSON.stringify(entry)}\n`);
      await file.datasync();
    } finally {
      await file.close();
    }
  } catch (error) {
    throw explainWriteError(error, path);
  }
}

/** All requests, oldest first, each as it stood last. A line that a power cut left half-written is passed over. */
export const readLedger = async (path = ledgerPath()): Promise<LedgerEntry[]> => parse(await readText(path));

/** The end of the file is enough for plans, however long the ledger has become. */
const RECENT_BYTES = 256 * 1024;

/** The last some hundred requests, oldest first. */
export const readRecentLedger = async (path = ledgerPath()): Promise<LedgerEntry[]> =>
  parse(await readText(path, RECENT_BYTES));

function parse(text: string): LedgerEntry[] {
  const entries = new Map<string, LedgerEntry>();
  for (const line of text.split('\n')) {
    const entry = ledgerEntrySchema.safeParse(parseJson(line));
    if (entry.success) entries.set(entry.data.id, entry.data);
  }
  return [...entries.values()];
}

/** As a table for spreadsheets (RFC 4180). */
export function ledgerCsv(entries: readonly LedgerEntry[]): string {
  const rows = entries.map((entry) => [
    entry.time,
    entry.endpoint,
    entry.stage,
    entry.kinds.join(' '),
    entry.bytesSent,
    entry.bytesReceived,
    Math.round(entry.ms),
    entry.outcome,
  ]);
  const header = ['time', 'endpoint', 'stage', 'kinds', 'bytes sent', 'bytes received', 'ms', 'outcome'];
  return [header, ...rows].map((row) => `${row.map(csvCell).join(',')}\r\n`).join('');
}

function csvCell(value: string | number): string {
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

async function readText(path: string, lastBytes = Infinity): Promise<string> {
  try {
    const file = await open(path, 'r');
    try {
      const { size } = await file.stat();
      const start = Math.max(0, size - lastBytes);
      const { buffer, bytesRead } = await file.read(Buffer.alloc(size - start), 0, size - start, start);
      return buffer.toString('utf8', 0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}
