// Unpacks a .tar.gz: a small reader for the tar format (POSIX ustar with pax and GNU long names), so that no tool is needed.
// Format: POSIX.1-2017, pax interchange format; 512-byte headers, octal numbers.
import { chmodSync, closeSync, createReadStream, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname, resolve, sep } from 'node:path';
import { createGunzip } from 'node:zlib';

const BLOCK_BYTES = 512;

/** Writes the regular files for which `place(path, mode)` gives a path relative to `folder`; everything else is skipped. */
export async function untar(archivePath, folder, place) {
  const base = resolve(folder);
  let pending = Buffer.alloc(0);
  let entry; // { left, padding, file?, text? }
  let longPath;
  for await (const part of createReadStream(archivePath).pipe(createGunzip())) {
    pending = pending.length > 0 ? Buffer.concat([pending, part]) : part;
    for (;;) {
      if (!entry) {
        if (pending.length < BLOCK_BYTES) break;
        const header = pending.subarray(0, BLOCK_BYTES);
        pending = pending.subarray(BLOCK_BYTES);
        if (header[0] === 0) continue; // end marker
        entry = open(readHeader(header, longPath));
        if (entry.type !== 'x' && entry.type !== 'L') longPath = undefined;
      }
      const taken = pending.subarray(0, entry.left);
      if (entry.file !== undefined) writeSync(entry.file, taken);
      if (entry.text) entry.text.push(Buffer.from(taken));
      entry.left -= taken.length;
      pending = pending.subarray(taken.length);
      if (entry.left > 0 || pending.length < entry.padding) break;
      pending = pending.subarray(entry.padding);
      if (entry.file !== undefined) {
        closeSync(entry.file);
        chmodSync(entry.path, entry.mode);
      }
      if (entry.type === 'x') longPath = paxPath(Buffer.concat(entry.text)) ?? longPath;
      if (entry.type === 'L') longPath = Buffer.concat(entry.text).toString('utf8').replace(/\0.*$/s, '');
      entry = undefined;
    }
  }
  if (entry) throw new Error(`${archivePath} ends in the middle of a file.`);

  function open({ path, type, size, mode }) {
    const opened = { type, left: size, padding: (BLOCK_BYTES - (size % BLOCK_BYTES)) % BLOCK_BYTES };
    if (type === 'x' || type === 'L') return { ...opened, text: [] };
    const target = type === '0' ? place(path, mode) : undefined;
    if (target === undefined) return opened;
    const full = resolve(base, target);
    if (!full.startsWith(base + sep))
      throw new Error(`${archivePath} wants to write outside its folder: ${path}`);
    mkdirSync(dirname(full), { recursive: true });
    return { ...opened, path: full, mode, file: openSync(full, 'w') };
  }
}

function readHeader(header, longPath) {
  const text = (from, length) => header.toString('utf8', from, from + length).replace(/\0.*$/s, '');
  const octal = (from, length) => parseInt(text(from, length).trim() || '0', 8);
  const prefix = text(257, 5) === 'ustar' ? text(345, 155) : '';
  const name = prefix ? `${prefix}/${text(0, 100)}` : text(0, 100);
  const type = String.fromCharCode(header[156] || 48);
  return {
    path: (longPath ?? name).replace(/^\.\//, ''),
    type: type === '7' ? '0' : type,
    size: octal(124, 12),
    mode: octal(100, 8) & 0o777,
  };
}

/** The `path` record of a pax header: records are "<length> <key>=<value>\n". */
function paxPath(bytes) {
  for (let at = 0; at < bytes.length;) {
    const space = bytes.indexOf(32, at);
    const length = Number(bytes.toString('latin1', at, space));
    if (space < 0 || !(length > 0)) return undefined;
    const record = bytes.toString('utf8', space + 1, at + length - 1);
    if (record.startsWith('path=')) return record.slice(5);
    at += length;
  }
  return undefined;
}
